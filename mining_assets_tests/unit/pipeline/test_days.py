"""The way of a day, without Dagster: what is yielded, when, and how often the database is read for it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import FrozenInstanceError
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import OperationalError

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.fetch_estimate import requests_of
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.valuation import BITCOIN_PRICE, WIND_GENERATION
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.results import DayRequest, DayResult, Event, ReferenceResult, SeriesResult
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, DAILY_SUMMARIES, DERIVED_TABLES
from mining_assets.warehouse.schema import curtailment_records
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.templates import Templates
from mining_assets_tests.support.twin.generated import GeneratedWorld

FIRST, SECOND, THIRD = DAYS = [date(2025, 6, 2), date(2025, 6, 3), date(2025, 6, 4)]
RULES = Rules(
    Scope(MODELS, (FIRST, THIRD)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=3, base_seconds=0.001), 1000
)
WORLD = GeneratedWorld(seed=5, units=6, light=True, windy_days=DAYS)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    """Nothing is stored yet."""
    with Ground(WORLD, RULES, tmp_path).open() as opened:
        yield opened


def three_days(warehouse: Warehouse) -> None:
    """Fetch the days, without an archive."""
    upgrade(warehouse)
    with Ground(WORLD, RULES, Path(), warehouse).open() as opened:
        opened.archive = None
        opened.run(DAYS)


@pytest.fixture
def fetched(templates: Templates, tmp_path: Path) -> Iterator[Ground]:
    """All days are stored."""
    with (
        templates.copy("sqlite", three_days, tmp_path) as warehouse,
        Ground(WORLD, RULES, tmp_path, warehouse).open() as opened,
    ):
        yield opened


def results(events: list[Event]) -> dict[date, DayResult]:
    found = [each for each in events if isinstance(each, DayResult)]
    assert len({each.day for each in found}) == len(found)
    return {each.day: each for each in found}


def test_a_day_is_told_with_what_is_stored_of_it(ground: Ground) -> None:
    events = ground.run([FIRST, SECOND])
    kinds = [type(each) for each in events]
    assert kinds == [
        SeriesResult,
        SeriesResult,
        ReferenceResult,
        ReferenceResult,
        *(DayResult, Verification) * 2,
    ]
    assert {each.origin for each in events if isinstance(each, ReferenceResult)} == {
        "http://twin/bmrs/api/v1",
        "http://twin/api/v1",
    }
    day = results(events)[SECOND]
    assert (day.outcome, day.failures, day.source_unavailable) == ("new", (), False)
    assert day.requests == requests_of(SECOND)
    assert list(day.derived) == list(DERIVED_TABLES)
    assert day.stored is not None
    assert day.records is not None
    assert day.records.note["total_curtailed_energy"] == day.stored.energy > 0
    assert day.records.units["curtailed_energy"].sum() == pytest.approx(day.stored.energy)
    assert day.derived[DAILY_SUMMARIES]["total_curtailed_energy"] == pytest.approx(day.stored.energy)
    assert events[-1].errors == []


def test_results_cannot_be_changed(fetched: Ground) -> None:
    (day,) = results(fetched.run([FIRST])).values()
    with pytest.raises(FrozenInstanceError):
        day.outcome = "failed"  # type: ignore[misc]


def test_days_that_are_complete_are_kept_and_told_together(fetched: Ground) -> None:
    asked = fetched.requests
    events = fetched.run(DAYS)
    assert fetched.requests == asked
    assert {day: each.outcome for day, each in results(events).items()} == dict.fromkeys(DAYS, "kept")
    assert sum(isinstance(each, Verification) for each in events) == 1


def test_an_altered_day_is_fetched_again_and_repaired(fetched: Ground) -> None:
    with fetched.warehouse.writing(str(SECOND)) as connection:
        connection.execute(
            text("UPDATE curtailment_records SET volume = volume * 2 WHERE settlement_date = :day"),
            {"day": str(SECOND)},
        )
    outcomes = {day: each.outcome for day, each in results(fetched.run(DAYS)).items()}
    assert outcomes == {FIRST: "kept", SECOND: "repaired", THIRD: "kept"}


def test_records_are_read_once_for_all_that_is_derived(fetched: Ground) -> None:
    reads: list[str] = []

    def read(*arguments: Any) -> None:
        statement = arguments[2]
        if f"FROM {curtailment_records.name} \n" in statement and "GROUP BY" not in statement:
            reads.append(statement)

    request = DayRequest(frozenset(DERIVED_TABLES))
    event.listen(fetched.warehouse.engine, "before_cursor_execute", read)
    fetched.pipeline._derive([FIRST], request, fetched.pipeline.network_history([FIRST]).history)
    assert len(reads) == 1


@pytest.mark.parametrize("at", [28, *(pytest.param(at, marks=pytest.mark.system) for at in (5, 51, 74, 97))])
def test_a_database_that_fails_once_changes_nothing_of_what_is_told(ground: Ground, at: int) -> None:
    seen = 0

    def fail_once(*_: Any) -> None:
        nonlocal seen
        seen += 1
        if seen == at:
            raise OperationalError("a statement", {}, sqlite3.OperationalError("database is locked"))

    event.listen(ground.warehouse.engine, "before_cursor_execute", fail_once)
    told = results(ground.run([FIRST, SECOND]))
    assert {day: (each.outcome, each.failures) for day, each in told.items()} == dict.fromkeys(told, ("new", ()))
    assert sum(each.requests for each in told.values()) == 2 * requests_of(FIRST)


def test_a_run_that_is_stopped_leaves_the_other_days(ground: Ground) -> None:
    told: list[date] = []
    for each in ground.pipeline.run(DAYS, DayRequest(frozenset(DAILY_TABLES)), lambda: bool(told)):
        if isinstance(each, DayResult):
            told.append(each.day)
    assert told == [FIRST]


def test_without_a_source_nothing_is_anybodys_fault(ground: Ground) -> None:
    ground.unavailable = True
    events = ground.run(DAYS)
    for each in results(events).values():
        assert each.outcome == "failed"
        assert each.source_unavailable
        assert "no wind register" in str(each.failures[0])
    series = [each for each in events if isinstance(each, SeriesResult)]
    assert [each.name for each in series] == list(SERIES)
    assert all(set(each.failed) == set(DAYS) for each in series)


def test_an_outage_in_the_midst_is_found_once(ground: Ground) -> None:
    ground.run([FIRST])
    ground.unavailable = True
    asked = ground.requests
    told = results(ground.run([SECOND, THIRD], [curtailment_records.name]))
    assert all(each.source_unavailable for each in told.values())
    assert "not tried" in str(told[THIRD].failures[0])
    assert ground.requests - asked < requests_of(SECOND) + 5


def test_a_summary_is_told_with_its_day_or_with_its_series(fetched: Ground) -> None:
    with fetched.warehouse.writing("series") as connection:
        for name in SERIES:
            connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608
    series = [each for each in fetched.run(DAYS, SERIES) if isinstance(each, SeriesResult)]
    assert {each.name: list(each.summaries) for each in series} == {
        BITCOIN_PRICE: [BITCOIN_DAILY_SUMMARIES],
        WIND_GENERATION: [DAILY_SUMMARIES],
    }
    assert all(set(days) == set(DAYS) for each in series for days in each.summaries.values())
    events = fetched.run([FIRST], refetch=True)
    assert all(not each.summaries for each in events if isinstance(each, SeriesResult))


def test_a_request_that_does_not_fit_is_refused_before_anything(ground: Ground) -> None:
    for days, periods in (([FIRST, SECOND], (1,)), ([FIRST], (49,))):
        with pytest.raises(ValueError, match="accept_empty"):
            list(ground.pipeline.run(days, DayRequest(frozenset(DAILY_TABLES), accept_empty=periods)))
    assert ground.requests == 0


@pytest.mark.system
def test_the_pipeline_knows_neither_dagster_nor_click() -> None:
    code = (
        "import sys, importlib, pkgutil, mining_assets.pipeline as room\n"
        "for each in pkgutil.iter_modules(room.__path__): importlib.import_module(f'{room.__name__}.{each.name}')\n"
        "print([name for name in ('dagster', 'mining_assets.cli') if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
