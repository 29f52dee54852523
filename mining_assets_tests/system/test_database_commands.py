"""`db check` and `db copy`: what they say, their exit codes, and that no password is shown."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets.cli.main import main
from mining_assets.warehouse.address import warehouse_address
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.filled import filled
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.samples import everything

SECRET = "s3cret"


@pytest.fixture
def filled_file(tmp_path: Path) -> str:
    """The address of a filled SQLite warehouse."""
    address = f"sqlite:///{tmp_path}/source.sqlite"
    warehouse = opened(address)
    filled(warehouse)
    warehouse.close()
    return address


@dataclass
class Told:
    """How a command ended, and what it said."""

    returncode: object
    stdout: str
    stderr: str


Run = Callable[..., Told]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`mining-assets` with some arguments, on a warehouse, in this process."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))

    def mining_assets(*arguments: str, warehouse: str = "") -> Told:
        monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", warehouse)
        monkeypatch.setattr(sys, "argv", ["mining-assets", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return Told(left.value.code, shown.out, shown.err)

    return mining_assets


def opened(address: str) -> Warehouse:
    return Warehouse(warehouse_address(address))


@pytest.fixture
def database(postgresql: Cluster) -> Iterator[str]:
    """The address of an empty database, with a password in it."""
    name = postgresql.create()
    yield postgresql.address(name).set(drivername="postgresql", password=SECRET).render_as_string(hide_password=False)
    postgresql.drop(name)


def test_a_warehouse_goes_to_postgresql_and_back(run: Run, filled_file: str, database: str, tmp_path: Path) -> None:
    there = run("db", "copy", "--from", filled_file, "--to", database)
    assert there.returncode == 0, there.stderr
    assert "curtailment_records: 6 rows" in there.stdout
    assert "counts and sums agree" in there.stdout
    assert SECRET not in there.stdout + there.stderr
    back = f"sqlite:///{tmp_path}/back.sqlite"
    assert run("db", "copy", "--from", database, "--to", back).returncode == 0
    left, right = opened(filled_file), opened(back)
    assert {name: set(rows) for name, rows in everything(left).items()} == {
        name: set(rows) for name, rows in everything(right).items()
    }
    for warehouse in (left, right):
        warehouse.close()

    again = run("db", "copy", "--from", filled_file, "--to", database)
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
        ("{file}", "postgresql://user:s3cret@127.0.0.1:9/name", 3, "user:***@127.0.0.1:9/name cannot be reached"),
        ("postgresql://user:s3cret@127.0.0.1:9/name", "{file}.new", 3, "user:***@127.0.0.1:9/name cannot be reached"),
    ],
)
def test_bad_addresses_are_told_on_one_line(
    run: Run, filled_file: str, source: str, target: str, code: int, said: str
) -> None:
    source, target = (address.replace("{file}", filled_file) for address in (source, target))
    done = run("db", "copy", "--from", source, "--to", target)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert SECRET not in done.stderr
    assert not Path(f"{filled_file.removeprefix('sqlite:///')}.new").exists()


def test_a_source_of_another_revision_is_named_and_the_target_untouched(
    run: Run, filled_file: str, tmp_path: Path
) -> None:
    warehouse = opened(filled_file)
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '0001'"))
    warehouse.close()
    done = run("db", "copy", "--from", filled_file, "--to", f"sqlite:///{tmp_path}/target.sqlite")
    assert (done.returncode, done.stdout) == (3, "")
    assert f"{filled_file}: the warehouse is at revision 0001" in done.stderr
    assert not (tmp_path / "target.sqlite").exists()


def test_check_tells_right_wrong_and_unreachable_apart(run: Run, filled_file: str) -> None:
    done = run("db", "check", warehouse=filled_file)
    assert done.returncode == 0, done.stderr
    assert "all tables as they should be" in done.stdout
    warehouse = opened(filled_file)
    with warehouse.engine.begin() as connection:
        connection.execute(text("DROP INDEX integrity_findings_settlement_date"))
    done = run("db", "check", warehouse=filled_file)
    assert (done.returncode, done.stdout) == (1, "")
    assert "add index integrity_findings_settlement_date" in done.stderr
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    warehouse.close()
    newer = run("db", "check", warehouse=filled_file)
    assert newer.returncode == 3
    assert "it was upgraded by a newer one" in newer.stderr
    unreachable = run("db", "check", warehouse="postgresql://user:s3cret@127.0.0.1:9/name")
    assert (unreachable.returncode, unreachable.stdout) == (3, "")
    assert "user:***@127.0.0.1:9/name cannot be reached" in unreachable.stderr
