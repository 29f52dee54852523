"""One command at a time on a warehouse. The operating system or the database ends the claim of one that dies."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text

from mining_assets.warehouse.engine import LOCK_CLASS, Warehouse

_COMMANDS = 0  # the object of the advisory lock; days and spans have others


@contextmanager
def alone(warehouse: Warehouse, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the warehouse for one command; if another holds it, say who through ``waiting``, and wait for its end.

    Readers and the daemon's runs are not kept out: each day has a writer's lock of its own.
    """
    claim = _file_claim if warehouse.is_sqlite else _database_claim
    with claim(warehouse, f"{who} (process {os.getpid()})", waiting):
        yield


@contextmanager
def _file_claim(warehouse: Warehouse, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    with Path(f"{warehouse.url.database}.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            waiting(file.read() or "another command")
            fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(0)
        file.write(who)
        file.flush()
        yield


@contextmanager
def _database_claim(warehouse: Warehouse, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    lock = {"class": LOCK_CLASS, "object": _COMMANDS}
    with warehouse.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("SELECT set_config('application_name', :who, false)"), {"who": who[:63]})
        taken = connection.execute(text("SELECT pg_try_advisory_lock(:class, :object)"), lock).scalar_one()
        if not taken:
            holder = connection.execute(
                text(
                    "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
                    "WHERE locktype = 'advisory' AND classid = :class AND objid = :object AND granted"
                ),
                lock,
            ).scalar()
            waiting(holder or "another command")
            connection.execute(text("SELECT pg_advisory_lock(:class, :object)"), lock)
        try:
            yield
        finally:
            connection.execute(text("SELECT pg_advisory_unlock(:class, :object)"), lock)
