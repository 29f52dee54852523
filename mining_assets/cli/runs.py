"""Running the jobs from the terminal: in this process, on the instance that the UI shows, batch by batch."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from itertools import groupby
from typing import Any

import dagster as dg

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.references import NETWORK_EPOCHS
from mining_assets.defs.command_instance import command_instance, run_tags
from mining_assets.defs.in_flight import reap_dead_runs
from mining_assets.defs.integrity import ALL, INTEGRITY_JOB, VERIFY
from mining_assets.defs.jobs import REFERENCE_JOB
from mining_assets.defs.operator_jobs import OPERATIONS
from mining_assets.defs.run_requests import RANGE_END, RANGE_START, days_request, roll_up_request
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.date_ranges import LONGEST_RANGE, day_ranges
from mining_assets.domain.periods import Month, Year, months_of, years_of
from mining_assets.progress import DayReport, Progress
from mining_assets.reconciliation.plan import DERIVE, FETCH, series_days_needed
from mining_assets.settings import Settings
from mining_assets.sources.errors import SourceUnavailable
from mining_assets.sources.reachability import is_out_of_reach
from mining_assets.warehouse.connection import Warehouse, is_transient
from mining_assets.warehouse.days import noted_days
from mining_assets.warehouse.status import Status

_LOST = "the warehouse could not be used ({}); what was committed stays, `mining-assets resume` goes on from there"
_NOT_TRIED = "not tried, since Elexon cannot be reached"
# The console belongs to the progress; the instance keeps the whole log.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


@dataclass(frozen=True)
class Batch:
    """Days that stand together, done by one run.

    Attributes:
        config: of ``day_config.DailyRun``.
        derive_only: calculate and summarize, fetch nothing.
        series_only: fetch prices and generation that are lacking, nothing of the days themselves.
    """

    days: Sequence[date]
    config: Mapping[str, Any] = field(default_factory=dict)
    derive_only: bool = False
    series_only: bool = False


@dataclass
class Outcome:
    """What became of the runs.

    Attributes:
        run_ids: of all, as the UI shows them.
        errors: what went wrong beyond single days.
        database_lost: the database could not be used, and all that went wrong is that.
        source_unavailable: a source could not be reached, where that is all that a run is about.
    """

    run_ids: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    database_lost: bool = False
    source_unavailable: bool = False

    def add(self, job: str, ran: "Ran", *, declared: bool) -> None:
        """Take in how a run ended.

        Args:
            job: what the run is called in errors.
            ran: how it ended.
            declared: tell failures that the project itself declares too; days tell theirs by themselves.
        """
        self.run_ids.append(ran.run_id)
        if not ran.success and not ran.errors:
            self.errors.append(f"{job} failed before its first step; see run {ran.run_id} in the UI")
        for error in ran.errors:
            if isinstance(error, dg.Failure):
                if declared:
                    self.source_unavailable |= isinstance(error.__cause__, SourceUnavailable)
                    self.errors.append(error.description or "")
                continue
            lost = is_transient(error)
            self.database_lost = lost and (self.database_lost or not self.errors)
            text = " ".join(str(error).split("[SQL:")[0].split())[:500]
            self.errors.append(f"{job}: {_LOST.format(text) if lost else f'{type(error).__name__}: {text}'}")


@dataclass
class Ran:
    """A run that ended in this process.

    Attributes:
        errors: what its steps raised.
    """

    run_id: str
    success: bool
    errors: list[BaseException]


def run_request(definitions: dg.Definitions, request: dg.RunRequest, instance: dg.DagsterInstance, command: str) -> Ran:
    """Run the job of a request in this process to its end.

    Args:
        definitions: which have the job.
        request: with the job, its config, assets and tags.
        instance: which keeps the run.
        command: the command line, with which the run is tagged.
    """
    errors: list[BaseException] = []

    @dg.failure_hook
    def keep_error(context: dg.HookContext) -> None:
        if context.op_exception is not None:
            errors.append(context.op_exception)

    assert request.job_name is not None
    job = definitions.resolve_job_def(request.job_name).with_hooks({keep_error})
    result = job.execute_in_process(
        instance=instance,
        tags={**request.tags, **run_tags(command)},
        run_config={**request.run_config, **_QUIET},
        asset_selection=request.asset_selection,
        raise_on_error=False,
    )
    return Ran(result.run_id, result.success, errors)


def by_month(days: Sequence[date], config: Mapping[str, Any]) -> list[Batch]:
    """Return a batch per calendar month."""
    return [Batch(list(group), config) for _, group in groupby(days, key=Month.of)]


def by_size(days: Sequence[date], size: int, config: Mapping[str, Any], *, derive_only: bool = False) -> list[Batch]:
    """Batches of at most so many days that stand together, and never more than a month, which bounds memory."""
    ranges = day_ranges(days, longest=min(size, LONGEST_RANGE))
    return [Batch([day for day in days if first <= day <= last], config, derive_only) for first, last in ranges]


def by_need(needed: Mapping[date, str], size: int) -> list[Batch]:
    """Batches for days that need different things, as ``plan.needs`` says, from the oldest on."""
    batches: list[Batch] = []
    for kind in sorted(set(needed.values())):
        days = sorted(day for day, need in needed.items() if need == kind)
        derive_only = kind == DERIVE
        batches += by_size(days, size, {"refetch": not derive_only, "repair": not derive_only}, derive_only=derive_only)
    return sorted(batches, key=lambda batch: batch.days[0])


def by_lacking(status: Status, other_batches: Sequence[Batch], now: datetime) -> list[Batch]:
    """Batches for prices and generation of whole days, where the batches beside do not bring them along."""
    brought = {day for batch in other_batches if not batch.derive_only for day in batch.days}
    fetched = status.days.index[status.days["fetched_at"].notna()]
    days = {day for name, states in status.series.items() for day in series_days_needed(name, states.loc[fetched], now)}
    return [replace(batch, series_only=True) for batch in by_size(sorted(days - brought), LONGEST_RANGE, {})]


def run_batches(
    settings: Settings,
    warehouse: Warehouse,
    batches: Sequence[Batch],
    command: str,
    progress: Progress,
    spans: Sequence[Month | Year] = (),
) -> Outcome:
    """Run the daily chain over the batches, then the months and years they are in.

    Once Elexon turns out to be out of reach of this process, days of which nothing is stored are not tried any more:
    each run would begin, ask, and end in the same way.

    Args:
        settings: of the command.
        batches: in the order in which they are run.
        progress: hears of each day, and may stop between two.
        warehouse: open; the runs use it too.
        command: the command line, with which the runs are tagged.
        spans: more months and years to sum up.
    """
    definitions = build_definitions(settings, {"warehouse": warehouse}, progress)
    outcome = Outcome()
    tried: list[Batch] = []

    def run(request: dg.RunRequest, instance: dg.DagsterInstance) -> None:
        ran = run_request(definitions, request, instance, command)
        first, last = request.tags[RANGE_START], request.tags[RANGE_END]
        outcome.add(f"{request.job_name} {first} to {last}", ran, declared=False)

    with command_instance() as instance:
        reap_dead_runs(instance)
        for batch in batches:
            hopeless = is_out_of_reach(settings.elexon_url) and not progress.stopping
            if hopeless and _has_nothing_stored(warehouse, batch.days):
                for day in batch.days:
                    progress.day(DayReport(day, "failed", reasons=(_NOT_TRIED,), unreachable=True))
                continue
            tried.append(batch)
            if not progress.stopping:
                run(_days_request(batch), instance)
            if outcome.database_lost:
                return outcome  # the others would wait as long for it, and end the same
        # Months and years follow the days that were done, also when the others are not to be.
        for request in _roll_up_requests(tried, spans):
            run(request, instance)
            if outcome.database_lost:
                break
    return outcome


def _has_nothing_stored(warehouse: Warehouse, days: Sequence[date]) -> bool:
    with warehouse.reading() as connection:
        return len(noted_days(connection, days)) == 0


def run_verification(
    settings: Settings,
    warehouse: Warehouse,
    first: date,
    last: date,
    progress: Progress,
    *,
    whole_history: bool,
    with_archive: bool = False,
) -> Outcome:
    """Verify the days by the integrity scan's job.

    Args:
        settings: of the command.
        warehouse: open; the run uses it too.
        first: the first day.
        last: the last day.
        progress: hears of what is verified.
        whole_history: the days are the whole history, so this counts as a scan of all.
        with_archive: read what is archived of them all, too.
    """
    config = {"first": str(first), "last": str(last), "archive": with_archive}
    config |= {"scope": ALL} if whole_history else {}
    command = f"verify {first} {last}{' --archive' if with_archive else ''}"
    return _run_step(settings, warehouse, INTEGRITY_JOB, VERIFY, config, command, progress)


def run_difficulty(
    settings: Settings, warehouse: Warehouse, command: str, progress: Progress, *, accept_change: bool
) -> Outcome:
    """Fetch the network's epochs by the job of the references."""
    config, name = {"accept_change": accept_change, "retry_unavailable": False}, NETWORK_EPOCHS.to_user_string()
    return _run_step(settings, warehouse, REFERENCE_JOB, name, config, command, progress, selection=[NETWORK_EPOCHS])


def run_operation(
    settings: Settings,
    warehouse: Warehouse,
    operation: str,
    config: Mapping[str, Any],
    command: str,
    progress: Progress,
) -> Outcome:
    """Run the job of an operation with the config of its step.

    Args:
        settings: of the command.
        warehouse: open; the run uses it too.
        config: of its step.
        command: the command line, with which the run is tagged.
        progress: hears of each day, and may stop between two.
        operation: its name in ``operator_jobs.OPERATIONS``.
    """
    job, step = OPERATIONS[operation]
    return _run_step(settings, warehouse, job, step, config, command, progress)


def _run_step(
    settings: Settings,
    warehouse: Warehouse,
    job: str,
    step: str,
    config: Mapping[str, Any],
    command: str,
    progress: Progress,
    *,
    selection: Sequence[dg.AssetKey] | None = None,
) -> Outcome:
    """Run one step of a job with its config: the only one it has, or that of the assets selected."""
    definitions = build_definitions(settings, {"warehouse": warehouse}, progress)
    with command_instance() as instance:
        run_config = {"ops": {step: {"config": dict(config)}}}
        request = dg.RunRequest(job_name=job, run_config=run_config, asset_selection=selection)
        ran = run_request(definitions, request, instance, command)
    outcome = Outcome()
    outcome.add(job, ran, declared=True)
    return outcome


def _days_request(batch: Batch) -> dg.RunRequest:
    kinds = SERIES if batch.series_only else [DERIVE if batch.derive_only else FETCH]
    return days_request(batch.days[0], batch.days[-1], kinds, batch.config)


def _roll_up_requests(batches: Sequence[Batch], spans: Sequence[Month | Year]) -> Iterator[dg.RunRequest]:
    """Yield the requests for every month and year that the batches are in, and for the spans."""
    days = [day for batch in batches for day in batch.days]
    months = {*months_of(days), *(span for span in spans if isinstance(span, Month))}
    years = {*years_of(month.first for month in months), *(span for span in spans if isinstance(span, Year))}
    yield from (roll_up_request(month, month) for month in sorted(months))
    yield from (roll_up_request(year, year) for year in sorted(years))
