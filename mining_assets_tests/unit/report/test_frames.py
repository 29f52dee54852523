"""From frames to figures: pure, and absent where something is not known."""

import math
from datetime import date, timedelta

import pandas as pd
import pytest

from mining_assets.report.charts import HEAT_STEPS, heat_bounds
from mining_assets.report.frames import (
    DAY_KINDS,
    counted,
    day_kinds,
    farms_ranked,
    lead_parties_ranked,
    leading,
    restated_months,
    units_ranked,
)
from mining_assets.report.tables import Column, number, table


def states(**rows: object) -> pd.DataFrame:
    """Days from 2025-06-01 on: state, records, inconsistent, quarantined."""
    names = ["state", "records", "inconsistent", "quarantined"]
    days = [date(2025, 6, 1) + timedelta(days=order) for order in range(len(rows))]
    return pd.DataFrame(list(rows.values()), columns=names, index=days)


def test_the_worst_of_a_day_is_what_it_is_drawn_as() -> None:
    kinds = day_kinds(
        states(
            final=("final", 5, False, False),
            quiet=("final", 0, False, False),
            provisional=("provisional", 0, False, False),
            inconsistent=("provisional", 5, True, False),
            missing=("missing", 0, False, False),
            partial=("partial", 3, True, False),
            damaged=("damaged", 3, True, False),
            quarantined=("missing", 0, False, True),
        )
    )
    assert kinds.tolist() == list(DAY_KINDS)
    assert counted(list(kinds)) == dict.fromkeys(DAY_KINDS, 1)


def by_farm(*rows: tuple[str, str | None, float, float]) -> pd.DataFrame:
    units = pd.DataFrame(rows, columns=["farm_id", "lead_party_name", "curtailed_energy", "payment"])
    return units.assign(bm_unit_name=None, site=None)


def test_units_of_a_site_are_one_farm_and_can_be_told_apart() -> None:
    rows = by_farm(("M-1", "One", 10, 700), ("M-1", "Two", 5, 50), ("M-2", None, 20, 40), ("B", None, 30, 3))
    rows["site"] = ["Moray East", "Moray East", "Moray East", None]
    rows["bm_unit_name"] = ["OWF1", "OWF1", "OWF2", None]
    farms = farms_ranked(rows)
    assert farms[["site", "units", "bm_units"]].to_numpy().tolist() == [["Moray East", 2, "M-1, M-2"], ["B", 1, "B"]]
    assert farms[["curtailed_energy", "payment"]].to_numpy().tolist() == [[35, 790], [30, 3]]
    assert farms["lead_party_name"].fillna("-").tolist() == ["One, Two", "-"]
    units = units_ranked(rows)
    assert units["farm_id"].tolist() == ["B", "M-2", "M-1"]
    assert units["site"].fillna("-").tolist() == ["-", "Moray East", "Moray East"]
    assert units["bm_unit_name"].fillna("-").tolist() == ["-", "OWF2", "OWF1"]
    assert units["curtailed_energy"].sum() == farms["curtailed_energy"].sum()


def test_a_unit_that_changed_hands_is_one_unit_and_two_lead_parties() -> None:
    rows = by_farm(("A", "One", 10, 700), ("A", "Two", 5, -50), ("B", None, 12, 0), ("C", "One", 1, 70))
    farms = units_ranked(rows)
    assert farms[["farm_id", "curtailed_energy"]].to_numpy().tolist() == [["A", 15], ["B", 12], ["C", 1]]
    assert farms["lead_party_name"].fillna("-").tolist() == ["One, Two", "-", "One"]
    assert farms["average_price"].tolist() == pytest.approx([650 / 15, 0, 70])
    parties = lead_parties_ranked(rows)
    assert parties["lead_party_name"].tolist() == ["(unknown)", "One", "Two"]
    assert parties["payment"].tolist() == [0, 770, -50]


def test_what_is_not_leading_is_summed_up_so_that_nothing_is_lost() -> None:
    ranked = farms_ranked(by_farm(*((f"F{order:02}", "P", 100.0 - order, 10.0) for order in range(20))))
    top = leading(ranked, 15)
    assert len(top) == 16
    assert top["site"].iloc[-1] == "5 others"
    assert top["curtailed_energy"].sum() == ranked["curtailed_energy"].sum()
    assert len(leading(ranked, 20)) == 20
    assert leading(ranked.head(0), 15).empty


def test_restatements_are_summed_by_the_month_of_the_day() -> None:
    rows = pd.DataFrame(
        {
            "settlement_date": [date(2025, 5, 31), date(2025, 6, 1), date(2025, 6, 1)],
            "energy_before": [1.0, 2.0, 3.0],
            "energy_after": [1.5, 3.0, 2.5],
            "payment_before": [0.0, 0.0, 0.0],
            "payment_after": [10.0, -20.0, 5.0],
        }
    )
    months = restated_months(rows)
    assert months.to_numpy().tolist() == [["2025-05", 1, 0.5, 10.0], ["2025-06", 2, 0.5, -15.0]]
    assert restated_months(rows.head(0)).empty


@pytest.mark.parametrize("most", [0.004, 0.9, 3.0, 41.0, 599.9, 600.0, 601.0, 4711.0, 99_999.0])
def test_the_steps_of_a_heat_map_are_even_and_reach_its_maximum(most: float) -> None:
    date_range = heat_bounds(pd.Series([0.0, math.nan, most]))
    assert len(date_range) == HEAT_STEPS
    assert date_range[-1] >= most
    widths = {round(high - low, 6) for low, high in zip([0.0, *date_range], date_range, strict=False)}
    assert len(widths) == 1


def test_a_heat_map_of_zeros_or_of_nothing_has_no_steps() -> None:
    assert heat_bounds(pd.Series([0.0, 0.0])) == []
    assert heat_bounds(pd.Series([math.nan])) == []


@pytest.mark.parametrize(
    ("value", "text"),
    [(None, "unknown"), (math.nan, "unknown"), (0.0, "£0"), (-1234.4, "−£1,234"), (-0.2, "£0"), (1e6, "£1,000,000")],
)
def test_figures_for_people(value: float | None, text: str) -> None:
    assert number(value, 0, "£") == text


def test_cells_call_the_absent_unknown_and_never_zero() -> None:
    frame = pd.DataFrame({"name": ["a", None], "figure": [0.0, None], "day": [date(2025, 6, 1), None]})
    made = table(frame, [Column("name", "Name"), Column("figure", "MWh", 1), Column("day", "Day")])
    assert made.rows == (("a", "0.0", "2025-06-01"), ("unknown", "unknown", "unknown"))
    assert made.numeric == (False, True, False)
