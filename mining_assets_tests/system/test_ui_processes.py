"""`mining-assets ui` with its real processes: a quiet start, one end for all, and runs that others launch."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from mining_assets.cli.attached import GRACE_SECONDS
from mining_assets.cli.ui import READY
from mining_assets.defs.run_requests import DAILY_JOB, RANGE_END, RANGE_START
from mining_assets_tests.support.harness import Environment, assert_day_is_right, environment, wait_for
from mining_assets_tests.support.paths import ROOT
from mining_assets_tests.support.serving import Served, processes_of, served
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 3), date(2025, 6, 4)
END_SECONDS = GRACE_SECONDS + 60
RUN_SECONDS = 300
PARTS = {"the code server": b"api\0grpc\0", "the webserver": b"dagster_webserver\0", "the daemon": b"dagster._daemon\0"}


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=3, units=6, light=True, windy_days=[FIRST, LAST])) as running:
        yield running


def process_of(made: Environment, part: bytes) -> int:
    """The process of a part of the UI; what it starts leads no group of its own."""
    (found,) = (
        number
        for number in processes_of(made.home)
        if part in Path(f"/proc/{number}/cmdline").read_bytes() and os.getpgid(number) == number
    )
    return found


def assert_all_ended(made: Environment, ui: Served) -> None:
    wait_for("the end of all", END_SECONDS, lambda: ui.process.poll() is not None, interval=0.2)
    wait_for("the end of what they started", END_SECONDS, lambda: not processes_of(made.home), interval=0.2)


def test_it_says_what_a_person_needs_and_ctrl_c_in_the_middle_of_a_run_ends_all(tmp_path: Path, twin: Twin) -> None:
    made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    with served(made) as ui, made.instance() as instance:
        wait_for("a run under way", RUN_SECONDS, lambda: begun(instance), interval=0.05)
        os.kill(ui.process.pid, signal.SIGINT)
        assert_all_ended(made, ui)
        logged = [line.message for run in begun(instance) for line in instance.all_logs(run.run_id)]
    assert ui.process.returncode == 128 + signal.SIGINT
    assert ui.log.read_text().splitlines() == [
        f"{ui.url} on {made.home}",
        READY,
        "mining-assets: ending all; a second signal stops at once",
        "mining-assets: stopped by SIGINT",
    ]
    assert 'Started execution of run for "daily".' in logged  # what a run tells is in the UI


@pytest.mark.parametrize("part", PARTS)
def test_when_one_of_its_processes_dies_all_end_and_the_reason_is_told(tmp_path: Path, twin: Twin, part: str) -> None:
    made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    with served(made) as ui:
        wait_for("all", RUN_SECONDS, lambda: READY in ui.log.read_text(), interval=0.2)
        os.kill(process_of(made, PARTS[part]), signal.SIGKILL)
        assert_all_ended(made, ui)
    assert ui.process.returncode == 1
    assert ui.log.read_text().splitlines() == [
        f"{ui.url} on {made.home}",
        READY,
        f"mining-assets: {part} was ended by SIGKILL; all others are ended",
    ]


def test_nothing_stays_behind_when_it_is_killed_itself(tmp_path: Path, twin: Twin) -> None:
    made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    with served(made) as ui:
        ui.process.kill()
        assert_all_ended(made, ui)


def test_runs_launched_from_the_workspace_file_finish(tmp_path: Path, twin: Twin) -> None:
    made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    with served(made):
        tags = f'{{"{RANGE_START}": "{FIRST}", "{RANGE_END}": "{FIRST}", "launched": "run"}}'
        dagster(made, "job", "launch", "-w", "workspace.yaml", "-j", DAILY_JOB, "--tags", tags)
        backfill = ["-w", "workspace.yaml", "-j", DAILY_JOB, "--partitions", str(LAST), "--noprompt"]
        dagster(made, "job", "backfill", *backfill, "--tags", '{"launched": "backfill"}')
        with made.instance() as instance:
            ended = wait_for("both runs", RUN_SECONDS, lambda: finished(instance), interval=1)
    assert {run.status for run in ended} == {dg.DagsterRunStatus.SUCCESS}
    for day in (FIRST, LAST):
        assert_day_is_right(made, twin.world, day)


def dagster(made: Environment, *arguments: str) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "dagster", *arguments],
        env=made.of_process(),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr


def begun(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs whose process has said that it began."""
    return [run for run in instance.get_runs() if run.status == dg.DagsterRunStatus.STARTED or run.is_finished]


def finished(instance: dg.DagsterInstance) -> list[dg.DagsterRun]:
    """The runs that were launched, once both have ended."""
    launched = [run for run in instance.get_runs() if "launched" in run.tags]
    return launched if len(launched) == 2 and all(run.is_finished for run in launched) else []
