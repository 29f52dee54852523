"""A range killed at any moment, on either database, leaves only whole days, and is healed to the undisturbed state."""

import os
import random
import signal
import subprocess
from typing import Any

import pytest

from mining_assets_tests.support.chaos.processes import command, heal
from mining_assets_tests.support.chaos.seeds import ROUNDS, seeds
from mining_assets_tests.support.chaos.state import assert_sound, assert_undisturbed
from mining_assets_tests.support.harness import days_asked, wait_for
from mining_assets_tests.system.chaos.conftest import DAYS, FIRST, LAST, STACKS_OF_A_DAY, Scene

KILLS = 1 if ROUNDS == 1 else 3


@pytest.fixture(params=["sqlite", "postgresql"])
def scene(request: pytest.FixtureRequest) -> Any:
    return request.getfixturevalue(f"on_{request.param}")


@pytest.mark.parametrize("seed", seeds(1))
def test_killed_range_is_healed_without_fetching_a_whole_day_again(seed: int, scene: Scene) -> None:
    made, twin, moments = scene.made, scene.twin, random.Random(seed)
    twin.delay_ms = 3
    whole: set[Any] = set()
    for _ in range(KILLS):
        twin.record.clear()
        left = STACKS_OF_A_DAY * (len(DAYS) - len(whole))
        # In the midst of the day that is being fetched, or while one is stored, calculated or summed up.
        moment, then = int(left * moments.uniform(0.2, 0.6)), moments.choice([0.0, 0.02, 0.2])
        with command(made, "range", FIRST, LAST) as process:
            wait_for(f"{moment} requests", 60, lambda: twin.count(route="stack") >= moment, interval=0.002)  # noqa: B023
            with pytest.raises(subprocess.TimeoutExpired):
                process.wait(then)
            os.killpg(process.pid, signal.SIGKILL)
        print(f"{len(whole)} days whole, killed {then:g} s after request {moment} of {left}")
        assert days_asked(twin.requests).isdisjoint(whole)
        whole = assert_sound(made, scene.expected)
    twin.delay_ms = 0
    twin.record.clear()
    assert heal(made) == 0
    assert days_asked(twin.requests) == set(DAYS) - whole
    assert_undisturbed(made, scene.expected)
