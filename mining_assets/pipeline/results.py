"""What the pipeline is asked for, and what it yields: nothing here changes once it is made."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pandas as pd

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.periods import Month, Year
from mining_assets.domain.restatement import DayFigures
from mining_assets.domain.settlement import periods_in
from mining_assets.pipeline.fetch_ahead import FetchMetrics
from mining_assets.progress import Figure
from mining_assets.reconciliation.findings import Verification
from mining_assets.warehouse.names import CURTAILMENT_RECORDS

StopAsked = Callable[[], bool]
"""Tells whether somebody asked the run to stop."""

RECORDS = CURTAILMENT_RECORDS


def never() -> bool:
    """Let a run go on to its end."""
    return False


@dataclass(frozen=True)
class DayRequest:
    """What is wanted of some days.

    Attributes:
        tables: those of ``DAILY_TABLES`` that are to be brought up to date.
        refetch: fetch days again that are complete, and daily series that are known.
        accept_empty: settlement periods that a person knows to be truly empty on both sides; for one day.
        accept_shrink: store a day even if it takes more than 5 % off the final one that is stored.
        replay: make the days of their archived answers, by today's rules and register, and ask no source.
        repair: with ``refetch``, take the archived answers of a day that is not due to be fetched again.
    """

    tables: frozenset[str]
    refetch: bool = False
    accept_empty: tuple[int, ...] = ()
    accept_shrink: bool = False
    replay: bool = False
    repair: bool = False

    def wants(self, *tables: str) -> bool:
        """Tell whether any of the tables is wanted; a fetch archives and stores in one, so the stacks want records."""
        wanted = self.tables | {RECORDS} if SETTLEMENT_STACKS in self.tables else self.tables
        return not wanted.isdisjoint(tables)

    def check(self, days: Sequence[date]) -> None:
        """Check that the request fits the days.

        Raises:
            ValueError: saying what does not.
        """
        if self.replay and (self.refetch or self.accept_empty):
            raise ValueError("replay asks no source: it goes neither with refetch nor with accept_empty")
        if not self.accept_empty:
            return
        if len(days) != 1:
            raise ValueError("accept_empty names periods of one day: run it for that day alone")
        last = periods_in(days[0])
        if not all(1 <= period <= last for period in self.accept_empty):
            raise ValueError(f"accept_empty: {days[0]} has the settlement periods 1 to {last}")


@dataclass(frozen=True)
class StepFailure:
    """A table that has not what it should have of a day, and why."""

    table: str
    reason: str

    def __str__(self) -> str:
        return f"{self.table}: {self.reason}"


@dataclass(frozen=True)
class StoredRecords:
    """The curtailment records of a day that are in place.

    Attributes:
        note: the day's row of ``settlement_days``.
        units: what each BM unit lost, the most first, as ``reporting.units_by_day``.
        metrics: what it took to fetch the day; None when it was not fetched now.
        answers: the archived objects that they were made of, as ``archived.answers_of_days``.
    """

    note: Mapping[str, Any]
    units: pd.DataFrame
    metrics: FetchMetrics | None
    answers: pd.DataFrame


@dataclass(frozen=True)
class DayResult:
    """What became of a day.

    Attributes:
        outcome: new, unchanged, superseded, restated, repaired, kept (not fetched), derived or failed.
        stored: the day's figures as they are stored now; None when it never was complete.
        records: its records, where they were wanted and are in place.
        derived: the figures of each derived table that is up to date now.
        failures: what is not in place; empty when the day is complete and everything wanted is derived.
        warnings: what a person should know about how it was certified.
        source_unavailable: it failed because a source did not answer at all, which is no fault of the day.
        requests: HTTP requests made for it.
    """

    day: date
    outcome: str
    stored: DayFigures | None
    records: StoredRecords | None = None
    derived: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    failures: tuple[StepFailure, ...] = ()
    warnings: tuple[str, ...] = ()
    source_unavailable: bool = False
    requests: int = 0


@dataclass(frozen=True)
class SeriesResult:
    """What became of a daily series over the days of a run.

    Attributes:
        name: of its table.
        known: the rows of each day that is known now.
        origins: where the rows of each of these days came from; None where that is unknown.
        summaries: by the summary that depends on the series, the figures of its days that were summarized again,
            where the days' own results do not have them.
        failed: why days could not be had; what was stored of them stays.
    """

    name: str
    known: Mapping[date, pd.DataFrame]
    origins: Mapping[date, str | None]
    summaries: Mapping[str, Mapping[date, Mapping[str, float]]]
    failed: Mapping[date, str]


@dataclass(frozen=True)
class ReferenceResult:
    """A reference table that was fetched on the way.

    Attributes:
        counts: for a person.
        origin: where it came from.
    """

    table: str
    counts: Mapping[str, int]
    origin: str | None


@dataclass(frozen=True)
class SummaryResult:
    """The rows of a month or a year that were summed up.

    Attributes:
        table: one of the monthly and yearly summaries.
        rows: its rows of the period; none where no day is complete.
    """

    table: str
    period: Month | Year
    rows: pd.DataFrame


@dataclass(frozen=True)
class Message:
    """Something that a person should read."""

    text: str


@dataclass(frozen=True)
class Phase:
    """What is being done from now on, apart from days."""

    text: str


@dataclass(frozen=True)
class Comparison:
    """What a day was and what it became."""

    day: date
    figures: tuple[Figure, ...]


Event = SeriesResult | ReferenceResult | DayResult | SummaryResult | Message | Phase | Comparison | Verification
"""What a run yields, in the order in which it happened; a verification is of the days before it."""
