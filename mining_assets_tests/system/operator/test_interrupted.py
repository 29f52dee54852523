"""Commands that are interrupted, resumed, or run at the same time: nothing is half done, nothing done twice."""

import json
import random
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pytest

from mining_assets.cli.checkpoint import CHECKPOINTS, DAILY, RECONCILIATION, checkpoint_path
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.harness import (
    COMMAND,
    Environment,
    Tables,
    assert_same_tables,
    days_asked,
    environment,
    run_cli,
    tables,
    wait_for,
)
from mining_assets_tests.support.operator_damage import harmed
from mining_assets_tests.support.operator_days import DAYS, FIRST, LAST, SHORT
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.server import Twin

SEED = 20251026
FIELDS = {"lastProcessedDate", "pendingDates", "completedDates", "startTime", "lastUpdateTime", "stats"}
STATS = {"totalRecords", "processedRecords", "successfulRecords", "failedRecords", "timeouts"}


@contextmanager
def started(made: Environment, *arguments: object) -> Iterator["subprocess.Popen[str]"]:
    """A command at work, which is gone at the end."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments)], env=made.of_process(), stderr=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize(
    "ends", [pytest.param(signal.SIGINT, marks=long), signal.SIGTERM, signal.SIGKILL], ids=["INT", "TERM", "KILL"]
)
def test_a_range_interrupted_at_any_moment_is_resumed_to_the_clean_state(
    ends: signal.Signals, twin: Twin, clean: Tables, tmp_path: Path
) -> None:
    fresh = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    moment = random.Random(SEED + ends).randint(100, 480)  # of some 570 requests; the seed repeats it
    twin.record.clear()
    with started(fresh, "range", FIRST, LAST) as process:
        wait_for(f"request {moment}", 60, lambda: twin.count(route="stack") >= moment or None, interval=0.001)
        process.send_signal(ends)
        _, said = process.communicate(timeout=60)
    assert process.returncode == (-ends if ends == signal.SIGKILL else 128 + ends)
    if ends != signal.SIGKILL:
        assert "`mining-assets resume`" in said.splitlines()[-1]
    left = json.loads(checkpoint_path(fresh.home, RECONCILIATION).read_text())
    assert left.keys() >= FIELDS
    assert left["stats"].keys() == STATS
    assert left["pendingDates"]
    assert sorted(left["pendingDates"] + left["completedDates"]) == list(map(str, DAYS))
    twin.record.clear()
    resumed = run_cli(fresh, "resume")
    assert resumed.returncode == 0, resumed.stderr
    assert not days_asked(twin.requests) & set(map(date.fromisoformat, left["completedDates"]))
    assert_same_tables(tables(fresh), clean)
    assert not checkpoint_path(fresh.home, RECONCILIATION).exists()


@pytest.mark.parametrize(
    ("ends", "arguments"),
    [(signal.SIGINT, ("date", LAST, "--refetch")), (signal.SIGTERM, ("reingest", LAST, "--yes"))],
    ids=["INT", "TERM"],
)
def test_a_second_signal_stops_at_once_and_nothing_is_half_written(
    ends: signal.Signals, arguments: tuple[object, ...], made: Environment, clean: Tables, twin: Twin
) -> None:
    twin.fault(Fault(kind="timeout", route="stack", date=LAST, period=20, side="bid", seconds=30))
    with started(made, *arguments) as process:
        wait_for("the day to be under way", 60, lambda: twin.count(date=LAST) >= 60 or None)
        process.send_signal(ends)
        assert process.stderr is not None
        wait_for("the first to be heard", 60, lambda: "a second signal" in process.stderr.readline() or None)
        process.send_signal(ends)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 128 + ends
    assert said.splitlines()[-1] == f"mining-assets: stopped by {ends.name}; continue with `mining-assets resume`"
    assert_same_tables(tables(made), clean)
    twin.clear_faults()
    resumed = run_cli(made, "resume")
    assert resumed.returncode == 0, resumed.stderr
    assert f"resuming `{arguments[0]} {LAST}`" in resumed.stderr
    assert days_asked(twin.requests) == {LAST}
    assert not any(checkpoint_path(made.home, name).exists() for name in CHECKPOINTS)


@pytest.mark.parametrize("force", [True, False], ids=["forced", "what is wrong"])
def test_an_interrupted_daily_check_has_a_checkpoint_of_its_own_and_is_resumed(
    force: bool, made: Environment, clean: Tables, twin: Twin
) -> None:
    if not force:
        harmed(made, "records lost")
    arguments = ("daily", len(DAYS), *(["--force"] if force else []))
    moment = 150 if force else 40
    with started(made, *arguments) as process:
        wait_for("a day to be under way", 60, lambda: twin.count(route="stack") >= moment or None, interval=0.001)
        process.send_signal(signal.SIGKILL)
        process.communicate(timeout=60)
    left = json.loads(checkpoint_path(made.home, DAILY).read_text())
    assert left.keys() >= FIELDS
    assert left["pendingDates"]
    assert not checkpoint_path(made.home, RECONCILIATION).exists()
    done = set(map(date.fromisoformat, left["completedDates"]))
    twin.record.clear()
    resumed = run_cli(made, "resume")
    assert resumed.returncode == 0, resumed.stderr
    assert f"resuming `daily {len(DAYS)}`" in resumed.stderr
    assert not days_asked(twin.requests) & done
    assert_same_tables(tables(made), clean)
    assert not checkpoint_path(made.home, DAILY).exists()


def test_reconcile_does_what_an_unreadable_checkpoint_cannot_tell(made: Environment, clean: Tables) -> None:
    harmed(made, "records lost")
    path = checkpoint_path(made.home, RECONCILIATION)
    path.parent.mkdir(parents=True)
    path.write_text("{")
    ran = run_cli(made, "reconcile")
    assert ran.returncode == 0, ran.stderr
    assert_same_tables(tables(made), clean)
    assert not path.exists()


def left_behind(made: Environment, name: str, command: str, *pending: date) -> None:
    """A checkpoint as an interrupted command leaves it."""
    path = checkpoint_path(made.home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"command": command.split(), "config": {"refetch": False}, "pendingDates": list(map(str, pending))}
    path.write_text(json.dumps(content))


@pytest.mark.parametrize("left", [{DAILY: ()}, {DAILY: (LAST,), RECONCILIATION: (FIRST,)}], ids=["nothing", "two"])
def test_resume_leaves_no_checkpoint_once_all_is_right(left: dict[str, tuple[date, ...]], made: Environment) -> None:
    for name, pending in left.items():
        left_behind(made, name, "daily 2" if name == DAILY else f"range {FIRST} {LAST}", *pending)
    ran = run_cli(made, "resume")
    assert ran.returncode == 0, ran.stderr
    assert not any(checkpoint_path(made.home, name).exists() for name in (DAILY, RECONCILIATION))


def test_days_too_far_back_for_a_daily_check_are_reconciled(made: Environment) -> None:
    long_ago = made.but(start_date="2024-01-01")
    left_behind(long_ago, DAILY, "daily 2", date(2024, 1, 5))
    ran = run_cli(long_ago, "resume", "--plan", "--json")
    assert json.loads(ran.stdout)["command"] == "reconcile", ran.stderr
    assert "too long ago" in ran.stderr


def test_a_second_command_waits_for_the_first_and_fetches_nothing_twice(
    twin: Twin, clean: Tables, tmp_path: Path
) -> None:
    fresh = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    twin.record.clear()
    processes = [
        subprocess.Popen(
            [*COMMAND, "range", str(FIRST), str(LAST)], env=fresh.of_process(), stderr=subprocess.PIPE, text=True
        )
    ]
    wait_for("the first day to begin", 60, lambda: days_asked(twin.requests) or None)
    processes.append(
        subprocess.Popen(
            [*COMMAND, "range", str(FIRST), str(LAST)], env=fresh.of_process(), stderr=subprocess.PIPE, text=True
        )
    )
    said = [process.communicate(timeout=120)[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert f"waiting for `range {FIRST} {LAST} (process {processes[0].pid})`" in said[1]
    stacks = sum(92 if day == SHORT else 96 for day in DAYS)
    assert twin.count(route="stack") == stacks
    assert_same_tables(tables(fresh), clean)
