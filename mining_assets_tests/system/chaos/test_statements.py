"""A backend ended, PostgreSQL stopped, or the run killed in the midst of a known statement of a day."""

import os
import signal
from itertools import product

import pytest

from mining_assets_tests.support.chaos.barrier import barrier
from mining_assets_tests.support.chaos.processes import command, heal, said
from mining_assets_tests.support.chaos.seeds import ROUNDS, long
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed
from mining_assets_tests.support.harness import wait_for
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.system.chaos.conftest import DAYS, FIRST, LAST, Scene

SECOND = f"DATE '{DAYS[1]}'"
# Where a run stands: in the midst of a COPY, between the statements of a day's transaction, and further on.
PLACES = {
    "in COPY of the records": (
        "curtailment_records",
        f"NEW.settlement_date = {SECOND} AND NEW.settlement_period >= 20",
    ),
    "after the records, in COPY of the ledger": ("settlement_ledger", f"NEW.settlement_date = {SECOND}"),
    "after the ledger, before the day's figures": ("settlement_days", f"NEW.settlement_date = {SECOND}"),
    "in COPY of the calculations": (
        "historical_bitcoin_calculations",
        f"NEW.settlement_date = {SECOND} AND NEW.settlement_period >= 20",
    ),
    "at the day's summary": ("daily_summaries", f"NEW.summary_date = {SECOND}"),
    "at the month's summary": ("monthly_summaries", "true"),
}
FAULTS = ("backend ended", "PostgreSQL stopped", "run killed")


QUICK = [
    ("backend ended", "in COPY of the records"),
]


@pytest.fixture
def scene(on_own_cluster: Scene) -> Scene:
    return on_own_cluster


@pytest.mark.parametrize(("fault", "place"), QUICK if ROUNDS == 1 else list(product(FAULTS, PLACES)))
def test_fault_in_a_statement(fault: str, place: str, scene: Scene, own_cluster: Cluster) -> None:
    assert scene.database is not None
    made = scene.made
    with (
        own_cluster.connect(scene.database) as connection,
        barrier(connection, *PLACES[place]) as stopped,
        command(made, "range", FIRST, LAST) as process,
    ):
        backend = stopped.arrived()
        if fault == "backend ended":
            connection.execute("SELECT pg_terminate_backend(%s)", [backend])
            stopped.open()
        elif fault == "PostgreSQL stopped":
            own_cluster.crash()
            assert own_cluster.start()
        else:
            os.killpg(process.pid, signal.SIGKILL)
            stopped.open()
        told = said(process)
        print(told[-3000:])
        if fault != "run killed":
            assert process.returncode == 0, told
            assert "Traceback" not in told
    assert_sound(made, scene.expected)
    assert heal(made) == 0
    assert_undisturbed(made, scene.expected)


@long
def test_every_connection_ended_while_a_day_is_fetched(scene: Scene, own_cluster: Cluster) -> None:
    """Also the one by which the command keeps others out."""
    assert scene.database is not None
    scene.twin.fault(Fault(kind="delay", route="stack", date=DAYS[1], period=10, side="bid", seconds=1.5, attempts=1))
    with (
        own_cluster.connect(scene.database) as connection,
        command(scene.made, "range", FIRST, LAST) as process,
    ):
        wait_for("the second day", 60, lambda: scene.twin.count(route="stack", date=DAYS[1]) > 0)
        query = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = %s AND pid <> %s"
        (ended,) = connection.execute(query, [scene.database, connection.info.backend_pid]).fetchone() or (0,)
        assert ended >= 1
        told = said(process)
        print(told[-3000:])
    assert process.returncode == 0, told
    assert "Traceback" not in told
    assert_undisturbed(scene.made, scene.expected)
