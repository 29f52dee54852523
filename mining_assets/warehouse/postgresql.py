"""What only PostgreSQL needs: its engine with limits of time, and COPY. Imported only where it is the database.

The driver alone would take a third of the time in which `status` starts.
"""

from collections.abc import Sequence
from time import monotonic
from typing import Any

import psycopg
from psycopg.abc import PQGen
from sqlalchemy import (
    URL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Double,
    Engine,
    Integer,
    Table,
    Text,
    create_engine,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError
from sqlalchemy.types import TypeEngine

from mining_assets.warehouse.columns import Instant

# How much longer than for a lock is waited for a statement.
_STATEMENT_WAITS = 10
_CONNECT_SECONDS = 10
_REFUSED_BY_POOLER = "unsupported startup parameter"
_KEPT = "mining_assets.kept"  # a setting of the session that only says whether its settings arrived


class TimeoutConnection(psycopg.Connection[Any]):
    """A connection that gives up on a server from which nothing comes.

    The server ends a statement that takes too long. What neither it nor TCP notices is a line that stays open and
    carries nothing any more.
    """

    answer_timeout = float("inf")
    is_pooled = False  # whether transactions may each be on another connection to the server

    def wait(self, gen: PQGen[Any], *arguments: Any, **named: Any) -> Any:
        return super().wait(self._until_timeout(gen), *arguments, **named)

    def _until_timeout(self, gen: PQGen[Any]) -> PQGen[Any]:
        until = monotonic() + self.answer_timeout
        try:
            wanted = next(gen)
            while True:
                ready = yield wanted
                if not ready and monotonic() > until:
                    self.pgconn.finish()
                    raise psycopg.OperationalError(f"nothing came from the database for {self.answer_timeout:g} s")
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value


def postgresql_engine(url: URL, lock_seconds: float) -> Engine:
    """Make an engine whose connections wait for locks, statements and answers only so long.

    Args:
        lock_seconds: how long a lock is waited for where the URL says nothing else by ``timeout``.
    """
    timeout = float(url.query.get("timeout", lock_seconds))  # type: ignore[arg-type]
    url = url.difference_update_query(["timeout"])
    longest = timeout * _STATEMENT_WAITS
    limits = {
        "lock_timeout": timeout,
        "statement_timeout": longest,
        "idle_in_transaction_session_timeout": longest,  # of a client that vanished: its locks are free again then
    }
    # Compiling a query takes the server longer than any of the product's queries: of the status 1.6 of its 1.7 s.
    session = {"jit": "off", **{name: f"{seconds * 1000:.0f}" for name, seconds in limits.items()}}
    defaults: dict[str, Any] = {
        "connect_timeout": _CONNECT_SECONDS,
        "tcp_user_timeout": int(longest * 1000),
        "keepalives_idle": 60,
        "keepalives_interval": 10,
        "keepalives_count": 6,
    }
    own = {name: value for name, value in defaults.items() if name not in url.query}
    given = str(url.query.get("options", ""))
    options = " ".join([f"-c {_KEPT}=on", *(f"-c {name}={value}" for name, value in session.items()), given]).strip()
    engine = create_engine(url, pool_pre_ping=True, connect_args=own | {"options": options})

    @event.listens_for(engine, "do_connect")
    def _connect(_dialect: Any, _record: Any, _arguments: Any, named: dict[str, Any]) -> TimeoutConnection:
        connection = _connected(named, given)
        connection.answer_timeout = 1.1 * longest  # the server's own limits first: they say more
        return connection

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        driver = connection.connection.driver_connection
        if isinstance(driver, TimeoutConnection) and driver.is_pooled:
            local = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in session.items())
            connection.exec_driver_sql(f"SELECT {local}")

    return engine


def _connected(named: dict[str, Any], given: str) -> TimeoutConnection:
    """Connect, to a server or to a pooler before it.

    A pooler such as PgBouncer refuses or forgets the session's settings, and may give each transaction another
    connection to the server: settings are made in each transaction then, and no statement is prepared.

    Args:
        given: the options that the address asks for.
    """
    try:
        connection = TimeoutConnection.connect(**named)
    except psycopg.OperationalError as refused:
        if _REFUSED_BY_POOLER not in str(refused):
            raise
        connection = TimeoutConnection.connect(**{name: value for name, value in named.items() if name != "options"})
        connection.is_pooled = True
    else:
        with connection.cursor() as cursor:
            kept = cursor.execute("SELECT current_setting(%s, true)", [_KEPT]).fetchone()
        connection.rollback()
        connection.is_pooled = kept != ("on",)  # some are told to ignore the session's settings
    if connection.is_pooled:
        if given:
            connection.close()
            raise psycopg.OperationalError(
                f"a pooler such as PgBouncer passes no options on: take options={given} out of the warehouse's address"
            )
        connection.prepare_threshold = None
    return connection


def lift_limits(connection: Connection) -> None:
    """Let the statements of this transaction, and the answers of this connection, take as long as they need."""
    driver = connection.connection.driver_connection
    assert isinstance(driver, TimeoutConnection)
    connection.execute(text("SET LOCAL statement_timeout = 0"))
    driver.answer_timeout = float("inf")


def copy_rows(
    connection: Connection, table: Table, columns: Sequence[Column[Any]], rows: Sequence[Sequence[Any]]
) -> None:
    """Append rows, as the driver takes them, by COPY; in binary, which takes half the time of text."""
    preparer = connection.dialect.identifier_preparer
    names = ", ".join(preparer.quote(column.name) for column in columns)
    target = preparer.format_table(table)
    statement = f"COPY {target} ({names}) FROM STDIN (FORMAT BINARY)"
    cursor = connection.connection.cursor()
    try:
        with cursor.copy(statement) as copy:
            copy.set_types([_type_name(column) for column in columns])
            for row in rows:
                copy.write_row(row)
    except (TypeError, ValueError, OverflowError) as error:  # a value that is not of its column's type
        wrong = psycopg.DataError(f"{table.name}: {error}")
        raise DBAPIError.instance(statement, None, wrong, psycopg.Error) from error
    except psycopg.Error as error:  # the driver's own: SQLAlchemy knows no COPY, and nobody else knows the driver
        raise DBAPIError.instance(statement, None, error, psycopg.Error) from error


def _type_name(column: Column[Any]) -> str:
    """Return the type of a column as the driver knows it."""
    types: list[tuple[type[TypeEngine[Any]], str]] = [
        (Instant, "timestamptz"),
        (Date, "date"),
        (Boolean, "bool"),
        (BigInteger, "int8"),
        (Integer, "int4"),
        (Double, "float8"),
        (Text, "text"),
    ]
    return next(name for kind, name in types if isinstance(column.type, kind))
