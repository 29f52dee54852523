"""The worlds that the twin serves: what is generated, what was recorded, and what happens to days over time."""

import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

import httpx
import pandas as pd
import pytest

from mining_assets.domain.settlement import SIDES, Side, periods_in
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.recorded import NO_DATA, SPAN, RecordedWorld, recorded_data
from mining_assets_tests.support.twin.register import UNTYPED_WIND
from mining_assets_tests.support.twin.rows import Row
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.support.twin.world import World

DAY = date(2025, 3, 8)


@pytest.fixture
def world() -> GeneratedWorld:
    return GeneratedWorld(7, light=True, windy_days=[DAY])


@pytest.fixture(scope="module")
def recorded() -> RecordedWorld:
    folder = recorded_data()
    if folder is None:
        pytest.skip(NO_DATA)
    return RecordedWorld(folder)


def day_rows(world: World, day: date, side: Side) -> list[Row]:
    return [row for period in range(1, periods_in(day) + 1) for row in world.stack(day, period, side)]


def volume(rows: list[Row]) -> float:
    return float(sum(row["volume"] for row in rows))


# The generated world.


def test_same_seed_same_world_in_any_order() -> None:
    first, second = GeneratedWorld(3), GeneratedWorld(3)
    days = [DAY + timedelta(days=offset) for offset in range(3)]
    forward = [first.stack_json(day, 9, side) for day in days for side in SIDES]
    backward = [second.stack_json(day, 9, side) for day in days[::-1] for side in SIDES[::-1]]
    assert forward == backward[::-1]
    assert first.bm_units() == second.bm_units()
    assert GeneratedWorld(4).stack_json(DAY, 9, "bid") != first.stack_json(DAY, 9, "bid")


def test_encoded_stack_equals_the_rows() -> None:
    world = GeneratedWorld(3)
    assert json.loads(world.stack_json(DAY, 9, "bid"))["data"] == world.stack(DAY, 9, "bid")


def test_rows_are_as_dirty_as_real_ones() -> None:
    world = GeneratedWorld(3, windy_days=[DAY])
    bids, offers = day_rows(world, DAY, "bid"), day_rows(world, DAY, "offer")
    per_period = Counter(row["settlementPeriod"] for row in bids)
    assert all(70 <= per_period[period] <= 200 for period in range(1, 49))
    assert all(150 <= count <= 410 for count in Counter(row["settlementPeriod"] for row in offers).values())
    wind = [row for row in bids if row["id"] in world.wind_unit_ids]
    per_unit = Counter((row["settlementPeriod"], row["id"]) for row in wind)
    assert 1.4 <= len(wind) / len(per_unit) <= 2.0
    assert all(row["volume"] < 0 for row in bids)
    assert all(row["volume"] > 0 for row in offers)
    assert {True, False} <= {row["soFlag"] for row in wind}
    assert None in {row["soFlag"] for row in bids}
    assert {None, True, False} == {row["cadlFlag"] for row in bids}
    assert None in {row["finalPrice"] for row in bids}
    assert any("transmissionLossMultiplier" not in row for row in bids)
    assert any(row["volume"] == -0.004 for row in bids)
    assert any(row["originalPrice"] > 0 for row in wind)
    assert any(row["id"] in world.wind_unit_ids for row in offers), "undo offers"
    assert any(row["id"] == UNTYPED_WIND for row in bids)
    trades = [row for row in bids if row["id"] is None or row["id"].isdigit()]
    assert {row["acceptanceId"] for row in trades} == {None}
    assert None in {row["id"] for row in trades}
    numbers = Counter((row["settlementPeriod"], row["sequenceNumber"]) for row in bids)
    assert set(numbers.values()) == {1}


def test_rows_hold_plain_values() -> None:
    rows = day_rows(GeneratedWorld(3, light=True, windy_days=[DAY]), DAY, "bid")
    assert {type(value) for row in rows for value in row.values()} == {str, int, float, bool, type(None)}


def test_register_is_as_dirty_as_the_real_one() -> None:
    rows = GeneratedWorld(3).bm_units()
    ids = Counter(row["elexonBmUnit"] for row in rows)
    assert ids.pop(None) > 1
    assert sorted(ids.values())[-2:] == [1, 2]
    assert any(row["generationCapacity"] is None and row["elexonBmUnit"] for row in rows)
    assert {row["fuelType"] for row in rows if row["elexonBmUnit"] == UNTYPED_WIND} == {None}
    assert all("TW" in unit for unit in ids)


def test_quiet_days_have_rows_but_no_wind_bid() -> None:
    world = GeneratedWorld(3, light=True, quiet_days=[DAY])
    rows = day_rows(world, DAY, "bid")
    assert len(rows) == 4 * 48
    assert not [row for row in rows if row["id"] in world.wind_unit_ids | {UNTYPED_WIND}]
    year = [date(2024, 1, 1) + timedelta(days=offset) for offset in range(366)]
    assert 10 < sum(world.is_quiet(day) for day in year) < 70


@pytest.mark.parametrize(("day", "count"), [(date(2025, 3, 30), 46), (DAY, 48), (date(2025, 10, 26), 50)])
def test_clock_change_days(day: date, count: int) -> None:
    world = GeneratedWorld(3, light=True)
    assert world.stack(day, count, "bid")
    assert all(not world.stack(day, period, "bid") for period in range(count + 1, 51))
    assert len({row["startTime"] for row in day_rows(world, day, "bid")}) == count
    assert len([row for row in world.wind_generation(day, day) if row["fuelType"] == "WIND"]) == count


def test_what_has_not_happened_is_not_published() -> None:
    now = datetime(2025, 3, 8, 12, 0, tzinfo=UTC)
    world = GeneratedWorld(3, light=True, clock=lambda: now)
    assert world.stack(DAY, 22, "bid")
    assert not world.stack(DAY, 24, "bid")
    assert not world.stack(DAY + timedelta(days=1), 1, "bid")
    early = world.stack(DAY, 1, "bid")[0]["createdDateTime"]
    now += timedelta(days=1, hours=1)
    assert early < world.stack(DAY, 1, "bid")[0]["createdDateTime"] <= "2025-03-09T12:44:27Z"


@pytest.mark.parametrize("side", SIDES)
def test_volumes_and_cashflows_are_those_of_the_stack(world: GeneratedWorld, side: Side) -> None:
    rows = [row for row in day_rows(world, DAY, side) if row["id"] and not row["id"].isdigit()]
    volumes, cash = world.volumes(DAY, side), world.cashflows(DAY, side)
    assert len(volumes) == 4 * len(cash)
    original = [row for row in volumes if row["dataType"] == "Original"]
    assert sum(row["totalVolumeAccepted"] for row in original) == pytest.approx(volume(rows))
    paid = sum(row["volume"] * row["originalPrice"] * row.get("transmissionLossMultiplier", 1.0) for row in rows)
    assert sum(row["totalCashflow"] for row in cash) == pytest.approx(paid)
    negative = [row for row in cash if row["bmUnit"] == rows[-1]["id"]]
    assert (negative[0]["totalCashflow"] > 0) == (rows[-1]["volume"] * rows[-1]["originalPrice"] > 0)


def test_chain_is_right_at_the_halvings(world: GeneratedWorld) -> None:
    series = world.difficulty_adjustments()
    assert series[-1] == [1231006505, 0, 1.0, 1.0]
    assert [row[1] for row in series] == sorted((row[1] for row in series), reverse=True)
    by_height = {row[1]: row[0] for row in series}
    halving = datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC).timestamp()
    before, after = 840_000 // 2016 * 2016, (840_000 // 2016 + 1) * 2016
    assert by_height[before] < halving < by_height[after]
    assert all(new[2] >= old[2] for new, old in pairwise(series))
    assert world.prices("GBP")[0]["GBP"] > 1000
    assert world.prices("XYZ")[0]["XYZ"] == -1


# What happens to days.


def test_vintages(world: GeneratedWorld) -> None:
    before = day_rows(world, DAY, "bid")
    world.publish(DAY, periods=10)
    assert {row["settlementPeriod"] for row in day_rows(world, DAY, "bid")} == set(range(1, 11))
    world.unpublish(DAY)
    assert not day_rows(world, DAY, "bid")
    assert not world.volumes(DAY, "bid")
    world.publish(DAY)
    assert day_rows(world, DAY, "bid") == before
    world.empty(DAY, 3, "bid")
    assert not world.stack(DAY, 3, "bid")
    assert world.stack(DAY, 3, "offer")
    assert 3 not in {row["settlementPeriod"] for row in world.volumes(DAY, "bid")}
    world.reset(DAY)
    world.withhold(DAY, 3, "bid")
    assert not world.stack(DAY, 3, "bid")
    assert 3 in {row["settlementPeriod"] for row in world.volumes(DAY, "bid")}
    world.reset()
    assert day_rows(world, DAY, "bid") == before


def test_restatement(world: GeneratedWorld) -> None:
    before = day_rows(world, DAY, "bid")
    extra = {"period": 5, "side": "bid", "id": "T_TWAAW-1", "volume": -9.0, "originalPrice": -70.0}
    world.restate(DAY, 1.1, [extra])
    once = day_rows(world, DAY, "bid")
    assert volume(once) == pytest.approx(1.1 * volume(before) - 9.0)
    assert len(once) == len(before) + 1
    assert world.stack(DAY, 5, "bid")[-1]["volume"] == -9.0
    world.restate(DAY, 0.5)
    twice = day_rows(world, DAY, "bid")
    assert volume(twice) == pytest.approx(volume(once) / 2)
    stamps = [rows[0]["createdDateTime"] for rows in (before, once, twice)]
    assert stamps == sorted(set(stamps))


def test_restatement_from_a_moment_on() -> None:
    now = datetime(2025, 3, 9, 16, 0, tzinfo=UTC)
    world = GeneratedWorld(3, light=True, clock=lambda: now)
    before = volume(day_rows(world, DAY, "bid"))
    world.restate(DAY, 2.0, at=now + timedelta(hours=1))
    assert volume(day_rows(world, DAY, "bid")) == before
    now += timedelta(hours=2)
    assert volume(day_rows(world, DAY, "bid")) == pytest.approx(2 * before)


# The recorded world.


def wind_rows(world: RecordedWorld, day: date, side: Side) -> list[Row]:
    return [row for row in day_rows(world, day, side) if "FILLER" not in row["id"]]


def test_recorded_days_equal_the_published_totals(recorded: RecordedWorld) -> None:
    totals = pd.read_csv(recorded.folder / "elexon" / f"published_daily_totals_{SPAN}.csv")
    assert len(totals) == 47
    for row in totals.itertuples(index=False):
        rows = wind_rows(recorded, date.fromisoformat(row.date), "bid")
        assert len({bid["id"] for bid in rows}) == row.bm_units
        assert volume(rows) == pytest.approx(row.volume_mwh, rel=1e-6)
        paid = sum(bid["volume"] * bid["originalPrice"] for bid in rows)
        assert paid == pytest.approx(row.payment_gbp, rel=1e-6)


def test_recorded_acceptances(recorded: RecordedWorld) -> None:
    day = date(2022, 1, 1)
    bids, offers = wind_rows(recorded, day, "bid"), wind_rows(recorded, day, "offer")
    assert (len(bids), len(offers)) == (3748, 43)
    assert volume(bids) == pytest.approx(-66_761.283617, abs=1e-6)
    assert volume([row for row in bids if row["soFlag"]]) == pytest.approx(-62_586.136759, abs=1e-6)
    assert volume(offers) > 0


def test_recorded_periods_have_rows_on_both_sides(recorded: RecordedWorld) -> None:
    day = date(2025, 6, 10)
    assert all(recorded.stack(day, period, side) for period in range(1, 49) for side in SIDES)
    assert not recorded.stack(date(2025, 8, 1), 1, "bid"), "not recorded"
    some = RecordedWorld(recorded.folder, empty_sides=True)
    empty = [(day, period) for day in some.days for period in range(1, 49) if not some.stack(day, period, "bid")]
    assert 0 < len(empty) < 48
    assert all(some.stack(day, period, "offer") for day, period in empty)


def test_recorded_register_chain_and_generation_over_http(recorded: RecordedWorld) -> None:
    with Twin(recorded) as twin:
        register = httpx.get(twin.elexon_url + "/reference/bmunits/all").json()
        assert len(register) == 2733
        chain = httpx.get(twin.mempool_url + "/mining/difficulty-adjustments").json()
        assert chain[-1] == [1231006505, 0, 1.0, 1.0]
        span = "settlementDateFrom=2025-06-01&settlementDateTo=2025-06-01"
        assert len(httpx.get(f"{twin.elexon_url}/datasets/FUELHH/stream?{span}").json()) == 48
        body = httpx.get(f"{twin.elexon_url}/balancing/settlement/stack/all/bid/2025-06-01/1").json()
        assert body["data"][0]["volume"] == -10.9999861
    assert recorded.description == "recorded data"
