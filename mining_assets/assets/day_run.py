"""One run of the daily chain: what it does to each day, and what it reports of it."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import groupby
from typing import Any

import dagster as dg
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from mining_assets.assets.day_batch import DayBatch
from mining_assets.assets.day_config import DailyRun, refuse_unfit
from mining_assets.assets.means import Means
from mining_assets.assets.partition_metadata import Metadata, labelled, of_records
from mining_assets.assets.references import NETWORK_EPOCHS, WIND_BM_UNITS, verify_rewritten
from mining_assets.assets.series_run import SERIES_ASSETS, SeriesRun
from mining_assets.chain.ahead import Cost, FetchAhead
from mining_assets.chain.derive import DerivedDays, calculate_days, summarize_bitcoin_days, summarize_days
from mining_assets.chain.fetch import DayIncomplete, NothingPublished
from mining_assets.chain.references import (
    first_unknown,
    known_wind_units,
    reaches,
    refresh_network_epochs,
    refresh_wind_units,
    stored_network_history,
)
from mining_assets.domain.network import NEVER_FETCHED, NetworkHistory, UnknownDifficulty
from mining_assets.domain.restatement import DayFigures, ShrinkRefused
from mining_assets.domain.summaries import month_of
from mining_assets.domain.wind import WindUnit
from mining_assets.domain.wording import count_of
from mining_assets.healing.attempts import ATTEMPT_TAG, HEALING_TAG, begin_attempt
from mining_assets.healing.plan import ELEXON, MEMPOOL
from mining_assets.progress import DayReport
from mining_assets.sources.errors import SourceError
from mining_assets.verification.findings import Verification
from mining_assets.verification.scan import verify_and_store_days
from mining_assets.warehouse.days import (
    day_figures,
    intact_days,
    note_refused,
    periods_known_empty,
    store_day,
    whole_days,
)
from mining_assets.warehouse.engine import is_passing
from mining_assets.warehouse.healing import (
    note_blameless,
    note_failed,
    note_right,
    note_source_away,
    note_source_back,
)
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    curtailment_records,
    daily_summaries,
    historical_bitcoin_calculations,
)

RECORDS = dg.AssetKey(curtailment_records.name)
CALCULATIONS = dg.AssetKey(historical_bitcoin_calculations.name)
DAILY = dg.AssetKey(daily_summaries.name)
BITCOIN_DAILY = dg.AssetKey(bitcoin_daily_summaries.name)
SETTLED = (RECORDS, CALCULATIONS, DAILY, BITCOIN_DAILY)
DAILY_CHAIN = (*SETTLED, *SERIES_ASSETS)


@dataclass
class DayRun:
    """What is asked, the means, and what became of each day.

    Attributes:
        wanted: the assets of the daily chain that are to be brought in line.
        reasons: why each day that is not in place is not.
        verification: what the days touched look like by value, afterwards.
        stopped_before: how many days were left when a person stopped the run.
    """

    context: dg.AssetExecutionContext | dg.OpExecutionContext
    wanted: Collection[dg.AssetKey]
    config: DailyRun
    means: Means
    reasons: dict[date, list[str]] = field(default_factory=dict)
    verification: Verification = field(default_factory=Verification)
    stopped_before: int = 0
    _away: dict[str, str] = field(default_factory=dict)
    _no_history: str = ""
    _source_unavailable: set[date] = field(default_factory=set)
    _costs: dict[date, Cost] = field(default_factory=dict)
    _stored: dict[date, tuple[str, tuple[str, ...]]] = field(default_factory=dict)

    def begin(self, tags: Mapping[str, str], days: Sequence[date]) -> None:
        """Count the attempt, if healing asked for this run, and mark the run: one that dies before makes days wait."""
        self._database_attempts()(begin_attempt, self.means.warehouse, tags, days, self.means.policy, datetime.now(UTC))
        if HEALING_TAG in tags:
            run_id = self.context.run.run_id
            self.context.instance.add_run_tags(run_id, {ATTEMPT_TAG: run_id})

    def work(self, days: Sequence[date]) -> None:
        """Bring the days in line, each committed and reported by itself."""
        refuse_unfit(self.config, days)
        self.means.progress.watch(self.means.elexon.client.counters)
        with self.means.progress.stoppable():
            self._bring_series(days)
        if not any(map(self._wants, SETTLED)):
            self.verify(days)
            return
        try:
            units = self.wind_units() if self._wants(RECORDS) else {}
        except SourceError as error:
            self._cannot_begin(days, error)
            return
        history = self.network_history(days) if self._wants(CALCULATIONS) else NEVER_FETCHED
        with self.means.progress.stoppable():
            self._work(days, units, history)

    def _bring_series(self, days: Sequence[date]) -> None:
        """Prices and generation come first, so that the summaries have them; what is lacking of them stops nothing.

        A run of nothing else says so by failing.
        """
        refetch, attempts = self.config.refetch, self._database_attempts
        series = SeriesRun(self.context, self.wanted, self.means, refetch=refetch, attempts=attempts)
        for name in series.names:
            brought = series.bring(name, days)
            series.report(name, brought, len(days))
            if not any(map(self._wants, SETTLED)):
                for day, reason in brought.failed.items():
                    self._failed(day, dg.AssetKey(name), reason)

    def _work(self, days: Sequence[date], units: Mapping[str, WindUnit], history: NetworkHistory) -> None:
        left = len(days)
        batches = list(self._batches(days, self._database_attempts()(self._days_to_keep, days)))
        to_fetch = [day for days_of_batch, fetch in batches if fetch for day in days_of_batch]
        with FetchAhead(self.means.elexon, units, to_fetch, self._accepted_empty) as ahead:
            for days_of_batch, fetch in batches:
                if self.means.progress.stopping:
                    self.stopped_before = left
                    return
                left -= len(days_of_batch)
                self._report(self._database_attempts()(self._do, days_of_batch, ahead if fetch else None, history))

    def _do(self, days: Sequence[date], ahead: FetchAhead | None, history: NetworkHistory) -> DayBatch:
        """One attempt at a batch: fetched when it is to be, derived, verified. It adds to nothing."""
        batch = DayBatch(outcomes=dict.fromkeys(days, "kept"))
        if ahead is not None:
            self._fetch_and_store(days, ahead, batch)
        self._derive(days, history, batch)
        batch.verification = verify_and_store_days(self.means.warehouse, days, self.means.scope)
        with self.means.warehouse.reading() as connection:
            batch.figures = {day: day_figures(connection, day) for day in days}
        self._note(days, batch.failed, batch.source_unavailable)
        return batch

    def _report(self, batch: DayBatch) -> None:
        """Tell what a batch came to, once it has: Dagster, the log, and whoever watches."""
        for warning in batch.warnings:
            self.context.log.warning(warning)
        for asset, day, metadata in batch.events:
            self._materialized(asset, day, metadata)
        for asset, day, reason in batch.failures:
            self._failed(day, asset, reason)
        self.verification.merge(batch.verification)
        self._source_unavailable |= batch.source_unavailable
        self.tell(batch.outcomes, batch.figures, {day: cost.requests for day, cost in self._costs.items()})

    def _database_attempts(self) -> Retrying:
        """A lost or busy database is waited for and the days at hand repeated; errors of the data are not."""
        rule = self.means.retries
        return Retrying(
            retry=retry_if_exception(is_passing),
            stop=stop_after_attempt(rule.attempts),
            wait=wait_exponential_jitter(
                multiplier=rule.base_seconds, max=rule.longest_seconds, jitter=rule.base_seconds
            ),
            before_sleep=lambda state: self.context.log.warning(
                f"the database failed, tried again: {state.outcome.exception() if state.outcome else ''}"
            ),
            reraise=True,
        )

    def verify(self, days: Sequence[date]) -> None:
        """Verify the days by value, a month at a time, and keep what is found."""
        attempts, means = self._database_attempts, self.means
        for _, month in groupby(days, key=month_of):
            self.verification.merge(attempts()(verify_and_store_days, means.warehouse, list(month), means.scope))

    def failure(self, total: int) -> dg.Failure:
        """The failure that names the days that are not complete."""
        if self.stopped_before:
            return dg.Failure(
                f"stopped by a signal: {self.stopped_before} of {count_of(total, 'day')} left as they were, "
                "the others are done",
                allow_retries=False,
            )
        rows = "\n".join(f"| {day} | {'<br>'.join(reasons)} |" for day, reasons in sorted(self.reasons.items()))
        listed = "; ".join(f"{day}: {reasons[0]}" for day, reasons in sorted(self.reasons.items()))
        return dg.Failure(
            f"{len(self.reasons)} of {count_of(total, 'day')} not complete, the others are. {listed}",
            metadata={"days that are not complete": dg.MetadataValue.md(f"| day | reason |\n|---|---|\n{rows}")},
            allow_retries=False,
        )

    def _wants(self, asset: dg.AssetKey) -> bool:
        return asset in self.wanted

    def _materialized(self, asset: dg.AssetKey, day: date, metadata: Mapping[str, Any]) -> None:
        """Report a day that is in place, at once: a run that dies later has not lost it."""
        self.context.log_event(dg.AssetMaterialization(asset, partition=str(day), metadata=metadata))

    def _failed(self, day: date, asset: dg.AssetKey, reason: str) -> None:
        self.reasons.setdefault(day, []).append(f"{asset.to_user_string()}: {reason}")
        self.context.log.error(f"{day} {asset.to_user_string()}: {reason}")

    def wind_units(self) -> dict[str, WindUnit]:
        """The wind units known; fetched when they never were, so that a first run needs no preparation.

        Raises:
            SourceError: there is no register, and it cannot be had.
        """
        attempts, means = self._database_attempts, self.means
        units = attempts()(known_wind_units, means.warehouse, means.additions, means.sites)
        if not units:
            counts = attempts()(refresh_wind_units, means.warehouse, means.elexon, means.additions, means.sites)
            self.context.log_event(dg.AssetMaterialization(WIND_BM_UNITS, metadata=counts))
            units = attempts()(known_wind_units, means.warehouse, means.additions, means.sites)
        return units

    def _cannot_begin(self, days: Sequence[date], error: SourceError) -> None:
        """Without any wind register no day can be fetched, which is no day's fault."""
        self._source_away(ELEXON, error)
        for day in days:
            self._failed(day, RECORDS, f"there is no wind register to go by, and it cannot be had now: {error}")
        self._source_unavailable.update(days)
        self._note(days, {day: self.reasons[day][0] for day in days}, days)
        with self.means.warehouse.reading() as connection:
            figures = {day: day_figures(connection, day) for day in days}
        self.tell(dict.fromkeys(days, "failed"), figures, {})

    def network_history(self, days: Sequence[date]) -> NetworkHistory:
        """The network's history; fetched once when it does not cover the days. What it lacks then stays missing.

        A source that does not have what is lacking is taken for one that is away: it is probed with one day, at
        growing intervals, and no day is to blame.
        """
        attempts, means = self._database_attempts, self.means
        history = attempts()(stored_network_history, means.warehouse)
        if reaches(history, days):
            return history
        try:
            refreshed = attempts()(refresh_network_epochs, means.warehouse, means.mempool, means.halvings)
        except SourceError as error:
            self.context.log.warning(f"network_epochs could not be refreshed, what is stored is used: {error}")
            self._no_history = f"; it could not be fetched now: {error}"
            attempts()(self._source_away, MEMPOOL, error)
            return history
        attempts()(verify_rewritten, means.warehouse, refreshed, means.scope)
        self.context.log_event(dg.AssetMaterialization(NETWORK_EPOCHS, metadata=refreshed.shown()))
        history = attempts()(stored_network_history, means.warehouse)
        if lacking := first_unknown(history, days):
            attempts()(self._source_away, MEMPOOL, UnknownDifficulty(history.why_unknown(lacking)))
        else:
            attempts()(self._source_back, MEMPOOL)
        return history

    def _days_to_keep(self, days: Sequence[date]) -> set[date]:
        """Those that are whole and need not be fetched."""
        if self.config.refetch or not self._wants(RECORDS):
            return set()
        with self.means.warehouse.reading() as connection:
            return set(intact_days(connection, days)[0])

    def _batches(self, days: Sequence[date], kept: Collection[date]) -> Iterator[tuple[list[date], bool]]:
        """The days in order, each that has to be fetched alone, the others as many as stand together."""
        if not self._wants(RECORDS):
            yield list(days), False
            return
        for keep, group in groupby(days, key=kept.__contains__):
            if keep:
                yield list(group), False
            else:
                yield from (([day], True) for day in group)

    def _fetch_and_store(self, days: Sequence[date], ahead: FetchAhead, batch: DayBatch) -> None:
        for day in days:
            try:
                batch.outcomes[day] = self._fetch_and_store_day(day, ahead, batch)
            except (SourceError, DayIncomplete, ShrinkRefused) as error:
                batch.outcomes[day] = "failed"
                batch.failures.append((RECORDS, day, str(error)))

    def _fetch_and_store_day(self, day: date, ahead: FetchAhead, batch: DayBatch) -> str:
        if day in self._stored:  # by an earlier attempt, which the database broke off later
            outcome, warnings = self._stored[day]
            batch.warnings.extend(warnings)
            return outcome
        if ELEXON in self._away:
            batch.source_unavailable.add(day)
            raise DayIncomplete(f"not tried, since Elexon does not answer: {self._away[ELEXON]}")
        fetch = ahead.take(day)
        fetched, self._costs[day] = fetch.outcome, fetch.cost
        if isinstance(fetched, Exception) and (not fetch.cost.bytes or isinstance(fetched, NothingPublished)):
            self._blame_source_or_day(day, fetched, batch)
        if ELEXON not in self._away and not self.means.progress.stopping:
            ahead.begin_next(day)
        if isinstance(fetched, Exception):
            raise fetched
        batch.warnings.extend(fetched.warnings)
        self._source_back(ELEXON)
        try:
            with self.means.warehouse.writing(str(day)) as connection:
                stored = store_day(connection, fetched, accept_shrink=self.config.accept_shrink)
        except ShrinkRefused as refused:
            with self.means.warehouse.writing(str(day)) as connection:
                note_refused(connection, refused)
            raise
        self._stored[day] = (str(stored), fetched.warnings)
        return str(stored)

    def _blame_source_or_day(self, day: date, error: Exception, batch: DayBatch) -> None:
        """A day of which nothing came: if Elexon has nothing of another day either, it is the source that is away."""
        try:
            other = self.means.elexon.run(self.means.elexon.client.stack(day - timedelta(days=7), 1, "bid"))
        except SourceError:
            answers = False
        else:
            answers = bool(other.rows)
        if not answers:
            self._source_away(ELEXON, error)
            batch.source_unavailable.add(day)

    def _accepted_empty(self, day: date) -> set[int]:
        """Periods of which a person says, or said before, that they are truly empty."""
        with self.means.warehouse.reading() as connection:
            return {*self.config.accept_empty, *periods_known_empty(connection, day)}

    def _derive(self, days: Sequence[date], history: NetworkHistory, batch: DayBatch) -> None:
        """Bring what is derived from the days in line; a day whose records are not whole has its reason already."""
        with self.means.warehouse.reading() as connection:
            whole = list(whole_days(connection, days))
        if self._wants(RECORDS):
            stored = [day for day in whole if day not in batch.failed]
            batch.events += [(RECORDS, day, metadata) for day, metadata in self._shown_records(stored).items()]
        ready = whole if self._wants(RECORDS) else days
        for asset, derived in self._derivations(ready, history):
            batch.events += [(asset, day, labelled(figures)) for day, figures in derived.done.items()]
            for day, reason in derived.failed.items():
                if MEMPOOL in self._away and day in whole and day not in batch.failed:
                    batch.source_unavailable.add(day)
                batch.failures.append((asset, day, reason + (self._no_history if asset == CALCULATIONS else "")))

    def _derivations(self, days: Sequence[date], history: NetworkHistory) -> Iterator[tuple[dg.AssetKey, DerivedDays]]:
        if self._wants(CALCULATIONS):
            yield CALCULATIONS, calculate_days(self.means.warehouse, days, history, self.means.scope.models)
        if self._wants(DAILY):
            yield DAILY, summarize_days(self.means.warehouse, days)
        if self._wants(BITCOIN_DAILY):
            yield BITCOIN_DAILY, summarize_bitcoin_days(self.means.warehouse, days, self.means.scope.models)

    def show_records(self, days: Sequence[date]) -> None:
        """Report the records of days that are stored."""
        for day, metadata in self._shown_records(days).items():
            self._materialized(RECORDS, day, metadata)

    def _shown_records(self, days: Sequence[date]) -> dict[date, Metadata]:
        with self.means.warehouse.reading() as connection:
            shown = of_records(connection, days, self._costs)
        return {day: shown[day] for day in days}

    def _source_away(self, source: str, error: Exception) -> None:
        self._away[source] = str(error)
        with self.means.warehouse.writing(source) as connection:
            note_source_away(connection, source, str(error), self.means.policy, datetime.now(UTC))

    def _source_back(self, source: str) -> None:
        with self.means.warehouse.writing(source) as connection:
            note_source_back(connection, source)

    def _note(self, days: Sequence[date], failed: Mapping[date, str], source_unavailable: Collection[date]) -> None:
        """Keep the account of healing: which days came right, which failed, and which are not to blame."""
        with self.means.warehouse.writing("healing") as connection:
            note_right(connection, [day for day in days if day not in failed])
            blamed = {day: reason for day, reason in failed.items() if day not in source_unavailable}
            note_failed(connection, blamed, self.means.policy, datetime.now(UTC))
            note_blameless(connection, [day for day in days if day in source_unavailable])

    def tell(
        self, outcomes: Mapping[date, str], figures: Mapping[date, DayFigures | None], requests: Mapping[date, int]
    ) -> None:
        """Tell the log and the progress how days ended, with their figures as they are stored now."""
        for day, outcome in outcomes.items():
            stored = figures[day]
            report = DayReport(
                day=day,
                outcome=outcome if self._wants(RECORDS) else "derived",
                records=stored.records if stored else 0,
                energy=stored.energy if stored else 0.0,
                payment=stored.payment if stored else 0.0,
                reasons=tuple(self.reasons.get(day, ())),
                requests=requests.get(day, 0),
                unreachable=day in self._source_unavailable,
            )
            text = f"{day}: {report.outcome}, {count_of(report.records, 'record')}, {report.energy:,.3f} MWh"
            self.context.log.info(text)
            self.means.progress.day(report)
