"""Repairs that a person asks for: the last days checked, a day fetched anew or replaced whole, one period fixed."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.fetch_estimate import FetchEstimate, estimate_fetch
from mining_assets.domain.naming import NoSuchUnitError
from mining_assets.domain.periods import months_of, years_of
from mining_assets.domain.restatement import ShrinkRefused
from mining_assets.domain.settlement import periods_in
from mining_assets.domain.wording import count_of
from mining_assets.pipeline.archiving import NOT_KEPT, keep_day, named
from mining_assets.pipeline.days import DayPipeline
from mining_assets.pipeline.dependencies import Dependencies
from mining_assets.pipeline.fetch import DayIncomplete, fetch_day
from mining_assets.pipeline.fetch_references import unit_asked_for
from mining_assets.pipeline.replace_day import DayContent, NotRepaired, content_of, replacing_day, save_copy
from mining_assets.pipeline.replace_period import fetch_period, replace_period
from mining_assets.pipeline.results import (
    Comparison,
    DayRequest,
    DayResult,
    Event,
    Message,
    Phase,
    StopAsked,
    SummaryResult,
    never,
)
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.pipeline.verify_archive import verify_open_days
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.plan import DERIVE, REFETCH, needs, tables_for
from mining_assets.reconciliation.verify import (
    Scope,
    damaged_periods,
    verify_and_store_days,
    verify_and_store_periods,
)
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError
from mining_assets.sources.received import collect
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.days import note_refused

FETCHED_AGAIN = DayRequest(frozenset(tables_for(REFETCH)), refetch=True)
REPAIRED = replace(FETCHED_AGAIN, repair=True)
"""Fetched again, unless the answers that are archived are still the newest that can be had."""
DERIVED_AGAIN = DayRequest(frozenset(tables_for(DERIVE)))


class RepairFailed(Exception):
    """What was asked could not be done; the message says what is as it was."""


class DaysNotComplete(RepairFailed):
    """Days could not be processed, or are left since the run was stopped; their results say why."""


class DayKept(RepairFailed):
    """A day is as it was, since the answer for it cannot be had or is refused.

    Attributes:
        source_unavailable: the source did not answer a single request.
    """

    def __init__(self, day: date, error: Exception, *, source_unavailable: bool) -> None:
        super().__init__(f"{day} is as it was: {error}")
        self.day, self.reason, self.source_unavailable = day, str(error), source_unavailable


class Repairs:
    """The repairs, each of which yields what it does. A repair that cannot be finished raises ``RepairFailed``.

    Args:
        should_stop: asked before each day that is fetched.
    """

    def __init__(self, dependencies: Dependencies, log: logging.Logger, should_stop: StopAsked = never) -> None:
        self._dependencies, self._log, self._should_stop = dependencies, log, should_stop
        self._warehouse, self._scope = dependencies.warehouse, dependencies.rules.scope
        self._pipeline = DayPipeline(dependencies, log)

    def check_days(self, days: Sequence[date], *, force: bool) -> Iterator[Event]:
        """Verify days that follow one another, and process those that are missing or wrong.

        Args:
            days: in order.
            force: fetch them all again.
        """
        yield Phase("verifying")
        needed = needs_found(self._warehouse, days, self._scope, force=force)
        wanting = ", ".join(f"{day} {kind}" for day, kind in needed.items())
        yield Message(f"{days[0]} to {days[-1]}: {wanting or 'nothing is missing or wrong'}")
        pace = self._dependencies.rules.requests_per_second
        estimate = estimate_needs(needed, pace)
        if estimate.takes_long:
            yield Message(estimate.at_pace(pace))
        yield Phase("at work")
        kept = [day for day in days if day not in needed]
        yield from (replace(result, records=None) for result in self._pipeline.stored_results(kept, "kept"))
        yield from self._run(days, DayRequest(frozenset(SERIES)))
        derive = [day for day, kind in needed.items() if kind == DERIVE]
        fetch = [day for day in needed if day not in derive]
        yield from self._process((fetch, FETCHED_AGAIN if force else REPAIRED), (derive, DERIVED_AGAIN))
        yield from self._finish(days)

    def reingest(self, day: date, *, accept_shrink: bool) -> Iterator[Event]:
        """Fetch a day again, whole, and derive everything from it again."""
        before = self._content(day)
        yield from self._process(([day], replace(FETCHED_AGAIN, accept_shrink=accept_shrink)))
        yield from self._finish([day])
        yield self._comparison(day, before)

    def replace_day(
        self, day: date, slow: SyncClient[ElexonClient], folder: Path, *, accept_shrink: bool
    ) -> Iterator[Event]:
        """Replace a problematic day with all that is derived from it in one transaction, or keep it as it is.

        Args:
            day: the settlement day.
            slow: asks slowly, one request at a time.
            folder: where what is stored is saved before.
            accept_shrink: store the answer even if it takes more than 5 % off the final day.
        """
        before = self._content(day)
        with self._warehouse.reading() as connection:
            saved = save_copy(connection, day, folder)
        yield Message(f"{day}: what is stored was saved to {saved}")
        counters, archiving = slow.client.counters, self._dependencies.archiving
        archived: ArchivedFetch | None = None
        try:
            units, fetched_units = self._pipeline.wind_units()
            if fetched_units:
                yield fetched_units
            history, fetched_epochs, _ = self._pipeline.network_history([day])
            if fetched_epochs:
                yield fetched_epochs
            with collect() as received:
                fetched = slow.run(fetch_day(slow.client, day, units))
            fetched, archived = keep_day(archiving, fetched, received, accept_shrink=accept_shrink)
            with replacing_day(self._warehouse, fetched, history, self._scope, accept_shrink=accept_shrink) as (
                connection,
                outcome,
            ):
                archiving.record(connection, archived)
        except (SourceError, ArchiveError, DayIncomplete, ShrinkRefused, NotRepaired) as error:
            raise self._kept(day, error, archived, unanswered=not counters.bytes) from None
        (result,) = self._pipeline.stored_results([day], str(outcome))
        yield replace(result, requests=counters.requests, warnings=fetched.warnings)
        yield from self._finish([day])
        yield self._comparison(day, before)

    def fix_period(self, day: date, period: int, farm: str, *, accept_shrink: bool) -> Iterator[Event]:
        """Fetch one period of a day again; all else of the day stays as it is.

        Args:
            day: the settlement day.
            period: the settlement period.
            farm: what names the BM unit that the repair is about, as ``naming.unit_named`` takes it.
            accept_shrink: store the answer even if it takes more than 5 % off the final day.
        """
        if period > periods_in(day):
            raise RepairFailed(f"{day} has the settlement periods 1 to {periods_in(day)}")
        before = self._content(day)
        others = [each for each in self._damaged_periods(day) if each != period]
        if others:
            yield Message(f"{day}: {still_damaged(day, others)}; only period {period} is fetched now")
        elexon, archiving = self._dependencies.elexon, self._dependencies.archiving
        archived: ArchivedFetch | None = None
        try:
            units, fetched_units = self._pipeline.wind_units()
            if fetched_units:
                yield fetched_units
            unit = unit_asked_for(self._warehouse, farm, units)
            with collect() as received:
                records, ledger, warnings = elexon.run(fetch_period(elexon.client, day, period, units))
            origin, only = elexon.client.origin, {"settlement_period": period, "accept_shrink": accept_shrink}
            archived = archiving.keep(SETTLEMENT_STACKS, received, day, origin=origin, **only)
            with self._warehouse.writing(str(day)) as connection:
                fetched = (records, named(ledger, archived))
                outcome = replace_period(connection, day, period, fetched, origin=origin, accept_shrink=accept_shrink)
                archiving.record(connection, archived)
        except NoSuchUnitError as error:
            raise RepairFailed(str(error)) from None
        except (SourceError, ArchiveError, DayIncomplete, ShrinkRefused) as error:
            raise self._kept(day, error, archived, unanswered=not elexon.client.counters.bytes) from None
        rows = records[records["farm_id"] == unit]
        remaining = self._damaged_periods(day)
        became = "replaced, but the day is not repaired" if remaining else outcome
        energy = f"{unit} has {count_of(len(rows), 'row')}, {rows['volume'].sum():,.3f} MWh"
        yield Message(f"{day} period {period}: {became}; {energy}")
        if remaining:
            verify_and_store_days(self._warehouse, [day], self._scope)
            yield self._comparison(day, before)
            raise RepairFailed(f"{day}: {still_damaged(day, remaining)}")
        (stored,) = self._pipeline.stored_results([day], outcome)
        for event in self._process(([day], DERIVED_AGAIN)):
            yield replace(event, records=stored.records, warnings=warnings) if isinstance(event, DayResult) else event
        yield from self._finish([day])
        yield self._comparison(day, before)

    def _process(self, *work: tuple[Sequence[date], DayRequest]) -> Iterator[Event]:
        """Process days, each part of the work whatever became of another.

        Raises:
            DaysNotComplete: some failed, or are left. The others were summed up.
        """
        complete = 0
        for days, request in work:
            for event in self._run(days, request) if days else ():
                if isinstance(event, DayResult):
                    complete += not event.failures
                yield event
        chosen = sorted(day for days, _ in work for day in days)
        if complete < len(chosen):
            yield from self._sum_up(chosen)
            raise DaysNotComplete(f"{len(chosen) - complete} of {count_of(len(chosen), 'day')} not complete")

    def _run(self, days: Sequence[date], request: DayRequest) -> Iterator[Event]:
        """Process days without what their verification finds: everything is verified once more at the end."""
        events = self._pipeline.run(days, request, self._should_stop)
        return (event for event in events if not isinstance(event, Verification))

    def _finish(self, days: Sequence[date]) -> Iterator[Event]:
        """Sum up months and years, and verify everything touched by value."""
        warehouse, scope = self._warehouse, self._scope
        yield Phase("summing up and verifying")
        yield from self._sum_up(days)
        yield verify_and_store_days(warehouse, days, scope)
        yield verify_open_days(warehouse, self._dependencies.archiving.archive, scope, days)
        yield verify_and_store_periods(warehouse, months_of(days), scope)
        yield verify_and_store_periods(warehouse, years_of(days), scope)

    def _sum_up(self, days: Sequence[date]) -> Iterator[SummaryResult]:
        for table, period, rows in roll_up_days(self._warehouse, days, self._scope.date_range):
            yield SummaryResult(table, period, rows)

    def _kept(self, day: date, error: Exception, archived: ArchivedFetch | None, *, unanswered: bool) -> DayKept:
        """Return the error that says that a day is as it was; a refused answer is remembered."""
        if isinstance(error, ShrinkRefused):
            with self._warehouse.writing(str(day)) as connection:
                note_refused(connection, error)
            try:
                self._dependencies.archiving.record_refused(self._warehouse, archived, str(error))
            except ArchiveError as unkept:
                self._log.warning(f"{day}: {NOT_KEPT}: {unkept}")
        return DayKept(day, error, source_unavailable=unanswered)

    def _content(self, day: date) -> DayContent:
        with self._warehouse.reading() as connection:
            return content_of(connection, day)

    def _comparison(self, day: date, before: DayContent) -> Comparison:
        return Comparison(day, tuple(before.figures(self._content(day))))

    def _damaged_periods(self, day: date) -> list[int]:
        """Return the periods of a day whose records are not what was fetched, as they are now."""
        with self._warehouse.reading() as connection:
            return damaged_periods(connection, day)


def needs_found(warehouse: Warehouse, days: Sequence[date], scope: Scope, *, force: bool) -> dict[date, str]:
    """Verify consecutive days by value and return what each needs, as ``plan.needs``.

    Args:
        warehouse: open.
        days: in order.
        scope: the miner models, and the first and last partition.
        force: all of them are to be fetched again, whatever they need.
    """
    verify_and_store_days(warehouse, days, scope)
    if force:
        return dict.fromkeys(days, REFETCH)
    with warehouse.reading() as connection:
        return needs(day_states(connection, days[0], days[-1], scope.models), datetime.now(UTC))


def estimate_needs(needed: Mapping[date, str], requests_per_second: float) -> FetchEstimate:
    """Return what it costs to fetch the days that need it."""
    return estimate_fetch((day for day, kind in needed.items() if kind != DERIVE), requests_per_second)


def still_damaged(day: date, periods: Sequence[int]) -> str:
    """Return which periods of a day are damaged, and the command that repairs them all."""
    which = f"period {periods[0]} is" if len(periods) == 1 else f"periods {', '.join(map(str, periods))} are"
    return f"{which} damaged, which `mining-assets date {day} --refetch` repairs"
