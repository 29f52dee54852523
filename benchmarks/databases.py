"""The databases that are measured on, and the bare drivers that the product is measured against."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import URL, Table

from benchmarks.measure import Setting, in_process
from benchmarks.warehouses import days_of
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import curtailment_records, historical_bitcoin_calculations
from mining_assets_tests.support.postgres import Cluster, temporary_cluster

DETAIL = (curtailment_records, historical_bitcoin_calculations)


def cluster(setting: Setting) -> Cluster:
    """Return the bench's own PostgreSQL, started at the first call."""
    made: Cluster = setting.once("postgresql", lambda: setting.stack.enter_context(temporary_cluster()))
    return made


def empty(setting: Setting, backend: str, name: str) -> URL:
    """Create a database without tables and return its address."""
    if backend == "postgresql":
        return cluster(setting).address(cluster(setting).create())
    file = setting.folder / f"{name}.sqlite"
    for part in setting.folder.glob(f"{file.name}*"):
        part.unlink()
    return URL.create("sqlite", database=str(file))


def filled(setting: Setting, backend: str, years: float) -> tuple[Warehouse, list[date], dict[str, Any]]:
    """Return a warehouse of some years (times the scale), its days, and what filling it took; each is made once."""

    def make() -> tuple[Warehouse, list[date], dict[str, Any]]:
        scaled = years * setting.scale
        address = empty(setting, backend, f"{years:g}_years")
        took = in_process("fill", address.render_as_string(hide_password=False), scaled)
        warehouse = Warehouse(address)
        setting.stack.callback(warehouse.close)
        if backend == "postgresql":  # as autovacuum would within the minute
            with bare(warehouse) as connection:
                connection.execute("ANALYZE")
        return warehouse, days_of(scaled), took

    made: tuple[Warehouse, list[date], dict[str, Any]] = setting.once((backend, years), make)
    return made


@contextmanager
def bare(warehouse: Warehouse) -> Iterator[Any]:
    """Open a connection of the driver itself; each statement is a transaction unless one is begun."""
    url = warehouse.url
    connection: Any
    if warehouse.is_sqlite:
        connection = sqlite3.connect(str(url.database), isolation_level=None)
        connection.execute(
            "PRAGMA synchronous = NORMAL"
        )  # as the product has it; the journal is a property of the file
    else:
        connection = psycopg.connect(
            host=url.host, port=url.port, user=url.username, dbname=url.database, autocommit=True
        )
    try:
        yield connection
    finally:
        connection.close()


def read_month(connection: Any, table: Table, days: Sequence[date]) -> list[tuple[Any, ...]]:
    """All columns of the rows of some days, as the driver gives them."""
    place = "?" if isinstance(connection, sqlite3.Connection) else "%s"
    query = f"SELECT * FROM {table.name} WHERE settlement_date BETWEEN {place} AND {place}"
    return list(connection.execute(query, (str(days[0]), str(days[-1]))).fetchall())


def write(connection: Any, table: str, rows: Sequence[tuple[Any, ...]]) -> None:
    """All rows at once, the quickest that the driver has: COPY, or executemany in one transaction."""
    if isinstance(connection, sqlite3.Connection):
        connection.execute("BEGIN")
        connection.executemany(f"INSERT INTO {table} VALUES ({', '.join('?' * len(rows[0]))})", rows)
        connection.execute("COMMIT")
        return
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def path_of(warehouse: Warehouse) -> Path:
    """Return the file of a SQLite warehouse."""
    return Path(str(warehouse.url.database))
