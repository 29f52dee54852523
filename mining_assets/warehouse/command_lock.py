"""One at a time on a warehouse: commands, and judgements of checks.

The operating system or the database ends the claim of one that dies.
"""

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from mining_assets.warehouse.connection import LOCK_CLASS, Warehouse, is_transient

# The objects of the advisory locks; days and spans have others.
_COMMANDS, _JUDGEMENTS = 0, 1
_FILES = {_COMMANDS: ".lock", _JUDGEMENTS: ".checks.lock"}
_LOOK_SECONDS = 0.5


@contextmanager
def hold_command_lock(warehouse: Warehouse, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the warehouse for one command; if another holds it, say who through ``waiting``, and wait for its end.

    Readers and the daemon's runs are not kept out: each day has a writer's lock of its own. A database that loses the
    connection in the midst lets another command begin, and this one goes on.
    """
    with _hold(warehouse, _COMMANDS, who, waiting):
        yield


@contextmanager
def judging(warehouse: Warehouse, waiting: Callable[[str], None]) -> Iterator[None]:
    """Hold the right to read what is known of checks and to report it, so that an older reading is not reported last.

    It is held for as long as the report takes, by runs and commands, in threads and processes.
    """
    with _hold(warehouse, _JUDGEMENTS, "checks", waiting):
        yield


@contextmanager
def _hold(warehouse: Warehouse, lock: int, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    hold = _hold_file if warehouse.is_sqlite else _hold_in_database
    with hold(warehouse, lock, f"{who} (process {os.getpid()})", waiting):
        yield


@contextmanager
def _hold_file(warehouse: Warehouse, lock: int, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    with Path(f"{warehouse.url.database}{_FILES[lock]}").open("a+") as file:
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
def _hold_in_database(warehouse: Warehouse, lock: int, who: str, waiting: Callable[[str], None]) -> Iterator[None]:
    # The lock is that of a transaction, open as long as the claim: behind a pooler each transaction may be on another
    # connection to the server. It has read nothing, so it holds back no cleaning.
    key = {"class": LOCK_CLASS, "object": lock}
    with warehouse.engine.connect() as connection:
        connection.execute(text("SET LOCAL idle_in_transaction_session_timeout = 0"))
        connection.execute(text("SELECT set_config('application_name', :who, true)"), {"who": who[:63]})
        reported = False
        # Asked again and again, since a statement that waits as long as a command may take would be cut off.
        while not connection.execute(text("SELECT pg_try_advisory_xact_lock(:class, :object)"), key).scalar_one():
            if not reported:
                holder = connection.execute(
                    text(
                        "SELECT application_name FROM pg_locks JOIN pg_stat_activity USING (pid) "
                        "WHERE locktype = 'advisory' AND classid = :class AND objid = :object AND granted"
                    ),
                    key,
                ).scalar()
                waiting(holder or "another command")
                reported = True
            time.sleep(_LOOK_SECONDS)
        try:
            yield
        finally:
            try:
                connection.rollback()
            except DBAPIError as error:
                if not is_transient(error):
                    raise
                connection.invalidate()  # the claim ended with the connection
