"""A range killed when everything is fetched is completed without fetching it again."""

import os
import signal
import subprocess
from datetime import date
from pathlib import Path

from mining_assets_tests.support.harness import (
    COMMAND,
    Environment,
    days_asked,
    days_between,
    environment,
    run_cli,
    tables,
    wait_for,
)
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 28), date(2025, 7, 3)
MONTH_END = date(2025, 6, 30)
DAYS = days_between(FIRST, LAST)
REQUESTS_OF_A_DAY = 96
KILLS = 3


def whole_days(made: Environment) -> set[date]:
    """The days that have their figures and a ledger row for every period and side."""
    dumped = tables(made)
    rows = dumped["settlement_ledger"].groupby("settlement_date").size()
    return {day for day in dumped["settlement_days"]["settlement_date"] if rows.get(day, 0) == REQUESTS_OF_A_DAY}


def killed_range(made: Environment, twin: Twin, requests: int, then: float) -> None:
    """Start the range and kill it some seconds after so many stacks were asked for.

    A process that ends before its moment has come is not killed.
    """
    before = twin.count(route="stack")
    process = subprocess.Popen(
        [*COMMAND, "range", str(FIRST), str(LAST)],
        env=made.of_process(),
        cwd=made.home.parent,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(
            f"{requests} requests",
            60,
            lambda: process.poll() is not None or twin.count(route="stack") - before >= requests,
            interval=0.002,
        )
        try:
            process.wait(then)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def test_range_killed_after_its_last_fetch_is_completed_without_any(tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=8, units=12, light=True, windy_days=DAYS)) as twin:
        made = environment(tmp_path, twin)
        made.home.mkdir()
        killed_range(made, twin, REQUESTS_OF_A_DAY * len(DAYS), 0.05)
        whole = whole_days(made)
        assert len(whole) >= len(DAYS) - 1
        before = len(twin.requests)
        done = run_cli(made, "range", FIRST, LAST)
        assert done.returncode == 0, done.stderr
        assert days_asked(twin.requests[before:]) == set(DAYS) - whole
        dumped = tables(made)
        assert list(dumped["monthly_summaries"]["days_complete"]) == [3, 3]
        assert list(dumped["yearly_summaries"]["days_complete"]) == [6]
        assert len(dumped["bitcoin_yearly_summaries"]) == 3
