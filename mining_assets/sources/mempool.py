"""mempool.space: the changes of Bitcoin's difficulty, one by one. Rules of the series belong to the domain."""

from datetime import UTC, datetime
from types import TracebackType
from typing import Annotated, NamedTuple, Self

import httpx
from pydantic import FailFast, Field, TypeAdapter
from pyrate_limiter import Limiter

from mining_assets.sources.errors import BrokenBodyError, ImpossibleValueError
from mining_assets.sources.http import Answer, HttpClient, HttpCounters, HttpLimits
from mining_assets.sources.json_bodies import STRICT, shown, validated

MEMPOOL_URL = "https://mempool.space/api/v1"


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
# Those before the year 10000: a datetime holds no more.
_TIMES = range(253_402_300_800)
_HEIGHTS = range(2**31)


def parse_difficulty_adjustments(body: bytes) -> tuple[DifficultyAdjustment, ...]:
    """The adjustments in the order in which they came.

    Raises:
        BrokenBodyError: not a list, or an empty one.
        ImpossibleValueError: an entry is not 3 or 4 numbers, with whole ones for time and height.
    """
    entries = validated(_ENTRIES, body, ())
    if not entries:
        raise BrokenBodyError("the list of difficulty adjustments is empty")
    adjustments: list[DifficultyAdjustment] = []
    for index, (time, height, difficulty, *_) in enumerate(entries):
        if not isinstance(time, int) or time not in _TIMES:
            raise ImpossibleValueError(f"row with index {index}: time is {shown(time)}")
        if not isinstance(height, int) or height not in _HEIGHTS:
            raise ImpossibleValueError(f"row with index {index}: height is {shown(height)}")
        moment = datetime.fromtimestamp(time, UTC)
        adjustments.append(DifficultyAdjustment(moment, height, _fraction(index, difficulty)))
    return tuple(adjustments)


def _fraction(index: int, difficulty: int | float) -> float:
    try:
        return float(difficulty)
    except OverflowError as error:
        raise ImpossibleValueError(f"row with index {index}: difficulty is {shown(difficulty)}") from error


class MempoolClient:
    """Asks mempool.space or a node of one's own; an asynchronous context manager, for one event loop.

    Every method raises ``SourceUnavailable`` when all attempts failed, and ``SourceRefused`` when the request
    was refused or the answer cannot be right; see ``HttpClient.get``. The arguments are ``HttpClient``'s.
    """

    def __init__(
        self,
        base_url: str = MEMPOOL_URL,
        limits: HttpLimits | None = None,
        *,
        limiter: Limiter | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = HttpClient(base_url, limits, limiter=limiter, transport=transport)

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    @property
    def counters(self) -> HttpCounters:
        """What this client did so far; the same object throughout."""
        return self._http.counters

    async def difficulty_adjustments(self) -> Answer[tuple[DifficultyAdjustment, ...]]:
        """Every change of the difficulty since the first block, newest first as the source has it."""
        return await self._http.get("mining/difficulty-adjustments", parse_difficulty_adjustments)
