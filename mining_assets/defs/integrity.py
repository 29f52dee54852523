"""The integrity scan: everything verified by value, regularly, so that damage from outside is found."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
from pydantic import Field

from mining_assets.archive.errors import ArchiveError
from mining_assets.defs.check_evaluations import check_evaluations, check_key
from mining_assets.defs.in_flight import is_in_flight, reap_dead_runs
from mining_assets.defs.resources import open_archiving
from mining_assets.domain.wording import count_of
from mining_assets.pipeline.verify_archive import SCAN, Depth, verify_and_store_archive
from mining_assets.progress import Progress
from mining_assets.reconciliation.checks import ARCHIVE_CHECKS, CHECKS
from mining_assets.reconciliation.findings import NotEvaluated, Verification
from mining_assets.reconciliation.verify import Scope, note_scan, scan
from mining_assets.settings import Settings, now
from mining_assets.warehouse.connection import DamagedValueError, Warehouse
from mining_assets.warehouse.values import damaged_values_message, refuse_unfit_values
from mining_assets.warehouse.verifications import last_scans

INTEGRITY_JOB, REAP, VERIFY = "integrity_scan", "reap_dead_runs", "verify"
RECENT, ALL = "recent", "all"
RECENT_DAYS = 60
FULL_EVERY = timedelta(days=1)


class IntegrityScan(dg.Config):
    """Which days are verified."""

    first: str | None = Field(default=None, description="First day, as 2025-06-01; unset: the first partition.")
    last: str | None = Field(default=None, description="Last day; unset: the last day that is over.")
    scope: str | None = Field(
        default=None, description="recent or all: noted as the last such scan. Set by the schedule."
    )
    archive: bool = Field(
        default=False,
        description="Read every archived object of the days and compare their records with what it gives; fail when "
        "the archive cannot be read. A scan of all reads the newest days and a thirtieth of all others anyway.",
    )


def integrity_job(settings: Settings, scope: Scope, progress: Progress) -> dg.JobDefinition:
    """Return the job that verifies and evaluates every check; it fetches nothing and writes only its findings.

    Before it verifies, it reports runs as failed whose process is gone, as a step of its own: no sensor does, since one
    that launches nothing must change nothing.
    """

    @dg.op(name=REAP, out=dg.Out(dg.Nothing), description="Reports runs of commands that were killed as failed.")
    def reap(context: dg.OpExecutionContext) -> None:
        reap_dead_runs(context.instance)

    @dg.op(
        name=VERIFY,
        ins={"reaped": dg.In(dg.Nothing)},
        description="Verifies by value and evaluates every check of the project.",
    )
    def verify(context: dg.OpExecutionContext, config: IntegrityScan, warehouse: dg.ResourceParam[Warehouse]) -> None:
        first = date.fromisoformat(config.first) if config.first else settings.start_date
        last = date.fromisoformat(config.last) if config.last else settings.last_day(now())
        try:
            if config.scope == ALL:
                progress.phase("looking for values that no column may hold")
                refuse_unfit_values(warehouse)
            verification = scan(warehouse, first, last, scope, progress.phase)
        except DamagedValueError as error:
            raise dg.Failure(damaged_values_message(warehouse, error), allow_retries=False) from error
        verification.merge(archive_verification(config, settings, warehouse, (first, last), scope, progress))
        if config.scope:
            note_scan(warehouse, config.scope, first, last, verification)
        progress.phase("evaluating the checks")
        for evaluation in check_evaluations(verification, warehouse, scope, map(check_key, CHECKS), settings.docs_url):
            context.log_event(evaluation)  # type: ignore[arg-type]  # taken, though not annotated
        context.log.info(
            f"{count_of(len(verification.errors), 'error')}, {count_of(len(verification.findings), 'finding')} in all"
        )
        for not_evaluated in verification.not_evaluated.values():
            if config.archive:
                raise dg.Failure(not_evaluated.reason, allow_retries=False)
            context.log.info(not_evaluated.reason)

    @dg.job(
        name=INTEGRITY_JOB,
        description="Verify days, months, years and references by value, and evaluate every check.",
    )
    def job() -> None:
        verify(reap())

    return job


def archive_verification(
    config: IntegrityScan,
    settings: Settings,
    warehouse: Warehouse,
    dates: tuple[date, date],
    scope: Scope,
    progress: Progress,
) -> Verification:
    """Evaluate the checks of the archive as far as a scan does; nothing where neither its scope nor anybody asks."""
    depth = Depth.ALL if config.archive else {ALL: Depth.SLICE, RECENT: Depth.OPEN}.get(config.scope or "")
    if depth is None:
        return Verification()
    try:
        archive = open_archiving(settings).archive
    except ArchiveError as error:  # what is stored is verified all the same
        fault = NotEvaluated(str(error), is_fault=True)
        return Verification(not_evaluated=dict.fromkeys(ARCHIVE_CHECKS, fault))
    return verify_and_store_archive(warehouse, archive, scope, dates, depth, progress.phase)


def integrity_schedule(settings: Settings, job: dg.JobDefinition) -> dg.ScheduleDefinition:
    """Return the schedule: the last 60 days every ``integrity_scan_seconds``, all history once a day. On by default."""
    every = timedelta(seconds=settings.integrity_scan_seconds)
    hourly = settings.integrity_scan_seconds % 3600 == 0

    @dg.schedule(
        name=INTEGRITY_JOB,
        job=job,
        cron_schedule="0 * * * *" if hourly else "* * * * *",
        execution_timezone="UTC",
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description=f"Verifies by value the last {RECENT_DAYS} days, and all history once a day.",
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.RunRequest | dg.SkipReason:
        if is_in_flight(context.instance, INTEGRITY_JOB):
            return dg.SkipReason("a scan is under way")
        last = settings.last_day(now())
        if last < settings.start_date:
            return dg.SkipReason("no day is over yet")
        with warehouse.reading() as connection:
            scans = last_scans(connection)
        at = datetime.now(UTC)
        slack = timedelta(seconds=30)  # ticks are not to the second
        if ALL not in scans or at - scans[ALL] > FULL_EVERY - slack:
            return dg.RunRequest(run_config=_config(settings.start_date, last, ALL))
        newest = max(scans[ALL], scans.get(RECENT, scans[ALL]))
        if at - newest > every - slack:
            if SCAN not in scans or at - scans[SCAN] > FULL_EVERY - slack:  # the archive could not be read last time
                return dg.RunRequest(run_config=_config(settings.start_date, last, ALL))
            first = max(settings.start_date, last - timedelta(days=RECENT_DAYS - 1))
            return dg.RunRequest(run_config=_config(first, last, RECENT))
        return dg.SkipReason(f"last scan at {newest:%H:%M} UTC")

    return schedule


def _config(first: date, last: date, scope: str) -> dict[str, Any]:
    return {"ops": {VERIFY: {"config": {"first": str(first), "last": str(last), "scope": scope}}}}
