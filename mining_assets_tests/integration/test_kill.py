"""A range killed at any moment and run again ends as if nothing had happened, and fetches no whole day again."""

import os
import random
import signal
import subprocess
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets_tests.integration.harness import (
    COMMAND,
    Environment,
    assert_day_is_right,
    assert_same_tables,
    days_asked,
    days_between,
    environment,
    run_cli,
    run_range,
    tables,
    wait_for,
)
from mining_assets_tests.twin.generated import GeneratedWorld
from mining_assets_tests.twin.server import Twin

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


def assert_is_sound(made: Environment, twin: Twin) -> None:
    """Whatever the moment: the file is whole, and each day in it is there in full or not at all."""
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
    dumped = tables(made)
    whole = whole_days(made)
    for name in ("curtailment_records", "settlement_ledger", "settlement_days"):
        assert set(dumped[name]["settlement_date"]) <= whole, name
    assert set(dumped["daily_summaries"]["summary_date"]) <= whole
    for day in whole:
        stored = dumped["curtailment_records"]["settlement_date"] == day
        served = [row for p in range(1, 49) for s in ("bid", "offer") for row in twin.world.stack(day, p, s)]
        assert stored.sum() == sum(row["id"] in twin.world.wind_unit_ids for row in served)


@pytest.mark.parametrize("seed", [20250628])
def test_killed_range_run_again_ends_as_if_it_had_not_been_killed(seed: int, tmp_path: Path) -> None:
    print(f"seed {seed}")
    moments = random.Random(seed)
    with Twin(GeneratedWorld(seed=7, units=12, light=True, windy_days=DAYS)) as twin:
        undisturbed = environment(tmp_path / "undisturbed", twin)
        for first, last in ((FIRST, MONTH_END), (date(2025, 7, 1), LAST)):
            assert run_range(undisturbed, first, last).errors == []
        expected = tables(undisturbed)

        made = environment(tmp_path, twin, concurrency=4)
        made.home.mkdir()
        twin.delay_ms = 4
        for _ in range(KILLS):
            before, whole = len(twin.requests), whole_days(made)
            left = REQUESTS_OF_A_DAY * (len(DAYS) - len(whole))
            # In the midst of the day that is being fetched, or while one is stored, calculated or summed up.
            moment, then = int(left * moments.uniform(0.2, 0.5)), moments.choice([0.0, 0.02, 0.2])
            killed_range(made, twin, moment, then)
            print(f"{len(whole)} days whole, killed {then:g} s after request {moment} of {left}")
            assert days_asked(twin.requests[before:]).isdisjoint(whole)
            assert_is_sound(made, twin)

        twin.delay_ms = 0
        before, whole = len(twin.requests), whole_days(made)
        assert len(whole) > 0
        done = run_cli(made, "range", FIRST, LAST)
        assert done.returncode == 0, done.stderr
        assert days_asked(twin.requests[before:]) == set(DAYS) - whole
        assert done.stderr.count(" kept ") == len(whole)
        assert_same_tables(tables(made), expected)
        for day in DAYS:
            assert_day_is_right(made, twin.world, day)


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
