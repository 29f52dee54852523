"""What counts as curtailment, and that money keeps its sign."""

from datetime import date
from math import fsum
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.curtailment import (
    COUNTS,
    ENERGY_AND_PAYMENT,
    daily_totals,
    derived_columns_match,
    farm_energy,
    has_wrong_sign,
    is_curtailment,
    is_undo,
    payment,
)
from mining_assets.domain.tolerance import RELATIVE_TOLERANCE
from mining_assets_tests.support.samples import DAY, FARM, OTHER_FARM, record, records

NEXT_DAY = date(2025, 6, 4)


def totals(*rows: dict[str, Any], day: date = DAY) -> dict[str, Any]:
    return daily_totals(records(*rows), pd.Index([day])).loc[day].to_dict()


@pytest.mark.parametrize(
    ("side", "volume", "curtailed", "undone"),
    [
        ("bid", -10.0, True, False),
        ("bid", -0.004, True, False),
        ("bid", 0.0, False, False),
        ("offer", 10.0, False, True),
        ("offer", 0.0, False, False),
    ],
)
def test_a_record_is_a_bid_below_zero_and_an_undo_an_offer_above(
    side: Any, volume: float, curtailed: bool, undone: bool
) -> None:
    rows = records(record(side=side, volume=volume))
    assert is_curtailment(rows).tolist() == [curtailed]
    assert is_undo(rows).tolist() == [undone]


@pytest.mark.parametrize(
    ("volume", "price", "paid"),
    [
        (-10.0, -70.0, 700.0),  # told to stop, and paid for it
        (-10.0, 12.5, -125.0),  # bids a positive price: pays
        (10.0, -70.0, -700.0),  # takes a bid back: gives the money back
        (10.0, 12.5, 125.0),
    ],
)
def test_a_payment_has_the_sign_of_who_is_paid(volume: float, price: float, paid: float) -> None:
    assert payment(pd.Series([volume]), pd.Series([price])).tolist() == [paid]


def test_a_payment_of_nothing_is_a_plain_zero() -> None:
    assert str(payment(pd.Series([-10.0]), pd.Series([0.0])).iloc[0]) == "0.0"


def test_a_day_on_which_farms_pay_more_than_they_get_has_a_negative_total() -> None:
    day = totals(record(1, original_price=-1.0), record(2, original_price=50.0))
    assert day["total_payment"] == 10.0 - 500.0


def test_money_uses_the_original_price_without_the_loss_multiplier() -> None:
    day = totals(record(original_price=-70.0, final_price=-1.0, transmission_loss_multiplier=0.5))
    assert day["total_payment"] == 700.0


def test_several_rows_of_one_unit_in_one_period_are_all_real() -> None:
    rows = [record(3, sequence_number=n, acceptance_id=4711, bid_offer_pair_id=-1) for n in (1, 2, 3)]
    day = totals(*rows)
    assert day["total_curtailed_energy"] == 30.0
    assert day["curtailment_records"] == 3
    assert day["farms"] == 1
    assert day["periods_curtailed"] == 1


def test_an_absent_system_flag_counts_as_not_flagged() -> None:
    day = totals(
        record(1, so_flag=True, volume=-1.0),
        record(2, so_flag=False, volume=-2.0),
        record(3, so_flag=None, volume=-4.0),
    )
    assert day["system_flagged_energy"] == 1.0
    assert day["total_curtailed_energy"] == 7.0


@pytest.mark.parametrize("cadl_flag", [True, False, None])
def test_a_short_acceptance_is_curtailment_like_any_other(cadl_flag: bool | None) -> None:
    assert totals(record(cadl_flag=cadl_flag))["total_curtailed_energy"] == 10.0


def test_undone_energy_and_money_stay_apart_from_gross() -> None:
    day = totals(
        record(1, volume=-10.0, original_price=-70.0),
        record(1, "offer", volume=4.0, original_price=-70.0),
        record(2, "offer", farm_id=OTHER_FARM, volume=1.0, original_price=20.0),
    )
    assert day == {
        "total_curtailed_energy": 10.0,
        "system_flagged_energy": 10.0,
        "undone_energy": 5.0,
        "total_payment": 700.0,
        "undone_payment": -280.0 + 20.0,
        "curtailment_records": 1,
        "farms": 1,
        "periods_curtailed": 1,
    }


def test_rows_without_volume_are_counted_nowhere() -> None:
    rows = [record(1, volume=0.0), record(2, "offer", volume=0.0), record(3, farm_id=OTHER_FARM)]
    day = totals(*rows)
    assert (day["curtailment_records"], day["farms"], day["periods_curtailed"]) == (1, 1, 1)
    assert farm_energy(records(*rows))["farm_id"].tolist() == [OTHER_FARM]


def test_each_day_gets_its_own_rows_and_a_quiet_one_zeros_of_the_right_types() -> None:
    both = daily_totals(records(record(1), record(2, day=NEXT_DAY, volume=-1.0)), pd.Index([DAY, NEXT_DAY]))
    assert both["total_curtailed_energy"].to_dict() == {DAY: 10.0, NEXT_DAY: 1.0}
    quiet = daily_totals(records(), pd.Index([DAY]))
    assert (quiet.loc[DAY] == 0).all()
    assert {str(quiet[name].dtype) for name in ENERGY_AND_PAYMENT} == {"float64"}
    assert {str(quiet[name].dtype) for name in COUNTS} == {"int64"}
    assert quiet.index.name == "summary_date"


def test_a_day_with_only_undo_offers_has_no_curtailment() -> None:
    day = totals(record(1, "offer"))
    assert (day["total_curtailed_energy"], day["curtailment_records"], day["undone_energy"]) == (0.0, 0, 10.0)
    assert not str(day["total_curtailed_energy"]).startswith("-")


def test_days_that_were_not_asked_for_are_left_out() -> None:
    assert daily_totals(records(record(), record(day=NEXT_DAY)), pd.Index([NEXT_DAY])).index.tolist() == [NEXT_DAY]


PERIOD_ROWS = st.builds(
    record,
    st.integers(1, 48),
    st.sampled_from(["bid", "offer"]),
    day=st.sampled_from([DAY, NEXT_DAY]),
    farm_id=st.sampled_from([FARM, OTHER_FARM]),
    volume=st.sampled_from([0.0, 0.1, 0.25, 7.3, 1234.567]),
    so_flag=st.sampled_from([True, False, None]),
)


@given(st.lists(PERIOD_ROWS, max_size=30))
def test_measures_are_those_of_adding_row_by_row(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        row["volume"] *= -1 if row["side"] == "bid" else 1
        row["payment"] = row["volume"] * row["original_price"]
    both = daily_totals(records(*rows), pd.Index([DAY, NEXT_DAY]))
    for day in (DAY, NEXT_DAY):
        of_day = [row for row in rows if row["settlement_date"] == day]
        bids = [row for row in of_day if row["volume"] < 0]
        undone = [row for row in of_day if row["volume"] > 0]
        assert both.loc[day].to_dict() == pytest.approx(
            {
                "total_curtailed_energy": fsum(-row["volume"] for row in bids),
                "system_flagged_energy": fsum(-row["volume"] for row in bids if row["so_flag"]),
                "undone_energy": fsum(row["volume"] for row in undone),
                "total_payment": fsum(row["payment"] for row in bids),
                "undone_payment": fsum(row["payment"] for row in undone),
                "curtailment_records": len(bids),
                "farms": len({row["farm_id"] for row in bids}),
                "periods_curtailed": len({row["settlement_period"] for row in bids}),
            },
            rel=RELATIVE_TOLERANCE,
        )


def test_a_volume_has_the_sign_of_its_side() -> None:
    signs = [("bid", -1.0), ("bid", 0.0), ("bid", 1.0), ("offer", -1.0), ("offer", 0.0), ("offer", 1.0)]
    rows = records(*(record(n, side, volume=volume) for n, (side, volume) in enumerate(signs, start=1)))
    assert has_wrong_sign(rows).tolist() == [False, False, True, True, False, False]


def test_farm_energy_adds_the_rows_of_a_farm_in_a_period_and_is_positive() -> None:
    energy = farm_energy(
        records(
            record(2, volume=-1.0),
            record(1, sequence_number=1, volume=-10.0),
            record(1, sequence_number=2, volume=-0.5),
            record(1, sequence_number=3, farm_id=OTHER_FARM, volume=-3.0),
            record(1, "offer", volume=8.0),
        )
    )
    found = energy[["settlement_period", "farm_id", "curtailed_energy"]].itertuples(index=False, name=None)
    assert list(found) == [(1, FARM, 10.5), (1, OTHER_FARM, 3.0), (2, FARM, 1.0)]
    assert energy["start_time"].tolist() == [record(1)["start_time"]] * 2 + [record(2)["start_time"]]


def test_no_rows_give_no_energy_but_the_same_columns() -> None:
    assert list(farm_energy(records())) == list(farm_energy(records(record())))


@pytest.mark.parametrize(
    ("column", "value", "right"),
    [
        ("payment", 700.0, True),
        ("payment", -700.0, False),
        ("payment", 700.01, False),
        ("volume", -10.1, False),
        ("original_price", 70.0, False),
        ("start_time", pd.Timestamp("2025-06-02T23:00Z"), True),
        ("start_time", pd.Timestamp("2025-06-03T00:00Z"), False),
        ("settlement_period", 2, False),
        ("settlement_period", 50, False),
        ("settlement_date", NEXT_DAY, False),
        ("vintage", pd.Timestamp("2026-01-01T00:00Z"), True),
    ],
)
def test_payment_and_start_follow_from_the_rest_of_a_row(column: str, value: Any, right: bool) -> None:
    rows = records(record(1), record(2))
    rows[column] = pd.Series([value, rows[column].iloc[1]], dtype=rows[column].dtype)
    assert derived_columns_match(rows).tolist() == [right, True]


def test_nothing_to_follow_is_right() -> None:
    assert derived_columns_match(records()).empty
