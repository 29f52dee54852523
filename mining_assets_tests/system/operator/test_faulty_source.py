"""A source that fails in every scripted way, one way a day: days end right or failed with a reason, never wrong."""

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.harness import assert_day_is_right, assert_nothing_stored, environment, run_cli
from mining_assets_tests.support.twin.faults import KINDS, Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST = date(2025, 6, 1)
PERIOD = 20
SMALL = {"size": 70 * 1024 * 1024}  # above what is read of a body
SOON = {"seconds": 0.2}
PARTICULARS = {
    "gzip_bomb": SMALL,
    "endless": SMALL,
    "timeout": SOON,
    "drip": SOON,
    "delay": SOON,
    "mutate": {"value": 9.5, "row": "first"},
}
HARMLESS = ("drip", "delay")  # slow, but whole
DAYS = {
    (kind, lasts): FIRST + timedelta(days=n)
    for n, (kind, lasts) in enumerate([(kind, False) for kind in KINDS] + [(kind, True) for kind in KINDS])
}
# Asked again and answered well: everything but what is refused at once.
REFUSED_AT_ONCE = ("redirect", "mutate", "duplicate", "wrong_period", "wrong_date", "gzip_bomb", "endless")


def fault(kind: str, day: date, *, lasts: bool) -> Fault:
    attempts = None if lasts else 1
    return Fault(
        kind=kind, route="stack", date=day, period=PERIOD, side="bid", attempts=attempts, **PARTICULARS.get(kind, {})
    )


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return GeneratedWorld(seed=8, units=6, light=True, windy_days=list(DAYS.values()))


@pytest.fixture
def twin(world: GeneratedWorld) -> Iterator[Twin]:
    with Twin(world) as served:
        yield served


@long
def test_every_fault_of_the_source_ends_in_a_right_day_or_a_failed_one(
    world: GeneratedWorld, twin: Twin, tmp_path: Path
) -> None:
    last = max(DAYS.values())
    made = environment(tmp_path, twin, start_date=FIRST, end_date=last, concurrency=16)
    twin.fault(*(fault(kind, day, lasts=lasts) for (kind, lasts), day in DAYS.items()))
    ran = run_cli(made, "range", FIRST, last, timeout=300)
    assert ran.returncode == 1, ran.stderr
    for (kind, lasts), day in DAYS.items():
        fails = kind in REFUSED_AT_ONCE or (lasts and kind not in HARMLESS)
        (line,) = [line for line in ran.stderr.splitlines() if f" {day} " in line and "[" in line]
        assert ("failed" in line) is fails, line
        if fails:
            assert f"/stack/all/bid/{day}/{PERIOD}" in line or f"period {PERIOD}" in line, line
            assert_nothing_stored(made, day)
        else:
            assert_day_is_right(made, world, day)
    twin.clear_faults()
    healed = run_cli(made, "reconcile", timeout=300)
    assert healed.returncode == 0, healed.stderr
    for day in DAYS.values():
        assert_day_is_right(made, world, day)
