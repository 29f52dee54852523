"""Every column takes values of its kind and nothing else: by the database itself, and so after every upgrade."""

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import BigInteger, Boolean, Column, Connection, Date, Double, Integer, Table, func, select, text
from sqlalchemy.exc import DBAPIError

from mining_assets.warehouse.columns import Instant
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.migrations.comments import write_comments
from mining_assets.warehouse.migrations.strict import enforce
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import SchemaMismatch, upgrade
from mining_assets.warehouse.view_queries import make_views
from mining_assets_tests.support.filled import filled, made_up
from mining_assets_tests.support.samples import everything, taken_back
from mining_assets_tests.support.templates import Templates

SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
COLUMNS = [
    pytest.param(table, column, id=f"{table.name}.{column.name}")
    for table in metadata.sorted_tables
    for column in table.columns
]
HOSTILE: dict[str, dict[type[Any], list[str]]] = {
    "sqlite": {
        Date: ["'garbage'", "'2025-02-30'", "'0000-01-01'", "20250603", "2460000.5", "''", "x'00'"],
        Instant: [
            "'garbage'",
            "'2025-02-30 00:00:00.000000'",
            "'2025-06-05T12:30:15'",
            "'2025-06-05 12:30:15.12345x'",
            "1e9",
            "''",
            "x'00'",
        ],
        Boolean: ["7", "-1", "'yes'", "0.5"],
        Integer: ["'many'", "1.5", "9e999", "x'00'"],
        Double: ["'garbage'", "9e999", "-9e999", "x'00'"],
    },
    "postgresql": {
        Date: ["'infinity'", "'-infinity'", "'0001-12-31 BC'", "'10000-01-01'"],
        Instant: ["'infinity'", "'-infinity'", "'0001-12-31 BC'", "'10000-01-01 00:00:00+00'"],
        Integer: ["9223372036854775808"],
        Double: ["'NaN'", "'Infinity'", "'-Infinity'"],
    },
}


@pytest.fixture(scope="module")
def shared(backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with rows in every table, for tests that leave nothing in it."""
    with templates.copy(backend, filled, tmp_path_factory.mktemp("shared")) as copied:
        yield copied


@pytest.mark.parametrize(("table", "column"), COLUMNS)
def test_a_value_of_another_kind_is_refused_by_the_database(
    shared: Warehouse, table: Table, column: Column[Any]
) -> None:
    hostile = HOSTILE[shared.url.get_backend_name()]
    values = next((of for kind, of in hostile.items() if isinstance(column.type, kind)), [])
    if type(column.type) is Integer and shared.is_sqlite:
        values = [*values, "2147483648"]
    if not column.nullable:
        values = [*values, "NULL"]
    for value in values:
        with pytest.raises(DBAPIError), shared.engine.begin() as connection:
            connection.execute(text(f"UPDATE {table.name} SET {column.name} = {value}"))  # noqa: S608


@pytest.mark.parametrize("instant", ["2025-06-05 23:59:59.999999", "2024-02-29 00:00:00.000000"])
@SQLITE
def test_every_instant_is_taken_to_the_last_microsecond(shared: Warehouse, instant: str) -> None:
    with taken_back(shared) as connection:
        connection.execute(text("UPDATE settlement_days SET fetched_at = :instant"), {"instant": instant})
        stored = connection.execute(select(metadata.tables["settlement_days"].c.fetched_at)).scalars().first()
    assert stored == datetime.fromisoformat(f"{instant}+00:00")


@SQLITE
def test_every_table_of_a_sqlite_warehouse_is_strict(shared: Warehouse) -> None:
    with shared.reading() as connection:
        lists = text("SELECT name, strict FROM pragma_table_list WHERE schema = 'main' AND type = 'table'")
        strict = {name: bool(is_strict) for name, is_strict in connection.execute(lists)}
    assert {name for name, is_strict in strict.items() if not is_strict} == {"sqlite_schema"}
    assert {*strict} == {*metadata.tables, "alembic_version", "sqlite_schema"}


@pytest.fixture
def unchecked(templates: Templates, backend: str, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse whose table of records a migration made without checks, with two records."""
    records = metadata.tables["curtailment_records"]
    with templates.empty(backend, tmp_path) as address:
        opened = Warehouse(address)
        upgrade(opened)
        with opened.writing("schema") as connection:
            connection.execute(text(f"DROP TABLE curtailment_records{'' if opened.is_sqlite else ' CASCADE'}"))
            _create_without_checks(connection, records)
            connection.execute(records.insert().values(made_up(records) | {"sequence_number": 2}))
            make_views(connection)
        yield opened
        opened.close()


def end_of_upgrade(warehouse: Warehouse) -> None:
    with warehouse.writing("schema") as connection:
        enforce(connection)


def dump(warehouse: Warehouse) -> list[Any]:
    """Everything that a SQLite database holds, as it is stored."""
    with warehouse.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        return list(driver.iterdump())


@SQLITE
def test_what_is_stored_stays_as_it_is(unchecked: Warehouse) -> None:
    def stored() -> list[Any]:
        with unchecked.engine.connect() as connection:
            columns = metadata.tables["curtailment_records"].columns.keys()
            parts = ", ".join(f"typeof({name}), {name}" for name in columns)
            return [tuple(row) for row in connection.exec_driver_sql(f"SELECT {parts} FROM curtailment_records")]  # noqa: S608

    before = stored()
    with unchecked.engine.begin() as connection:
        connection.execute(text("CREATE VIEW mine AS SELECT farm_id FROM daily_by_farm"))
        connection.execute(text("CREATE TABLE notes (id ANYTHING)"))
        connection.execute(text("CREATE INDEX of_mine ON curtailment_records (farm_id)"))
    end_of_upgrade(unchecked)
    assert stored() == before
    assert "schema differs: remove index of_mine" in problems(unchecked)
    with unchecked.engine.connect() as connection:
        assert connection.execute(text("SELECT COUNT(*) FROM mine")).scalar_one() == 0  # no day is complete
        assert connection.execute(text("SELECT COUNT(*) FROM notes")).scalar_one() == 0


@pytest.mark.parametrize(
    ("backend", "column", "value", "said"),
    [
        ("sqlite", "payment", "'abc'", "payment is 'abc' and should be a finite number"),
        pytest.param(
            "sqlite", "volume", "-9e999", "volume is '-Inf' and should be a finite number", marks=pytest.mark.system
        ),
        pytest.param(
            "sqlite", "vintage", "'soon'", "vintage is 'soon' and should be an instant", marks=pytest.mark.system
        ),
        pytest.param(
            "sqlite",
            "vintage",
            "1749126615",
            "vintage is '1749126615' and should be an instant",
            marks=pytest.mark.system,
        ),
        pytest.param("sqlite", "so_flag", "7", "so_flag is '7' and should be 0 or 1", marks=pytest.mark.system),
        pytest.param(
            "sqlite",
            "acceptance_id",
            "'x'",
            "acceptance_id is 'x' and should be a whole number in range",
            marks=pytest.mark.system,
        ),
        pytest.param(
            "sqlite",
            "bid_offer_pair_id",
            "99999999999",
            "bid_offer_pair_id is '99999999999' and should be a whole",
            marks=pytest.mark.system,
        ),
        ("sqlite", "settlement_date", "'garbage'", "settlement_date is 'garbage' and should be a date"),
        ("postgresql", "volume", "'-Infinity'", "volume is '-Infinity' and should be a finite number"),
        pytest.param(
            "postgresql", "payment", "'NaN'", "payment is 'NaN' and should be a finite number", marks=pytest.mark.system
        ),
        pytest.param(
            "postgresql",
            "vintage",
            "'infinity'",
            "vintage is 'infinity' and should be an instant",
            marks=pytest.mark.system,
        ),
        pytest.param(
            "postgresql",
            "settlement_date",
            "'0044-03-15 BC'",
            "settlement_date is '0044-03-15 BC' and should be a date",
            marks=pytest.mark.system,
        ),
    ],
    indirect=["backend"],
)
def test_a_row_that_does_not_fit_stops_the_upgrade_by_name(
    unchecked: Warehouse, column: str, value: str, said: str
) -> None:
    with unchecked.engine.begin() as connection:
        connection.execute(
            text(f"UPDATE curtailment_records SET {column} = {value} WHERE sequence_number = 2")  # noqa: S608
        )
    before = dump(unchecked) if unchecked.is_sqlite else None
    with pytest.raises(SchemaMismatch) as refused:
        end_of_upgrade(unchecked)
    message = str(refused.value)
    assert "1 value does not fit its column: curtailment_records (settlement_date " in message
    assert "settlement_period 1, side bid, sequence_number 2): " in message
    assert said in message
    assert (dump(unchecked) if unchecked.is_sqlite else None) == before
    with unchecked.engine.begin() as connection:
        connection.execute(text("DELETE FROM curtailment_records WHERE sequence_number = 2"))
    end_of_upgrade(unchecked)
    assert not any(" should check " in problem and "_value" in problem for problem in problems(unchecked))


def test_a_table_that_a_later_migration_makes_or_changes_is_strict_too(
    templates: Templates, backend: str, tmp_path: Path
) -> None:
    with templates.empty(backend, tmp_path) as address:
        mine = Warehouse(address)
        upgrade(mine)
        with mine.writing("schema") as connection:
            connection.execute(text("DROP TABLE restatements"))
            _create_without_checks(connection, metadata.tables["restatements"])
            assert connection.execute(select(func.count()).select_from(metadata.tables["restatements"])).scalar() == 1
            enforce(connection)
            write_comments(connection)
        assert problems(mine) == []
        assert everything(mine)["restatements"][0][0] == date(2025, 6, 3)
        mine.close()


def _create_without_checks(connection: Connection, table: Table) -> None:
    """Make a table as a migration may: with the types that it knows, and no checks."""
    types = {
        Date: "DATE",
        Instant: "TIMESTAMP WITH TIME ZONE",
        Boolean: "BOOLEAN",
        Double: "DOUBLE PRECISION",
        BigInteger: "BIGINT",
        Integer: "INTEGER",
    }
    declared = [
        next((name for kind, name in types.items() if isinstance(column.type, kind)), "TEXT")
        for column in table.columns
    ]
    columns = [f"{column.name} {name} NOT NULL" for column, name in zip(table.columns, declared, strict=True)]
    key = ", ".join(column.name for column in table.primary_key)
    connection.execute(
        text(f"CREATE TABLE {table.name} ({', '.join(columns)}, CONSTRAINT {table.name}_pk PRIMARY KEY ({key}))")
    )
    connection.execute(table.insert().values(made_up(table)))
