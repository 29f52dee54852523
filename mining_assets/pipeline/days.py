"""The way of a day: series and references, then fetch, store, derive, verify, and record attempts."""

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import partial
from itertools import groupby, takewhile
from typing import Literal

import pandas as pd

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.finality import refetches_due
from mining_assets.domain.network import NEVER_FETCHED, NetworkHistory
from mining_assets.domain.periods import Month
from mining_assets.domain.restatement import DayFigures
from mining_assets.pipeline.day_storing import DayStoring, Stored
from mining_assets.pipeline.dependencies import Dependencies, database_retries
from mining_assets.pipeline.derive import DerivedDays, derive
from mining_assets.pipeline.ensure_references import History, WindUnits, ensure_network_history, ensure_wind_units
from mining_assets.pipeline.fetch_ahead import FetchAhead, FetchMetrics
from mining_assets.pipeline.fetch_references import known_wind_units, stored_network_history
from mining_assets.pipeline.other_processes import computed_ahead
from mining_assets.pipeline.outages import Outages
from mining_assets.pipeline.replay_day import Kept, kept_of_days, replay_each
from mining_assets.pipeline.results import (
    RECORDS,
    DayRequest,
    DayResult,
    Event,
    StepFailure,
    StopAsked,
    StoredRecords,
    never,
)
from mining_assets.pipeline.update_series import update_series
from mining_assets.pipeline.verify_archive import Depth, verify_and_store_archive, verify_open_days
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.plan import ARCHIVE, ELEXON, MEMPOOL, days_to_fetch
from mining_assets.reconciliation.verify import verify_and_store_days
from mining_assets.sources.errors import SourceError
from mining_assets.warehouse.archived import answers_of_days
from mining_assets.warehouse.attempts import DAYS, clear_attempts, discount_attempts, record_failures
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.days import (
    complete_days,
    day_figures,
    noted_days,
    periods_known_empty,
    untampered_days,
)
from mining_assets.warehouse.names import CALCULATIONS, DAY_TABLES, DERIVED_TABLES
from mining_assets.warehouse.reporting import units_by_day


@dataclass(frozen=True)
class _Batch:
    """Days that are processed together: one that is fetched, or several that are replayed or kept."""

    days: list[date]
    way: Literal["fetch", "replay", "keep"]


class DayPipeline:
    """Processes days, each committed by itself, and yields what became of them.

    A database that fails for the moment is waited for; each step on it is repeated by itself.

    Args:
        dependencies: open, until the last result was taken.
        log: told of what was tried again and of what is worked around.
    """

    def __init__(self, dependencies: Dependencies, log: logging.Logger) -> None:
        self.dependencies, self._log = dependencies, log
        self._warehouse, self._rules = dependencies.warehouse, dependencies.rules
        self._retry = database_retries(dependencies.rules.retries, log)

    def run(self, days: Sequence[date], request: DayRequest, should_stop: StopAsked = never) -> Iterator[Event]:
        """Check the request, and process the days in order as the results are taken.

        Args:
            days: in order.
            request: what is wanted of them.
            should_stop: asked before each day that is fetched or replayed; the days that are left stay as they are, and
                yield nothing.

        Raises:
            ValueError: the request does not fit the days.
            DatabaseError: the database could not be used, however often it was tried. What was committed stays.
        """
        request.check(days)
        return self._process(days, request, should_stop)

    def _process(self, days: Sequence[date], request: DayRequest, should_stop: StopAsked) -> Iterator[Event]:
        for name in SERIES:
            if request.wants(name):
                result = update_series(
                    name,
                    days,
                    self.dependencies,
                    self._retry,
                    refetch=request.refetch and not request.repair,
                    stored_only=request.replay,
                )
                # The days' own results report the summaries that are wanted anyway.
                shown = {table: days for table, days in result.summaries.items() if not request.wants(table)}
                yield replace(result, summaries=shown)
        if request.wants(*DAY_TABLES):
            yield from self._process_days(days, request, should_stop)
        else:
            yield from self.verify(days)

    def verify(self, days: Sequence[date]) -> Iterator[Verification]:
        """Verify the days by value, a month at a time, and keep what is found."""
        for _, month in groupby(days, key=Month.of):
            yield self._retry(verify_and_store_days, self._warehouse, list(month), self._rules.scope)

    def verify_archive(self, days: Sequence[date]) -> Verification:
        """Read everything that is archived of days in order, compare it with what is stored, and keep what is found."""
        warehouse, archive, scope = self._warehouse, self.dependencies.archiving.archive, self._rules.scope
        return self._retry(verify_and_store_archive, warehouse, archive, scope, (days[0], days[-1]), Depth.ALL)

    def wind_units(self) -> WindUnits:
        """Read the wind units; see :func:`ensure_wind_units`."""
        return ensure_wind_units(self.dependencies, self._retry)

    def network_history(self, days: Sequence[date]) -> History:
        """Read the network's history; see :func:`ensure_network_history`."""
        return ensure_network_history(days, self.dependencies, self._retry, self._outages(), self._log)

    def stored_results(self, days: Sequence[date], outcome: str) -> list[DayResult]:
        """Return the results of days as they are stored now, which all ended with the outcome."""
        figures, records = self._retry(self._figures, days), self._retry(self._records, days, {})
        return [DayResult(day, outcome, figures[day], records=records.get(day)) for day in days]

    def _outages(self) -> Outages:
        return Outages(self._warehouse, self._rules.healing, self._retry)

    def _process_days(self, days: Sequence[date], request: DayRequest, should_stop: StopAsked) -> Iterator[Event]:
        outages = self._outages()
        known = None
        if request.wants(RECORDS):
            try:
                known = self._known_units(request)
            except (SourceError, ArchiveError) as error:
                yield from self._cannot_begin(days, error, outages)
                return
            if known.fetched:
                yield known.fetched
        history, why_no_history = NEVER_FETCHED, ""
        if request.wants(CALCULATIONS):
            history, fetched, why_no_history = self._known_history(days, request, outages)
            if fetched:
                yield fetched
        storing = DayStoring(self.dependencies, self._retry, self._log, outages)
        kept = self._replayable(days, request)
        batches = list(self._batches(days, request, kept))
        to_fetch = [batch.days[0] for batch in batches if batch.way == "fetch"]
        units = known.units if known else {}

        def accepted_empty(day: date) -> set[int]:
            return {*request.accept_empty, *self._retry(self._known_empty, day)}

        replayable = [
            (day, kept[day]) for batch in batches if batch.way == "replay" for day in batch.days if day in kept
        ]
        replaying = partial(replay_each, self.dependencies.archiving.archive, units)
        with (
            FetchAhead(self.dependencies.elexon, units, to_fetch, accepted_empty) as ahead,
            computed_ahead(replaying, replayable) as replayed,
        ):
            for batch in batches:
                if should_stop():
                    return
                if batch.way == "fetch":
                    (day,) = batch.days
                    stored = {day: storing.fetch(day, ahead, request, should_stop)}
                elif batch.way == "replay":
                    stored = {}
                    for day in takewhile(lambda _: not should_stop(), batch.days):
                        take = replayed.take if day in kept else None
                        stored[day] = storing.replay(day, take, ahead, request, should_stop)
                else:
                    outcome = "kept" if request.wants(RECORDS) else "derived"
                    stored = {day: Stored(outcome) for day in batch.days}
                yield from self._results(stored, request, history, why_no_history, outages)

    def _known_units(self, request: DayRequest) -> WindUnits:
        if request.replay:
            units = self._retry(known_wind_units, self._warehouse, self._rules.additions, self._rules.sites)
            return WindUnits(units)
        return ensure_wind_units(self.dependencies, self._retry)

    def _known_history(self, days: Sequence[date], request: DayRequest, outages: Outages) -> History:
        if request.replay:
            return History(self._retry(stored_network_history, self._warehouse))
        return ensure_network_history(days, self.dependencies, self._retry, outages, self._log)

    def _replayable(self, days: Sequence[date], request: DayRequest) -> dict[date, list[Kept]]:
        """Return the days that may be made of their archived answers, and of which: those not due to be asked for."""
        if not request.wants(RECORDS) or (request.refetch and not request.repair) or request.accept_empty:
            return {}
        if self.dependencies.archiving.archive is None:
            return {}
        kept = self._retry(self._kept, days)
        instants = {day: fetches[0].fetched_at for day, fetches in kept.items()}
        due = refetches_due(pd.Series(instants, dtype="datetime64[us, UTC]"), datetime.now(UTC))
        return {day: fetches for day, fetches in kept.items() if request.replay or not due[day]}

    def _batches(
        self, days: Sequence[date], request: DayRequest, kept: Mapping[date, Sequence[Kept]]
    ) -> Iterator[_Batch]:
        """Yield the days in order, each that has to be fetched alone, the others as many as stand together."""
        wanted: set[date] = set()
        if request.wants(RECORDS):
            untampered = () if request.refetch or request.replay else self._retry(self._untampered, days)
            wanted = days_to_fetch(days, untampered, refetch=request.refetch or request.replay)

        def way(day: date) -> Literal["fetch", "replay", "keep"]:
            if day not in wanted:
                return "keep"
            return "replay" if request.replay or day in kept else "fetch"

        for taken, group in groupby(days, key=way):
            if taken == "fetch":
                yield from (_Batch([day], taken) for day in group)
            else:
                yield _Batch(list(group), taken)

    def _results(
        self,
        stored: Mapping[date, Stored],
        request: DayRequest,
        history: NetworkHistory,
        why_no_history: str,
        outages: Outages,
    ) -> Iterator[Event]:
        """Derive, verify and account for days that were stored or kept, and yield what became of each."""
        days = list(stored)
        complete = self._retry(self._complete, days)
        ready = complete if request.wants(RECORDS) else days
        derived = self._retry(self._derive, ready, request, history)
        verification = self._retry(verify_and_store_days, self._warehouse, days, self._rules.scope)
        costs = {day: each.metrics for day, each in stored.items() if each.metrics}
        shown = [day for day in complete if stored[day].failure is None] if request.wants(RECORDS) else []
        records = self._retry(self._records, shown, costs)
        figures = self._retry(self._figures, days)
        results = []
        for day, each in stored.items():
            failures = [each.failure] if each.failure else []
            source_unavailable = each.source_unavailable
            for table, steps in derived.items():
                if day not in steps.failed:
                    continue
                source_unavailable |= MEMPOOL in outages and day in complete and each.failure is None
                addition = f"; it could not be fetched now: {why_no_history}" if why_no_history else ""
                failures.append(StepFailure(table, steps.failed[day] + (addition if table == CALCULATIONS else "")))
            results.append(
                DayResult(
                    day,
                    each.outcome,
                    figures[day],
                    records=records.get(day),
                    derived={table: steps.done[day] for table, steps in derived.items() if day in steps.done},
                    failures=tuple(failures),
                    warnings=each.warnings,
                    source_unavailable=source_unavailable,
                    requests=each.metrics.requests if each.metrics else 0,
                )
            )
        archive = self.dependencies.archiving.archive
        verification.merge(self._retry(verify_open_days, self._warehouse, archive, self._rules.scope, days))
        self._retry(self._account, results)
        yield from results
        yield verification

    def _cannot_begin(self, days: Sequence[date], error: Exception, outages: Outages) -> Iterator[DayResult]:
        """Give up all days: without any wind register none can be fetched, which is no day's fault."""
        outages.record(ARCHIVE if isinstance(error, ArchiveError) else ELEXON, error)
        failure = StepFailure(RECORDS, f"no wind register is stored, and none could be fetched: {error}")
        figures = self._retry(self._figures, days)
        not_to_blame = DayResult(days[0], "failed", None, failures=(failure,), source_unavailable=True)
        results = [replace(not_to_blame, day=day, stored=figures[day]) for day in days]
        self._retry(self._account, results)
        yield from results

    def _known_empty(self, day: date) -> list[int]:
        with self._warehouse.reading() as connection:
            return periods_known_empty(connection, day)

    def _kept(self, days: Sequence[date]) -> dict[date, list[Kept]]:
        with self._warehouse.reading() as connection:
            return kept_of_days(connection, days)

    def _untampered(self, days: Sequence[date]) -> set[date]:
        with self._warehouse.reading() as connection:
            return set(untampered_days(connection, days).hashes)

    def _complete(self, days: Sequence[date]) -> list[date]:
        with self._warehouse.reading() as connection:
            return list(complete_days(connection, days))

    def _derive(self, days: Sequence[date], request: DayRequest, history: NetworkHistory) -> Mapping[str, DerivedDays]:
        tables = [table for table in DERIVED_TABLES if request.wants(table)]
        if not days or not tables:
            return {}
        with self._warehouse.writing(*map(str, days)) as connection:
            return derive(connection, days, history, self._rules.scope.models, tables)

    def _figures(self, days: Sequence[date]) -> dict[date, DayFigures | None]:
        with self._warehouse.reading() as connection:
            return {day: day_figures(connection, day) for day in days}

    def _records(self, days: Sequence[date], costs: Mapping[date, FetchMetrics]) -> dict[date, StoredRecords]:
        if not days:
            return {}
        with self._warehouse.reading() as connection:
            return read_records(connection, days, costs)

    def _account(self, results: Sequence[DayResult]) -> None:
        """Keep the account of healing: which days came right, which failed, and which are not to blame."""
        failed = {result.day: str(result.failures[0]) for result in results if result.failures}
        not_to_blame = [result.day for result in results if result.source_unavailable]
        with self._warehouse.writing("healing") as connection:
            clear_attempts(connection, DAYS, [result.day for result in results if not result.failures])
            blamed = {day: reason for day, reason in failed.items() if day not in not_to_blame}
            record_failures(connection, DAYS, blamed, self._rules.healing, datetime.now(UTC))
            discount_attempts(connection, DAYS, not_to_blame)


def read_records(
    connection: Connection, days: Sequence[date], costs: Mapping[date, FetchMetrics]
) -> dict[date, StoredRecords]:
    """Read what is stored of the days' records, of those that are stored.

    Args:
        connection: of the caller's transaction.
        days: in order.
        costs: what it took to fetch those of them that were fetched now.
    """
    units, notes = units_by_day(connection, days), noted_days(connection, days)
    answers = answers_of_days(connection, SETTLEMENT_STACKS, days)
    by_day, none = dict(iter(units.groupby("settlement_date"))), units.iloc[:0]
    return {
        day: StoredRecords(
            notes.loc[day].to_dict(),
            by_day.get(day, none),
            costs.get(day),
            answers[answers["settlement_date"] == day],
        )
        for day in days
        if day in notes.index
    }
