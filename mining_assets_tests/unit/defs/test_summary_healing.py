"""Months and years that differ from the level below are asked for when no other run is going to sum them up."""

import json
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
import time_machine
from sqlalchemy import update

from mining_assets.defs.sensors import healing
from mining_assets.domain.finality import final_from
from mining_assets.domain.periods import Month
from mining_assets.reconciliation.attempts import HEALING_TAG, ROLL_UP
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_yearly_summaries,
    monthly_summaries,
    settlement_days,
    yearly_summaries,
)
from mining_assets_tests.support.clean import WINDY, scan_all
from mining_assets_tests.support.looking import Looking, over
from mining_assets_tests.support.samples import damage

EARLY = {"fetched_at": final_from(WINDY) - timedelta(hours=1)}
COUNTED = "months and years that differ: "


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """What differs at two looks differs for long enough."""
    monkeypatch.setattr(healing, "SETTLING_TIME", timedelta(microseconds=1))


def test_what_differs_for_less_than_the_roll_up_sensor_needs_is_left_to_it(looking: Looking, ground: Warehouse) -> None:
    damage(ground, ALTERED_YEAR)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    asked = {}
    for seconds in (0, 60, 120):
        with time_machine.travel(at + timedelta(seconds=seconds), tick=False):
            asked[seconds] = looking.tick().ranges
    assert asked == {0: [], 60: [], 120: [("yearly", "2025", "2025")]}


ALTERED_MONTH = update(monthly_summaries).where(monthly_summaries.c.year_month == "2025-03").values(total_payment=1)
ALTERED_YEAR = update(bitcoin_yearly_summaries).values(curtailed_energy=1)


@pytest.mark.usefixtures("soon")
def test_months_that_differ_are_asked_for_at_every_second_look(looking: Looking, ground: Warehouse) -> None:
    damage(ground, ALTERED_MONTH)
    ticked = looking.tick()
    assert ticked.requests == []
    assert ticked.said.startswith(f"nothing to ask for; {COUNTED}2; ")  # the month, and so its year
    ticked = looking.tick()
    assert ticked.ranges == [("monthly", "2025-03", "2025-03")]
    assert ticked.requests[0].tags[HEALING_TAG] == "roll up"
    assert json.loads(ticked.cursor or "") == []
    assert looking.tick().requests == []
    assert looking.tick().ranges == [("monthly", "2025-03", "2025-03")]


@pytest.mark.usefixtures("soon")
def test_years_that_differ_alone_are_asked_for(looking: Looking, ground: Warehouse) -> None:
    damage(ground, ALTERED_YEAR)
    assert looking.tick().requests == []
    assert looking.tick().ranges == [("yearly", "2025", "2025")]


@pytest.mark.usefixtures("soon")
def test_months_wait_while_anything_runs_or_days_are_asked_for(looking: Looking, ground: Warehouse) -> None:
    damage(ground, ALTERED_MONTH)
    looking.tick()
    run = looking.queued("monthly", **over("2025-03", "2025-03"))
    assert looking.tick().requests == []
    looking.instance.report_run_failed(run)
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY))
    assert [job for job, *_ in looking.tick().ranges] == ["daily"]
    assert [job for job, *_ in looking.tick().ranges] == ["monthly"]


@pytest.mark.usefixtures("soon")
def test_what_was_rolled_up_between_two_looks_is_not_asked_for(looking: Looking, ground: Warehouse) -> None:
    damage(ground, ALTERED_YEAR)
    looking.tick()
    damage(ground, ALTERED_MONTH, update(bitcoin_yearly_summaries).values(curtailed_energy=2))
    (request,) = looking.tick().requests  # the year differs since the look before, the month does not
    assert request.job_name == "yearly"


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(
    ("table", "job", "span"),
    [
        pytest.param(monthly_summaries, "monthly", "2025-04", marks=pytest.mark.system),
        (yearly_summaries, "yearly", "2025"),
    ],
)
def test_a_month_or_year_of_altered_farms_is_asked_for_after_a_scan(
    table: object, job: str, span: str, looking: Looking, ground: Warehouse
) -> None:
    column = next(iter(table.primary_key))  # type: ignore[attr-defined]
    damage(ground, update(table).where(column == span).values(farms=99))  # type: ignore[arg-type]
    assert [looking.tick().requests for _ in range(3)] == [[], [], []]
    scan_all(ground)
    assert looking.tick().requests == []
    assert looking.tick().ranges == [(job, span, span)]


def failed_roll_up(looking: Looking, job: str, first: str, last: str) -> None:
    run = looking.queued(job, dg.DagsterRunStatus.STARTED, **over(first, last), **{HEALING_TAG: ROLL_UP})
    looking.instance.report_run_failed(run)


@pytest.mark.usefixtures("soon")
@pytest.mark.parametrize(("failures", "minutes"), [(1, 2), pytest.param(3, 8, marks=pytest.mark.system)])
def test_a_month_that_always_fails_is_asked_for_ever_more_rarely(
    failures: int, minutes: int, looking: Looking, ground: Warehouse
) -> None:
    damage(ground, ALTERED_MONTH)
    looking.tick()
    for _ in range(failures):
        failed_roll_up(looking, "monthly", "2025-02", "2025-03")
    early, late = (datetime.now(UTC) + timedelta(minutes=minutes + more) for more in (-0.5, 0.5))
    with time_machine.travel(early, tick=False):
        assert looking.tick().ranges == [("yearly", "2025", "2025")]  # which may be summed up meanwhile
    with time_machine.travel(late, tick=False):
        assert looking.tick().ranges == [("monthly", "2025-03", "2025-03")]


@pytest.mark.usefixtures("soon")
def test_a_month_that_fails_does_not_keep_another_from_being_summed_up(looking: Looking, ground: Warehouse) -> None:
    damage(ground, update(monthly_summaries).values(total_payment=1))
    failed_roll_up(looking, "monthly", "2025-03", "2025-03")
    looking.tick()
    assert looking.tick().ranges == [("monthly", "2025-04", "2025-04")]
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3)):
        assert [looking.tick().ranges for _ in range(2)] == [
            [("monthly", "2025-03", "2025-03")],
            [("monthly", "2025-04", "2025-04")],
        ]


def test_of_months_that_are_due_beside_one_that_failed_each_is_asked_for_alone() -> None:
    at = datetime.now(UTC)
    march, april, may, june = (Month(date(2025, month, 1)) for month in (3, 4, 5, 6))
    due = [("monthly_summaries", month) for month in (march, may, june)]
    assert healing._next_level(due, {}) == [march, may, june]
    assert healing._next_level(due, {march: at}) == [may]
    assert healing._next_level(due, {april: at}) == [march]  # april lies between
    assert healing._next_level(due[:1], {march: at}) == [march]
