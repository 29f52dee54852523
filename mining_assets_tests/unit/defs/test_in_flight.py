"""What is under way is seen: runs by their tags, backfills by their targets, and commands that were killed are not."""

import os
import socket
import subprocess
import sys
import time

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill

from mining_assets.defs.assets.keys import RECORDS
from mining_assets.defs.in_flight import (
    PROCESS_TAG,
    days_in_flight,
    days_tag,
    process_tag,
    reap_dead_runs,
    unfinished_runs,
)
from mining_assets.defs.run_requests import PARTITION, RANGE_END, RANGE_START
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY
from mining_assets_tests.support.looking import Looking, over


def test_the_days_of_a_backfill_that_has_not_launched_its_runs_are_seen(looking: Looking) -> None:
    backfill = PartitionBackfill.from_asset_partitions(
        backfill_id="abcdefgh",
        asset_graph=looking.repository.asset_graph,
        partition_names=[str(SHORT), str(QUIET)],
        asset_selection=[RECORDS],
        backfill_timestamp=time.time(),
        tags={},
        dynamic_partitions_store=looking.instance,
        all_partitions=False,
        title=None,
        description=None,
        run_config=None,
    )
    looking.instance.add_backfill(backfill)
    assert days_in_flight(looking.instance, [], looking.repository) == {SHORT, QUIET}


def test_the_days_of_a_run_are_seen(looking: Looking) -> None:
    run = looking.queued("daily", **over(SHORT, WINDY))
    assert days_in_flight(looking.instance, [run], looking.repository) == {SHORT, QUIET, WINDY}


OF_OTHERS = ("eu|2025", "2025-06-31", "2025-13", "customers")  # partition keys of other code locations


def test_runs_and_backfills_of_other_code_locations_are_no_days(looking: Looking) -> None:
    runs = [looking.queued("daily", **over(SHORT, SHORT))]
    for number, key in enumerate(OF_OTHERS):
        runs.append(dg.DagsterRun("theirs", tags={PARTITION: key}))
        runs.append(dg.DagsterRun("theirs", tags={RANGE_START: key, RANGE_END: key}))
        backfill = PartitionBackfill(
            backfill_id=f"abcdefg{number}",
            status=BulkActionStatus.REQUESTED,
            from_failure=False,
            tags={},
            backfill_timestamp=time.time(),
            partition_names=[key],
        )
        looking.instance.add_backfill(backfill)
    assert days_in_flight(looking.instance, runs, looking.repository) == {SHORT}


def test_the_days_of_an_operators_job_are_seen(looking: Looking) -> None:
    run = looking.queued("daily_check", dg.DagsterRunStatus.STARTED, **days_tag([SHORT, QUIET, WINDY]))
    assert days_in_flight(looking.instance, [run], looking.repository) == {SHORT, QUIET, WINDY}


def test_a_living_command_is_under_way(looking: Looking) -> None:
    run = looking.queued("daily", dg.DagsterRunStatus.STARTED, **over(SHORT, WINDY), **process_tag())
    assert process_tag() == {PROCESS_TAG: f"{socket.gethostname()}:{os.getpid()}"}
    assert [each.run_id for each in unfinished_runs(looking.instance)] == [run.run_id]


@pytest.mark.parametrize("tag", [PROCESS_TAG, "mining_assets/process"], ids=["now", "of earlier versions"])
def test_the_run_of_a_killed_command_is_reported_as_failed(looking: Looking, tag: str) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    dead = {tag: f"{socket.gethostname()}:{gone.pid}"}
    run = looking.queued("daily", dg.DagsterRunStatus.STARTED, **over(SHORT, WINDY), **dead)
    assert unfinished_runs(looking.instance) == []
    assert status(looking, run) == dg.DagsterRunStatus.STARTED  # looking changes nothing
    reap_dead_runs(looking.instance)
    assert status(looking, run) == dg.DagsterRunStatus.FAILURE


def test_the_run_of_a_killed_command_that_a_person_runs_again_is_under_way(looking: Looking) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    inherited = {PROCESS_TAG: f"{socket.gethostname()}:{gone.pid}"}
    first = looking.queued("daily", dg.DagsterRunStatus.FAILURE, **over(SHORT, WINDY), **inherited)
    again = looking.instance.create_run_for_job(
        looking.definitions.resolve_job_def("daily"),
        tags={**over(SHORT, WINDY), **inherited},
        parent_run_id=first.run_id,
        root_run_id=first.run_id,
    )
    assert [each.run_id for each in unfinished_runs(looking.instance)] == [again.run_id]
    reap_dead_runs(looking.instance)
    assert status(looking, again) != dg.DagsterRunStatus.FAILURE


def status(looking: Looking, run: dg.DagsterRun) -> dg.DagsterRunStatus:
    known = looking.instance.get_run_by_id(run.run_id)
    assert known is not None
    return known.status


def test_a_command_of_another_machine_counts_as_under_way(looking: Looking) -> None:
    elsewhere = {PROCESS_TAG: "another-host:1"}
    looking.queued("daily", dg.DagsterRunStatus.STARTED, **over(SHORT, WINDY), **elsewhere)
    assert len(unfinished_runs(looking.instance)) == 1
