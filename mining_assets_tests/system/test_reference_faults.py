"""A faulty register or difficulty history never replaces the stored one, and never turns into a figure."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from mining_assets.curated import wind_unit_additions
from mining_assets.defs.resources import http_limits
from mining_assets.pipeline.fetch_references import refresh_network_epochs, refresh_wind_units
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets_tests.support.changed_references import (
    DAY,
    Adjustments,
    Change,
    ChangedWorld,
    Tampering,
    world,
)
from mining_assets_tests.support.harness import (
    Environment,
    assert_nothing_stored,
    environment,
    of_day,
    run_range,
    table,
    tables,
)
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.rows import Row
from mining_assets_tests.support.twin.server import Twin


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(world()) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    yield environment(tmp_path, twin, retry_attempts=2)
    twin.clear_faults()


@contextmanager
def tampered(made: Environment, served: ChangedWorld) -> Iterator[Environment]:
    """The environment with the tampered world as its source."""
    with Twin(served) as other:
        yield made.but(mempool_url=other.mempool_url, elexon_url=other.elexon_url, coinbase_url=other.coinbase_url)


def refresh_epochs(made: Environment) -> dict[str, int]:
    """The asset `network_epochs` without its retries."""
    client = MempoolClient(made.settings.mempool_url, http_limits(made.settings))
    with made.warehouse() as warehouse, SyncClient(client) as source:
        return refresh_network_epochs(warehouse, source, {}).counts


def refresh_register(made: Environment) -> dict[str, int]:
    """The asset `wind_bm_units` without its retries."""
    client = ElexonClient(made.settings.elexon_url, http_limits(made.settings))
    with made.warehouse() as warehouse, SyncClient(client) as source:
        return refresh_wind_units(warehouse, source, wind_unit_additions(made.settings))


def set_in(index: int, place: int, value: float) -> Change:
    """Replace one number of the series: the entry by its index, newest first; 0 time, 1 height, 2 difficulty."""

    def change(rows: Adjustments) -> None:
        rows[index][place] = value

    return change


def swap_times(rows: Adjustments) -> None:
    rows[5][0], rows[6][0] = rows[6][0], rows[5][0]


def into_the_future(rows: Adjustments) -> None:
    rows[0][0] = int((datetime.now(UTC) + timedelta(hours=2)).timestamp())


def a_minute_later(rows: Adjustments) -> None:
    rows[10][0] += 60


# Histories that cannot be true, whatever is stored.
IMPOSSIBLE: dict[str, tuple[Change, str]] = {
    "a difficulty of 0": (set_in(3, 2, 0), "difficulty 0.0 at height"),
    "every difficulty 0": (lambda rows: [[*row[:2], 0, 0] for row in rows], "difficulty 0.0 at height"),
    "a negative difficulty": (set_in(3, 2, -5.0), "difficulty -5.0 at height"),
    "a height off the grid": (set_in(3, 1, 900_001), "is not a multiple of 2016"),
    "a height twice": (lambda rows: [rows[0], *rows], "appears twice"),
    "times out of order": (swap_times, "is not after height"),
    "a block in the future": (into_the_future, "lies in the future"),
    "an empty list": (lambda rows: [], "the list of difficulty adjustments is empty"),
    "no list": (lambda rows: {"difficulty": 0}, "valid array"),
    "text for a difficulty": (lambda rows: [[*rows[0][:2], "1e14", 1.0], *rows[1:]], "row with index 0"),
}

# Histories that could be true, but are not the stored one continued.
CONTRADICTING: dict[str, tuple[Change, str]] = {
    "another difficulty": (set_in(10, 2, 1e14), "contradicts what is stored: height"),
    "another time": (a_minute_later, "contradicts what is stored: height"),
    "an entry that is gone": (lambda rows: rows[:10] + rows[11:], "the fetched history lacks it"),
}


@pytest.mark.parametrize("name", IMPOSSIBLE)
def test_impossible_history_is_refused_and_nothing_is_calculated_from_it(name: str, made: Environment) -> None:
    change, reason = IMPOSSIBLE[name]
    with tampered(made, world(change)) as other:
        with pytest.raises(SourceError, match=reason) as refused:
            refresh_epochs(other)
        assert "/mining/difficulty-adjustments" in str(refused.value)
        assert table(made, "network_epochs").empty
        assert table(made, "reference_fetches").empty
        ran = run_range(other, DAY, roll_ups=False)
    assert ran.errors
    assert "historical_bitcoin_calculations: the difficulty is not known" in ran.reason(DAY)
    dumped = tables(made)
    assert dumped["historical_bitcoin_calculations"].empty
    assert dumped["bitcoin_daily_summaries"].empty
    assert len(of_day(dumped, "daily_summaries", DAY)) == 1


@pytest.mark.parametrize("name", [*IMPOSSIBLE, *CONTRADICTING])
def test_faulty_history_leaves_the_stored_one_as_it_was(name: str, made: Environment) -> None:
    refresh_epochs(made)
    before = tables(made, volatile=True)
    assert len(before["network_epochs"]) > 400
    change, reason = (IMPOSSIBLE | CONTRADICTING)[name]
    with tampered(made, world(change)) as other, pytest.raises(SourceError, match=reason):
        refresh_epochs(other)
    after = tables(made, volatile=True)
    for kept in ("network_epochs", "reference_fetches"):
        pd.testing.assert_frame_equal(before[kept], after[kept], check_exact=True)


def test_history_that_goes_on_is_added_and_a_second_fetch_adds_nothing(made: Environment) -> None:
    with tampered(made, world(lambda rows: rows[5:])) as earlier:
        assert refresh_epochs(earlier)["new"] > 400
    assert refresh_epochs(made)["new"] == 5
    assert refresh_epochs(made)["new"] == 0
    assert list(table(made, "network_epochs").query("kind == 'halving'")["block_subsidy"]) == [25, 12.5, 6.25, 3.125]


# The register.


def without_wind(rows: list[Row]) -> list[Row]:
    return [row for row in rows if row["fuelType"] != "WIND"]


FAULTY_REGISTERS: dict[str, tuple[Tampering, str]] = {
    "nothing": (lambda rows: [], "the register of BM units is empty"),
    "no wind": (without_wind, "is typed WIND"),
    "no ids": (lambda rows: [row | {"elexonBmUnit": None} for row in rows], "has an elexonBmUnit"),
    "an error that answers 200": (lambda rows: {"message": "down"}, "valid array"),
    "a number for an id": (lambda rows: [rows[0] | {"elexonBmUnit": 5}, *rows[1:]], "elexonBmUnit is 5"),
}


@pytest.mark.parametrize("name", FAULTY_REGISTERS)
def test_faulty_register_leaves_the_stored_one_as_it_was(name: str, made: Environment) -> None:
    refresh_register(made)
    before = tables(made, volatile=True)
    change, reason = FAULTY_REGISTERS[name]
    with tampered(made, world(register=change)) as other, pytest.raises(SourceError, match=reason):
        refresh_register(other)
    after = tables(made, volatile=True)
    for kept in ("wind_bm_units", "reference_fetches"):
        pd.testing.assert_frame_equal(before[kept], after[kept], check_exact=True)


@pytest.mark.parametrize("kind", ["status", "reset", "html", "empty"])
def test_day_is_not_fetched_without_a_register(kind: str, made: Environment, twin: Twin) -> None:
    twin.fault(Fault(kind=kind, route="bmunits"))
    before = len(twin.requests)
    ran = run_range(made, DAY, roll_ups=False)
    assert "/reference/bmunits/all" in ran.errors[0]
    assert {request.route for request in twin.requests[before:]} == {"bmunits", "prices", "fuelhh"}
    assert_nothing_stored(made, DAY)
    assert table(made, "wind_bm_units").empty


def test_unit_once_known_as_wind_stays_and_its_rows_are_still_stored(made: Environment) -> None:
    assert refresh_register(made)["new"] >= 6
    known = set(table(made, "wind_bm_units")["bm_unit_id"])
    gone = sorted(known & {row["elexonBmUnit"] for row in world().bm_units()})[0]

    def retyped(rows: list[Row]) -> list[Row]:
        return [row for row in rows if row["elexonBmUnit"] != gone]

    with tampered(made, world(register=retyped)) as later:
        counts = refresh_register(later)
        assert counts["absent"] == 1
        assert run_range(later, DAY, roll_ups=False).errors == []
    assert set(table(made, "wind_bm_units")["bm_unit_id"]) == known
    served = world()
    volumes = [
        row["volume"] for period in range(1, 49) for row in served.stack(DAY, period, "bid") if row["id"] == gone
    ]
    stored = table(made, "curtailment_records").query("side == 'bid' and farm_id == @gone")["volume"]
    assert len(stored) == len(volumes)
    assert math.isclose(stored.sum(), sum(volumes))


def test_new_particulars_of_a_unit_are_a_new_version(made: Environment) -> None:
    refresh_register(made)

    def renamed(rows: list[Row]) -> None:
        for row in rows:
            if row["fuelType"] == "WIND":
                row["leadPartyName"] = "Another Party Limited"

    with tampered(made, world(register=renamed)) as later:
        counts = refresh_register(later)
    units = table(made, "wind_bm_units")
    current = units[units["is_current"]]
    assert counts["changed"] == 6
    assert len(units) == len(current) + 6
    assert set(current.query("source == 'register'")["lead_party_name"]) == {"Another Party Limited"}
    assert not current["bm_unit_id"].duplicated().any()
