"""No room: the disk of the warehouse is full, or another process holds the SQLite file."""

import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path

import pytest
from psycopg import sql
from sqlalchemy import URL

from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.chaos.disks import enlarge, small_disk
from mining_assets_tests.support.chaos.processes import command, heal, said
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed
from mining_assets_tests.support.harness import Environment, run_range
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.system.chaos.conftest import DAYS, FIRST, LAST, Scene

HELD_SECONDS = 8  # the first of them go into starting the command


def at_file(made: Environment, file: Path, **settings: object) -> Environment:
    """The environment on a SQLite file that has its tables."""
    address = URL.create("sqlite", database=str(file))
    warehouse = Warehouse(address)
    upgrade(warehouse)
    warehouse.close()
    return made.but(warehouse_url=f"sqlite:///{file}", **settings)


def refused(made: Environment) -> str:
    """What the command says that cannot do its work."""
    with command(made, "range", FIRST, LAST) as process:
        told = said(process)
    print(told)
    assert process.returncode == 3
    assert "Traceback" not in told
    return told


def test_full_disk_under_sqlite(on_sqlite: Scene, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 1000) as disk:
        made = at_file(on_sqlite.made, disk / "warehouse.sqlite", retry_attempts=2)
        (disk / "other").write_bytes(bytes(1_000_000 - sum(file.stat().st_size for file in disk.iterdir()) - 250_000))
        told = refused(made)
        assert "disk is full" in told
        enlarge(disk)  # to verify needs room for what is found
        assert assert_sound(made, on_sqlite.expected) < set(DAYS)
        assert heal(made) == 0
        assert_undisturbed(made, on_sqlite.expected)


@long
def test_full_disk_under_postgresql(on_postgresql: Scene, postgresql: Cluster) -> None:
    """The disk of the tables. That of its log is PostgreSQL's own affair: it stops, and recovers."""
    made, name = on_postgresql.made.but(retry_attempts=2), on_postgresql.database
    assert name is not None
    with (
        tempfile.TemporaryDirectory(prefix="mining-assets-disk-") as parent,  # pytest's own is closed to the server
        small_disk(Path(parent) / "disk", 12_000) as folder,
        postgresql.connect() as superuser,
    ):
        Path(parent).chmod(0o755)
        postgresql.give(folder)
        superuser.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(str(folder)))
        move = sql.SQL("ALTER DATABASE {} SET TABLESPACE {}")
        superuser.execute(move.format(sql.Identifier(name), sql.Identifier("small")))
        free = shutil.disk_usage(folder).free
        (folder / "other").write_bytes(bytes(free - 350_000))
        told = refused(made)
        assert "DiskFull" in told
        enlarge(folder)  # to verify needs room for what is found
        assert assert_sound(made, on_postgresql.expected) < set(DAYS)
        assert heal(made) == 0
        assert_undisturbed(made, on_postgresql.expected)
        superuser.execute(move.format(sql.Identifier(name), sql.Identifier("pg_default")))
        superuser.execute("DROP TABLESPACE small")


@long
def test_sqlite_locked_for_a_while_is_waited_for(on_sqlite: Scene, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.sqlite"
    made = at_file(on_sqlite.made, file)
    with closing(sqlite3.connect(file, isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        with command(made, "range", FIRST, LAST) as process:
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(HELD_SECONDS)
            other.execute("ROLLBACK")
            told = said(process)
    assert process.returncode == 0, told
    assert_undisturbed(made, on_sqlite.expected)


@long
def test_sqlite_locked_for_longer_is_told_and_changes_nothing(on_sqlite: Scene, tmp_path: Path) -> None:
    file = tmp_path / "warehouse.sqlite"
    made = at_file(on_sqlite.made, file)
    assert run_range(made, FIRST).errors == []
    hasty = made.but(warehouse_url=f"sqlite:///{file}?timeout=0.2", retry_attempts=2)
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        told = refused(hasty)
        other.execute("ROLLBACK")
    assert "database is locked" in told
    assert assert_sound(made, on_sqlite.expected) == {FIRST}
    assert heal(made) == 0
    assert_undisturbed(made, on_sqlite.expected)
