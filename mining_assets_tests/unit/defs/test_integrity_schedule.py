"""The integrity scan by the clock: all history once a day, the last sixty days at the interval, never two at once."""

import socket
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
import time_machine

from mining_assets.defs.in_flight import PROCESS_TAG
from mining_assets.defs.integrity import INTEGRITY_JOB, REAP
from mining_assets.pipeline.verify_archive import SCAN
from mining_assets.reconciliation.checks import CHECKS
from mining_assets.reconciliation.findings import Verification, stored_findings
from mining_assets.reconciliation.verify import note_scan
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.verifications import record_scan
from mining_assets_tests.support.clean import SHORT, WINDY
from mining_assets_tests.support.looking import Looking

AT = datetime(2026, 1, 1, 12, tzinfo=UTC)


def scanned(ground: Warehouse, scope: str, ago: timedelta) -> None:
    with time_machine.travel(AT - ago, tick=False):
        note_scan(ground, scope, SHORT, WINDY, Verification())


def archive_scanned(ground: Warehouse, ago: timedelta) -> None:
    with time_machine.travel(AT - ago, tick=False), ground.writing("integrity_scan") as connection:
        record_scan(connection, SCAN, SHORT, WINDY, 0)


def looked(looking: Looking) -> dg.RunRequest | str:
    with time_machine.travel(AT, tick=False):
        return looking.schedule(INTEGRITY_JOB, AT)


def test_the_schedules_that_run_by_default(looking: Looking) -> None:
    running = {schedule.name: schedule.default_status for schedule in looking.repository.schedule_defs}
    assert running == {
        "integrity_scan": dg.DefaultScheduleStatus.RUNNING,
        "reference_refresh": dg.DefaultScheduleStatus.RUNNING,
        "daily_reconciliation": dg.DefaultScheduleStatus.STOPPED,
    }


def test_a_warehouse_that_was_never_scanned_is_scanned_whole(looking: Looking) -> None:
    request = looked(looking)
    assert isinstance(request, dg.RunRequest)
    config = {"first": str(SHORT), "last": str(WINDY), "scope": "all"}
    assert request.run_config == {"ops": {"verify": {"config": config}}}


def test_the_last_sixty_days_are_scanned_at_the_interval(looking: Looking, ground: Warehouse) -> None:
    looking = looking.but(start_date=date(2024, 1, 1))
    scanned(ground, "all", timedelta(hours=5))
    scanned(ground, "recent", timedelta(hours=1))
    archive_scanned(ground, timedelta(hours=5))
    request = looked(looking)
    assert isinstance(request, dg.RunRequest)
    config = request.run_config["ops"]["verify"]["config"]
    assert config == {"first": str(WINDY - timedelta(days=59)), "last": str(WINDY), "scope": "recent"}


def test_nothing_is_scanned_before_the_interval_is_over(looking: Looking, ground: Warehouse) -> None:
    scanned(ground, "all", timedelta(minutes=30))
    assert looked(looking) == "last scan at 11:30 UTC"


def test_all_history_is_scanned_again_after_a_day(looking: Looking, ground: Warehouse) -> None:
    scanned(ground, "all", timedelta(days=1))
    scanned(ground, "recent", timedelta(minutes=5))
    request = looked(looking)
    assert isinstance(request, dg.RunRequest)
    assert request.run_config["ops"]["verify"]["config"]["scope"] == "all"


@pytest.mark.parametrize("ago", [None, timedelta(days=1)], ids=["never", "a day ago"])
def test_an_archive_that_could_not_be_read_is_tried_at_the_interval(
    looking: Looking, ground: Warehouse, ago: timedelta | None
) -> None:
    scanned(ground, "all", timedelta(hours=1))
    if ago:
        archive_scanned(ground, ago)
    request = looked(looking)
    assert isinstance(request, dg.RunRequest)
    assert request.run_config["ops"]["verify"]["config"]["scope"] == "all"


def test_a_scan_under_way_is_waited_for(looking: Looking) -> None:
    looking.queued(INTEGRITY_JOB)
    assert looked(looking) == "a scan is under way"


@pytest.mark.system
def test_the_job_evaluates_every_check_and_notes_the_scan(looking: Looking, ground: Warehouse) -> None:
    result = looking.definitions.resolve_job_def(INTEGRITY_JOB).execute_in_process(
        instance=looking.instance,
        run_config={
            "ops": {"verify": {"config": {"scope": "all"}}},
            "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
        },
    )
    evaluated = [event for event in result.all_events if event.event_type_value == "ASSET_CHECK_EVALUATION"]
    assert len(evaluated) == len(CHECKS)
    assert all(event.event_specific_data.passed for event in evaluated)  # type: ignore[union-attr]
    with ground.reading() as connection:
        assert stored_findings(connection, SHORT, WINDY) == []
    assert looked(looking) != "a scan is under way"


def test_a_scan_reports_killed_runs_as_failed_in_a_step_of_its_own(looking: Looking) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    killed = looking.queued("daily", dg.DagsterRunStatus.STARTED, **{PROCESS_TAG: f"{socket.gethostname()}:{gone.pid}"})
    job = looking.definitions.resolve_job_def(INTEGRITY_JOB)
    assert job.execute_in_process(instance=looking.instance, op_selection=[REAP]).success
    known = looking.instance.get_run_by_id(killed.run_id)
    assert known is not None
    assert known.status == dg.DagsterRunStatus.FAILURE


def test_the_daily_reconciliation_asks_for_the_last_two_days(looking: Looking) -> None:
    request = looking.schedule("daily_reconciliation", AT)
    assert isinstance(request, dg.RunRequest)
    assert request.tags["dagster/asset_partition_range_start"] == str(WINDY - timedelta(days=1))
    assert request.tags["dagster/asset_partition_range_end"] == str(WINDY)
    assert request.run_config == {"ops": {"daily_chain": {"config": {"refetch": False}}}}
