"""Warehouses that are prepared once and set back for each test: that takes milliseconds, preparing does not."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql
from sqlalchemy import URL

from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.postgres import Cluster

Prepare = Callable[[Warehouse], None]
# A test that left a transaction open would otherwise stop all that follow.
LOCK_TIMEOUT = "SET lock_timeout = '60s'"


@dataclass
class Templates:
    """Databases on both backends, each made by the function that is its name.

    SQLite files are copied. To copy a PostgreSQL database takes longer than most tests, so each one is used again and
    again, by one test at a time, with its rows set back in between.

    Args:
        folder: where the SQLite ones lie.
        cluster: starts PostgreSQL, or skips the test when there is none.
    """

    folder: Path
    cluster: Callable[[], Cluster]
    _files: dict[Prepare, Path] = field(default_factory=dict)
    _free: dict[Prepare, list[tuple[str, sql.Composable]]] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def empty(self, backend: str, folder: Path) -> Iterator[URL]:
        """A database without any table, gone at the end of the block."""
        if backend == "sqlite":
            yield URL.create("sqlite", database=str(folder / "warehouse.sqlite"))
            return
        name = self.cluster().create()
        try:
            yield self.cluster().address(name)
        finally:
            self.cluster().drop(name)

    @contextmanager
    def copy(self, backend: str, prepare: Prepare, folder: Path) -> Iterator[Warehouse]:
        """A warehouse of the test's own that looks as if ``prepare`` had just been called on it."""
        with (self._file if backend == "sqlite" else self._database)(prepare, folder) as address:
            warehouse = Warehouse(address)
            try:
                yield warehouse
            finally:
                warehouse.close()

    @contextmanager
    def _file(self, prepare: Prepare, folder: Path) -> Iterator[URL]:
        if prepare not in self._files:
            made = self.folder / f"{next(self._numbers)}.sqlite"
            _prepared(prepare, URL.create("sqlite", database=str(made)))
            self._files[prepare] = made
        file = folder / "warehouse.sqlite"
        shutil.copyfile(self._files[prepare], file)
        yield URL.create("sqlite", database=str(file))

    @contextmanager
    def _database(self, prepare: Prepare, _folder: Path) -> Iterator[URL]:
        cluster = self.cluster()
        free = self._free.setdefault(prepare, [])
        if free:
            name, set_back = free.pop()
            with cluster.connect(name) as connection, connection.transaction():
                connection.execute(LOCK_TIMEOUT)
                connection.execute(set_back)
        else:
            name = cluster.create()
            _prepared(prepare, cluster.address(name))
            with cluster.connect(name) as connection:
                set_back = _saved(connection)
        try:
            yield cluster.address(name)
        finally:
            free.append((name, set_back))


def _prepared(prepare: Prepare, address: URL) -> None:
    warehouse = Warehouse(address)
    prepare(warehouse)
    warehouse.close()  # nobody may hold what is copied


def _saved(connection: "psycopg.Connection[tuple[str]]") -> sql.Composable:
    """Put the rows of all tables aside; returns the statements that bring them back."""
    tables = [
        name for (name,) in connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
    ]
    connection.execute("CREATE SCHEMA saved")
    for name in tables:
        here, there = sql.Identifier("public", name), sql.Identifier("saved", name)
        connection.execute(sql.SQL("CREATE TABLE {} AS TABLE {}").format(there, here))
    bring_back = sql.SQL("DELETE FROM {here}; INSERT INTO {here} TABLE {there}")
    return sql.SQL("; ").join(
        bring_back.format(here=sql.Identifier("public", name), there=sql.Identifier("saved", name)) for name in tables
    )
