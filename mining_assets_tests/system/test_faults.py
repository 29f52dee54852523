"""Every fault of the outside world ends in a correct day or in a failed one with its reason, never in a wrong one."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mining_assets_tests.support.harness import (
    Environment,
    assert_day_is_right,
    assert_nothing_stored,
    environment,
    run_range,
    tables,
    with_timeout,
)
from mining_assets_tests.support.twin.faults import KINDS, Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.register import UNTYPED_WIND
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 3)
PERIOD = 20
ATTEMPTS = 3  # of the environment
# Long enough for a good answer on a busy machine, short enough to wait for one that never comes.
TIMEOUT = 2
STALLED = f"no complete answer within {TIMEOUT} s"
STACK = f"/balancing/settlement/stack/all/bid/{DAY}/{PERIOD}"


def fault(kind: str, **particulars: Any) -> Fault:
    """A fault of one stack of the day."""
    return Fault(**({"kind": kind, "route": "stack", "date": DAY, "period": PERIOD, "side": "bid"} | particulars))


# What passes: asked again, and the day is right.
TRANSIENT = {
    "429": fault("status", status=429, attempts=(1, 2)),
    "429 with seconds to wait": fault("status", status=429, retry_after=1, attempts=1),
    "429 with a date to wait for": fault("status", status=429, retry_after=1, retry_after_form="date", attempts=1),
    "500": fault("status", status=500, attempts=(1, 2)),
    "503 with seconds to wait": fault("status", status=503, retry_after=1, attempts=1),
    "reset": fault("reset", attempts=(1, 2)),
    "closed": fault("close", attempts=(1, 2)),
    "timeout": fault("timeout", seconds=60, attempts=(1, 2)),
    "slow in small pieces": fault("drip", seconds=60, attempts=1),
    "truncated": fault("truncated", attempts=(1, 2)),
    "half the JSON": fault("cut_json", attempts=(1, 2)),
    "a page": fault("html", attempts=(1, 2)),
    "no data": fault("no_data", attempts=(1, 2)),
    "null data": fault("null_data", attempts=(1, 2)),
    "empty for once": fault("empty", attempts=1),
    "late, but in time": fault("delay", seconds=0.05),
}

# What does not pass: the day fails, and says why.
PERMANENT = {
    "429": (fault("status", status=429), "too many requests", "HTTP 429, 3 attempts"),
    "500": (fault("status", status=500), "server error", "HTTP 500, 3 attempts"),
    "400": (fault("status", status=400), "request refused", "HTTP 400, 1 attempt"),
    "404": (fault("status", status=404), "request refused", "HTTP 404, 1 attempt"),
    "reset": (fault("reset"), "Error", "3 attempts"),
    "closed": (fault("close"), "Error", "3 attempts"),
    "timeout": (fault("timeout", seconds=60), STALLED, "3 attempts"),
    "slow in small pieces": (fault("drip", seconds=60), STALLED, "HTTP 200, 3 attempts"),
    "too late": (fault("delay", seconds=60), STALLED, "3 attempts"),
    "truncated": (fault("truncated"), "Error", "HTTP 200, 3 attempts"),
    "half the JSON": (fault("cut_json"), "EOF while parsing", "HTTP 200, 3 attempts"),
    "a page": (fault("html"), "expected value", "HTTP 200, 3 attempts"),
    "no data": (fault("no_data"), "data is missing", "HTTP 200, 3 attempts"),
    "null data": (fault("null_data"), "data is None", "HTTP 200, 3 attempts"),
    "redirected": (fault("redirect"), "redirected to http://elsewhere.invalid/", "HTTP 302, 1 attempt"),
    "endless": (fault("endless", size=8 * 1024 * 1024), "body above", "HTTP 200, 1 attempt"),
    "a bomb": (fault("gzip_bomb", size=64 * 1024 * 1024), "body above", "HTTP 200, 1 attempt"),
    "another period": (fault("wrong_period"), f"settlementPeriod is {PERIOD - 1}", "1 attempt"),
    "another day": (fault("wrong_date"), "settlementDate is '2025-06-02'", "1 attempt"),
    "another start": (
        fault("mutate", field="startTime", value="2025-06-03T09:00:00Z"),
        "startTime is '2025-06-03T09:00:00Z'",
        "1 attempt",
    ),
    "every row twice": (fault("duplicate"), "occurs more than once", "1 attempt"),
    "wrong sign": (fault("mutate", field="volume", value=12.5), "volume is 12.5: has the wrong sign", "1 attempt"),
    "wrong sign on another unit": (fault("mutate", field="volume", value=7, row="first"), "wrong sign", "1 attempt"),
    "volume as text": (fault("mutate", field="volume", value="-12.5"), "volume is '-12.5'", "1 attempt"),
    "volume absent": (fault("mutate", field="volume", drop=True), "volume is missing", "1 attempt"),
    "volume null": (fault("mutate", field="volume", value=None), "volume is None", "1 attempt"),
    "price absent": (fault("mutate", field="originalPrice", drop=True), "originalPrice is missing", "1 attempt"),
    "price of 6,000": (
        fault("mutate", field="originalPrice", value=6000.0),
        "originalPrice 6000.0 £/MWh on the wind unit",
        "1 attempt",
    ),
    "price of −6,000": (fault("mutate", field="originalPrice", value=-6000.0), "beyond ±5,000", "1 attempt"),
    "flag as text": (fault("mutate", field="soFlag", value="yes"), "soFlag is 'yes'", "1 attempt"),
    "id empty": (fault("mutate", field="id", value="", row="first"), "id is ''", "1 attempt"),
    "vintage not a time": (fault("mutate", field="createdDateTime", value="today"), "createdDateTime is", "1 attempt"),
}


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=11, units=8, light=True, windy_days=[DAY])) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    yield environment(tmp_path, twin, concurrency=16)
    twin.clear_faults()
    twin.world.reset()
    twin.down = False


def bring_in(made: Environment, **config: Any) -> Any:
    """The day through the daily chain, with a short timeout."""
    return run_range(
        made, DAY, overrides=with_timeout(made, TIMEOUT, max_body_bytes=4_000_000), roll_ups=False, **config
    )


def test_the_period_has_wind_bids_and_other_rows(twin: Twin) -> None:
    rows = twin.world.stack(DAY, PERIOD, "bid")
    assert {row["id"] in twin.world.wind_unit_ids for row in rows} == {True, False}
    assert rows[0]["id"] not in twin.world.wind_unit_ids


def test_no_kind_of_fault_is_left_out() -> None:
    tried = {each.kind for each in TRANSIENT.values()} | {each.kind for each, *_ in PERMANENT.values()}
    assert tried == set(KINDS) - {"blank"}  # of prices alone: see test_prices


@pytest.mark.parametrize("name", TRANSIENT)
def test_fault_that_passes_ends_in_a_correct_day(name: str, made: Environment, twin: Twin) -> None:
    twin.fault(TRANSIENT[name])
    before = len(twin.requests)
    assert bring_in(made).errors == []
    hits = [request for request in twin.requests[before:] if request.fault]
    assert hits, "the fault was never met"
    assert_day_is_right(made, twin.world, DAY)


@pytest.mark.parametrize("name", PERMANENT)
def test_fault_that_lasts_ends_in_a_failed_day_that_says_why(name: str, made: Environment, twin: Twin) -> None:
    spoiled, *expected = PERMANENT[name]
    twin.fault(spoiled)
    before = len(twin.requests)
    ran = bring_in(made)
    assert ran.outcome(DAY) == "failed"
    assert ran.errors
    for text in [*expected, STACK]:
        assert text in ran.reason(DAY)
        assert text in ran.errors[0]
    asked = sum(STACK in request.url for request in twin.requests[before:])
    assert asked == (ATTEMPTS if f"{ATTEMPTS} attempts" in expected[-1] else 1)
    assert_nothing_stored(made, DAY)


@pytest.mark.parametrize("name", ["500", "reset", "a page", "wrong sign", "price of 6,000", "every row twice"])
def test_fault_on_a_stored_day_leaves_it_as_it_was(name: str, made: Environment, twin: Twin) -> None:
    assert bring_in(made).errors == []
    before = tables(made, volatile=True)
    twin.fault(PERMANENT[name][0])
    assert bring_in(made, refetch=True).outcome(DAY) == "failed"
    after = tables(made, volatile=True)
    for table, frame in before.items():
        if table not in ("wind_bm_units", "reference_fetches", "daily_summaries", "bitcoin_daily_summaries"):
            assert frame.equals(after[table]), table
    assert_day_is_right(made, twin.world, DAY)


def test_price_of_6000_on_another_unit_does_no_harm(made: Environment, twin: Twin) -> None:
    twin.fault(fault("mutate", field="originalPrice", value=6000.0, row="first"))
    assert bring_in(made).errors == []
    assert_day_is_right(made, twin.world, DAY)


def test_unit_that_looks_like_wind_and_is_unknown_is_listed_not_counted(made: Environment, twin: Twin) -> None:
    assert bring_in(made).errors == []
    listed = tables(made)["unknown_wind_units"]
    listed = listed[listed["bm_unit_id"] == UNTYPED_WIND]
    served = [
        row for period in range(1, 49) for row in twin.world.stack(DAY, period, "bid") if row["id"] == UNTYPED_WIND
    ]
    assert served
    assert listed["bid_mwh"].iloc[0] == pytest.approx(sum(row["volume"] for row in served))


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_retry_after_is_waited_for_by_every_request(form: str, made: Environment, twin: Twin) -> None:
    twin.fault(fault("status", status=429, retry_after=1, retry_after_form=form, attempts=1))
    before = len(twin.requests)
    assert bring_in(made).errors == []
    asked = twin.requests[before:]
    (told,) = [request for request in asked if request.fault]
    (again,) = [request for request in asked if request.url == told.url and request is not told]
    assert told.ended is not None
    assert again.at - told.ended > 0.95
    # The others pause as well: none but those on their way is asked meanwhile, and a good part of the day comes after.
    meanwhile = [request for request in asked if told.ended < request.at < told.ended + 0.95]
    assert len(meanwhile) <= int(made.variables["MINING_ASSETS_CONCURRENCY"])
    assert sum(request.at >= told.ended + 0.95 for request in asked) > 20
    assert_day_is_right(made, twin.world, DAY)


def test_many_faults_of_all_passing_kinds_at_once_end_in_a_correct_day(made: Environment, twin: Twin) -> None:
    kinds = ("status", "reset", "close", "truncated", "cut_json", "html", "no_data")
    for number, kind in enumerate(kinds):
        twin.fault(Fault(kind=kind, route="stack", date=DAY, period=5 + number, attempts=(1, 2)))
    before = len(twin.requests)
    assert bring_in(made).errors == []
    met = [request.fault for request in twin.requests[before:] if request.fault]
    assert sorted(met) == sorted(kinds * 4)
    assert_day_is_right(made, twin.world, DAY)
