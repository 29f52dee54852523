"""A backfill through webserver, daemon and code server on PostgreSQL, in which each of them is killed in turn."""

import os
import random
import signal
import time

import pytest

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets_tests.support.chaos.deployment import Deployment, launched
from mining_assets_tests.support.chaos.seeds import long, seeds
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed, is_right
from mining_assets_tests.support.dagster_processes import is_up
from mining_assets_tests.support.harness import Environment, wait_for
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.system.chaos.conftest import DAYS, Scene

VICTIMS = ("worker", "code server", "PostgreSQL", "daemon")
START_SECONDS, STEP_SECONDS, HEAL_SECONDS = 120, 240, 420


@long
@pytest.mark.parametrize("seed", seeds(1))
def test_backfill_in_which_everything_is_killed_in_turn(seed: int, on_own_cluster: Scene, own_cluster: Cluster) -> None:
    chance, twin = random.Random(seed), on_own_cluster.twin
    order = chance.sample(VICTIMS, len(VICTIMS))
    print(f"seed {seed}: {', '.join(order)}")
    made = on_own_cluster.made.but(concurrency=2, heal_interval_seconds=5)
    storage = own_cluster.create()
    address = own_cluster.address(storage).set(drivername="postgresql+psycopg2").render_as_string(hide_password=False)
    twin.delay_ms = 150  # seven seconds a day, so that every fault finds a run at work
    with Deployment(made, address) as deployed:
        wait_for("the webserver", START_SECONDS, lambda: is_up(deployed.url) or None, interval=0.5)
        params = {
            "assetSelection": [{"path": list(key.path)} for key in DAILY_CHAIN],
            "partitionNames": [str(day) for day in DAYS],
        }
        wait_for("the code", START_SECONDS, lambda: launched(deployed, params) or None, interval=1)
        for number, victim in enumerate(order, start=1):
            before = twin.count(route="stack")
            some = chance.randrange(5, 40)
            wait_for(
                f"{some} more requests",
                STEP_SECONDS,
                lambda: at_work(deployed, made, twin.count(route="stack") - before, some),  # noqa: B023
            )
            workers = deployed.workers()
            if victim == "worker":
                for worker in workers:
                    os.kill(worker, signal.SIGKILL)
            elif victim == "PostgreSQL":
                own_cluster.crash()
                time.sleep(chance.uniform(0, 2))
                assert own_cluster.start()
            else:
                deployed.kill(victim)
                wait_for(f"{victim} again", START_SECONDS, lambda: deployed.running[victim].poll() is None or None)  # noqa: B023
                print(
                    f"runs that outlive the {victim}: {len(set(workers) & set(deployed.workers()))} of {len(workers)}"
                )
            print(f"{number}. {victim} killed after {twin.count(route='stack')} stacks")
            assert_sound(made, on_own_cluster.expected)
        twin.delay_ms = 0
        wait_for("everything to be healed", HEAL_SECONDS, lambda: is_right(made) or None, interval=2)
        wait_for("the runs to end", HEAL_SECONDS, lambda: not deployed.workers() or None, interval=1)
        print(f"starts: {deployed.starts}")
    assert_undisturbed(made, on_own_cluster.expected)
    own_cluster.drop(storage)


def at_work(deployed: Deployment, made: Environment, asked_for: int, wanted: int) -> bool:
    """Whether a run is in the midst of its work, or nothing is left to disturb."""
    return bool(asked_for >= wanted and deployed.workers()) or is_right(made)
