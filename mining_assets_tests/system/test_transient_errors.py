"""A database that fails once in the midst of a run: what is told is told once, as if nothing had happened."""

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import delete, event
from sqlalchemy.exc import OperationalError

from mining_assets.definitions import build_definitions
from mining_assets.defs.check_evaluations import check_key
from mining_assets.defs.run_requests import DAILY_JOB
from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.pipeline.days import DayPipeline
from mining_assets.reconciliation import checks as catalog
from mining_assets.settings import now
from mining_assets.warehouse.attempts import outages, record_outage
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import bitcoin_price, day_fetches
from mining_assets_tests.support.harness import (
    QUIET,
    Environment,
    Ran,
    assert_same_tables,
    environment,
    run_range,
    tables,
)
from mining_assets_tests.support.looking import over
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 2), date(2025, 6, 3)
PLACES = 16  # spread over the statements of a run


@dataclass
class Told:
    """Everything that a run tells."""

    events: Counter[tuple[str, str | None]]
    checks: dict[str, dict[str, Any]]
    reports: dict[date, str]
    days: int


@dataclass
class Fault:
    """Counts the statements of the work on the days, and fails at one of them, once."""

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

    def during(self, method: Callable[..., Any]) -> Callable[..., Any]:
        """Make the faults happen while the method runs."""

        def counted(*arguments: Any) -> Iterator[Any]:
            self.inside = True
            try:
                for result in method(*arguments):
                    self.inside = False
                    yield result
                    self.inside = True
            finally:
                self.inside = False

        return counted


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=9, units=8, light=True, windy_days=[FIRST, LAST])) as started:
        yield started


def told(made: Environment, fault: Fault) -> Told:
    """Run the days with the fault, and gather what was told."""

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DayPipeline, "run", fault.during(DayPipeline.run))
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


def test_a_price_that_came_alone_is_told_with_the_summary_that_followed(twin: Twin, tmp_path: Path) -> None:
    made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    assert run_range(made, FIRST, LAST, roll_ups=False).errors == []
    undisturbed = Fault()
    wanted = told_of_prices(made, undisturbed)
    assert wanted == {("bitcoin_price", str(day)): 1 for day in (FIRST, LAST)} | {
        ("bitcoin_daily_summaries", str(day)): 1 for day in (FIRST, LAST)
    }
    for at in range(1, undisturbed.seen + 1):
        assert told_of_prices(made, Fault(at)) == wanted, f"statement {at} of {undisturbed.seen}"


def told_of_prices(made: Environment, fault: Fault) -> Counter[tuple[str, str | None]]:
    """Forget the prices, ask for them alone with the fault, and gather what was told."""
    with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
        connection.execute(delete(bitcoin_price))
        connection.execute(delete(day_fetches).where(day_fetches.c.name == bitcoin_price.name))
        record_outage(connection, BITCOIN_PRICE, "no answer", HealingPolicy(), now())
    opened = Warehouse(made.settings.warehouse)
    event.listen(opened.engine, "before_cursor_execute", fault.statement)
    job = build_definitions(made.settings, {"warehouse": opened}).resolve_job_def(DAILY_JOB)
    with pytest.MonkeyPatch.context() as patched, dg.DagsterInstance.ephemeral() as instance:
        patched.setattr(DayPipeline, "run", fault.during(DayPipeline.run))
        result = job.execute_in_process(
            instance=instance, tags=over(FIRST, LAST), run_config=QUIET, asset_selection=[dg.AssetKey(BITCOIN_PRICE)]
        )
    opened.close()
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        assert outages(connection) == {}
    return Counter(
        (each.asset_key.to_user_string(), each.partition)  # type: ignore[union-attr]
        for each in result.get_asset_materialization_events()
    )
