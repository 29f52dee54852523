"""Fetching a day from the twin: whole or not at all, and never an empty answer for a zero."""

from collections.abc import Collection, Iterator
from datetime import UTC, date, datetime
from typing import Any

import pandas as pd
import pytest

from mining_assets.domain.content_hash import EMPTY_HASH, content_hashes
from mining_assets.domain.curtailment import RECORD_COLUMNS, daily_totals, is_curtailment, is_undo
from mining_assets.domain.settlement import SIDES, Side, periods_in
from mining_assets.domain.wind_units import WindUnit, wind_among
from mining_assets.pipeline.fetch import DayIncomplete, fetch_day
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import LEDGER_COLUMNS, FetchedDay, Outcome
from mining_assets.warehouse.schema import curtailment_records
from mining_assets_tests.support.elexon import elexon_of
from mining_assets_tests.support.samples import rows_of, store
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.recorded import GRAIN_DAY, NO_DATA, RecordedWorld, recorded_data
from mining_assets_tests.support.twin.register import UNTYPED_WIND
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 3, 8)
SHORT_DAY, LONG_DAY = date(2025, 3, 30), date(2025, 10, 26)
Served = tuple[Twin, SyncClient[ElexonClient]]


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return GeneratedWorld(7, units=20, light=True, windy_days=[DAY, SHORT_DAY, LONG_DAY])


@pytest.fixture(scope="module")
def served(world: GeneratedWorld) -> Iterator[Served]:
    with elexon_of(world) as both:
        yield both


@pytest.fixture
def twin(served: Served, world: GeneratedWorld) -> Twin:
    world.reset()
    served[0].clear_faults()
    served[0].record.clear()
    return served[0]


@pytest.fixture(scope="module")
def units(served: Served) -> dict[str, WindUnit]:
    elexon = served[1]
    return {unit.bm_unit_id: unit for unit in wind_among(elexon.run(elexon.client.bm_units()), [])}


@pytest.fixture
def fetch(twin: Twin, served: Served, units: dict[str, WindUnit]) -> Any:
    def run(day: date = DAY, accept_empty: Collection[int] = (), known: dict[str, WindUnit] = units) -> FetchedDay:
        elexon = served[1]
        return elexon.run(fetch_day(elexon.client, day, known, accept_empty))

    return run


@pytest.fixture(scope="module")
def plain(served: Served, world: GeneratedWorld, units: dict[str, WindUnit]) -> FetchedDay:
    """The day as nothing happened to it."""
    world.reset()
    served[0].clear_faults()
    return served[1].run(fetch_day(served[1].client, DAY, units))


def truth(world: GeneratedWorld, day: date, units: Collection[str]) -> list[dict[str, Any]]:
    """The rows of the wind units as the world has them, with their side."""
    return [
        row | {"side": side}
        for period in range(1, periods_in(day) + 1)
        for side in SIDES
        for row in world.stack(day, period, side)
        if row["id"] in units
    ]


def of_ledger(fetched: FetchedDay, period: int, side: Side) -> dict[str, Any]:
    ledger = fetched.ledger
    return ledger[(ledger["settlement_period"] == period) & (ledger["side"] == side)].iloc[0].to_dict()


def windy_period(world: GeneratedWorld) -> int:
    return int(world.plan(DAY).intensity.argmax()) + 1


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


def test_an_empty_side_is_asked_for_again_and_then_confirmed_by_the_days_volumes(
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


@pytest.mark.parametrize("price", [5_000.01, -5_000.01])
def test_a_price_beyond_the_bound_on_a_wind_row_refuses_the_day(
    fetch: Any, twin: Twin, world: GeneratedWorld, price: float
) -> None:
    period = windy_period(world)
    twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field="originalPrice", value=price))
    with pytest.raises(
        SourceRefused, match=rf"originalPrice {price} £/MWh on the wind unit [TE]_.*/bid/{DAY}/{period}$"
    ):
        fetch()


def test_a_price_at_the_bound_is_taken_and_any_price_of_another_unit(
    fetch: Any, twin: Twin, world: GeneratedWorld
) -> None:
    period = windy_period(world)
    changed = {"kind": "mutate", "route": "stack", "side": "bid", "field": "originalPrice"}
    ids = [row["id"] for row in world.stack(DAY, period - 2, "bid")]
    other = next(name for name in ids if name and "_" in name and name not in {*world.wind_unit_ids, UNTYPED_WIND})
    twin.fault(
        Fault(**changed, period=period, value=5_000.0),
        Fault(**changed, period=period - 1, value=-5_000.0),
        Fault(**changed, period=period - 2, value=99_999.0, row=other),
    )
    prices = fetch().records["original_price"]
    assert {prices.max(), prices.min()} == {5_000.0, -5_000.0}


@pytest.mark.parametrize("sentinel", [9_999.0, -9_999.0, 99_999.0, -99_999.0])
def test_a_sentinel_for_a_price_on_a_wind_row_refuses_the_day(
    fetch: Any, twin: Twin, world: GeneratedWorld, sentinel: float
) -> None:
    period = windy_period(world)
    twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field="originalPrice", value=sentinel))
    with pytest.raises(SourceRefused, match=rf"originalPrice {sentinel} £/MWh on the wind unit .* period {period} bid"):
        fetch()


def test_a_wind_row_without_a_price_refuses_the_day_by_name(fetch: Any, twin: Twin, world: GeneratedWorld) -> None:
    period = windy_period(world)
    twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field="originalPrice", value=None))
    with pytest.raises(
        SourceRefused, match=rf"row \d+: originalPrice on the wind unit [TE]_\S+ is null: {DAY} period {period} bid"
    ):
        fetch()


def test_another_row_may_lack_all_that_the_source_says_may_be_null(
    fetch: Any, twin: Twin, world: GeneratedWorld, plain: FetchedDay
) -> None:
    period = windy_period(world)
    ids = [row["id"] for row in world.stack(DAY, period, "bid")]
    other = next(name for name in ids if name and "_" in name and name not in {*world.wind_unit_ids, UNTYPED_WIND})
    for field in ("originalPrice", "createdDateTime"):
        twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field=field, value=None, row=other))
    pd.testing.assert_frame_equal(fetch().records, plain.records)


@pytest.mark.parametrize("row", ["wind", "all"])
def test_a_wind_row_without_a_vintage_has_the_newest_that_is_there(
    fetch: Any, twin: Twin, world: GeneratedWorld, plain: FetchedDay, row: str
) -> None:
    """Of its stack, or, when no row of the stack has one, of the day."""
    period = windy_period(world)
    twin.fault(
        Fault(kind="mutate", route="stack", period=period, side="bid", field="createdDateTime", value=None, row=row)
    )
    fetched = fetch()
    pd.testing.assert_frame_equal(fetched.records, plain.records)
    assert (of_ledger(fetched, period, "bid")["vintage"] is pd.NaT) == (row == "all")


def test_a_day_on_which_nothing_says_when_it_was_calculated_is_refused(fetch: Any, twin: Twin) -> None:
    twin.fault(Fault(kind="mutate", route="stack", field="createdDateTime", value=None, row="all"))
    with pytest.raises(SourceRefused, match=r"createdDateTime on the wind unit .* is null, as on every other row"):
        fetch()


@pytest.mark.parametrize("kind", ["wrong_period", "duplicate"])
def test_an_answer_that_is_not_the_one_asked_for_refuses_the_day(fetch: Any, twin: Twin, kind: str) -> None:
    twin.fault(Fault(kind=kind, route="stack", period=11, side="offer"))
    with pytest.raises(SourceRefused, match=f"offer/{DAY}/11"):
        fetch()


def test_one_stack_that_cannot_be_had_fails_the_day(fetch: Any, twin: Twin) -> None:
    twin.fault(Fault(kind="status", status=500, route="stack", period=48, side="offer"))
    with pytest.raises(SourceUnavailable, match=f"offer/{DAY}/48"):
        fetch()


def test_passing_faults_change_nothing(fetch: Any, plain: FetchedDay, twin: Twin) -> None:
    twin.fault(
        Fault(kind="status", status=500, share=0.1, attempts=1, route="stack"),
        Fault(kind="cut_json", share=0.1, attempts=1, route="stack"),
        Fault(kind="reset", share=0.05, attempts=1, route="stack"),
    )
    pd.testing.assert_frame_equal(fetch().records, plain.records)


# Into the warehouse.


@pytest.fixture(scope="module")
def later(plain: FetchedDay, served: Served, world: GeneratedWorld, units: dict[str, WindUnit]) -> list[FetchedDay]:
    """The day after a later run with the same content, and after one with more."""
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
