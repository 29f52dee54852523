"""Stops whoever writes certain rows on PostgreSQL, so that a fault hits a known statement, not a lucky moment."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

from mining_assets_tests.support.harness import wait_for

LOCK = 770
_FUNCTION = f"""CREATE OR REPLACE FUNCTION chaos_barrier() RETURNS trigger LANGUAGE plpgsql AS
'BEGIN PERFORM pg_advisory_xact_lock_shared({LOCK}, {LOCK}); RETURN NEW; END'"""


@dataclass
class Barrier:
    """A trigger at which writers wait until ``open``."""

    connection: "psycopg.Connection[Any]"
    table: str

    def arrived(self) -> int:
        """Wait until somebody stands there: the process id of that backend."""
        waiting = """SELECT pid FROM pg_locks JOIN pg_database ON database = pg_database.oid
            WHERE locktype = 'advisory' AND classid = %s AND NOT granted AND datname = current_database()"""

        def first() -> int | None:
            row = self.connection.execute(waiting, [LOCK]).fetchone()
            return row[0] if row else None

        return wait_for(f"a writer of {self.table}", 60, first, interval=0.02)

    def open(self) -> None:
        """Let everybody through from now on."""
        self.connection.execute("SELECT pg_advisory_unlock_all()")


@contextmanager
def barrier(connection: "psycopg.Connection[Any]", table: str, condition: str = "true") -> Iterator[Barrier]:
    """Stop the writers of the rows of a table that a condition on NEW holds for.

    Args:
        connection: a superuser's, without a transaction.
    """
    connection.execute(_FUNCTION)
    statement = sql.SQL(
        "CREATE TRIGGER chaos_barrier BEFORE INSERT ON {} FOR EACH ROW WHEN ({}) EXECUTE FUNCTION chaos_barrier()"
    )
    connection.execute(statement.format(sql.Identifier(table), sql.SQL(condition)))  # type: ignore[arg-type]
    connection.execute("SELECT pg_advisory_lock(%s, %s)", [LOCK, LOCK])
    made = Barrier(connection, table)
    try:
        yield made
    finally:
        with suppress(psycopg.OperationalError):  # the server may be gone, and its locks with it
            made.open()
