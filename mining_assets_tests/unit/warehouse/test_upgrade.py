"""The way to the present schema: by itself on SQLite, by name on PostgreSQL, never backwards."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, inspect, select, text

from mining_assets.warehouse import upgrade
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.migrations.comments import write_comments
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import (
    SchemaMismatch,
    current_revision,
    ensure_schema,
    needed_revision,
    open_warehouse,
)
from mining_assets.warehouse.view_queries import make_views, view_queries
from mining_assets_tests import support
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.samples import taken_back

pytestmark = pytest.mark.system

SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SCRIPTS = list(ScriptDirectory.from_config(upgrade._config()).walk_revisions())
POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


def tables(warehouse: Warehouse) -> set[str]:
    return set(inspect(warehouse.engine).get_table_names())


def pretend(warehouse: Warehouse, revision: str) -> None:
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})


@pytest.fixture
def empty(empty_address: URL) -> Iterator[Warehouse]:
    opened = Warehouse(empty_address)
    yield opened
    opened.close()


@pytest.fixture
def beside(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Warehouse]:
    """A second warehouse on the same kind of database, without any table."""
    if backend == "sqlite":
        opened = Warehouse(URL.create("sqlite", database=str(tmp_path / "beside.sqlite")))
    else:
        cluster: Cluster = request.getfixturevalue("postgresql")
        opened = Warehouse(cluster.address(cluster.create()))
    yield opened
    opened.close()


def test_an_empty_database_has_no_revision(empty: Warehouse) -> None:
    assert current_revision(empty) is None
    assert tables(empty) == set()


def test_the_migrations_make_exactly_the_tables_of_the_schema(empty: Warehouse) -> None:
    upgrade.upgrade(empty)
    assert current_revision(empty) == needed_revision()
    assert tables(empty) == set(metadata.tables) | {"alembic_version"}
    with empty.reading() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_make_the_keys_and_indexes_of_the_schema(warehouse: Warehouse) -> None:
    # Alembic does not compare these.
    inspector = inspect(warehouse.engine)
    for table in metadata.sorted_tables:
        key = [column.name for column in table.primary_key]
        assert inspector.get_pk_constraint(table.name)["constrained_columns"] == key, table.name
        assert {index["name"] for index in inspector.get_indexes(table.name)} == {i.name for i in table.indexes}


def _checks(connection: Connection, name: str) -> dict[str, str]:
    found = inspect(connection).get_check_constraints(name)
    return {str(check["name"]): " ".join(str(check["sqltext"]).split()) for check in found}


def test_the_checks_of_the_migrations_say_the_same_as_those_of_the_schema(
    warehouse: Warehouse, beside: Warehouse
) -> None:
    with beside.engine.begin() as connection:
        metadata.create_all(connection)
        by_schema = {table.name: _checks(connection, table.name) for table in metadata.sorted_tables}
    with warehouse.reading() as connection:
        by_migrations = {table.name: _checks(connection, table.name) for table in metadata.sorted_tables}
    assert by_migrations == by_schema
    assert any(by_schema.values())


DATABASES = Path(support.__file__).parent / "databases"


@pytest.fixture
def deployed(empty: Warehouse) -> Warehouse:
    """A warehouse as it was made before there was a baseline, by 17 migrations, with a row in every table."""
    script = (DATABASES / f"revision_0017.{empty.url.get_backend_name()}.sql").read_text()
    with empty.engine.connect() as connection:
        driver: Any = connection.connection.driver_connection
        if empty.is_sqlite:
            driver.executescript(script)
        else:
            driver.execute(script)
            driver.commit()
    return empty


def _rows_by_column(warehouse: Warehouse) -> dict[str, list[dict[str, Any]]]:
    """Everything in the tables that are there, in the columns that are there."""
    found = {}
    with warehouse.reading() as connection:
        for name in set(inspect(connection).get_table_names()) & metadata.tables.keys():
            there = {column["name"] for column in inspect(connection).get_columns(name)}
            table = metadata.tables[name]
            query = select(*(column for column in table.columns if column.name in there)).order_by(*table.primary_key)
            found[name] = [dict(row) for row in connection.execute(query).mappings()]
    return found


def test_a_warehouse_of_the_baseline_is_upgraded_and_keeps_its_rows(deployed: Warehouse) -> None:
    before = _rows_by_column(deployed)
    assert metadata.tables.keys() - before.keys() == {"archived_fetches"}
    assert {len(rows) for rows in before.values()} == {1}
    upgrade.upgrade(deployed)
    opened = open_warehouse(deployed.url)
    assert problems(opened) == []
    after = _rows_by_column(opened)
    assert after.pop("archived_fetches") == []
    for name, (row,) in before.items():
        (kept,) = after[name]
        assert {column: kept[column] for column in row} == row
        assert {kept[column] for column in kept.keys() - row.keys()} <= {None}
    opened.close()


def test_an_upgraded_warehouse_is_as_a_new_one(deployed: Warehouse, beside: Warehouse) -> None:
    both = []
    for made in (deployed, beside):
        upgrade.upgrade(made)
        with made.reading() as connection:
            inspector, names = inspect(connection), [*tables(made), *view_queries("sqlite")]
            columns = {name: [str(column) for column in inspector.get_columns(name)] for name in names}
            both.append((columns, {name: _checks(connection, name) for name in metadata.tables}))
    assert both[0] == both[1]


def test_a_warehouse_older_than_the_baseline_is_refused_and_left_alone(warehouse: Warehouse) -> None:
    pretend(warehouse, "0016")
    for use in (ensure_schema, upgrade.upgrade):
        with pytest.raises(SchemaMismatch, match=r"is at revision 0016, and this version upgrades none .* than 0017"):
            use(warehouse)
    assert current_revision(warehouse) == "0016"


def test_an_upgrade_makes_the_views_again_and_keeps_what_is_built_on_them(warehouse: Warehouse) -> None:
    with taken_back(warehouse) as connection:
        for name in view_queries("sqlite"):
            connection.execute(text(f"CREATE VIEW my_{name} AS SELECT * FROM {name}"))  # noqa: S608
        make_views(connection)
        for name in view_queries("sqlite"):
            assert connection.execute(text(f"SELECT COUNT(*) FROM my_{name}")).scalar_one() == 0  # noqa: S608


@POSTGRESQL
def test_an_upgrade_writes_the_comments_that_changed(warehouse: Warehouse) -> None:
    with warehouse.writing("schema") as connection:
        connection.execute(text("COMMENT ON TABLE restatements IS 'other'"))
        connection.execute(text("COMMENT ON COLUMN restatements.restated_at IS NULL"))
        write_comments(connection)
    assert problems(warehouse) == []


def test_a_second_upgrade_does_nothing(warehouse: Warehouse) -> None:
    upgrade.upgrade(warehouse)
    ensure_schema(warehouse)
    assert current_revision(warehouse) == needed_revision()


def test_every_revision_leads_on_to_the_next() -> None:
    assert ScriptDirectory.from_config(upgrade._config()).get_heads() == [needed_revision()]
    assert SCRIPTS[-1].revision == "0017"


@SQLITE
def test_sqlite_upgrades_itself(empty: Warehouse) -> None:
    ensure_schema(empty)
    assert current_revision(empty) == needed_revision()
    opened = open_warehouse(empty.url)
    assert tables(opened) > {"curtailment_records"}
    opened.close()


@POSTGRESQL
def test_postgresql_is_upgraded_by_name_only(empty: Warehouse) -> None:
    with pytest.raises(SchemaMismatch, match=r"has no tables yet, .* run `mining-assets db upgrade`"):
        ensure_schema(empty)
    assert tables(empty) == set()


def test_a_revision_of_a_newer_version_is_refused_and_left_alone(warehouse: Warehouse) -> None:
    pretend(warehouse, "9999")
    for use in (ensure_schema, upgrade.upgrade):
        with pytest.raises(SchemaMismatch, match="9999, which this version does not know: it was upgraded by a newer"):
            use(warehouse)
    assert current_revision(warehouse) == "9999"


def test_a_migration_that_fails_leaves_nothing_behind(empty: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    def upgrade_and_fail(config: object, revision: str) -> None:
        real(config, revision)
        raise RuntimeError("the disk is full")

    real = command.upgrade
    monkeypatch.setattr(command, "upgrade", upgrade_and_fail)
    with pytest.raises(RuntimeError, match="disk"):
        upgrade.upgrade(empty)
    assert tables(empty) == set()
    monkeypatch.undo()
    upgrade.upgrade(empty)
    assert current_revision(empty) == needed_revision()


def test_several_threads_may_upgrade_at_once(empty: Warehouse) -> None:
    def one(_: int) -> str | None:
        mine = Warehouse(empty.url)
        try:
            upgrade.upgrade(mine)
            return current_revision(mine)
        finally:
            mine.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(one, range(8))) == [needed_revision()] * 8


@pytest.mark.system
def test_several_processes_may_upgrade_at_once(empty_address: URL) -> None:
    code = (
        "import sys; from sqlalchemy import make_url;"
        "from mining_assets.warehouse.connection import Warehouse; from mining_assets.warehouse.upgrade import upgrade;"
        "upgrade(Warehouse(make_url(sys.argv[1])))"
    )
    address = empty_address.render_as_string(hide_password=False)
    started = [
        subprocess.Popen([sys.executable, "-c", code, address], stderr=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    warehouse = Warehouse(empty_address)
    assert current_revision(warehouse) == needed_revision()
    warehouse.close()


def test_the_revision_needed_is_that_of_the_newest_migration() -> None:
    assert needed_revision() == ScriptDirectory.from_config(upgrade._config()).get_current_head()
