"""A database that fails once in the midst of a batch: what is told is told once, as if nothing had happened."""

import sqlite3
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from mining_assets.assets.day_run import DayRun
from mining_assets.assets.series_run import SeriesRun
from mining_assets.checks.evaluations import check_key
from mining_assets.verification import catalog
from mining_assets.warehouse.engine import Warehouse
from mining_assets_tests.integration.harness import Environment, Ran, assert_same_tables, environment, run_range, tables
from mining_assets_tests.twin.generated import GeneratedWorld
from mining_assets_tests.twin.server import Twin

pytestmark = pytest.mark.system

FIRST, LAST = date(2025, 6, 2), date(2025, 6, 3)
PLACES = 9  # spread over the statements of a batch


@dataclass
class Told:
    """Everything that a run tells."""

    events: Counter[tuple[str, str | None]]
    checks: dict[str, dict[str, Any]]
    reports: dict[date, str]
    days: int


@dataclass
class Fault:
    """Counts the statements inside what is repeated, and fails at one of them, once."""

    at: int = -1
    seen: int = 0
    inside: bool = False
    days_told: int = 0
    warned: list[str] = field(default_factory=list)

    def statement(self, *_: Any) -> None:
        if not self.inside:
            return
        self.seen += 1
        if self.seen == self.at:
            raise OperationalError("a statement", {}, sqlite3.OperationalError("database is locked"))


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=9, units=8, light=True, windy_days=[FIRST, LAST])) as started:
        yield started


def told(made: Environment, fault: Fault) -> Told:
    """Run the days with the fault, and gather what was told."""

    def repeated(method: Any) -> Any:
        def counted(*arguments: Any) -> Any:
            fault.inside = True
            try:
                return method(*arguments)
            finally:
                fault.inside = False

        return counted

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DayRun, "_do", repeated(DayRun._do))
        patched.setattr(SeriesRun, "bring", repeated(SeriesRun.bring))
        opened = Warehouse(made.settings.warehouse)
        event.listen(opened.engine, "before_cursor_execute", fault.statement)
        ran: Ran = run_range(made, FIRST, LAST, overrides={"warehouse": opened}, roll_ups=False)
        opened.close()
    assert ran.errors == []
    (result,) = ran.results.values()
    evaluations = {evaluation.asset_check_key: evaluation for evaluation in result.get_asset_check_evaluations()}
    shown = {
        str(check.anchor): {
            name: value.value
            for name, value in evaluations[check_key(check)].metadata.items()
            if isinstance(value, dg.IntMetadataValue | dg.FloatMetadataValue)
        }
        for check in (catalog.COMPLETENESS, catalog.CALCULATIONS_COMPLETE, catalog.LEDGER_AGREEMENT)
    }
    materialized = Counter(
        (each.asset_key.to_user_string(), each.partition)  # type: ignore[union-attr]
        for each in result.get_asset_materialization_events()
    )
    return Told(materialized, shown, {day: report.outcome for day, report in ran.reports.items()}, len(ran.reports))


def test_nothing_is_told_or_counted_twice(twin: Twin, tmp_path: Path) -> None:
    def fresh(name: str) -> Environment:
        return environment(tmp_path / name, twin, start_date=FIRST, end_date=LAST)

    undisturbed = Fault()
    wanted = told(fresh("undisturbed"), undisturbed)
    clean = tables(fresh("undisturbed"))
    assert undisturbed.seen > 5 * PLACES
    assert set(wanted.events.values()) == {1}
    for number in range(PLACES):
        at = 1 + number * undisturbed.seen // PLACES
        made, fault = fresh(str(at)), Fault(at)
        assert told(made, fault) == wanted, f"statement {at} of {undisturbed.seen}"
        assert fault.seen > undisturbed.seen - 1
        assert_same_tables(tables(made), clean)
