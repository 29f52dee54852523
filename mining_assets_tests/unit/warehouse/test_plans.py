"""How PostgreSQL goes about the product's own statements on large tables: by their keys, never reading all of them."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, event, text

from mining_assets.domain.periods import Month, Year
from mining_assets.pipeline.rollups import roll_up
from mining_assets.reconciliation.verify import Scope, verify_and_store_days
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.days import untampered_days
from mining_assets.warehouse.status import mismatched_summaries, read_status
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.samples import (
    MODELS,
    calculate_days,
    fetched_day,
    history,
    record,
    store,
    summarize_bitcoin_days,
    summarize_days,
)

FIRST, LAST = date(2022, 1, 1), date(2024, 12, 31)
DAY = date(2023, 6, 14)
BOUNDS = (FIRST, LAST)
LATER = datetime(2025, 6, 1, tzinfo=UTC)
DETAIL = {"curtailment_records", "historical_bitcoin_calculations"}
LARGE = DETAIL | {"settlement_ledger"}

GENERATED = """
CREATE TEMP TABLE days AS
SELECT d, d::date AS day FROM generate_series(timestamptz '2022-01-01', '2024-12-31', '1 day') d;
CREATE TEMP TABLE periods AS SELECT d, day, p FROM days, generate_series(1, 46) p;
INSERT INTO curtailment_records
SELECT day, p, d + p * interval '30 minutes', 'bid', f, 'T_FARM' || f, 'Party', f, -1, true, false,
       -1.5, -70, -70, 0.97, 105, d + interval '1 day'
FROM periods, generate_series(1, 8) f;
INSERT INTO historical_bitcoin_calculations
SELECT settlement_date, settlement_period, farm_id, 'S9', 1.5, 1e-4, 1e14, 3.125, now() FROM curtailment_records;
INSERT INTO settlement_ledger
SELECT day, p, s, d + interval '3 days', d + interval '1 day', 90, 8, -12, 'hash', 'rows'
FROM periods, (VALUES ('bid'), ('offer')) AS sides (s);
INSERT INTO settlement_days
SELECT day, 48, d + interval '3 days', d + interval '1 day', 'hash', 552, 552, 0, 38640, 0, 368, 8, 46, 368 FROM days;
INSERT INTO daily_summaries SELECT day, 552, 552, 0, 38640, 0, 368, 8, 46 FROM days;
"""


@pytest.fixture(scope="module")
def large(postgresql: Cluster) -> Iterator[Warehouse]:
    """Three years of eight farms that are curtailed all the time: 400,000 records, and as many calculations."""
    name = postgresql.create()
    warehouse = Warehouse(postgresql.address(name))
    upgrade(warehouse)
    with warehouse.engine.begin() as connection:
        connection.execute(text("SET LOCAL TIME ZONE 'UTC'"))
        connection.execute(text(GENERATED))
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    yield warehouse
    warehouse.close()
    postgresql.drop(name)


def explained(warehouse: Warehouse, work: Callable[[], object]) -> dict[str, list[dict[str, Any]]]:
    """The plan of every statement that some work executes."""
    plans: dict[str, list[dict[str, Any]]] = {}

    def note(connection: Connection, cursor: Any, statement: str, parameters: Any, _context: Any, many: bool) -> None:
        if many or not statement.lstrip().startswith(("SELECT", "DELETE", "UPDATE", "WITH")):
            return
        cursor.execute(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        plans[statement] = cursor.fetchone()[0]

    event.listen(warehouse.engine, "before_cursor_execute", note)
    try:
        work()
    finally:
        event.remove(warehouse.engine, "before_cursor_execute", note)
    return plans


def reads(plan: Any) -> Iterator[tuple[str, str]]:
    """How each table of a plan is read: by which kind of node, and which table."""
    if isinstance(plan, list):
        for each in plan:
            yield from reads(each)
    elif isinstance(plan, dict):
        if "Relation Name" in plan and plan["Node Type"] != "ModifyTable":
            yield plan["Node Type"], plan["Relation Name"]
        for value in plan.values():
            yield from reads(value)


def in_transaction(warehouse: Warehouse, work: Callable[[Connection], object]) -> None:
    with warehouse.reading() as connection:
        work(connection)


DAYS = [DAY + timedelta(days=offset) for offset in range(3)]
OF_A_DAY: dict[str, Callable[[Warehouse], object]] = {
    "store a day": lambda large: store(large, fetched_day(record(1, day=DAY), day=DAY, at=LATER), accept_shrink=True),
    "find intact days": lambda large: in_transaction(large, lambda connection: untampered_days(connection, DAYS)),
    "calculate": lambda large: calculate_days(large, [DAY], history(), MODELS),
    "summarize": lambda large: (summarize_days(large, [DAY]), summarize_bitcoin_days(large, [DAY], MODELS)),
    "verify": lambda large: verify_and_store_days(large, DAYS, Scope(MODELS, BOUNDS)),
    "roll up a month": lambda large: (
        roll_up(large, "monthly_summaries", Month.parse("2023-06"), BOUNDS),
        roll_up(large, "bitcoin_monthly_summaries", Month.parse("2023-06"), BOUNDS),
    ),
}


@pytest.mark.parametrize("name", OF_A_DAY)
def test_what_concerns_some_days_reads_only_these(large: Warehouse, name: str) -> None:
    plans = explained(large, lambda: OF_A_DAY[name](large))
    found = {read for plan in plans.values() for read in reads(plan)}
    assert {table for _, table in found} & LARGE, "nothing of the large tables was read: this proves nothing"
    assert not {(how, table) for how, table in found if how == "Seq Scan" and table in LARGE}, plans


def test_status_of_the_whole_history_reads_the_detail_by_its_keys(large: Warehouse) -> None:
    def look(connection: Connection) -> None:
        day_states(connection, FIRST, LAST, MODELS)
        read_status(connection, FIRST, LAST, MODELS, BOUNDS)
        list(mismatched_summaries(connection, FIRST, LAST, BOUNDS))

    plans = explained(large, lambda: in_transaction(large, look))
    found = {read for plan in plans.values() for read in reads(plan)}
    assert "settlement_days" in {table for _, table in found}
    assert {table for _, table in found} >= DETAIL
    assert not {(how, table) for how, table in found if how == "Seq Scan" and table in DETAIL}, plans


def test_a_year_is_rolled_up_without_the_calculations(large: Warehouse) -> None:
    plans = explained(
        large,
        lambda: (
            roll_up(large, "yearly_summaries", Year.parse("2023"), BOUNDS),
            roll_up(large, "bitcoin_yearly_summaries", Year.parse("2023"), BOUNDS),
        ),
    )
    tables = {table for plan in plans.values() for _, table in reads(plan)}
    assert "monthly_summaries" in tables
    assert "historical_bitcoin_calculations" not in tables


def test_a_scan_would_be_seen(large: Warehouse) -> None:
    def scan() -> None:
        with large.reading() as connection:
            connection.execute(text("SELECT count(*) FROM curtailment_records WHERE volume < -100")).all()

    plans = explained(large, scan)
    assert ("Seq Scan", "curtailment_records") in {read for plan in plans.values() for read in reads(plan)}
