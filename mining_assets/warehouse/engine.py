"""Connections to the warehouse: reading without locks, writing one day or span at a time."""

import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pandas as pd
import psycopg
from sqlalchemy import (
    URL,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Double,
    Engine,
    Integer,
    Select,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from mining_assets.warehouse.columns import Instant

SQLITE_BUSY_SECONDS = 60
_WRITER = "mining_assets_writer"
LOCK_CLASS = zlib.crc32(b"mining_assets") & 0x7FFFFFFF


class Warehouse:
    """The warehouse at an address.

    Reading sees one consistent snapshot and never waits for a writer. Writing happens inside :meth:`writing`, which
    holds a lock on what it names, so that two writers of the same day follow one another.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = _engine(url)

    def __repr__(self) -> str:
        return f"Warehouse({self.url.render_as_string(hide_password=True)})"

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection on one snapshot of the data."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *scopes: str) -> Iterator[Connection]:
        """A transaction with the writer's lock on each scope (``2025-06-01``, ``2025-06``, ``wind_bm_units``…).

        It commits at the end, and rolls back whole on any exception. SQLite has one writer at a time.
        """
        with self.engine.connect().execution_options(**{_WRITER: True}) as connection, connection.begin():
            if not self.is_sqlite:
                for scope in sorted(scopes):
                    lock = {"class": LOCK_CLASS, "scope": zlib.crc32(scope.encode()) - 2**31}
                    connection.execute(text("SELECT pg_advisory_xact_lock(:class, :scope)"), lock)
            yield connection

    @property
    def is_sqlite(self) -> bool:
        return self.url.get_backend_name() == "sqlite"

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def is_passing(error: BaseException) -> bool:
    """Whether a database error is one of connection or load (lost, refused, locked, timed out), not of the data."""
    return isinstance(error, DBAPIError) and (
        error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    )


def read_frame(connection: Connection, query: Select[Any]) -> pd.DataFrame:
    """The rows of a query, with the same column types whatever the database and however few the rows.

    Dates stay ``datetime.date``, instants are UTC timestamps; nullable numbers and flags use pandas' nullable types.
    """
    rows = connection.execute(query).all()
    frame = pd.DataFrame(rows, columns=[column.key for column in query.selected_columns])
    absent = frame.isna().any()
    return frame.astype({column.key: _dtype(column, absent[column.key]) for column in query.selected_columns})


def _dtype(column: ColumnElement[Any], some_absent: bool) -> str:
    match column.type:
        case Date():
            return "object"
        case Instant():
            return "datetime64[us, UTC]"
        case Boolean():
            return "boolean"
        case Double():
            return "float64"
        case Integer():
            nullable = isinstance(column, Column) and column.nullable
            return "Int64" if nullable or some_absent else "int64"
        case _:
            return "str"


def insert_frame(connection: Connection, table: Table, frame: pd.DataFrame) -> int:
    """Append the rows of a frame, whose columns are columns of the table. By COPY on PostgreSQL."""
    if frame.empty:
        return 0
    columns = [table.c[name] for name in frame.columns]
    rows = _plain_rows(frame)
    if connection.dialect.name == "postgresql":
        _copy(connection, table, columns, rows)
    else:
        connection.execute(table.insert(), [dict(zip(frame.columns, row, strict=True)) for row in rows])
    return len(rows)


def upsert_frame(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
    """Insert rows or, where their key exists, replace the columns given."""
    if frame.empty:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    key = [column.name for column in table.primary_key]
    changes = {name: insert.excluded[name] for name in frame.columns if name not in key}
    statement = insert.on_conflict_do_update(index_elements=key, set_=changes)
    connection.execute(statement, [dict(zip(frame.columns, row, strict=True)) for row in _plain_rows(frame)])


def _plain_rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    plain = frame.astype(object).where(frame.notna(), None)
    return list(plain.itertuples(index=False, name=None))


def _copy(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], rows: Sequence[tuple[Any, ...]]
) -> None:
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.quote(column.name) for column in columns)
    target = preparer.format_table(table)
    # COPY does not pass through the column types, which refuse what must not be stored.
    processors = [column.type.dialect_impl(connection.dialect).bind_processor(connection.dialect) for column in columns]
    statement = f"COPY {target} ({names}) FROM STDIN"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(
                    [process(value) if process else value for process, value in zip(processors, row, strict=True)]
                )
    except psycopg.Error as error:  # the driver's own: SQLAlchemy knows no COPY, and nobody else knows the driver
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def _engine(url: URL) -> Engine:
    if url.get_backend_name() != "sqlite":
        return create_engine(url, pool_pre_ping=True)
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(url, connect_args={"timeout": SQLITE_BUSY_SECONDS})

    @event.listens_for(engine, "connect")
    def _configure(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # transactions are begun below, not guessed by the driver
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        writer = connection.get_execution_options().get(_WRITER, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")

    return engine
