"""`db check` and `db copy` as processes: what they say, their exit codes, and that no password is shown."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets.warehouse.engine import Warehouse
from mining_assets_tests.integration.harness import Environment, run_cli
from mining_assets_tests.postgres import Cluster
from mining_assets_tests.samples import everything
from mining_assets_tests.warehouse.filled import filled

SECRET = "s3cret"


@pytest.fixture
def filled_file(tmp_path: Path) -> str:
    """The address of a filled SQLite warehouse."""
    made = Environment(tmp_path / "source", {}).settings.warehouse
    warehouse = Warehouse(made)
    filled(warehouse)
    warehouse.close()
    return made.render_as_string()


@pytest.fixture
def made(tmp_path: Path) -> Environment:
    return Environment(tmp_path / "home", {})


@pytest.fixture
def database(postgresql: Cluster) -> Iterator[str]:
    """The address of an empty database, with a password in it."""
    name = postgresql.create()
    yield postgresql.address(name).set(drivername="postgresql", password=SECRET).render_as_string(hide_password=False)
    postgresql.drop(name)


def test_a_warehouse_goes_to_postgresql_and_back(made: Environment, filled_file: str, database: str) -> None:
    there = run_cli(made, "db", "copy", "--from", filled_file, "--to", database)
    assert there.returncode == 0, there.stderr
    assert "curtailment_records: 6 rows" in there.stdout
    assert "counts and sums agree" in there.stdout
    assert SECRET not in there.stdout + there.stderr
    back = f"sqlite:///{made.home}/back.sqlite"
    assert run_cli(made, "db", "copy", "--from", database, "--to", back).returncode == 0
    left, right = (
        Warehouse(Environment(made.home, {}).but(warehouse_url=url).settings.warehouse) for url in (filled_file, back)
    )
    assert {name: set(rows) for name, rows in everything(left).items()} == {
        name: set(rows) for name, rows in everything(right).items()
    }
    for warehouse in (left, right):
        warehouse.close()

    again = run_cli(made, "db", "copy", "--from", filled_file, "--to", database)
    assert (again.returncode, again.stdout) == (2, "")
    assert "the target is not empty" in again.stderr
    assert "name an empty database" in again.stderr
    assert len(again.stderr.splitlines()) == 1
    assert SECRET not in again.stderr


@pytest.mark.parametrize(
    ("source", "target", "code", "said"),
    [
        ("{file}", "{file}", 2, "--from and --to are the same database"),
        ("sqlite:////nowhere/warehouse.sqlite", "{file}", 2, "--from: there is no file /nowhere/warehouse.sqlite"),
        ("{file}", "mysql://user:s3cret@host/name", 2, "--to must begin with postgresql:// or sqlite:///"),
        ("{file}", "postgresql://user:s3cret@127.0.0.1:9/name", 3, "cannot be reached"),
        ("postgresql://user:s3cret@127.0.0.1:9/name", "{file}.new", 3, "cannot be reached"),
    ],
)
def test_bad_addresses_are_told_on_one_line(
    made: Environment, filled_file: str, source: str, target: str, code: int, said: str
) -> None:
    source, target = (address.replace("{file}", filled_file) for address in (source, target))
    done = run_cli(made, "db", "copy", "--from", source, "--to", target)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stderr


def test_check_tells_right_wrong_and_unreachable_apart(made: Environment, filled_file: str) -> None:
    right = made.but(warehouse_url=filled_file)
    done = run_cli(right, "db", "check")
    assert done.returncode == 0, done.stderr
    assert "all tables as they should be" in done.stdout
    warehouse = Warehouse(right.settings.warehouse)
    with warehouse.engine.begin() as connection:
        connection.execute(text("DROP INDEX integrity_findings_settlement_date"))
    done = run_cli(right, "db", "check")
    assert (done.returncode, done.stdout) == (1, "")
    assert "add index integrity_findings_settlement_date" in done.stderr
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    warehouse.close()
    newer = run_cli(right, "db", "check")
    assert newer.returncode == 3
    assert "it was upgraded by a newer one" in newer.stderr
    away = run_cli(made.but(warehouse_url="postgresql://user:s3cret@127.0.0.1:9/name"), "db", "check")
    assert (away.returncode, away.stdout) == (3, "")
    assert "user:***@127.0.0.1:9/name cannot be reached" in away.stderr
