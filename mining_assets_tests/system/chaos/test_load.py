"""A database under load: locks held by others, statements too long, deadlocks, no connection left."""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import psycopg
import pytest

from mining_assets.settings import PREFIX
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.chaos.barrier import barrier
from mining_assets_tests.support.chaos.processes import command, heal, said, worker
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed
from mining_assets_tests.support.harness import Environment, run_range, wait_for
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.system.chaos.conftest import DAYS, FIRST, LAST, Scene

POOL = 15  # connections that SQLAlchemy's pool gives at most


@pytest.fixture
def foreign(on_own_cluster: Scene, own_cluster: Cluster) -> "Iterator[psycopg.Connection[Any]]":
    """A connection of somebody else with every right."""
    assert on_own_cluster.database is not None
    with own_cluster.connect(on_own_cluster.database) as connection:
        yield connection


def hasty(made: Environment, seconds: float) -> Environment:
    """With a short timeout for locks, one ten times as long for statements, and one more attempt."""
    address = made.settings.warehouse.update_query_dict({"timeout": str(seconds)})
    return made.but(warehouse_url=address.render_as_string(hide_password=False), retry_attempts=2)


def refused(made: Environment) -> str:
    """What the command says that cannot do its work."""
    with command(made, "range", FIRST, LAST) as process:
        told = said(process)
    print(told)
    assert process.returncode == 3
    assert "Traceback" not in told
    return told


@long
def test_lock_held_by_another_is_waited_for_within_bounds(
    on_own_cluster: Scene, foreign: "psycopg.Connection[Any]"
) -> None:
    with foreign.transaction():
        foreign.execute("LOCK TABLE curtailment_records IN SHARE MODE")
        told = refused(hasty(on_own_cluster.made, 0.3))
    assert "lock timeout" in told
    assert not assert_sound(on_own_cluster.made, on_own_cluster.expected)
    assert heal(on_own_cluster.made) == 0
    assert_undisturbed(on_own_cluster.made, on_own_cluster.expected)


@long
def test_statement_that_takes_too_long_is_ended(on_own_cluster: Scene, foreign: "psycopg.Connection[Any]") -> None:
    made = on_own_cluster.made
    with barrier(foreign, "settlement_days", f"NEW.settlement_date = DATE '{DAYS[1]}'"):
        # Its lock is waited for by the trigger, so without the limit for locks the one for statements is met.
        address = made.settings.warehouse.update_query_dict({"timeout": "0.1", "options": "-c lock_timeout=0"})
        hurried = made.but(warehouse_url=address.render_as_string(hide_password=False), retry_attempts=2)
        told = refused(hurried)
    assert "statement timeout" in told
    assert assert_sound(made, on_own_cluster.expected) == {DAYS[0]}
    assert heal(made) == 0
    assert_undisturbed(made, on_own_cluster.expected)


@long
def test_deadlock_with_another_writer_is_survived(
    on_own_cluster: Scene, own_cluster: Cluster, foreign: "psycopg.Connection[Any]"
) -> None:
    made = on_own_cluster.made
    assert run_range(made, FIRST, FIRST).errors == []
    foreign.execute("SET deadlock_timeout = '1h'")  # the other side is to find it, and to lose
    day, waiting = [FIRST], "SELECT count(*) FROM pg_locks WHERE NOT granted"
    assert on_own_cluster.database is not None
    with own_cluster.connect(on_own_cluster.database) as watching, command(made, "date", FIRST, "--refetch") as process:
        with foreign.transaction():
            foreign.execute("SELECT * FROM settlement_days WHERE settlement_date = %s FOR UPDATE", day)
            wait_for("the run to wait", 60, lambda: (watching.execute(waiting).fetchone() or (0,))[0], interval=0.01)
            foreign.execute("SELECT * FROM settlement_ledger WHERE settlement_date = %s FOR UPDATE", day)
        told = said(process)
    assert process.returncode == 0, told
    assert "deadlock detected" in own_cluster.log.read_text()
    assert heal(made) == 0
    assert_undisturbed(made, on_own_cluster.expected)


def refetch(first: str, last: str) -> None:
    """Fetch days again and derive everything, as a run's worker does: without keeping other commands out."""
    variables = {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
    made = Environment(Path(os.environ["DAGSTER_HOME"]), variables)
    ran = run_range(made, date.fromisoformat(first), date.fromisoformat(last), refetch=True)
    sys.exit("\n".join(ran.errors) or 0)


@long
@pytest.mark.parametrize("backend", ["sqlite", "own_cluster"])
def test_two_runs_of_the_same_days_at_once(backend: str, request: pytest.FixtureRequest) -> None:
    scene: Scene = request.getfixturevalue(f"on_{backend}")
    with scene.made.warehouse():
        pass
    with ExitStack() as stack:
        june = (FIRST, FIRST)
        both = [stack.enter_context(worker(scene.made, f"{__name__}:refetch", *june)) for _ in range(2)]
        told = [said(process) for process in both]
    print("\n".join(told)[-3000:])
    assert [process.returncode for process in both] == [0, 0], told
    assert heal(scene.made) == 0
    assert_undisturbed(scene.made, scene.expected)


@long
def test_no_connection_left_is_waited_for(on_own_cluster: Scene, own_cluster: Cluster) -> None:
    """All connections of a command are ended in the midst, and others take every place."""
    twin, database = on_own_cluster.twin, on_own_cluster.database
    assert database is not None
    twin.fault(Fault(kind="delay", route="stack", date=DAYS[1], period=10, side="bid", seconds=1.5, attempts=1))
    end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()"
    with command(on_own_cluster.made, "range", FIRST, LAST) as process:
        wait_for("the second day", 60, lambda: twin.count(route="stack", date=DAYS[1]) > 0)
        with ExitStack() as places:
            places.enter_context(own_cluster.connect(database)).execute(end, [database])
            full = False
            while not full:
                try:
                    places.enter_context(own_cluster.connect())
                except psycopg.OperationalError as error:
                    full = "too many clients" in str(error)
            late = refused(on_own_cluster.made)
            assert "too many clients" in late
            assert "tests@" in late
        told = said(process)
    assert process.returncode == 0, told
    assert_undisturbed(on_own_cluster.made, on_own_cluster.expected)


@long
def test_exhausted_pool_is_waited_for(on_own_cluster: Scene) -> None:
    made = on_own_cluster.made
    with made.warehouse() as warehouse, ExitStack() as held:
        for _ in range(POOL):
            held.enter_context(warehouse.engine.connect())

        @dg.resource
        def shared(_: dg.InitResourceContext) -> Warehouse:
            return warehouse

        threading.Timer(1.0, held.close).start()
        ran = run_range(made, FIRST, FIRST, overrides={"warehouse": shared})
    assert ran.errors == []
    assert heal(made) == 0
    assert_undisturbed(made, on_own_cluster.expected)
