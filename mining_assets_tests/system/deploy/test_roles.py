"""The roles of deploy/postgresql, on the tests' own PostgreSQL: the application works as one, analysts only read."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import URL

from mining_assets.warehouse.command_lock import hold_command_lock
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.deployment_files import ANALYSTS, APPLICATION, DEPLOY, databases
from mining_assets_tests.support.filled import fill
from mining_assets_tests.support.harness import Environment, environment, run_range
from mining_assets_tests.support.postgres import HOST, Cluster
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 2)
PERSON = "ada"
FORBIDDEN = (psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)


@pytest.fixture(scope="module")
def prepared(postgresql: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Both databases as a deployment has them, with an analyst."""
    with databases(postgresql, tmp_path_factory.mktemp("roles")):
        with postgresql.connect() as connection:
            connection.execute(sql.SQL("CREATE ROLE ada LOGIN IN ROLE mining_assets_analysts"))
        yield postgresql
        with postgresql.connect("warehouse") as connection:
            for role in (PERSON, ANALYSTS, APPLICATION):
                connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
        with postgresql.connect() as connection:
            connection.execute("DROP ROLE ada")


@pytest.fixture(scope="module")
def address(prepared: Cluster) -> URL:
    """The warehouse, as the application."""
    return prepared.address("warehouse").set(username=APPLICATION)


@pytest.fixture(scope="module")
def upgraded(address: URL) -> Iterator[Warehouse]:
    warehouse = Warehouse(address)
    upgrade(warehouse)
    yield warehouse
    warehouse.close()


def as_role(cluster: Cluster, role: str, database: str = "warehouse") -> "psycopg.Connection[tuple[object, ...]]":
    return psycopg.connect(host=HOST, port=cluster.port, user=role, dbname=database, autocommit=True)


def test_the_application_does_all_that_the_product_does(upgraded: Warehouse, tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=3, units=8, light=True, windy_days=[DAY])) as twin:
        made: Environment = environment(
            tmp_path,
            twin,
            start_date=DAY,
            end_date=DAY,
            warehouse_url=upgraded.url.render_as_string(),
        )
        assert run_range(made, DAY).errors == []
    fill(upgraded)
    assert problems(upgraded) == []
    with hold_command_lock(upgraded, "a command", lambda _: None):
        pass


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE ROLE intruder",
        "CREATE DATABASE another",
        "DROP DATABASE dagster",
        "ALTER ROLE mining_assets SUPERUSER",
        "ALTER ROLE mining_assets_analysts LOGIN",
        "CREATE SCHEMA another",
        "CREATE EXTENSION file_fdw",
        "COPY (SELECT 1) TO '/tmp/written-by-postgresql'",
        "COPY alerts_sent FROM PROGRAM 'id'",
        "SELECT pg_read_file('/etc/hostname')",
        "ALTER SYSTEM SET log_statement = 'all'",
        "GRANT mining_assets_analysts TO ada",
    ],
)
def test_the_application_may_do_nothing_else(upgraded: Warehouse, prepared: Cluster, statement: str) -> None:
    refusals = (*FORBIDDEN, psycopg.errors.InvalidGrantOperation)
    with as_role(prepared, APPLICATION) as connection, pytest.raises(refusals):
        connection.execute(statement)


def test_analysts_read_every_table_and_those_to_come(upgraded: Warehouse, prepared: Cluster) -> None:
    with as_role(prepared, APPLICATION) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS of_a_later_version (id INTEGER)")
    with as_role(prepared, PERSON) as connection:
        names = [row[0] for row in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
        assert {"curtailment_records", "daily_summaries", "of_a_later_version"} <= set(names)
        for name in names:
            connection.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(str(name))))


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO alerts_sent VALUES ('x', '2025-01-01')",
        "UPDATE daily_summaries SET total_payment = 0",
        "DELETE FROM curtailment_records",
        "TRUNCATE curtailment_records",
        "DROP TABLE curtailment_records",
        "ALTER TABLE curtailment_records ADD COLUMN x INTEGER",
        "CREATE TABLE mine (id INTEGER)",
        "CREATE TEMPORARY TABLE mine (id INTEGER)",
        "CREATE SCHEMA mine",
        "CREATE ROLE intruder",
        "SET ROLE mining_assets",
    ],
)
def test_analysts_write_nothing(upgraded: Warehouse, prepared: Cluster, statement: str) -> None:
    with as_role(prepared, PERSON) as connection, pytest.raises(FORBIDDEN):
        connection.execute(statement)


def test_analysts_do_not_see_dagsters_database(prepared: Cluster) -> None:
    with pytest.raises(psycopg.OperationalError, match="permission denied"):
        as_role(prepared, PERSON, "dagster")


def test_a_stranger_may_not_even_connect(prepared: Cluster) -> None:
    with prepared.connect() as connection:
        connection.execute("CREATE ROLE stranger LOGIN")
        try:
            with pytest.raises(psycopg.OperationalError, match="permission denied"):
                as_role(prepared, "stranger")
        finally:
            connection.execute("DROP ROLE stranger")


@pytest.mark.parametrize("file", ["application.sql", "analysts.sql"])
def test_the_files_may_run_again_and_hold_no_password(prepared: Cluster, upgraded: Warehouse, file: str) -> None:
    script = (DEPLOY / "postgresql" / file).read_text()
    with prepared.connect("warehouse") as connection:
        before = connection.execute("SELECT datacl::text FROM pg_database ORDER BY datname").fetchall()
        connection.execute(script)
        assert connection.execute("SELECT datacl::text FROM pg_database ORDER BY datname").fetchall() == before
    statements = "\n".join(line for line in script.splitlines() if not line.startswith("--"))
    assert "PASSWORD" not in statements.upper()


def test_the_password_of_the_secret_is_set_and_stored_as_a_hash(prepared: Cluster) -> None:
    with prepared.connect() as connection:
        (stored,) = connection.execute(
            "SELECT rolpassword FROM pg_authid WHERE rolname = %s", [APPLICATION]
        ).fetchone() or ("",)
    assert str(stored).startswith("SCRAM-SHA-256$")
