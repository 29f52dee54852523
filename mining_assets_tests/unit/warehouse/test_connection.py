"""Connections, transactions and frames: the same on both databases."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import URL, func, insert, select, text
from sqlalchemy.exc import DBAPIError, OperationalError, StatementError

from mining_assets.warehouse.connection import (
    Warehouse,
    insert_frame,
    insert_rows,
    is_transient,
    read_frame,
    upsert_rows,
    without_timeouts,
)
from mining_assets.warehouse.schema import (
    curtailment_records,
    reference_fetches,
    settlement_ledger,
    unknown_wind_units,
    wind_bm_units,
)
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.samples import DAY, fetched_day, record, records, rows_of

MOMENT = datetime(2025, 6, 4, 12, 44, 27, 123456, tzinfo=UTC)
TIMEOUT = 60.0


def note(name: str, rows: int = 1, at: datetime = MOMENT) -> pd.DataFrame:
    return pd.DataFrame([{"name": name, "fetched_at": at, "rows": rows}])


def count(warehouse: Warehouse) -> int:
    with warehouse.reading() as connection:
        return connection.execute(select(func.count()).select_from(reference_fetches)).scalar_one()


def test_what_was_written_is_there_after_the_block(warehouse: Warehouse) -> None:
    with warehouse.writing("a") as connection:
        insert_frame(connection, reference_fetches, note("a"))
    assert rows_of(warehouse, reference_fetches) == [("a", MOMENT, 1, None, None, None)]


def test_any_exception_takes_the_whole_transaction_back(warehouse: Warehouse) -> None:
    def write_and_fail() -> None:
        with warehouse.writing("a") as connection:
            insert_frame(connection, reference_fetches, note("a"))
            upsert_rows(connection, reference_fetches, note("b").to_dict("records"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_and_fail()
    assert count(warehouse) == 0


def test_a_reader_keeps_its_snapshot_while_others_write(warehouse: Warehouse) -> None:
    number = select(func.count()).select_from(reference_fetches)
    with warehouse.reading() as connection:
        assert connection.execute(number).scalar_one() == 0
        with warehouse.writing("a") as writer:
            insert_frame(writer, reference_fetches, note("a"))
        assert connection.execute(number).scalar_one() == 0
    assert count(warehouse) == 1


def test_a_reader_does_not_wait_for_a_writer(warehouse: Warehouse) -> None:
    with warehouse.writing("a") as connection:
        insert_frame(connection, reference_fetches, note("a"))
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(count, warehouse).result(timeout=TIMEOUT) == 0


def _together(warehouse: Warehouse, first: tuple[str, ...], second: tuple[str, ...], wait: float) -> list[str]:
    """What happens in which order when a second writer comes while the first is at work, and waits so long for it."""
    events: list[str] = []
    entered, tried = threading.Event(), threading.Event()

    def one() -> None:
        with warehouse.writing(*first) as connection:
            insert_frame(connection, reference_fetches, note("first"))
            entered.set()
            tried.wait(wait)
            events.append("first is done")

    def two() -> None:
        assert entered.wait(TIMEOUT)
        with warehouse.writing(*second) as connection:
            seen = connection.execute(select(func.count()).select_from(reference_fetches)).scalar_one()
            events.append(f"second sees {seen}")
            tried.set()

    with ThreadPoolExecutor(2) as pool:
        for work in [pool.submit(one), pool.submit(two)]:
            work.result(timeout=TIMEOUT)
    return events


@pytest.mark.parametrize("scopes", [("2025-06-03",), ("2025-06-02", "2025-06-03")])
def test_two_writers_of_the_same_day_follow_one_another(warehouse: Warehouse, scopes: tuple[str, ...]) -> None:
    assert _together(warehouse, ("2025-06-03",), scopes, wait=0.2) == ["first is done", "second sees 1"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_writers_of_different_days_do_not_wait_for_one_another(warehouse: Warehouse) -> None:
    events = _together(warehouse, ("2025-06-03",), ("2025-06-04",), wait=TIMEOUT)
    assert events == ["second sees 0", "first is done"]


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_overlapping_days_in_any_order_do_not_lock_each_other_out(warehouse: Warehouse) -> None:
    days = [str(date(2025, 6, 1) + timedelta(days=n)) for n in range(20)]

    def write(order: int) -> None:
        with warehouse.writing(*days[::order]) as connection:
            upsert_rows(connection, reference_fetches, note("a").to_dict("records"))

    with ThreadPoolExecutor(4) as pool:
        for work in [pool.submit(write, (-1) ** n) for n in range(20)]:
            work.result(timeout=TIMEOUT)


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
def test_a_reader_cannot_write(warehouse: Warehouse) -> None:
    with pytest.raises(DBAPIError, match="read-only"), warehouse.reading() as connection:
        connection.execute(insert(reference_fetches).values(name="a", fetched_at=MOMENT, rows=1))
    with warehouse.writing("a") as connection:  # the connection in the pool is not read-only for ever
        insert_frame(connection, reference_fetches, note("a"))


@pytest.mark.parametrize("rows", [[], [record()], [record(), record(2, acceptance_id=None, final_price=None)]])
def test_a_frame_comes_back_as_it_went_in_with_the_same_types(warehouse: Warehouse, rows: list[dict[str, Any]]) -> None:
    frame = records(*rows)
    with warehouse.writing("a") as connection:
        assert insert_frame(connection, curtailment_records, frame) == len(rows)
        query = select(*(curtailment_records.c[name] for name in frame.columns)).order_by(
            curtailment_records.c.settlement_period
        )
        pd.testing.assert_frame_equal(read_frame(connection, query), frame)


def test_absent_values_are_stored_as_null_whatever_the_type(warehouse: Warehouse) -> None:
    absent = {column.name: None for column in curtailment_records.columns if column.nullable}
    assert len(absent) == 7
    with warehouse.writing("a") as connection:
        insert_frame(connection, curtailment_records, records(record(**absent)))
        for name in absent:
            column = curtailment_records.c[name]
            assert connection.execute(select(column)).scalar_one() is None, name


def test_instants_that_are_absent_come_back_as_absent_instants(warehouse: Warehouse) -> None:
    ledger = fetched_day(empty={(1, "bid"): "volumes"}).ledger
    with warehouse.writing("a") as connection:
        insert_frame(connection, settlement_ledger, ledger)
        found = read_frame(connection, select(settlement_ledger.c.side, settlement_ledger.c.vintage))
    assert str(found["vintage"].dtype) == "datetime64[us, UTC]"
    assert found["vintage"].isna().sum() == 1


def test_large_numbers_and_doubles_keep_every_digit(warehouse: Warehouse) -> None:
    volume, acceptance = -0.19166666666666668, 2**53 + 1
    with warehouse.writing("a") as connection:
        insert_frame(connection, curtailment_records, records(record(volume=volume, acceptance_id=acceptance)))
        columns = curtailment_records.c
        row = connection.execute(select(columns.volume, columns.acceptance_id, columns.so_flag)).one()
    assert tuple(row) == (volume, acceptance, True)


@pytest.mark.parametrize("text", ["a\tb", "a\nb", "a\\b", "\\N", "", "Ørsted £ “x”", "it's"])
def test_texts_are_stored_as_they_are(warehouse: Warehouse, text: str) -> None:
    units = pd.DataFrame([{"settlement_date": DAY, "bm_unit_id": text, "rows": 1, "bid_mwh": 0.0}])
    with warehouse.writing("a") as connection:
        insert_frame(connection, unknown_wind_units, units)
        assert connection.execute(select(unknown_wind_units.c.bm_unit_id)).scalar_one() == text


def test_an_upsert_replaces_the_columns_given_and_leaves_the_others(warehouse: Warehouse) -> None:
    unit = {"bm_unit_id": "A", "seen_from": MOMENT, "seen_until": MOMENT, "source": "register", "is_current": True}
    with warehouse.writing("a") as connection:
        upsert_rows(connection, wind_bm_units, [unit | {"bm_unit_name": "Name"}])
        later = unit | {"seen_until": MOMENT + timedelta(days=1)}
        upsert_rows(connection, wind_bm_units, [later, later | {"bm_unit_id": "B"}])
        upsert_rows(connection, wind_bm_units, [])
        columns = wind_bm_units.c
        query = select(columns.bm_unit_id, columns.bm_unit_name, columns.seen_until).order_by(columns.bm_unit_id)
        found = [tuple(row) for row in connection.execute(query)]
    assert found == [("A", "Name", later["seen_until"]), ("B", None, later["seen_until"])]


def test_instants_of_any_zone_are_the_same_instant_in_utc(warehouse: Warehouse) -> None:
    there = MOMENT.astimezone(timezone(timedelta(hours=5, minutes=30)))
    with warehouse.writing("a") as connection:
        insert_frame(connection, reference_fetches, note("a", at=there))
        connection.execute(insert(reference_fetches).values(name="b", fetched_at=there, rows=1))
        connection.execute(insert(reference_fetches).values(name="c", fetched_at=MOMENT, rows=1))
        found = connection.execute(select(reference_fetches.c.fetched_at)).scalars().all()
        alike = select(func.count()).where(reference_fetches.c.fetched_at == there)
        assert connection.execute(alike).scalar_one() == 3
    assert found == [MOMENT] * 3
    assert {moment.utcoffset() for moment in found} == {timedelta(0)}


def _by_statement(connection: Any, naive: datetime) -> None:
    connection.execute(insert(reference_fetches).values(name="a", fetched_at=naive, rows=1))


def _by_frame(connection: Any, naive: datetime) -> None:
    insert_frame(connection, reference_fetches, note("a", at=naive))


@pytest.mark.parametrize("write", [_by_statement, _by_frame])
def test_an_instant_without_a_zone_is_refused(warehouse: Warehouse, write: Callable[[Any, datetime], None]) -> None:
    with pytest.raises((StatementError, ValueError), match="needs a time zone"), warehouse.writing("a") as connection:
        write(connection, MOMENT.replace(tzinfo=None))


def test_the_address_is_shown_without_its_password() -> None:
    address = URL.create("postgresql+psycopg", "user", "secret", "127.0.0.1", 5432, "name")
    assert "secret" not in repr(Warehouse(address))
    assert "127.0.0.1" in repr(Warehouse(address))


@pytest.mark.system
def test_a_statement_ends_in_time_unless_it_is_unhurried(postgresql: Cluster) -> None:
    name = postgresql.create()
    hasty = Warehouse(postgresql.address(name).update_query_dict({"timeout": "0.2"}))  # a statement: ten times that
    with pytest.raises(OperationalError, match="statement timeout") as caught, hasty.reading() as connection:
        connection.execute(text("SELECT pg_sleep(60)"))
    assert is_transient(caught.value)
    with hasty.reading() as connection:
        without_timeouts(connection)
        connection.execute(text("SELECT pg_sleep(2.5)"))
    hasty.close()
    postgresql.drop(name)


def test_the_folder_of_a_sqlite_file_is_made(tmp_path: Path) -> None:
    file = tmp_path / "not" / "yet" / "warehouse.sqlite"
    warehouse = Warehouse(URL.create("sqlite", database=str(file)))
    with warehouse.reading():
        pass
    warehouse.close()
    assert file.exists()


@pytest.mark.parametrize("too_large", [2**31, 2**40, -(2**31) - 1])
def test_a_count_that_no_column_holds_is_refused_and_not_cut(warehouse: Warehouse, too_large: int) -> None:
    units = pd.DataFrame([{"settlement_date": DAY, "bm_unit_id": "A", "rows": too_large, "bid_mwh": 0.0}])
    with pytest.raises(ValueError, match=f"cannot hold {too_large}"), warehouse.writing("a") as connection:
        insert_frame(connection, unknown_wind_units, units)
    with warehouse.reading() as connection:
        assert not connection.execute(select(unknown_wind_units)).all()


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
@pytest.mark.parametrize(
    "wrong", [{"rows": "many"}, {"rows": 1.5}, {"bid_mwh": "much"}, {"bm_unit_id": 7}, {"settlement_date": "then"}]
)
def test_a_value_of_another_type_is_an_error_of_the_database(warehouse: Warehouse, wrong: dict[str, object]) -> None:
    row: dict[str, object] = {"settlement_date": DAY, "bm_unit_id": "A", "rows": 1, "bid_mwh": 0.0}
    with pytest.raises(DBAPIError), warehouse.writing("a") as connection:
        insert_rows(connection, unknown_wind_units, list(unknown_wind_units.c), [tuple((row | wrong).values())])
    with warehouse.reading() as connection:
        assert not connection.execute(select(unknown_wind_units)).all()
