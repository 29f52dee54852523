"""Fetching a day from the twin: whole or not at all, and never an empty answer for a zero."""

from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from mining_assets.domain.content_hash import EMPTY_HASH, content_hashes
from mining_assets.domain.curtailment import RECORD_COLUMNS, daily_totals, is_curtailment, is_undo
from mining_assets.domain.settlement import SIDES, Side, periods_in
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch import DayIncomplete, fetch_day
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import LEDGER_COLUMNS, FetchedDay, Outcome
from mining_assets.warehouse.schema import curtailment_records
from mining_assets_tests.support.elexon import elexon_of
from mining_assets_tests.support.fetched import DAY, LONG_DAY, SHORT_DAY, Served, of_ledger, truth
from mining_assets_tests.support.samples import rows_of, store
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.recorded import GRAIN_DAY, NO_DATA, RecordedWorld, recorded_data
from mining_assets_tests.support.twin.register import UNTYPED_WIND
from mining_assets_tests.support.twin.server import Twin


def test_every_wind_row_and_no_other_is_kept_with_all_its_values(
    plain: FetchedDay, world: GeneratedWorld, units: dict[str, WindUnit]
) -> None:
    fetched = plain
    wanted = truth(world, DAY, units)
    assert len(fetched.records) == len(wanted) > 100
    assert list(fetched.records) == list(RECORD_COLUMNS)
    names = {
        "settlementPeriod": "settlement_period",
        "side": "side",
        "sequenceNumber": "sequence_number",
        "id": "farm_id",
        "acceptanceId": "acceptance_id",
        "bidOfferPairId": "bid_offer_pair_id",
        "soFlag": "so_flag",
        "cadlFlag": "cadl_flag",
        "volume": "volume",
        "originalPrice": "original_price",
        "finalPrice": "final_price",
        "transmissionLossMultiplier": "transmission_loss_multiplier",
    }
    kept = fetched.records[list(names.values())].astype(object)
    kept = kept.where(kept.notna(), None)
    assert list(kept.itertuples(index=False, name=None)) == [tuple(row.get(name) for name in names) for row in wanted]
    records = fetched.records
    assert (records["payment"] == records["volume"] * records["original_price"]).all()
    assert set(records["settlement_date"]) == {DAY}
    starts = [datetime.fromisoformat(row["startTime"]) for row in wanted]
    assert records["start_time"].tolist() == starts
    assert set(records["vintage"]) == {datetime(2025, 3, 9, 12, 44, 27, tzinfo=UTC)}
    assert fetched.warnings == ()
    # What the twin serves has every trap that the rows are kept for.
    assert records["so_flag"].isna().any()
    assert records["cadl_flag"].isna().any()
    assert records["transmission_loss_multiplier"].isna().any()
    assert is_undo(records).any()
    assert records.duplicated(["settlement_period", "side", "farm_id"]).any()


@pytest.mark.parametrize(("day", "periods"), [(SHORT_DAY, 46), (LONG_DAY, 50)])
def test_every_stack_of_the_day_is_asked_for_once(fetch: Any, twin: Twin, day: date, periods: int) -> None:
    before = datetime.now(UTC)
    fetched = fetch(day)
    assert twin.count(route="stack", date=day) == 2 * periods
    assert len(twin.record.per_url()) == 2 * periods + 2  # and the two reports of the whole day to compare with
    assert list(fetched.ledger) == list(LEDGER_COLUMNS)
    keys = list(fetched.ledger[["settlement_period", "side"]].itertuples(index=False, name=None))
    assert keys == [(period, side) for period in range(1, periods + 1) for side in SIDES]
    assert fetched.ledger["fetched_at"].between(before, datetime.now(UTC)).all()


def test_the_ledger_says_what_was_answered(plain: FetchedDay, world: GeneratedWorld) -> None:
    fetched = plain
    hashes = content_hashes(fetched.records)
    for row in fetched.ledger.itertuples():
        records = fetched.records
        mine = records[(records["settlement_period"] == row.settlement_period) & (records["side"] == row.side)]
        assert row.raw_rows == len(world.stack(DAY, row.settlement_period, row.side))
        assert row.wind_rows == len(mine)
        assert row.wind_mwh == pytest.approx(mine["volume"].sum())
        assert row.content_hash == hashes.get((DAY, row.settlement_period, row.side), EMPTY_HASH)
        assert row.confirmed_by == "rows"
        assert row.vintage == datetime(2025, 3, 9, 12, 44, 27, tzinfo=UTC)


def uncounted_bids(world: GeneratedWorld, units: dict[str, WindUnit]) -> dict[str, float]:
    """Accepted bids of the day by unit, without trades, wind and the unit that the register does not type."""
    mwh: dict[str, float] = {}
    for period in range(1, periods_in(DAY) + 1):
        for row in world.stack(DAY, period, "bid"):
            name = row["id"]
            if name and not name.isdigit() and name not in units and name != UNTYPED_WIND:
                mwh[name] = mwh.get(name, 0.0) + row["volume"]
    return {name: volume for name, volume in mwh.items() if volume < 0}


def test_a_wind_like_id_that_is_not_known_is_listed_and_not_counted(
    fetch: Any, plain: FetchedDay, world: GeneratedWorld, units: dict[str, WindUnit]
) -> None:
    fetched = plain
    rows = truth(world, DAY, {UNTYPED_WIND})
    assert rows
    unknown = fetched.unknown_units.set_index("bm_unit_id").loc[UNTYPED_WIND].to_dict()
    assert unknown | {"bm_unit_id": UNTYPED_WIND} == {
        "settlement_date": DAY,
        "bm_unit_id": UNTYPED_WIND,
        "rows": len(rows),
        "bid_mwh": pytest.approx(sum(row["volume"] for row in rows if row["side"] == "bid")),
    }
    assert UNTYPED_WIND not in set(fetched.records["farm_id"])

    others = fetched.unknown_units[fetched.unknown_units["bm_unit_id"] != UNTYPED_WIND]
    assert others.set_index("bm_unit_id")["bid_mwh"].to_dict() == pytest.approx(uncounted_bids(world, units))

    known = fetch(known=units | {UNTYPED_WIND: WindUnit(UNTYPED_WIND, lead_party_name="Found")})
    assert UNTYPED_WIND not in set(known.unknown_units["bm_unit_id"])
    assert len(known.records) == len(fetched.records) + len(rows)
    assert set(known.records.loc[known.records["farm_id"] == UNTYPED_WIND, "lead_party_name"]) == {"Found"}


def test_a_day_without_wind_is_whole_by_its_raw_rows(fetch: Any) -> None:
    fetched = fetch(known={"T_NONE-1": WindUnit("T_NONE-1")})
    assert fetched.records.empty
    assert set(fetched.ledger["confirmed_by"]) == {"rows"}
    assert set(fetched.ledger["content_hash"]) == {EMPTY_HASH}
    assert (fetched.ledger["raw_rows"] > 0).all()


def test_nothing_is_certified_without_any_wind_unit(fetch: Any) -> None:
    with pytest.raises(DayIncomplete, match="every day would look quiet"):
        fetch(known={})


# Empty on both sides.


def test_a_period_that_is_empty_on_both_sides_is_not_published(fetch: Any, twin: Twin, world: GeneratedWorld) -> None:
    world.empty(DAY, 7)
    with pytest.raises(
        DayIncomplete, match=r"^period 7 is empty on both sides, .* not published: .*/bid/2025-03-08/7$"
    ):
        fetch()
    assert twin.count(route="volumes") == 0


def test_several_silent_periods_are_counted_and_the_first_are_listed(fetch: Any, world: GeneratedWorld) -> None:
    world.publish(DAY, 40)
    with pytest.raises(DayIncomplete, match=r"8 periods are empty on both sides \(41, 42, 43, 44, 45, 46, …\)"):
        fetch()
    world.unpublish(DAY)
    with pytest.raises(DayIncomplete, match="48 periods are empty"):
        fetch()


def test_a_person_can_certify_a_silent_period_and_only_that_one(fetch: Any, world: GeneratedWorld) -> None:
    world.empty(DAY, 7)
    fetched = fetch(accept_empty=[7])
    for side in SIDES:
        row = of_ledger(fetched, 7, side)
        assert (row["confirmed_by"], row["raw_rows"], row["wind_rows"]) == ("operator", 0, 0)
        assert pd.isna(row["vintage"])
    assert (fetched.ledger["confirmed_by"] == "rows").sum() == 94
    world.empty(DAY, 8)
    with pytest.raises(DayIncomplete, match=r"^period 8 is empty on both sides"):
        fetch(accept_empty=[7])


def test_accepting_a_period_that_has_rows_changes_nothing(fetch: Any, plain: FetchedDay) -> None:
    accepted = fetch(accept_empty=[1, 2, 3])
    pd.testing.assert_frame_equal(accepted.records, plain.records)
    assert set(accepted.ledger["confirmed_by"]) == {"rows"}


# Empty on one side.


def test_an_empty_side_is_asked_for_again_then_confirmed_by_the_volumes(
    fetch: Any, twin: Twin, world: GeneratedWorld
) -> None:
    places: list[tuple[int, Side]] = [(7, "bid"), (9, "offer"), (48, "offer")]
    for period, side in places:
        world.empty(DAY, period, side)
    fetched = fetch()
    for period, side in places:
        row = of_ledger(fetched, period, side)
        assert (row["confirmed_by"], row["raw_rows"], row["content_hash"]) == ("volumes", 0, EMPTY_HASH)
        assert pd.isna(row["vintage"])
        assert twin.count(route="stack", period=period, side=side) == 2
    assert fetched.warnings == ()
    assert twin.count(route="stack") == 96 + len(places)
    assert (fetched.ledger["confirmed_by"] == "rows").sum() == 96 - len(places)


@pytest.mark.parametrize("side", SIDES)
def test_an_empty_side_that_the_volumes_contradict_fails_the_day(fetch: Any, world: GeneratedWorld, side: Side) -> None:
    world.withhold(DAY, 7, side)
    with pytest.raises(
        DayIncomplete,
        match=rf"period 7 {side} is empty, but \d+ units had accepted volume in it .*/{side}/2025-03-08/7$",
    ):
        fetch()


def test_a_side_that_was_empty_only_once_is_whole(fetch: Any, plain: FetchedDay, twin: Twin) -> None:
    twin.fault(Fault(kind="empty", route="stack", period=7, side="bid", attempts=1))
    fetched = fetch()
    pd.testing.assert_frame_equal(fetched.records, plain.records)
    assert of_ledger(fetched, 7, "bid")["confirmed_by"] == "rows"


def test_an_empty_side_without_the_volumes_is_taken_as_quiet_with_a_warning(
    fetch: Any, twin: Twin, world: GeneratedWorld
) -> None:
    world.empty(DAY, 7, "offer")
    world.empty(DAY, 9, "offer")
    twin.fault(Fault(kind="status", status=503, route="volumes"))
    fetched = fetch()
    assert {of_ledger(fetched, period, "offer")["confirmed_by"] for period in (7, 9)} == {"unreachable"}
    (warning,) = fetched.warnings
    assert "2025-03-08 offer: empty periods [7, 9] taken as quiet" in warning
    assert "/volumes/all/offer/2025-03-08" in warning


def test_volumes_that_are_empty_themselves_confirm_nothing_and_are_told(
    fetch: Any, twin: Twin, world: GeneratedWorld
) -> None:
    world.empty(DAY, 7, "offer")
    twin.fault(Fault(kind="empty", route="volumes"))
    fetched = fetch()
    assert of_ledger(fetched, 7, "offer")["confirmed_by"] == "unreachable"
    assert len(fetched.warnings) == 1


# What cannot be right.


@pytest.fixture(scope="module")
def later(plain: FetchedDay, served: Served, world: GeneratedWorld, units: dict[str, WindUnit]) -> list[FetchedDay]:
    """The day after a later run with the same content, and after one with more."""
    world.reset()
    found = []
    for scale in (1.0, 1.1):
        world.restate(DAY, scale=scale)
        found.append(served[1].run(fetch_day(served[1].client, DAY, units)))
    world.reset()
    return found


def test_a_day_is_stored_once_and_changes_only_when_it_is_restated(
    plain: FetchedDay, later: list[FetchedDay], warehouse: Warehouse
) -> None:
    same, more = later
    assert store(warehouse, plain) is Outcome.NEW
    before = rows_of(warehouse, curtailment_records)
    assert len(before) == len(plain.records)
    assert store(warehouse, plain) is Outcome.UNCHANGED
    assert same.records["vintage"].min() > plain.records["vintage"].max()
    assert store(warehouse, same) is Outcome.UNCHANGED
    assert rows_of(warehouse, curtailment_records) == before
    assert store(warehouse, more) is Outcome.RESTATED
    assert len(rows_of(warehouse, curtailment_records)) == len(before)


def test_the_recorded_day_at_the_grain_of_acceptances_has_the_published_sums() -> None:
    folder = recorded_data()
    if folder is None:
        pytest.skip(NO_DATA)
    world = RecordedWorld(folder)
    units = {
        row.fields["id"]: WindUnit(row.fields["id"])
        for period in range(1, 49)
        for side in SIDES
        for row in world.base_rows(GRAIN_DAY, period, side)
        if "FILLER" not in row.fields["id"]
    }
    with elexon_of(world) as (_, elexon):
        records = elexon.run(fetch_day(elexon.client, GRAIN_DAY, units)).records
    bids, offers = records[is_curtailment(records)], records[is_undo(records)]
    assert (len(bids), len(offers)) == (3_748, 43)
    totals = daily_totals(records, pd.Index([GRAIN_DAY])).loc[GRAIN_DAY]
    assert totals["total_curtailed_energy"] == pytest.approx(66_761.283617, abs=1e-6)
    assert totals["system_flagged_energy"] == pytest.approx(62_586.136759, abs=1e-6)
