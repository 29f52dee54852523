"""The operator's jobs, for the terminal and the UI alike.

The daily check, the complete re-ingestion of a day, a critical day with extra safeguards, and the fix of one period:
each is one step on the same chain as the daily assets.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TypeVar

import dagster as dg
from pydantic import Field

from mining_assets.assets.day_config import DailyRun
from mining_assets.assets.day_run import (
    BITCOIN_DAILY,
    CALCULATIONS,
    DAILY,
    DAILY_CHAIN,
    DayRun,
)
from mining_assets.assets.means import Means
from mining_assets.assets.rollups import follow_days
from mining_assets.assets.series_run import SERIES_ASSETS
from mining_assets.automation.in_flight import days_tag
from mining_assets.chain.critical import DayContent, NotMended, content_of, replace_whole, save_aside
from mining_assets.chain.fetch import DayIncomplete, fetch_day
from mining_assets.chain.period import fetch_period, replace_period
from mining_assets.chain.references import unit_asked_for
from mining_assets.checks.evaluations import check_evaluations, check_key
from mining_assets.domain.cost import FetchCost, fetch_cost, patient_pace
from mining_assets.domain.healing import LONGEST_DAILY_CHECK
from mining_assets.domain.naming import NoSuchUnitError
from mining_assets.domain.restatement import DayFigures, ShrinkRefused
from mining_assets.domain.settlement import periods_in
from mining_assets.domain.wind import WindUnit
from mining_assets.domain.wording import count_of
from mining_assets.healing.plan import DERIVE, ELEXON, needs
from mining_assets.progress import DayReport, Progress
from mining_assets.settings import Settings, iso_day, now
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.pacing import even_limiter
from mining_assets.verification.catalog import CHECKS
from mining_assets.verification.days import damaged_periods
from mining_assets.verification.findings import Verification
from mining_assets.verification.scan import (
    Scope,
    months_and_years,
    verify_and_store_days,
    verify_and_store_months,
    verify_and_store_years,
)
from mining_assets.warehouse.days import day_figures, note_refused
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.pacing import shared_pace
from mining_assets.warehouse.states import day_states

DAILY_CHECK_JOB, REINGEST_JOB, CRITICAL_JOB, SPOT_FIX_JOB = "daily_check", "reingest", "critical", "spot_fix"
# A critical day is asked for one request at a time, slowly and patiently.
PATIENT_SECONDS, PATIENCE = 120.0, 2

# Of each operation: its job and its step.
OPERATIONS = {
    "daily": (DAILY_CHECK_JOB, "check_last_days"),
    "reingest": (REINGEST_JOB, "reingest_day"),
    "critical": (CRITICAL_JOB, "mend_critical_day"),
    "spot_fix": (SPOT_FIX_JOB, "fix_period"),
}


Asks = TypeVar("Asks", bound=dg.Config)


class DailyCheck(dg.Config):
    """Which days the daily check looks at."""

    days: int = Field(default=2, ge=1, le=LONGEST_DAILY_CHECK, description="How many days.")
    last: str | None = Field(default=None, description="The last of them, as 2025-06-01; unset: the last that is over.")
    force: bool = Field(default=False, description="Fetch them again even if nothing is wrong with them.")


class OneDay(dg.Config):
    """The day to work on."""

    day: str = Field(description="Settlement day, as 2025-06-01.")
    accept_shrink: bool = Field(
        default=False, description="Store an answer that takes more than 5 % off the final day that is stored."
    )


class OnePeriod(OneDay):
    """The combination to fix."""

    period: int = Field(ge=1, le=50, description="Settlement period of that day.")
    farm: str = Field(description="Elexon BM unit id, the unit's name, or the name of a site that has one unit.")


class Operation:
    """One run of an operator's job: its means, and what it tells."""

    def __init__(self, context: dg.OpExecutionContext, means: Means, settings: Settings) -> None:
        self.context, self.means, self.settings = context, means, settings

    def say(self, text: str) -> None:
        """Tell the run's log and whoever watches."""
        self.context.log.info(text)
        self.means.progress.say(text)

    def warn(self, warnings: Iterable[str]) -> None:
        """Tell the run's log what a person should know about how a day was certified."""
        for warning in warnings:
            self.context.log.warning(warning)

    def begin(self, days: Sequence[date]) -> None:
        """Say which days this run works on, so that healing leaves them to it."""
        self.context.instance.add_run_tags(self.context.run_id, days_tag(days))
        self.means.progress.watch(self.means.elexon.client.counters)

    def process(self, days: Iterable[date], config: DailyRun, *, derive_only: bool = False) -> None:
        """Bring days in line by the daily chain.

        Raises:
            Failure: naming the days that could not be.
        """
        chosen = sorted(days)
        if not chosen:
            return
        wanted = (CALCULATIONS, DAILY, BITCOIN_DAILY) if derive_only else DAILY_CHAIN
        run = DayRun(self.context, wanted, config, self.means)
        run.work(chosen)
        if run.reasons or run.stopped_before:
            follow_days(self.context, self.means.warehouse, chosen, self.means.scope.bounds)
            raise run.failure(len(chosen))

    def bring_series(self, days: Sequence[date]) -> None:
        """Fetch prices and generation that are lacking; what cannot be had is told as a warning."""
        DayRun(self.context, SERIES_ASSETS, DailyRun(), self.means).work(days)

    def day_run(self) -> DayRun:
        """A run of the daily chain, for its references."""
        return DayRun(self.context, DAILY_CHAIN, DailyRun(), self.means)

    def done(self, day: date, outcome: str, requests: int) -> None:
        """Tell of a day that was replaced."""
        run = self.day_run()
        run.show_records([day])
        run.tell({day: outcome}, self.figures([day]), {day: requests})

    def keep(self, days: Sequence[date]) -> None:
        """Tell of days with which nothing is wrong."""
        self.day_run().tell(dict.fromkeys(days, "kept"), self.figures(days), {})

    def kept(self, day: date, error: Exception, *, unanswered: bool) -> dg.Failure:
        """The failure that says that a day is as it was; a refused answer is remembered.

        Args:
            unanswered: the source did not answer a single request.
        """
        if isinstance(error, ShrinkRefused):
            with self.means.warehouse.writing(str(day)) as connection:
                note_refused(connection, error)
        self.means.progress.day(DayReport(day, "failed", reasons=(str(error),), unreachable=unanswered))
        return dg.Failure(f"{day} is as it was: {error}", allow_retries=False)

    def finish(self, days: Sequence[date]) -> None:
        """Sum up months and years, verify everything touched by value, and evaluate the checks.

        Raises:
            Failure: a check that means wrong or missing data fails.
        """
        warehouse, scope = self.means.warehouse, self.means.scope
        self.means.progress.phase("summing up and verifying")
        follow_days(self.context, warehouse, days, scope.bounds)
        verification = Verification()
        months, years = months_and_years(days)
        verification.merge(verify_and_store_days(warehouse, days, scope))
        verification.merge(verify_and_store_months(warehouse, months, scope))
        verification.merge(verify_and_store_years(warehouse, years, scope))
        concerned = [check_key(check) for check in CHECKS if check.table in verification.tables]
        for evaluation in check_evaluations(verification, warehouse, scope, concerned, self.settings.docs_url):
            self.context.log_event(evaluation)  # type: ignore[arg-type]  # taken, though not annotated
        for finding in verification.errors:
            self.say(f"{finding.check.table} {finding.check.name} fails on {finding.span}: {finding.example}")
        if verification.errors:
            raise dg.Failure(f"{count_of(len(verification.errors), 'problem')} found afterwards", allow_retries=False)
        self.say("every check holds on what was touched")

    def figures(self, days: Sequence[date]) -> dict[date, DayFigures | None]:
        """The days as they are stored now."""
        with self.means.warehouse.reading() as connection:
            return {day: day_figures(connection, day) for day in days}

    def damaged_periods(self, day: date) -> list[int]:
        """The periods of a day whose records are not what was fetched, as they are now."""
        with self.means.warehouse.reading() as connection:
            return damaged_periods(connection, day)

    def content(self, day: date) -> DayContent:
        """The day in figures, as it is now."""
        with self.means.warehouse.reading() as connection:
            return content_of(connection, day)

    def compare(self, day: date, before: DayContent) -> None:
        """Tell what a day was and what it became."""
        figures = before.figures(self.content(day))
        for figure in figures:
            self.context.log.info(f"{day} {figure}")
        self.means.progress.compared(day, figures)


def operator_jobs(
    settings: Settings,
    scope: Scope,
    additions: tuple[WindUnit, ...],
    sites: Mapping[str, str],
    halvings: Mapping[int, datetime],
    given_prices: Mapping[date, float],
) -> list[dg.JobDefinition]:
    """The four jobs."""

    def job(operation: str, asks: type[Asks], work: Callable[["Operation", Asks], None], says: str) -> dg.JobDefinition:
        name, step = OPERATIONS[operation]

        @dg.op(name=step, description=says)
        def op(
            context: dg.OpExecutionContext,
            config: asks,  # type: ignore[valid-type]
            warehouse: dg.ResourceParam[Warehouse],
            elexon: dg.ResourceParam[Blocking[ElexonClient]],
            mempool: dg.ResourceParam[Blocking[MempoolClient]],
            coinbase: dg.ResourceParam[Blocking[CoinbaseClient]],
            progress: dg.ResourceParam[Progress],
        ) -> None:
            rules = (scope, additions, sites, halvings, given_prices, settings.healing, settings.retries)
            means = Means(warehouse, elexon, mempool, coinbase, progress, *rules)
            work(Operation(context, means, settings), config)

        return dg.GraphDefinition(name=name, node_defs=[op]).to_job(name=name, description=says)

    return [
        job("daily", DailyCheck, _daily_check, "Checks the last days by value and processes what is missing or wrong."),
        job("reingest", OneDay, _reingest, "Fetches a day again, whole, and derives everything from it anew."),
        job(
            "critical",
            OneDay,
            _mend_critical,
            "Replaces a problematic day with extra safeguards, or keeps it as it is.",
        ),
        job("spot_fix", OnePeriod, _spot_fix, "Fetches one period again; all else of the day stays as it is."),
    ]


def needs_found(warehouse: Warehouse, days: Sequence[date], scope: Scope, *, force: bool) -> dict[date, str]:
    """Verify days in a row by value and return what each needs, as ``healing.plan.needs`` does.

    Args:
        force: all of them are to be fetched again, whatever they need.
    """
    verify_and_store_days(warehouse, days, scope)
    if force:
        return dict.fromkeys(days, "refetch")
    with warehouse.reading() as connection:
        return needs(day_states(connection, days[0], days[-1], scope.models), datetime.now(UTC))


def cost_of_needs(needed: Mapping[date, str], requests_per_second: float) -> FetchCost:
    """Return what it costs to fetch the days that need it."""
    return fetch_cost((day for day, kind in needed.items() if kind != DERIVE), requests_per_second)


def still_damaged(day: date, periods: Sequence[int]) -> str:
    """Which periods of a day are damaged, and what mends them all."""
    which = f"period {periods[0]} is" if len(periods) == 1 else f"periods {', '.join(map(str, periods))} are"
    return f"{which} damaged, which `mining-assets date {day} --refetch` mends"


def _day(text: str, settings: Settings) -> date:
    try:
        day = iso_day(text)
    except ValueError as error:
        raise dg.Failure(f"day '{text}' {error}", allow_retries=False) from None
    if not settings.start_date <= day <= settings.last_day(now()):
        raise dg.Failure(f"{day} is outside the partitions, or not over yet", allow_retries=False)
    return day


def _daily_check(operation: Operation, config: DailyCheck) -> None:
    means, settings = operation.means, operation.settings
    if config.last is None:
        days = settings.last_days(config.days, now())
    else:
        days = settings.days_until(_day(config.last, settings), config.days)
    if not days:
        operation.say("no day is over yet")
        return
    operation.begin(days)
    means.progress.phase("verifying")
    needed = needs_found(means.warehouse, days, means.scope, force=config.force)
    wanting = ", ".join(f"{day} {kind}" for day, kind in needed.items())
    operation.say(f"{days[0]} to {days[-1]}: {wanting or 'nothing is missing or wrong'}")
    cost = cost_of_needs(needed, settings.requests_per_second)
    if cost.takes_long:
        operation.say(cost.at_pace(settings.requests_per_second))
    means.progress.phase("at work")
    operation.keep([day for day in days if day not in needed])
    operation.bring_series(days)
    derive = [day for day, kind in needed.items() if kind == DERIVE]
    operation.process(needed.keys() - set(derive), DailyRun(refetch=True))
    operation.process(derive, DailyRun(), derive_only=True)
    operation.finish(days)


def _reingest(operation: Operation, config: OneDay) -> None:
    day = _day(config.day, operation.settings)
    operation.begin([day])
    before = operation.content(day)
    operation.process([day], DailyRun(refetch=True, accept_shrink=config.accept_shrink))
    operation.finish([day])
    operation.compare(day, before)


def _mend_critical(operation: Operation, config: OneDay) -> None:
    day, means = _day(config.day, operation.settings), operation.means
    operation.begin([day])
    before = operation.content(day)
    with means.warehouse.reading() as connection:
        saved = save_aside(connection, day, _saved_days(operation.settings.home))
    operation.say(f"{day}: what is stored was saved to {saved}")
    patient = HttpLimits(
        requests_per_second=patient_pace(operation.settings.requests_per_second),
        concurrency=1,
        retry_attempts=operation.settings.retry_attempts * PATIENCE,
        retry_base_seconds=operation.settings.retry_base_seconds,
        retry_max_seconds=operation.settings.retry_max_seconds,
        timeout_seconds=PATIENT_SECONDS,
    )
    run = operation.day_run()
    limiter = even_limiter(patient.requests_per_second, shared_pace(means.warehouse, ELEXON))
    client = ElexonClient(operation.settings.elexon_url, patient, limiter=limiter)
    means.progress.watch(client.counters)
    try:
        units, history = run.wind_units(), run.network_history([day])
        with Blocking(client) as slow:
            fetched = slow.run(fetch_day(slow.client, day, units))
        operation.warn(fetched.warnings)
        outcome = replace_whole(means.warehouse, fetched, history, means.scope, accept_shrink=config.accept_shrink)
    except (SourceError, DayIncomplete, ShrinkRefused, NotMended) as error:
        raise operation.kept(day, error, unanswered=not client.counters.bytes) from None
    operation.done(day, str(outcome), client.counters.requests)
    operation.finish([day])
    operation.compare(day, before)


def _spot_fix(operation: Operation, config: OnePeriod) -> None:
    day, means = _day(config.day, operation.settings), operation.means
    if config.period > periods_in(day):
        raise dg.Failure(f"{day} has the settlement periods 1 to {periods_in(day)}", allow_retries=False)
    operation.begin([day])
    before = operation.content(day)
    others = [period for period in operation.damaged_periods(day) if period != config.period]
    if others:
        operation.say(f"{day}: {still_damaged(day, others)}; only period {config.period} is fetched now")
    try:
        units = operation.day_run().wind_units()
        farm = unit_asked_for(means.warehouse, config.farm, units)
        records, ledger, warnings = means.elexon.run(fetch_period(means.elexon.client, day, config.period, units))
        operation.warn(warnings)
        with means.warehouse.writing(str(day)) as connection:
            outcome = replace_period(
                connection,
                day,
                config.period,
                (records, ledger),
                origin=means.elexon.client.origin,
                accept_shrink=config.accept_shrink,
            )
    except NoSuchUnitError as error:
        raise dg.Failure(str(error), allow_retries=False) from None
    except (SourceError, DayIncomplete, ShrinkRefused) as error:
        raise operation.kept(day, error, unanswered=not means.elexon.client.counters.bytes) from None
    rows = records[records["farm_id"] == farm]
    remaining = operation.damaged_periods(day)
    became = "replaced, but the day is not repaired" if remaining else outcome
    operation.say(
        f"{day} period {config.period}: {became}; {farm} has {count_of(len(rows), 'row')}, "
        f"{rows['volume'].sum():,.3f} MWh"
    )
    if remaining:
        verify_and_store_days(means.warehouse, [day], means.scope)
        operation.compare(day, before)
        raise dg.Failure(f"{day}: {still_damaged(day, remaining)}", allow_retries=False)
    operation.day_run().show_records([day])
    operation.process([day], DailyRun(), derive_only=True)
    operation.finish([day])
    operation.compare(day, before)


def _saved_days(home: Path) -> Path:
    return home / "data" / "saved_days"
