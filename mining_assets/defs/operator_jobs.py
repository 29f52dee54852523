"""The operator's jobs, for the terminal and the UI alike.

The daily check, the complete re-ingestion of a day, a critical day with extra safeguards, and the fix of one period:
each is one step on the same chain as the daily assets.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

import dagster as dg
from pydantic import Field

from mining_assets.defs.assets.day_reports import DayReporter
from mining_assets.defs.check_evaluations import check_evaluations, check_key
from mining_assets.defs.in_flight import days_tag
from mining_assets.defs.resources import slow_elexon
from mining_assets.domain.date_ranges import LONGEST_DAILY_CHECK
from mining_assets.domain.periods import iso_day
from mining_assets.domain.wording import count_of
from mining_assets.pipeline.archiving import Archiving
from mining_assets.pipeline.dependencies import Dependencies, Rules
from mining_assets.pipeline.repair import DayKept, DaysNotComplete, RepairFailed, Repairs
from mining_assets.pipeline.results import Event
from mining_assets.progress import DayReport, Progress
from mining_assets.reconciliation.checks import CHECKS
from mining_assets.settings import Settings, now
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse

DAILY_CHECK_JOB, REINGEST_JOB, CRITICAL_JOB, SPOT_FIX_JOB = "daily_check", "reingest", "critical", "spot_fix"
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


@dataclass(frozen=True)
class Operation:
    """What the steps of the operator's jobs work with."""

    context: dg.OpExecutionContext
    dependencies: Dependencies
    settings: Settings
    progress: Progress

    @property
    def repairs(self) -> Repairs:
        """The repairs themselves."""
        return Repairs(self.dependencies, self.context.log, lambda: self.progress.stopping)

    def say(self, text: str) -> None:
        """Tell the run's log and whoever watches."""
        self.context.log.info(text)
        self.progress.say(text)

    def begin(self, days: Sequence[date]) -> None:
        """Say which days this run works on, so that healing leaves them to it."""
        self.context.instance.add_run_tags(self.context.run_id, days_tag(days))
        self.progress.watch(self.dependencies.elexon.client.counters)

    def run(self, days: Sequence[date], events: Iterator[Event]) -> None:
        """Report what a repair of days does, and evaluate the checks of what it touched.

        Raises:
            Failure: the repair failed, or a check that means wrong or missing data fails.
        """
        reporter = DayReporter(self.context, self.progress, len(days), self.dependencies.archiving.archive)
        try:
            with self.progress.stoppable():
                reporter.report(events)
        except DayKept as kept:
            self.progress.day(
                DayReport(kept.day, "failed", reasons=(kept.reason,), unreachable=kept.source_unavailable)
            )
            raise dg.Failure(str(kept), allow_retries=False) from None
        except DaysNotComplete as error:
            raise reporter.failure() or dg.Failure(str(error), allow_retries=False) from None
        except RepairFailed as error:
            raise dg.Failure(str(error), allow_retries=False) from None
        verification, scope = reporter.verification, self.dependencies.rules.scope
        concerned = [check_key(check) for check in CHECKS if check.table in verification.tables]
        judged = (verification, self.dependencies.warehouse, scope, concerned, self.settings.docs_url)
        for evaluation in check_evaluations(*judged):
            self.context.log_event(evaluation)  # type: ignore[arg-type]  # taken, though not annotated
        for finding in verification.errors:
            self.say(f"{finding.check.table} {finding.check.name} fails on {finding.span}: {finding.example}")
        if verification.errors:
            raise dg.Failure(f"{count_of(len(verification.errors), 'problem')} found afterwards", allow_retries=False)
        self.say("every check holds on what was touched")


def operator_jobs(settings: Settings, rules: Rules, progress: Progress) -> list[dg.JobDefinition]:
    """Return the four jobs."""

    def job(operation: str, asks: type[Asks], work: Callable[["Operation", Asks], None], says: str) -> dg.JobDefinition:
        name, step = OPERATIONS[operation]

        @dg.op(name=step, description=says)
        def op(
            context: dg.OpExecutionContext,
            config: asks,  # type: ignore[valid-type]
            warehouse: dg.ResourceParam[Warehouse],
            elexon: dg.ResourceParam[SyncClient[ElexonClient]],
            mempool: dg.ResourceParam[SyncClient[MempoolClient]],
            coinbase: dg.ResourceParam[SyncClient[CoinbaseClient]],
            archiving: dg.ResourceParam[Archiving],
        ) -> None:
            dependencies = Dependencies(warehouse, elexon, mempool, coinbase, rules, archiving)
            work(Operation(context, dependencies, settings, progress), config)

        return dg.GraphDefinition(name=name, node_defs=[op]).to_job(name=name, description=says)

    return [
        job("daily", DailyCheck, _daily_check, "Checks the last days by value and processes what is missing or wrong."),
        job("reingest", OneDay, _reingest, "Fetches a day again, whole, and derives everything from it again."),
        job(
            "critical",
            OneDay,
            _repair_critical,
            "Replaces a problematic day with extra safeguards, or keeps it as it is.",
        ),
        job("spot_fix", OnePeriod, _spot_fix, "Fetches one period again; all else of the day stays as it is."),
    ]


def _day(text: str, settings: Settings) -> date:
    try:
        day = iso_day(text)
    except ValueError as error:
        raise dg.Failure(f"day '{text}' {error}", allow_retries=False) from None
    if not settings.start_date <= day <= settings.last_day(now()):
        raise dg.Failure(f"{day} is outside the partitions, or not over yet", allow_retries=False)
    return day


def _daily_check(operation: Operation, config: DailyCheck) -> None:
    settings = operation.settings
    if config.last is None:
        days = settings.last_days(config.days, now())
    else:
        days = settings.days_until(_day(config.last, settings), config.days)
    if not days:
        operation.say("no day is over yet")
        return
    operation.begin(days)
    operation.run(days, operation.repairs.check_days(days, force=config.force))


def _reingest(operation: Operation, config: OneDay) -> None:
    day = _day(config.day, operation.settings)
    operation.begin([day])
    operation.run([day], operation.repairs.reingest(day, accept_shrink=config.accept_shrink))


def _repair_critical(operation: Operation, config: OneDay) -> None:
    day, settings = _day(config.day, operation.settings), operation.settings
    operation.begin([day])
    slow = slow_elexon(settings, operation.dependencies.warehouse)
    operation.progress.watch(slow.client.counters)
    folder = settings.home / "data" / "saved_days"
    with slow:
        operation.run([day], operation.repairs.replace_day(day, slow, folder, accept_shrink=config.accept_shrink))


def _spot_fix(operation: Operation, config: OnePeriod) -> None:
    day = _day(config.day, operation.settings)
    operation.begin([day])
    fixed = operation.repairs.fix_period(day, config.period, config.farm, accept_shrink=config.accept_shrink)
    operation.run([day], fixed)
