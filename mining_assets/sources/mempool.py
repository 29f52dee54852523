"""The client of mempool.space: changes of Bitcoin's difficulty, times of blocks, and the history of the price.

The rules of the series belong in the domain.
"""

from datetime import UTC, datetime
from typing import Annotated, NamedTuple

from pydantic import FailFast, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic wants this one below Python 3.12

from mining_assets.domain.live_sources import LIVE_MEMPOOL
from mining_assets.sources.client import SourceClient
from mining_assets.sources.errors import BrokenBodyError
from mining_assets.sources.http import Answer
from mining_assets.sources.json_body import STRICT, UNIX_TIMES, as_float, impossible, validated


class DifficultyAdjustment(NamedTuple):
    """The difficulty from one block on.

    Attributes:
        time: UTC time of that block.
        height: of that block.
        difficulty: in force from it on; any finite number, also one that cannot be.
    """

    time: datetime
    height: int
    difficulty: float


# [unix time, height, difficulty, ratio to the one before]; the ratio follows from the rest and may be absent.
_Entry = Annotated[list[int | float], Field(min_length=3, max_length=4)]
_ENTRIES = TypeAdapter(Annotated[list[_Entry], FailFast()], config=STRICT)
_HEIGHTS = range(2**31)


def parse_difficulty_adjustments(body: bytes) -> tuple[DifficultyAdjustment, ...]:
    """Parse the adjustments, in the order in which they came.

    Raises:
        BrokenBodyError: not a list, or an empty one.
        ImpossibleValueError: an entry is not 3 or 4 numbers, with whole ones for time and height.
    """
    entries = validated(_ENTRIES, body, ())
    if not entries:
        raise BrokenBodyError("the list of difficulty adjustments is empty")
    adjustments: list[DifficultyAdjustment] = []
    for index, (time, height, difficulty, *_) in enumerate(entries):
        if not isinstance(time, int) or time not in UNIX_TIMES:
            raise impossible(index, "time", time)
        if not isinstance(height, int) or height not in _HEIGHTS:
            raise impossible(index, "height", height)
        moment = datetime.fromtimestamp(time, UTC)
        adjustments.append(DifficultyAdjustment(moment, height, as_float(index, "difficulty", difficulty)))
    return tuple(adjustments)


class Block(NamedTuple):
    """A block of the chain: its height and its header's time (UTC)."""

    height: int
    time: datetime


@with_config(STRICT)
class _Block(TypedDict):
    height: int
    timestamp: int


_BLOCKS = TypeAdapter(Annotated[list[_Block], FailFast()])


def parse_blocks(body: bytes) -> tuple[Block, ...]:
    """Parse a list of blocks, in the order in which they came.

    Raises:
        BrokenBodyError: not a list, or an empty one.
        ImpossibleValueError: a height or a time is not a whole number, or cannot be one.
    """
    rows = validated(_BLOCKS, body, ())
    if not rows:
        raise BrokenBodyError("the list of blocks is empty")
    for index, row in enumerate(rows):
        if row["height"] not in _HEIGHTS:
            raise impossible(index, "height", row["height"])
        if row["timestamp"] not in UNIX_TIMES:
            raise impossible(index, "timestamp", row["timestamp"])
    return tuple(Block(row["height"], datetime.fromtimestamp(row["timestamp"], UTC)) for row in rows)


class Quotation(NamedTuple):
    """A price of Bitcoin.

    Attributes:
        price: £ per BTC; 0 or −1 where the source has none.
        quoted_at: UTC time at which it was recorded.
    """

    price: float
    quoted_at: datetime


@with_config(STRICT)
class _Price(TypedDict):
    time: int
    GBP: float


@with_config(STRICT)
class _Prices(TypedDict):
    prices: Annotated[list[_Price], FailFast()]


_PRICES = TypeAdapter(_Prices)


def parse_prices(body: bytes) -> tuple[Quotation, ...]:
    """Parse a history of prices, in the order in which it came.

    Raises:
        BrokenBodyError: no history, or an empty body, which is how the source answers when its database fails.
        ImpossibleValueError: a value is not of its type, a time cannot be one, or occurs twice.
    """
    rows = validated(_PRICES, body, ("prices",))["prices"]
    if not rows:
        raise BrokenBodyError("the history of prices is empty")
    times: set[int] = set()
    for index, row in enumerate(rows):
        if row["time"] not in UNIX_TIMES:
            raise impossible(index, "time", row["time"])
        if row["time"] in times:
            raise impossible(index, "time", row["time"], "occurs more than once")
        times.add(row["time"])
    return tuple(Quotation(row["GBP"], datetime.fromtimestamp(row["time"], UTC)) for row in rows)


class MempoolClient(SourceClient):
    """Client of mempool.space, or of a node with the same API."""

    base_url = LIVE_MEMPOOL
    address_setting = "MINING_ASSETS_MEMPOOL_URL"

    async def difficulty_adjustments(self) -> Answer[tuple[DifficultyAdjustment, ...]]:
        """Fetch every change of the difficulty since the first block, newest first as the source has it."""
        return await self._http.get("mining/difficulty-adjustments", parse_difficulty_adjustments)

    async def blocks(self, height: int | None = None) -> Answer[tuple[Block, ...]]:
        """Fetch the newest blocks, or for the block at a height and some before it.

        Above the newest block the source answers with others or with none: whether it has come so far is seen from
        the newest blocks.
        """
        return await self._http.get("blocks" if height is None else f"blocks/{height}", parse_blocks)

    async def prices(self) -> Answer[tuple[Quotation, ...]]:
        """Fetch the whole history of Bitcoin's price in £; ``domain.valuation`` picks a day's price from it.

        One answer has every quotation: a weekly one is only recognized by its neighbours.
        """
        return await self._http.get("historical-price", parse_prices, {"currency": "GBP"})
