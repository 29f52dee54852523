"""The pace of requests, kept by all processes on one warehouse together.

It is one number per source, the time at which the next request would be due; the algorithm is pyrate-limiter's. Beside
a SQLite warehouse it is in a small file, under the operating system's lock; in PostgreSQL it is a row, under the row's.
Both locks end with the process that held them, and a process that dies takes nothing with it.
"""

import asyncio
import fcntl
import os
from collections.abc import Awaitable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyrate_limiter import Rate
from pyrate_limiter.abstracts.algorithm import Decision, State, StateAlgorithm
from pyrate_limiter.abstracts.store import StateStore
from sqlalchemy import Connection, text

from mining_assets.warehouse.connection import Warehouse

# A due time further ahead than this was written before the machine started anew, or by another rate: it is forgotten.
LONGEST_AHEAD_SECONDS = 60


def shared_pace(warehouse: Warehouse, source: str) -> StateStore:
    """Return where the pace of a source is kept for everybody on the warehouse."""
    if warehouse.is_sqlite:
        return FilePace(Path(f"{warehouse.url.database}.{source}.pace"))
    return DatabasePace(warehouse, source)


def _step(
    algorithm: StateAlgorithm, rates: list[Rate], due: int | None, now: int, weight: int
) -> tuple[State, Decision]:
    """Take the algorithm's step from a stored due time (µs), at a time (ms)."""
    ahead = LONGEST_AHEAD_SECONDS + max(rate.burst * rate.interval / rate.limit / 1000 for rate in rates)
    usable = due is not None and due <= now * 1000 + ahead * 1_000_000
    state = (due,) if usable and due is not None else algorithm.initial(rates)
    return algorithm.step(rates, state, now, weight)


class FilePace(StateStore):
    """The due time in a file, on the monotonic clock that all processes of a machine share."""

    is_async = False

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._path = path

    def check(self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int) -> Decision:
        with self._alone() as file:
            state, decision = _step(algorithm, rates, _number(file.read()), now, weight)
            if decision.allowed:
                file.seek(0)
                file.write(b"%020d" % int(state[0]))
            return decision

    def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
        with self._alone() as file:
            due = _number(file.read())
        return algorithm.initial(rates) if due is None else (due,)

    def reset(self) -> None:
        with self._alone() as file:
            file.truncate(0)

    @contextmanager
    def _alone(self) -> Iterator[Any]:
        with open(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644), "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file


def _number(content: bytes) -> int | None:
    return int(content) if content.isdigit() else None


class DatabasePace(StateStore):
    """The due time in a row, on the database's clock: the processes may be on several machines.

    It asks the database for each request, in a thread, so that the event loop goes on.
    """

    is_async = True

    def __init__(self, warehouse: Warehouse, source: str) -> None:
        self._warehouse = warehouse
        self._source = source

    def check(self, algorithm: StateAlgorithm, rates: list[Rate], now: int, weight: int) -> Awaitable[Decision]:
        return asyncio.to_thread(self._check, algorithm, rates, weight)

    def read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> Awaitable[State]:
        return asyncio.to_thread(self._read, algorithm, rates)

    def reset(self) -> Awaitable[None]:
        return asyncio.to_thread(self._reset)

    def _check(self, algorithm: StateAlgorithm, rates: list[Rate], weight: int) -> Decision:
        with self._warehouse.engine.begin() as connection:
            connection.execute(text("SET LOCAL synchronous_commit = off"))  # a lost instant is no loss
            due, now = self._locked(connection)
            state, decision = _step(algorithm, rates, due, now, weight)
            if decision.allowed:
                store = text("UPDATE request_pacing SET due = :due WHERE source = :source")
                connection.execute(store, {"due": int(state[0]), "source": self._source})
            return decision

    def _locked(self, connection: Connection) -> tuple[int, int]:
        """Hold the due time (µs) and the present (ms), when nobody else can change it."""
        lock = text(
            "SELECT due, (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now "
            "FROM request_pacing WHERE source = :source FOR UPDATE"
        )
        row = connection.execute(lock, {"source": self._source}).one_or_none()
        if row is None:
            begin = text("INSERT INTO request_pacing (source, due) VALUES (:source, 0) ON CONFLICT DO NOTHING")
            connection.execute(begin, {"source": self._source})
            row = connection.execute(lock, {"source": self._source}).one()
        return int(row.due), int(row.now)

    def _read(self, algorithm: StateAlgorithm, rates: list[Rate]) -> State:
        with self._warehouse.engine.begin() as connection:
            return (self._locked(connection)[0],)

    def _reset(self) -> None:
        with self._warehouse.engine.begin() as connection:
            connection.execute(text("DELETE FROM request_pacing WHERE source = :source"), {"source": self._source})
