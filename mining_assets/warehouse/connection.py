"""Connections to the warehouse: reading without locks, writing one day or span at a time."""

import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import (
    Boolean,
    Column,
    ColumnElement,
    Date,
    Dialect,
    Double,
    Engine,
    Integer,
    Select,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy import Connection as Connection  # other rooms take the types of the database from here
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError as DBAPIError
from sqlalchemy.exc import InterfaceError
from sqlalchemy.exc import OperationalError as OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from mining_assets.warehouse.address import URL
from mining_assets.warehouse.columns import DamagedValueError as DamagedValueError
from mining_assets.warehouse.columns import Instant

# How long a lock is waited for, unless the address says another `timeout`.
LOCK_SECONDS = 60.0
_WRITER = "mining_assets_writer"
LOCK_CLASS = zlib.crc32(b"mining_assets") & 0x7FFFFFFF


class Warehouse:
    """The warehouse at an address, which may say for how many seconds a lock is waited for: ``?timeout=60``.

    Reading sees one consistent snapshot and never waits for a writer. Writing happens inside :meth:`writing`, which
    holds a lock on what it names, so that two writers of the same day follow one another.
    """

    def __init__(self, url: URL) -> None:
        self.url = url
        self.engine = _engine(url)

    def __repr__(self) -> str:
        return f"Warehouse({self})"

    def __str__(self) -> str:
        """Return the address without its password."""
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Open a connection on one snapshot of the data."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self, *scopes: str) -> Iterator[Connection]:
        """Begin a transaction with the writer's lock on each scope (``2025-06-01``, ``2025-06``, ``wind_bm_units``…).

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


def is_transient(error: BaseException) -> bool:
    """Tell whether a database error is of connection or load (lost, refused, locked, timed out), not of the data."""
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
    return isinstance(error, PoolTimeoutError)


def without_timeouts(connection: Connection) -> None:
    """Lift the limits of time for work on whole tables, such as a migration; the connection is not for others after."""
    if connection.dialect.name == "postgresql":
        from mining_assets.warehouse.postgresql import lift_limits

        lift_limits(connection)


def read_frame(connection: Connection, query: Select[Any]) -> pd.DataFrame:
    """Read the rows of a query, with the same column types whatever the database and however few the rows.

    Dates stay ``datetime.date``, instants are UTC timestamps; nullable numbers and flags use pandas' nullable types.

    Raises:
        DamagedValueError: a value is not of its column's kind.
    """
    columns = list(query.selected_columns)
    result = connection.execute(query)
    # The driver's own rows: SQLAlchemy would convert value by value, and of the few dates and instants among
    # thousands of rows each is converted once here.
    assert result.cursor is not None
    rows = result.cursor.fetchall()
    result.close()
    values = zip(*rows, strict=True) if rows else ([] for _ in columns)
    frame = {}
    for column, of_column in zip(columns, values, strict=True):
        try:
            frame[column.key] = _as_array(column, list(of_column), connection.dialect)
        except (ValueError, TypeError) as error:
            raise DamagedValueError(f"{column} holds what it should not: {error}") from None
    del rows, values  # the driver's objects take more memory than the frame
    return pd.DataFrame(frame, columns=[column.key for column in columns])


def _as_array(column: ColumnElement[Any], values: list[Any], dialect: Dialect) -> Any:
    """Return the values of a column as the driver gave them, as an array of the column's type."""
    match column.type:
        case Date():
            process = column.type.dialect_impl(dialect).result_processor(dialect, None)
            made = {value: process(value) if process else value for value in set(values)}
            return np.fromiter(map(made.__getitem__, values), dtype=object, count=len(values))
        case Instant():
            # SQLite gives texts in UTC without a zone, PostgreSQL instants with one.
            distinct = {value: number for number, value in enumerate(dict.fromkeys(values))}
            moments = np.array(list(distinct), dtype="datetime64[us]") if dialect.name == "sqlite" else list(distinct)
            converted = pd.DatetimeIndex(pd.to_datetime(moments, utc=True)).as_unit("us")
            return converted[np.fromiter(map(distinct.__getitem__, values), dtype=np.intp, count=len(values))]
        case Boolean():
            return pd.array([None if value is None else bool(value) for value in values], dtype="boolean")
        case Double():
            return np.array(values, dtype="float64")
        case Integer():
            nullable = (isinstance(column, Column) and column.nullable) or None in values
            return pd.array(values, dtype="Int64") if nullable else np.array(values, dtype="int64")
        case _:
            return pd.array(values, dtype="str")


def insert_frame(connection: Connection, table: Table, frame: pd.DataFrame) -> int:
    """Append the rows of a frame, whose columns are columns of the table. By COPY on PostgreSQL."""
    if frame.empty:
        return 0
    columns = [table.c[name] for name in frame.columns]
    if connection.dialect.name == "postgresql":
        from mining_assets.warehouse.postgresql import copy_rows

        copy_rows(connection, table, columns, _driver_rows(columns, frame, connection.dialect))
    else:
        insert = table.insert().compile(dialect=connection.dialect, column_keys=list(frame.columns))
        columns = [table.c[name] for name in insert.positiontup or ()]
        rows = _driver_rows(columns, frame, connection.dialect)
        connection.exec_driver_sql(str(insert), rows)
    return len(frame)


def insert_rows(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
) -> None:
    """Append rows, whose values are those of the columns. By COPY on PostgreSQL."""
    insert_frame(connection, table, pd.DataFrame(rows, columns=[column.name for column in columns], dtype=object))


def upsert_rows(connection: Connection, table: Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """Insert rows, all of the same columns, or, where their key exists, replace those columns."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    key = [column.name for column in table.primary_key]
    changes = {name: insert.excluded[name] for name in rows[0] if name not in key}
    connection.execute(insert.on_conflict_do_update(index_elements=key, set_=changes), rows)


def plain_rows(frame: pd.DataFrame) -> list[tuple[Any, ...]]:
    """Return the rows of a frame as tuples in which every missing value is None, so that equal rows compare equal."""
    return list(zip(*(_plain(frame[name]) for name in frame.columns), strict=True))


def _driver_rows(columns: Sequence[Column[Any]], frame: pd.DataFrame, dialect: Dialect) -> list[tuple[Any, ...]]:
    """Return the rows of a frame as the driver takes them.

    Neither COPY nor a bare executemany pass through the column types, which convert, and refuse what must not be
    stored: that happens here, once for each distinct value.
    """
    values = []
    for column in columns:
        series = frame[column.name]
        process = column.type.dialect_impl(dialect).bind_processor(dialect)
        plain = _plain(series) if process is None else _processed(series, process)
        if type(column.type) is Integer:
            _refuse_too_large(column, plain)
        values.append(plain)
    return list(zip(*values, strict=True))


def _refuse_too_large(column: Column[Any], values: Sequence[Any]) -> None:
    """Refuse what SQLite would store and PostgreSQL cannot hold: psycopg cuts it to its lower bits without a word."""
    for value in values:
        if isinstance(value, int) and not -(2**31) <= value < 2**31:
            raise ValueError(f"{column} cannot hold {value}")


def _plain(series: "pd.Series[Any]") -> list[Any]:
    absent = series.isna()
    return list(series.astype(object).where(~absent, None) if absent.any() else series.tolist())


def _processed(series: "pd.Series[Any]", process: Callable[[Any], Any]) -> list[Any]:
    codes, distinct = pd.factorize(series)
    plain = distinct.to_pydatetime() if isinstance(distinct, pd.DatetimeIndex) else distinct.tolist()
    return list(np.array([*map(process, plain), None], dtype=object)[codes])


def _engine(url: URL) -> Engine:
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    from mining_assets.warehouse.postgresql import postgresql_engine

    return postgresql_engine(url, LOCK_SECONDS)


def _sqlite_engine(url: URL) -> Engine:
    Path(url.database or "").parent.mkdir(parents=True, exist_ok=True)
    own = {} if "timeout" in url.query else {"timeout": LOCK_SECONDS}
    engine = create_engine(url, connect_args=own)

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
