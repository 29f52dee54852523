"""Copying a warehouse to the other database: everything or nothing, and never over something."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import URL, delete, inspect

from mining_assets.warehouse import copy
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.copy import CopyDiffers, TargetNotEmpty, copy_warehouse
from mining_assets.warehouse.schema import metadata, restatements, settlement_days
from mining_assets.warehouse.upgrade import SchemaMismatch, current_revision, needed_revision, upgrade
from mining_assets_tests.support.filled import filled
from mining_assets_tests.support.samples import damage, everything
from mining_assets_tests.support.templates import Templates

pytestmark = pytest.mark.system

OTHER = {"sqlite": "postgresql", "postgresql": "sqlite"}


@pytest.fixture
def source(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    with templates.copy(backend, filled, tmp_path) as copied:
        yield copied


@pytest.fixture
def target(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """An empty database of the other kind."""
    folder = tmp_path / "target"
    with templates.empty(OTHER[backend], folder) as address:
        opened = Warehouse(address)
        yield opened
        opened.close()


def by_table(warehouse: Warehouse) -> dict[str, set[tuple[object, ...]]]:
    """Every row; the order of text is a matter of collation."""
    return {name: set(rows) for name, rows in everything(warehouse).items()}


def test_every_row_of_every_table_arrives_as_it_is(
    source: Warehouse, target: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copy, "ROWS_AT_ONCE", 3)  # several batches
    told: dict[str, int] = {}
    before = everything(source)
    copy_warehouse(source, target, told.__setitem__)
    assert by_table(target) == by_table(source)
    assert current_revision(target) == needed_revision()
    assert everything(source) == before
    assert told == {name: len(rows) for name, rows in before.items()}
    assert all(told.values()), "a table without rows proves nothing"


def test_an_upgraded_target_without_rows_is_taken(source: Warehouse, target: Warehouse) -> None:
    upgrade(target)
    copy_warehouse(source, target, lambda *_: None)
    assert by_table(target) == by_table(source)


@pytest.mark.parametrize("table", [settlement_days, restatements], ids=lambda table: table.name)
def test_a_target_with_any_row_is_left_alone(source: Warehouse, target: Warehouse, table: object) -> None:
    filled(target)
    damage(target, *(delete(other) for other in metadata.sorted_tables if other is not table))
    before = everything(target)
    with pytest.raises(TargetNotEmpty, match=f"{table} has rows; name an empty database"):
        copy_warehouse(source, target, lambda *_: None)
    assert everything(target) == before


def test_a_target_with_tables_of_the_same_name_is_left_alone(source: Warehouse, target: Warehouse) -> None:
    with target.engine.begin() as connection:
        settlement_days.create(connection)
    with pytest.raises(SchemaMismatch, match="has no tables yet"):
        copy_warehouse(source, target, lambda *_: None)
    assert inspect(target.engine).get_table_names() == ["settlement_days"]


def test_a_source_of_another_revision_is_refused(source: Warehouse, target: Warehouse) -> None:
    with source.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0001'")
    with pytest.raises(SchemaMismatch, match="is at revision 0001"):
        copy_warehouse(source, target, lambda *_: None)
    assert inspect(target.engine).get_table_names() == []


@pytest.mark.parametrize("what", ["a lost row", "an altered figure"])
def test_what_arrives_otherwise_is_taken_back(
    source: Warehouse, target: Warehouse, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def tampered(connection: object, table: object, columns: list[object], rows: list[tuple[object, ...]]) -> None:
        if table is restatements:
            last = [column.name for column in restatements.columns].index("energy_after")
            changed = list(rows[0])
            changed[last] = float(changed[last]) + 1e-3  # type: ignore[arg-type]
            rows = [tuple(changed), *rows[1:]] if what == "an altered figure" else rows[1:]
        if rows:
            real(connection, table, columns, rows)  # type: ignore[arg-type]

    real = copy.insert_rows
    monkeypatch.setattr(copy, "insert_rows", tampered)
    expected = "1 row became 0" if what == "a lost row" else "sum of energy_after: .* became"
    with pytest.raises(CopyDiffers, match=f"restatements: {expected}.*nothing was copied"):
        copy_warehouse(source, target, lambda *_: None)
    assert inspect(target.engine).get_table_names() == []


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_what_only_sqlite_can_hold_is_named_and_nothing_is_copied(source: Warehouse, target: Warehouse) -> None:
    with source.writing("a") as connection:  # past the table's checks, as a damaged file may be
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = ON")
        connection.exec_driver_sql("UPDATE settlement_days SET farm_periods = ?", (2**40,))
        connection.exec_driver_sql("PRAGMA ignore_check_constraints = OFF")
    told = f"settlement_days holds what the target cannot: settlement_days.farm_periods cannot hold {2**40}"
    with pytest.raises(CopyDiffers, match=f"{told}; nothing was copied"):
        copy_warehouse(source, target, lambda *_: None)
    assert inspect(target.engine).get_table_names() == []


def test_a_copy_that_fails_half_way_leaves_nothing(
    source: Warehouse, target: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(connection: object, table: object, *rest: object) -> None:
        if table is settlement_days:
            raise RuntimeError("the disk is full")
        real(connection, table, *rest)  # type: ignore[arg-type]

    real = copy.insert_rows
    monkeypatch.setattr(copy, "insert_rows", fails)
    with pytest.raises(RuntimeError, match="disk"):
        copy_warehouse(source, target, lambda *_: None)
    assert inspect(target.engine).get_table_names() == []


def test_the_source_may_be_written_meanwhile(source: Warehouse, target: Warehouse) -> None:
    before = by_table(source)

    def told(table: str, _rows: int) -> None:
        if table == metadata.sorted_tables[0].name:
            with source.writing("meanwhile") as connection:
                connection.execute(delete(settlement_days))

    copy_warehouse(source, target, told)
    assert by_table(target) == before


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_sqlite_is_copied_to_sqlite(source: Warehouse, tmp_path: Path) -> None:
    beside = Warehouse(URL.create("sqlite", database=str(tmp_path / "beside.sqlite")))
    copy_warehouse(source, beside, lambda *_: None)
    assert everything(beside) == everything(source)
    beside.close()
