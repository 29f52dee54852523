"""PostgreSQL behind PgBouncer: each transaction may be on another connection to the server."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pandas as pd
import psycopg
import pytest
from sqlalchemy import URL, func, select, text
from sqlalchemy.exc import DBAPIError

from mining_assets.warehouse import command_lock
from mining_assets.warehouse.command_lock import hold_command_lock
from mining_assets.warehouse.connection import Warehouse, insert_frame, is_transient
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.schema import bitcoin_price
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.filled import fill
from mining_assets_tests.support.postgres import HOST, SUPERUSER, Cluster
from mining_assets_tests.support.samples import DAY, after_final

PROGRAM = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
START_SECONDS = 60
SETTINGS = """[databases]
* = host={host} port={server}
[pgbouncer]
listen_addr = {host}
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = {mode}
default_pool_size = 4
{more}
"""


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(
    scope="module",
    params=["transaction", "session", "transaction ignore_startup_parameters = options"],
    ids=["transaction", "session", "ignoring"],
)
def pooled(request: pytest.FixtureRequest, postgresql: Cluster) -> Iterator[URL]:
    """The address of a filled warehouse through a PgBouncer of its own."""
    if PROGRAM is None:
        if os.environ.get("CI") == "true":
            pytest.fail("PgBouncer is not installed; in CI nothing is skipped for that")
        pytest.skip("PgBouncer is not installed (Debian's package pgbouncer)")
    mode, _, more = request.param.partition(" ")
    folder = Path(tempfile.mkdtemp(prefix="mining-assets-pooler-"))
    port = _free_port()
    settings = SETTINGS.format(host=HOST, server=postgresql.port, port=port, folder=folder, mode=mode, more=more)
    (folder / "settings.ini").write_text(settings)
    (folder / "users").write_text(f'"{SUPERUSER}" ""\n')
    postgresql.give(folder)
    with (folder / "log").open("wb") as log:
        started = subprocess.Popen(
            [PROGRAM, str(folder / "settings.ini")], stdout=log, stderr=log, cwd=folder, **postgresql._identity
        )
    address = postgresql.address(postgresql.create()).set(port=port)
    try:
        _wait_for(started, address, folder / "log")
        warehouse = Warehouse(address)
        upgrade(warehouse)
        fill(warehouse)
        warehouse.close()
        yield address
    finally:
        started.terminate()
        started.wait()
        shutil.rmtree(folder)


def _wait_for(process: "subprocess.Popen[bytes]", address: URL, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            psycopg.connect(host=HOST, port=address.port, user=SUPERUSER, dbname=address.database).close()
            return
        except psycopg.OperationalError:
            time.sleep(0.05)
    raise RuntimeError(f"PgBouncer does not start: {log.read_text()}")


@pytest.fixture
def warehouse(pooled: URL) -> Iterator[Warehouse]:
    opened = Warehouse(pooled)
    yield opened
    opened.close()


def test_statements_may_be_repeated_on_any_connection(warehouse: Warehouse) -> None:
    other = Warehouse(warehouse.url)
    count = select(func.count()).select_from(bitcoin_price).where(bitcoin_price.c.settlement_date == DAY)
    for _ in range(10):  # more than the driver needs before it prepares a statement
        with warehouse.reading() as one, other.reading() as two:
            assert one.execute(count).scalar_one() == two.execute(count).scalar_one()
    other.close()


def test_limits_of_time_hold_in_each_transaction(warehouse: Warehouse) -> None:
    shown = text(
        "SELECT current_setting('statement_timeout'), current_setting('lock_timeout'), "
        "current_setting('idle_in_transaction_session_timeout'), current_setting('jit')"
    )
    for use in (warehouse.reading, lambda: warehouse.writing("a test")):
        with use() as connection:
            assert tuple(connection.execute(shown).one()) == ("10min", "1min", "10min", "off")


def test_rows_are_stored_by_copy_and_the_schema_is_the_right_one(warehouse: Warehouse) -> None:
    row: dict[str, Any] = {
        "settlement_date": [DAY.replace(year=2024)],
        "price": [1.5],
        "quoted_at": [after_final(DAY)],
        "source": ["mempool"],
    }
    with warehouse.writing("a test") as connection:
        assert insert_frame(connection, bitcoin_price, pd.DataFrame(row)) == 1
    assert problems(warehouse) == []
    with warehouse.writing("a test") as connection:
        connection.execute(bitcoin_price.delete().where(bitcoin_price.c.price == 1.5))


def test_one_command_at_a_time_and_the_next_one_after_it(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command_lock, "_LOOK_SECONDS", 0.01)
    waits, began = Event(), Event()
    told: list[str] = []

    def second() -> None:
        def note(holder: str) -> None:
            told.append(holder)
            waits.set()

        mine = Warehouse(warehouse.url)
        with hold_command_lock(mine, "second", note):
            began.set()
        mine.close()

    with hold_command_lock(warehouse, "first", told.append):
        for _ in range(5):  # the command's own work, on whatever connection
            with warehouse.writing("a test") as connection:
                connection.execute(text("SELECT 1"))
        thread = Thread(target=second)
        thread.start()
        assert waits.wait(60)
        assert not began.is_set()
    thread.join(60)
    assert began.is_set()
    assert told[0].startswith("first (process ")
    with hold_command_lock(warehouse, "third", lambda holder: pytest.fail(f"{holder} still holds the warehouse")):
        pass


def test_options_in_the_address_are_refused_with_what_to_do(pooled: URL) -> None:
    mine = Warehouse(pooled.update_query_dict({"options": "-c search_path=mine"}))
    with pytest.raises(DBAPIError, match="take options=-c search_path=mine out of the warehouse's address") as refused:
        mine.engine.connect()
    assert is_transient(refused.value)  # so that commands say it in one line
    mine.close()
