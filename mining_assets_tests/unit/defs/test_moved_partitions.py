"""Months and years at the edge follow as soon as the first or the last partition moved."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.clean import QUIET, WINDY, clean
from mining_assets_tests.support.looking import Looking
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.templates import Templates

pytestmark = pytest.mark.system

MOVES = [
    ({"start_date": QUIET}, ["2025-03"]),
    ({"start_date": WINDY}, []),  # no other month holds a day: only the year is of another length
    ({"start_date": date(2025, 3, 29)}, ["2025-03"]),
    ({"end_date": QUIET}, []),
    ({"end_date": date(2025, 4, 2)}, ["2025-04"]),
    ({"end_date": None}, ["2025-04"]),
]


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse


def status_of(looking: Looking) -> Status:
    settings = looking.settings
    date_range = settings.start_date, settings.end_date
    last = settings.end_date or date(2025, 4, 30)
    with looking.warehouse.reading() as connection:
        return read_status(connection, settings.start_date, last, MODELS, date_range)


def roll_up(looking: Looking) -> None:
    """Look, and run what was asked for of months and years, until nothing is."""
    for _ in range(3):
        for request in looking.tick().requests:
            if request.job_name in ("monthly", "yearly"):
                looking.definitions.resolve_job_def(request.job_name).execute_in_process(
                    instance=looking.instance,
                    tags=dict(request.tags),
                    run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
                )


@pytest.mark.parametrize(("change", "months"), MOVES, ids=str)
def test_what_the_edge_cuts_is_summed_up_at_once(change: dict[str, Any], months: list[str], looking: Looking) -> None:
    looking = looking.but(**change)
    before = status_of(looking)
    assert {str(period) for _, period in before.differing} == {*months, "2025"}
    assert not before.is_right
    asked = [request for request in looking.tick().ranges if request[0] != "daily"]
    assert asked == [("monthly", month, month) for month in months] or [("yearly", "2025", "2025")]
    assert [request for request in looking.tick().ranges if request[0] == "monthly"] == []  # not at every look


@pytest.mark.parametrize(("change", "months"), [MOVES[0], MOVES[5]], ids=str)
def test_the_sums_are_those_of_the_new_range_and_of_the_old_when_it_is_back(
    change: dict[str, Any], months: list[str], looking: Looking
) -> None:
    moved = looking.but(**change)
    roll_up(moved)
    assert status_of(moved).differing == ()
    back = looking.but()
    assert {str(period) for _, period in status_of(back).differing} == {*months, "2025"}
    roll_up(back)
    assert status_of(back).differing == ()
    assert status_of(back).is_right


def test_the_edge_follows_while_days_are_fetched_however_few_are_healed(looking: Looking) -> None:
    looking = looking.but(start_date=date(2025, 3, 1), heal_days_back=1)
    looking.queued("daily")
    assert ("monthly", "2025-03", "2025-03") in looking.tick().ranges


def test_nothing_is_asked_for_while_months_are_summed_up(looking: Looking) -> None:
    looking = looking.but(start_date=QUIET)
    run = looking.queued("monthly")
    assert looking.tick().ranges == []
    looking.instance.report_run_failed(run)
    assert looking.tick().ranges == [("monthly", "2025-03", "2025-03")]
