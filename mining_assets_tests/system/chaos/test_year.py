"""A year of days through webserver, daemon and code server on PostgreSQL, interrupted twice, equals SQLite's year."""

import os
import random
import signal
from datetime import date
from pathlib import Path

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets_tests.support.chaos.deployment import Deployment, launched
from mining_assets_tests.support.chaos.seeds import SEED, long
from mining_assets_tests.support.chaos.state import assert_undisturbed, dumped, is_right
from mining_assets_tests.support.dagster_processes import is_up
from mining_assets_tests.support.harness import days_between, environment, run_cli, wait_for
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.system.chaos.conftest import STACKS_OF_A_DAY, at_database

# From a month's end on, with both changes of the clock in the year.
FIRST = date(2024, 9, 29)
LAST = date(2025, 9, 28)
DAYS = days_between(FIRST, LAST)
SECONDS = 120 + 15 * len(DAYS)


@long
def test_an_interrupted_year_on_postgresql_equals_an_undisturbed_one_on_sqlite(
    twin: Twin, own_cluster: Cluster, postgresql: Cluster, tmp_path: Path
) -> None:
    sqlite = environment(tmp_path / "sqlite", twin, start_date=FIRST, end_date=LAST)
    sqlite.home.mkdir(parents=True)
    ran = run_cli(sqlite, "range", FIRST, LAST, timeout=SECONDS)
    assert ran.returncode == 0, ran.stderr
    twin.record.clear()

    name, storage = own_cluster.create(), own_cluster.create()
    retries = {"retry_attempts": 8, "retry_base_seconds": 0.2, "retry_max_seconds": 5, "heal_interval_seconds": 5}
    made = at_database(own_cluster, name, twin, tmp_path).but(start_date=FIRST, end_date=LAST, **retries)
    address = own_cluster.address(storage).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    moments = sorted(random.Random(SEED).sample(range(1, len(DAYS)), 2))
    with Deployment(made, address) as deployed:
        wait_for("the webserver", SECONDS, lambda: is_up(deployed.url) or None, interval=0.5)
        params = {
            "assetSelection": [{"path": list(key.path)} for key in DAILY_CHAIN],
            "partitionNames": [str(day) for day in DAYS],
        }
        wait_for("the code", SECONDS, lambda: launched(deployed, params) or None, interval=1)
        for moment, interrupt in zip(moments, ("workers", "PostgreSQL"), strict=True):
            wait_for(
                f"day {moment}",
                SECONDS,
                lambda: twin.count(route="stack") > moment * STACKS_OF_A_DAY or None,  # noqa: B023
            )
            print(f"{interrupt} killed after {twin.count(route='stack')} stacks")
            if interrupt == "workers":
                for worker in deployed.workers():
                    os.kill(worker, signal.SIGKILL)
            else:
                own_cluster.crash()
                assert own_cluster.start()
        wait_for("everything to be right", SECONDS, lambda: is_right(made) or None, interval=2)
        wait_for("the runs to end", SECONDS, lambda: not deployed.workers() or None, interval=1)
    assert_undisturbed(made, dumped(sqlite))
    for database in (name, storage):
        own_cluster.drop(database)
