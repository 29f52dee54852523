"""Fetching the next day while the last one is stored and derived, so that only the pace of requests is waited for."""

from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from time import monotonic
from types import TracebackType
from typing import Self

from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch import DayIncomplete, fetch_day
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError
from mining_assets.sources.received import Received, collect
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.days import FetchedDay


@dataclass(frozen=True)
class FetchMetrics:
    """What it took to fetch a day; the bytes are those of answers that were right."""

    requests: int
    bytes: int
    seconds: float


@dataclass(frozen=True)
class Fetch:
    """How the fetch of a day ended.

    Attributes:
        outcome: the day, or the error that kept it from being complete.
        metrics: what it took.
        received: what its requests came to.
        accepted_empty: the periods that a person knew to be truly empty.
    """

    outcome: FetchedDay | SourceError | DayIncomplete
    metrics: FetchMetrics
    received: list[Received]
    accepted_empty: tuple[int, ...]


class FetchAhead:
    """Fetches days in order, one at a time, each as soon as it is allowed; a context manager.

    A day that was fetched is kept until the next one is taken, so that whoever failed to store it need not ask again.
    What is under way at the end is given up.

    Args:
        elexon: asked for nothing else while a fetch is under way, or its cost would be wrong.
        units: every wind unit known, by id.
        days: to fetch, in this order.
        accepted_empty: the periods of a day that a person knows to be truly empty.
    """

    def __init__(
        self,
        elexon: SyncClient[ElexonClient],
        units: Mapping[str, WindUnit],
        days: Sequence[date],
        accepted_empty: Callable[[date], Collection[int]],
    ) -> None:
        self._elexon, self._units, self._accepted_empty = elexon, units, accepted_empty
        self._following = dict(pairwise(days))
        self._begun: dict[date, Future[Fetch]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for begun in self._begun.values():
            begun.cancel()

    def take(self, day: date) -> Fetch:
        """Return the fetch of a day once it ended; begin it now unless it was begun before."""
        self._begin(day)
        kept = (day, self._following.get(day))
        self._begun = {each: begun for each, begun in self._begun.items() if each in kept}
        return self._begun[day].result()

    def begin_next(self, day: date) -> None:
        """Begin to fetch the day after one that was taken, if there is one."""
        if day in self._following:
            self._begin(self._following[day])

    def _begin(self, day: date) -> None:
        if day not in self._begun:
            self._begun[day] = self._elexon.begin(self._fetch(day, self._accepted_empty(day)))

    async def _fetch(self, day: date, accepted_empty: Collection[int]) -> Fetch:
        counters, started = self._elexon.client.counters, monotonic()
        asked, answered = counters.requests, counters.bytes
        outcome: FetchedDay | SourceError | DayIncomplete
        with collect() as received:
            try:
                outcome = await fetch_day(self._elexon.client, day, self._units, accepted_empty)
            except (SourceError, DayIncomplete) as error:
                outcome = error
        metrics = FetchMetrics(counters.requests - asked, counters.bytes - answered, monotonic() - started)
        return Fetch(outcome, metrics, received, tuple(sorted(accepted_empty)))
