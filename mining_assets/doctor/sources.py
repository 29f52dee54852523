"""The doctor's requests: one source beside the other, each endpoint asked once and politely."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TypeVar

import httpx

from mining_assets.doctor.coinbase import examine_coinbase
from mining_assets.doctor.elexon import examine_elexon
from mining_assets.doctor.examination import Examination
from mining_assets.doctor.lines import Line, Section, judged
from mining_assets.doctor.mempool import examine_mempool
from mining_assets.settings import Settings
from mining_assets.sources.client import SourceClient
from mining_assets.sources.coinbase import REQUESTS_PER_SECOND, CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.received import Received, collect

ELEXON, MEMPOOL, COINBASE, PRICES = "Elexon", "mempool.space", "Coinbase", "Prices"
DAYS_BACK = 4
"""A day so old is settled and published everywhere, and young enough to be answered as days are now."""
LARGEST_PRICE_DIFFERENCE = 0.15
"""Between midnight and noon a price may move; a price in another currency is farther away."""

_ATTEMPTS, _LONGEST_WAIT = 2, 5.0
Client = TypeVar("Client", bound=SourceClient)
Result = TypeVar("Result")


@dataclass(frozen=True)
class Examined:
    """What the sources said.

    Attributes:
        sections: one for each source, and what compares them.
        received: every answer, in order by source.
    """

    sections: tuple[Section, ...]
    received: tuple[Received, ...]


def day_to_examine(settings: Settings, now: datetime) -> date:
    """Return the settlement day that is asked for: some days ago, and within the partitions if they end before."""
    return min(settings.last_day(now), settings.last_day(now - timedelta(days=DAYS_BACK - 1)))


def examine_sources(settings: Settings, now: datetime, transport: httpx.AsyncBaseTransport | None = None) -> Examined:
    """Ask all sources at once, each one its endpoints in turn.

    Args:
        settings: say where the sources are, and how fast they may be asked.
        now: the present instant, in UTC.
        transport: replaces the network, for tests.
    """
    return asyncio.run(_examine(settings, now, transport))


async def _examine(settings: Settings, now: datetime, transport: httpx.AsyncBaseTransport | None) -> Examined:
    day, limits = day_to_examine(settings, now), _limits(settings)
    slow = _limits(settings, most=REQUESTS_PER_SECOND)
    (elexon, _), (mempool, price), (coinbase, other) = await asyncio.gather(
        _source(
            ELEXON,
            ElexonClient(settings.elexon_url, limits, transport=transport),
            lambda client, seen: examine_elexon(client, seen, day, now),
        ),
        _source(
            MEMPOOL,
            MempoolClient(settings.mempool_url, limits, transport=transport),
            lambda client, seen: examine_mempool(client, seen, day, now),
        ),
        _source(
            COINBASE,
            CoinbaseClient(settings.coinbase_url, slow, transport=transport),
            lambda client, seen: examine_coinbase(client, seen, day),
        ),
    )
    seen = (elexon, mempool, coinbase)
    sections = (*(each.section() for each in seen), _prices_section(price, other, day))
    return Examined(sections, tuple(received for each in seen for received in each.received))


async def _source(
    title: str, client: Client, examine: Callable[[Client, Examination], Awaitable[Result]]
) -> tuple[Examination, Result | None]:
    """Examine one source in a task of its own, so that what it gives is collected apart from the others'."""
    with collect() as received:
        seen = Examination(title, received)
        async with client:
            try:
                return seen, await examine(client, seen)
            except Exception as error:  # an answer that nobody foresaw is a finding too, and no end of the page
                found = f"could not be judged: {type(error).__name__}: {error}"
                seen.lines.append(Line("answers", "", "differs", found, url=seen.url))
                return seen, None
            finally:
                seen.origin = client.origin


def _limits(settings: Settings, most: float = float("inf")) -> HttpLimits:
    """Return the settings' limits, with one attempt more where something stumbles, and no long waits."""
    return HttpLimits(
        requests_per_second=min(settings.requests_per_second, most),
        concurrency=1,
        retry_attempts=min(settings.retry_attempts, _ATTEMPTS),
        retry_base_seconds=min(settings.retry_base_seconds, 1.0),
        retry_max_seconds=min(settings.retry_max_seconds, _LONGEST_WAIT),
    )


def _prices_section(price: float | None, other: float | None, day: date) -> Section:
    """Compare the prices of the two sources: one in another currency, or of another day, is far from the other."""
    if price is None or other is None:
        return Section(PRICES, (), ("of both sources",))
    return Section(PRICES, (price_line(price, other, day),))


def price_line(price: float, other: float, day: date) -> Line:
    """Compare mempool.space's price of a day with Coinbase's, both £ per BTC."""
    both = f"{day}: £{price:,.2f} by mempool.space, £{other:,.2f} by Coinbase"
    wrong = abs(price - other) > LARGEST_PRICE_DIFFERENCE * other
    return judged("of both sources", both if wrong else None, both, f"within {LARGEST_PRICE_DIFFERENCE:.0%}")
