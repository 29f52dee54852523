"""What queued and running runs, and backfills in progress, are going to do anyway."""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime

import dagster as dg

# The only use of Dagster's private interface in the project: backfills that are still to launch their runs cannot be
# seen in any other way. A test covers it.
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

from mining_assets.defs.run_requests import PARTITION, RANGE_END, RANGE_START
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.periods import Period, between, parse_period
from mining_assets.domain.retry_policy import LONGEST_WAIT, HealingPolicy
from mining_assets.reconciliation.attempts import ATTEMPT_TAG, HEALING_TAG, ROLL_UP
from mining_assets.reconciliation.plan import DERIVE, FETCH

# The prefix is Dagster's for what the UI is not to show: it is of no use to a person.
PROCESS_TAG = ".dagster/mining_assets/process"
_SHOWN_PROCESS_TAG = "mining_assets/process"  # of runs of earlier versions, which may have been killed
DAYS_TAG = "mining_assets/days"  # of runs without partitions that work on days: first and last of them
_REMEMBERED = 4 * LONGEST_WAIT  # for how long a run without a counted attempt makes later ones wait longer
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tag() -> dict[str, str]:
    """Return the tag of a run that lives in this process, by which others see whether it still does."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def days_tag(days: Sequence[date]) -> dict[str, str]:
    """Return the tag of a run without partitions that works on the days from the first to the last of some."""
    return {DAYS_TAG: f"{days[0]}/{days[-1]}"}


def unfinished_runs(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """Every run that is queued or under way; those of commands that were killed are over, whatever is noted of them."""
    return [run for run in _noted_as_unfinished(instance) if not _is_dead(run)]


def reap_dead_runs(instance: dg.DagsterInstance) -> None:
    """Report the runs of commands that were killed as failed: they could not say so themselves."""
    for run in _noted_as_unfinished(instance):
        if _is_dead(run):
            instance.report_run_failed(run, "The process of the command that ran this is gone.")


def _noted_as_unfinished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    return [record.dagster_run for record in instance.get_run_records(dg.RunsFilter(statuses=_UNFINISHED))]


def days_held_back(instance: dg.DagsterInstance, policy: HealingPolicy, now: datetime) -> set[date]:
    """Return the days of healing runs that ended before their attempt was counted, while their wait is not over.

    They wait as if an attempt had failed: the longer, the more of such runs there were.
    """
    waits = _waits(instance, [FETCH, DERIVE, *SERIES], policy, now)
    return {day for day, until in waits.items() if until > now and isinstance(day, date)}


def roll_ups_waiting(instance: dg.DagsterInstance, policy: HealingPolicy, now: datetime) -> dict[Period, datetime]:
    """When each month and year whose summing up failed lately may be asked for again, which may be past.

    They count no attempts in the warehouse: the longer they wait, the more such runs failed.
    """
    return _waits(instance, [ROLL_UP], policy, now)


def _waits(
    instance: dg.DagsterInstance, kinds: Sequence[str], policy: HealingPolicy, now: datetime
) -> dict[Period, datetime]:
    """Until when the partitions of healing runs wait that ended without success and without a counted attempt."""
    ended = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
        tags={HEALING_TAG: list(kinds)},
        updated_after=now - _REMEMBERED,
    )
    failures: dict[Period, list[datetime]] = {}
    for record in instance.get_run_records(ended):
        run = record.dagster_run
        if run.tags.get(ATTEMPT_TAG) != run.run_id:
            for period in _periods_of_run(run):
                failures.setdefault(period, []).append(record.update_timestamp)
    return {period: max(at) + policy.wait(len(at)) for period, at in failures.items()}


def _is_dead(run: dg.DagsterRun) -> bool:
    if run.parent_run_id is not None:
        return False  # run again by Dagster: the process that its tag names is that of the run before
    host, _, process = (run.tags.get(PROCESS_TAG) or run.tags.get(_SHOWN_PROCESS_TAG, "")).partition(":")
    if host != socket.gethostname():
        return False  # of another machine's processes nothing can be said
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def is_in_flight(instance: dg.DagsterInstance, job: str) -> bool:
    """Whether a run of the job is queued or under way."""
    return any(run.job_name == job for run in unfinished_runs(instance))


def days_in_flight(
    instance: dg.DagsterInstance, runs: Iterable[dg.DagsterRun], repository: dg.RepositoryDefinition
) -> set[date]:
    """Return the days that the runs and the backfills in progress cover."""
    periods = {period for run in runs for period in _periods_of_run(run)}
    periods |= {period for key in backfill_keys(instance, repository) for period in _periods(key, key)}
    return {period for period in periods if isinstance(period, date)}


def backfill_keys(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> Iterator[str]:
    """Yield the partition keys, of days, months and years, that backfills in progress are after."""
    unfinished = BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING])
    for backfill in instance.get_backfills(filters=unfinished):
        if backfill.is_asset_backfill:
            target = backfill.get_asset_backfill_data(repository.asset_graph).target_subset
            for subset in target.partitions_subsets_by_asset_key.values():
                yield from subset.get_partition_keys()
        else:
            yield from backfill.partition_names or ()


def _periods_of_run(run: dg.DagsterRun) -> Iterator[Period]:
    """Yield the days, months or years that a run is about, by its tags."""
    if PARTITION in run.tags:
        yield from _periods(run.tags[PARTITION], run.tags[PARTITION])
    if RANGE_START in run.tags:
        yield from _periods(run.tags[RANGE_START], run.tags[RANGE_END])
    elif DAYS_TAG in run.tags:
        first, _, last = run.tags[DAYS_TAG].partition("/")
        yield from _periods(first, last)


def _periods(first: str, last: str) -> Iterator[Period]:
    """Yield the periods from one partition key to another.

    None, where they are no periods: an instance also has the runs of other code locations, with keys of their own.
    """
    with suppress(ValueError):
        yield from between(parse_period(first), parse_period(last))  # type: ignore[type-var]
