"""The client of Coinbase Exchange: Bitcoin's price in £, in candles of six hours.

Which candle is a day's price, the domain decides.
"""

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import FailFast, Field, TypeAdapter

from mining_assets.domain.live_sources import LIVE_COINBASE
from mining_assets.domain.valuation import CANDLE, Candle, noon_candle, price_instant
from mining_assets.sources.client import SourceClient
from mining_assets.sources.http import Answer
from mining_assets.sources.json_body import STRICT, UNIX_TIMES, as_float, impossible, shown, validated

REQUESTS_PER_SECOND = 3.0
"""At most: the source allows ten to everybody behind one address, and asks that its history be read seldom."""
MOST_DAYS = 75
"""Days that one request may span: four candles each, and no more than the 300 that the source gives at once."""

# [start in Unix seconds, low, high, open, close, volume]
_Entry = Annotated[list[int | float], Field(min_length=6, max_length=6)]
_ENTRIES = TypeAdapter(Annotated[list[_Entry], FailFast()], config=STRICT)
_TIMES = UNIX_TIMES[:: int(CANDLE.total_seconds())]
_FIGURES = ("low", "high", "open", "close", "volume")


def parse_candles(body: bytes) -> tuple[Candle, ...]:
    """Parse candles of six hours, in the order in which they came; none where nothing was traded.

    Raises:
        BrokenBodyError: not a list.
        ImpossibleValueError: an entry is not six numbers, its start is not on the grid of six hours or occurs twice, a
            figure is below 0, or a price is outside of what the candle says were the lowest and the highest.
    """
    candles: dict[int, Candle] = {}
    entries = validated(_ENTRIES, body, ())
    for index, (time, *figures) in enumerate(entries):
        if not isinstance(time, int) or time not in _TIMES:
            raise impossible(index, "time", time, "not the start of six hours")
        if time in candles:
            raise impossible(index, "time", time, "occurs more than once")
        for name, figure in zip(_FIGURES, figures, strict=True):
            if figure < 0:
                raise impossible(index, name, figure)
        low, high, opened, closed, _ = figures
        for name, figure in (("open", opened), ("close", closed)):
            if not low <= figure <= high:
                raise impossible(index, name, figure, f"outside of low {shown(low)} to high {shown(high)}")
        candles[time] = Candle(datetime.fromtimestamp(time, UTC), as_float(index, "close", closed))
    return tuple(candles.values())


class CoinbaseClient(SourceClient):
    """Client of Coinbase Exchange's public market data."""

    base_url = LIVE_COINBASE
    address_setting = "MINING_ASSETS_COINBASE_URL"

    async def candles(self, first: date, last: date) -> Answer[tuple[Candle, ...]]:
        """Fetch the candle of the six hours until noon UTC of every day from first to last, and those between.

        Those of hours without a trade are absent, and earlier ones than were asked for may be there.

        Raises:
            ValueError: there are more than ``MOST_DAYS`` days.
        """
        if (last - first).days >= MOST_DAYS:
            raise ValueError(f"{first} to {last} are more than {MOST_DAYS} days")
        params = {
            "granularity": str(int(CANDLE.total_seconds())),
            "start": f"{noon_candle(first):%Y-%m-%dT%H:%M:%SZ}",
            # Whether a candle that begins at the end is part of the answer is not documented: noon's is not needed.
            "end": f"{price_instant(last):%Y-%m-%dT%H:%M:%SZ}",
        }
        return await self._http.get("products/BTC-GBP/candles", parse_candles, params)
