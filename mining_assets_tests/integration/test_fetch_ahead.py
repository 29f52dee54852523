"""The next day is fetched while the last one is stored and derived, and nothing of it counts before its turn."""

from collections.abc import Callable, Iterator
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from mining_assets.domain.fetch_estimate import requests_of
from mining_assets.pipeline import day_storing as pipeline
from mining_assets_tests.support.harness import (
    Environment,
    Ran,
    assert_nothing_stored,
    days_asked,
    days_between,
    environment,
    run_cli,
    run_range,
    wait_for,
)
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, SECOND, THIRD = DAYS = days_between(date(2025, 6, 2), date(2025, 6, 4))
STACKS = 96


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=5, units=6, light=True, windy_days=DAYS)) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Environment:
    return environment(tmp_path, twin)


def run(made: Environment, last: date = SECOND, ran: Ran | None = None, **overrides: Any) -> Ran:
    return run_range(made, FIRST, last, roll_ups=False, overrides=overrides, ran=ran)


def storing(patched: pytest.MonkeyPatch, before: Callable[[date], None]) -> None:
    """Have something happen before each day is stored."""
    store = pipeline.store_day

    def store_then(connection: Any, fetched: Any, **rules: Any) -> Any:
        before(fetched.day)
        return store(connection, fetched, **rules)

    patched.setattr(pipeline, "store_day", store_then)


@pytest.mark.system
def test_the_next_day_is_fetched_while_the_last_is_stored(
    made: Environment, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def whole_next_day_was_asked_for(day: date) -> None:
        if day == FIRST:
            wait_for("requests for the next day", 60, lambda: twin.count(route="stack", date=SECOND) >= STACKS or None)

    storing(monkeypatch, whole_next_day_was_asked_for)
    ran = run(made)
    assert ran.errors == []
    assert {day: report.outcome for day, report in ran.reports.items()} == {FIRST: "new", SECOND: "new"}
    asked = {day: twin.count(date=day) for day in (FIRST, SECOND)}
    assert {day: report.requests for day, report in ran.reports.items()} == asked
    assert asked == {day: requests_of(day) for day in (FIRST, SECOND)}  # which is what is told before a fill


@pytest.mark.system
def test_a_day_that_was_fetched_is_not_asked_for_again_when_the_database_fails(
    made: Environment, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[date] = []

    def fail_once(day: date) -> None:
        if day not in failed:
            failed.append(day)
            raise OperationalError("a statement", {}, Exception("database is locked"))

    storing(monkeypatch, fail_once)
    ran = run(made)
    assert (ran.errors, failed) == ([], [FIRST, SECOND])
    assert {day: twin.count(route="stack", date=day) for day in (FIRST, SECOND)} == {FIRST: STACKS, SECOND: STACKS}


@pytest.mark.system
def test_what_is_fetched_ahead_is_given_up_when_a_person_stops_the_run(
    made: Environment, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stopping(Ran):
        """Stops once the next day is being fetched."""

        @property
        def stopping(self) -> bool:
            return bool(stored)

    stored: list[date] = []

    def stop_now(day: date) -> None:
        wait_for("a request for the next day", 60, lambda: twin.count(route="stack", date=SECOND) or None)
        stored.append(day)

    storing(monkeypatch, stop_now)
    twin.fault(Fault(kind="delay", seconds=3600, date=SECOND, period=48))
    ran = run(made, ran=Stopping())
    assert stored == [FIRST]
    assert "1 of 2 days left as they were" in " ".join(ran.errors)
    assert_nothing_stored(made, SECOND)


@pytest.mark.system
def test_an_outage_found_ahead_is_told_in_its_turn_and_nothing_more_is_asked(
    made: Environment, twin: Twin, monkeypatch: pytest.MonkeyPatch
) -> None:
    def wait_for_outage(day: date) -> None:
        wait_for("a request for the next day", 60, lambda: twin.count(route="stack", date=SECOND) or None)

    week_before = date(2025, 5, 27)  # asked for to tell whether the day is to blame or the source
    twin.fault(*(Fault(kind="status", status=503, route="stack", date=day) for day in (SECOND, week_before)))
    storing(monkeypatch, wait_for_outage)
    ran = run(made, THIRD)
    assert {day: report.outcome for day, report in ran.reports.items()} == {
        FIRST: "new",
        SECOND: "failed",
        THIRD: "failed",
    }
    assert THIRD not in days_asked(twin.requests)


@pytest.mark.system
def test_a_range_is_never_faster_than_the_pace(tmp_path: Path) -> None:
    days = days_between(date(2025, 6, 2), date(2025, 6, 3))
    with Twin(GeneratedWorld(seed=5, units=60, windy_days=days)) as twin:
        for day, report in product(days, ("volumes", "cashflows")):  # the twin makes them once, which takes it a while
            httpx.get(f"{twin.elexon_url}/balancing/settlement/indicative/{report}/all/bid/{day}").raise_for_status()
        twin.record.clear()
        made = environment(tmp_path, twin, requests_per_second=10)
        done = run_cli(made, "range", days[0], days[-1])
        assert done.returncode == 0, done.stderr
        asked = [request for request in twin.requests if request.date in days]
    assert {day: sum(request.date == day for request in asked) for day in days} == dict.fromkeys(days, STACKS + 2)
    started = [request.at for request in asked]
    took, at_the_pace = max(started) - min(started), (len(asked) - 1) / 10
    assert at_the_pace / took <= 1.01  # how near it comes is for `make bench` to say: a busy machine is slower
