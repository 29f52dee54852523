"""The way to the present schema: by itself on SQLite, by name on PostgreSQL, never backwards."""

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import URL, Connection, MetaData, Table, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError

from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.warehouse import upgrade
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import bitcoin_price, day_fetches, metadata
from mining_assets.warehouse.series import series_states, series_values
from mining_assets.warehouse.upgrade import (
    SchemaMismatch,
    current_revision,
    ensure_schema,
    needed_revision,
    open_warehouse,
)
from mining_assets_tests.support.filled import made_up
from mining_assets_tests.support.postgres import Cluster

pytestmark = pytest.mark.system

SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
SCRIPTS = list(ScriptDirectory.from_config(upgrade._config()).walk_revisions())
BEFORE_SOURCES = "0013"
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


def _tables_with_a_row_each(connection: Connection) -> dict[str, Table]:
    reflected = MetaData()
    reflected.reflect(connection)
    tables = {table.name: table for table in reflected.sorted_tables if table.name != "alembic_version"}
    for table in tables.values():
        connection.execute(insert(table).values(made_up(table)))
    return tables


@pytest.mark.parametrize("revision", [script.revision for script in SCRIPTS if script.down_revision])
def test_each_migration_keeps_every_row_of_a_filled_database(empty: Warehouse, revision: str) -> None:
    config = upgrade._config()
    with empty.writing("schema") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, f"{revision}-1")
        tables = _tables_with_a_row_each(connection)
        before = {name: connection.execute(select(*table.c)).all() for name, table in tables.items()}
        assert len(before) > 5
    with empty.writing("schema") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    assert current_revision(empty) == revision
    upgrade.upgrade(empty)
    with empty.reading() as connection:
        after = {name: connection.execute(select(*table.c)).all() for name, table in tables.items()}
    assert after == before


# As they were stored before a price had a source: £ per BTC, time of the quotation, and the content hash of the two.
WEEKLY = (date(2017, 7, 13), "2017-07-13 00:00", "1dfe")
DAILY = (date(2025, 6, 4), "2025-06-04 00:00", "47aa8986b622400dcb79f5250ff18d784d7e617d2116b0f223738955ddea2c1b")


def _store_prices(connection: Connection, *prices: tuple[date, str, str]) -> None:
    """Store prices of £77,000.50 in a database of an earlier version."""
    for day, quoted_at, content_hash in prices:
        instant = datetime.fromisoformat(quoted_at).replace(tzinfo=UTC)
        values = {"settlement_date": day, "price": 77_000.5, "quoted_at": instant}
        connection.execute(insert(bitcoin_price).values(values))
        note = {"name": BITCOIN_PRICE, "settlement_date": day, "fetched_at": instant, "content_hash": content_hash}
        connection.execute(insert(day_fetches).values(note | {"attempts": 0}))


def test_prices_that_may_be_those_of_a_week_are_forgotten_and_fetched_again(empty: Warehouse) -> None:
    config = upgrade._config()
    with empty.writing("schema") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "0009")
        _store_prices(connection, WEEKLY, DAILY)
    upgrade.upgrade(empty)
    with empty.reading() as connection:
        days = [WEEKLY[0], DAILY[0]]
        assert set(series_values(connection, BITCOIN_PRICE, days).index) == {DAILY[0]}
        states = [series_states(connection, BITCOIN_PRICE, day, day)["state"].iloc[0] for day in days]
    assert states == ["missing", "known"]


def test_stored_prices_become_those_of_the_one_source_there_was_and_stay_what_was_fetched(empty: Warehouse) -> None:
    tampered = (date(2025, 6, 5), "2025-06-05 00:00", DAILY[2])
    config = upgrade._config()
    with empty.writing("schema") as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, BEFORE_SOURCES)
        _store_prices(connection, DAILY, tampered)
        connection.execute(text("CREATE VIEW mine AS SELECT settlement_date, price FROM bitcoin_price"))
    upgrade.upgrade(empty)
    with empty.reading() as connection:
        assert connection.execute(select(bitcoin_price.c.source)).scalars().all() == ["mempool", "mempool"]
        assert series_values(connection, BITCOIN_PRICE, [DAILY[0], tampered[0]]).to_dict() == {DAILY[0]: 77_000.5}
        assert len(connection.execute(text("SELECT * FROM mine")).all()) == 2
    refused = insert(bitcoin_price).values(settlement_date=date(2025, 6, 6), price=1, quoted_at=datetime.now(UTC))
    for wrong in (refused, refused.values(source="hearsay")):
        with pytest.raises(IntegrityError), empty.writing("a") as connection:
            connection.execute(wrong)


def test_a_second_upgrade_does_nothing(warehouse: Warehouse) -> None:
    upgrade.upgrade(warehouse)
    ensure_schema(warehouse)
    assert current_revision(warehouse) == needed_revision()


def test_every_revision_leads_on_to_the_next() -> None:
    assert ScriptDirectory.from_config(upgrade._config()).get_heads() == [needed_revision()]
    assert SCRIPTS[-1].revision == "0001"


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


@POSTGRESQL
def test_an_older_postgresql_is_told_apart_from_an_empty_one(warehouse: Warehouse) -> None:
    pretend(warehouse, "0001")
    with pytest.raises(SchemaMismatch, match=r"is at revision 0001, .* run `mining-assets db upgrade`"):
        ensure_schema(warehouse)


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
