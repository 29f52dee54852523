"""What queued and running runs, and backfills in progress, are going to do anyway."""

import os
import socket
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta

import dagster as dg

# The only use of Dagster's private interface in the project: backfills that are still to launch their runs cannot be
# seen in any other way. A test covers it.
from dagster._core.execution.backfill import BulkActionsFilter, BulkActionStatus

from mining_assets.domain.healing import LONGEST_WAIT, HealingPolicy
from mining_assets.domain.worth import SERIES
from mining_assets.healing.attempts import HEALING_TAG
from mining_assets.healing.plan import DERIVE, FETCH

PROCESS_TAG = "mining_assets/process"
DAYS_TAG = "mining_assets/days"  # of runs without partitions that work on days: first and last of them
PARTITION, RANGE_START, RANGE_END = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
)
_UNFINISHED = [
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]


def process_tag() -> dict[str, str]:
    """The tag of a run that lives in this process, by which others see whether it still does."""
    return {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}


def days_tag(days: Sequence[date]) -> dict[str, str]:
    """The tag of a run without partitions that works on the days from the first to the last of some."""
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
    """The days of healing runs that ended before they began, while their wait is not over.

    Such a run counted no attempt. It waits like one that failed: the longer, the more of them there were.
    """
    ended = dg.RunsFilter(
        statuses=[dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED],
        tags={HEALING_TAG: [FETCH, DERIVE, *SERIES]},
        updated_after=now - LONGEST_WAIT,
    )
    failures: dict[date, list[datetime]] = {}
    for record in instance.get_run_records(ended):
        if record.start_time is None:
            for key in _keys_of_run(record.dagster_run):
                failures.setdefault(date.fromisoformat(key), []).append(record.update_timestamp)
    return {day for day, at in failures.items() if max(at) + policy.wait(len(at)) > now}


def _is_dead(run: dg.DagsterRun) -> bool:
    host, _, process = run.tags.get(PROCESS_TAG, "").partition(":")
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
    """The days that the runs and the backfills in progress cover."""
    keys = [key for run in runs for key in _keys_of_run(run)] + list(backfill_keys(instance, repository))
    return {date.fromisoformat(key) for key in keys if len(key) == len("2025-06-01")}


def backfill_keys(instance: dg.DagsterInstance, repository: dg.RepositoryDefinition) -> Iterator[str]:
    """The partition keys, of days, months and years, that backfills in progress are after."""
    unfinished = BulkActionsFilter(statuses=[BulkActionStatus.REQUESTED, BulkActionStatus.CANCELING])
    for backfill in instance.get_backfills(filters=unfinished):
        if backfill.is_asset_backfill:
            target = backfill.get_asset_backfill_data(repository.asset_graph).target_subset
            for subset in target.partitions_subsets_by_asset_key.values():
                yield from subset.get_partition_keys()
        else:
            yield from backfill.partition_names or ()


def _keys_of_run(run: dg.DagsterRun) -> Iterator[str]:
    if PARTITION in run.tags:
        yield run.tags[PARTITION]
    if RANGE_START in run.tags:
        first, last = run.tags[RANGE_START], run.tags[RANGE_END]
    elif DAYS_TAG in run.tags:
        first, _, last = run.tags[DAYS_TAG].partition("/")
    else:
        return
    if len(first) != len("2025-06-01"):
        yield from (first, last)
        return
    day, end = date.fromisoformat(first), date.fromisoformat(last)
    while day <= end:
        yield str(day)
        day += timedelta(days=1)
