"""Roll-ups: what adds up, how many days there ought to be, and what counts as the same figure."""

from datetime import date
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.periods import Month
from mining_assets.domain.rollups import (
    ADDITIVE_TOTALS,
    BITCOIN_FIGURES,
    bitcoin_days,
    bitcoin_months_from_days,
    bitcoin_years_from_months,
    months_from_days,
    years_from_months,
)
from mining_assets_tests.support.rollup_frames import bitcoin, daily

START = date(2016, 1, 1)
DAYS = st.dates(date(2023, 11, 1), date(2025, 2, 28))
FIGURES = st.floats(-1e6, 1e6)


@given(st.dictionaries(DAYS, FIGURES, min_size=1, max_size=60))
def test_months_and_years_are_the_sums_of_their_days(days: dict[date, float]) -> None:
    rows = daily(days)
    months = months_from_days(rows).set_index("year_month")
    years = years_from_months(months.reset_index()).set_index("year")
    for span, summed in [(month, months) for month in months.index] + [(year, years) for year in years.index]:
        inside = rows[[str(day).startswith(span) for day in rows["summary_date"]]]
        assert summed.loc[span, "days_complete"] == len(inside)
        for name in ADDITIVE_TOTALS:
            # abs: sums along different ways differ by the rounding of their largest part.
            assert summed.loc[span, name] == pytest.approx(inside[name].sum(), rel=1e-12, abs=1e-7)
    assert set(months.index) == {str(Month.of(day)) for day in days}
    assert list(months.index) == sorted(months.index)


def test_farms_are_not_added_up() -> None:
    assert set(TOTALS) - set(ADDITIVE_TOTALS) == {"farms"}
    assert "farms" not in months_from_days(daily({date(2025, 6, 1): 1.0, date(2025, 6, 2): 1.0}))


def test_no_days_give_no_month_and_no_months_no_year() -> None:
    months = months_from_days(daily({}))
    assert months.empty
    assert years_from_months(months).empty
    assert bitcoin_years_from_months(bitcoin_months_from_days(bitcoin({}))).empty


@given(st.dictionaries(st.tuples(DAYS, st.sampled_from(["S9", "M20S"])), st.floats(0, 1e6), min_size=1, max_size=60))
def test_bitcoin_is_summed_model_by_model(days: dict[tuple[date, str], float]) -> None:
    rows = bitcoin(days)
    months = bitcoin_months_from_days(rows)
    years = bitcoin_years_from_months(months)
    for span_column, summed in (("year_month", months), ("year", years)):
        for row in summed.to_dict("records"):
            of_span = rows["summary_date"].map(str).str.startswith(row[span_column])
            inside = rows[of_span & (rows["miner_model"] == row["miner_model"])]
            assert row["days_complete"] == len(inside) > 0
            for name in BITCOIN_FIGURES:
                assert row[name] == pytest.approx(inside[name].sum(), rel=1e-12, abs=0)


def test_a_days_bitcoin_is_the_sum_of_its_calculations() -> None:
    def row(day: date, farm: str, model: str, energy: float) -> dict[str, Any]:
        return {
            "settlement_date": day,
            "settlement_period": 1,
            "farm_id": farm,
            "miner_model": model,
            "curtailed_energy": energy,
            "bitcoin_mined": energy / 4,
            "difficulty": 1e14,
            "block_subsidy": 3.125,
        }

    one, two = date(2025, 6, 1), date(2025, 6, 2)
    calculations = [
        row(one, "A", "S9", 1.0),
        row(one, "B", "S9", 2.0),
        row(one, "A", "M20S", 4.0),
        row(two, "A", "S9", 8.0),
    ]
    assert bitcoin_days(pd.DataFrame(calculations)).to_dict("records") == [
        {"summary_date": one, "miner_model": "M20S", "curtailed_energy": 4.0, "bitcoin_mined": 1.0},
        {"summary_date": one, "miner_model": "S9", "curtailed_energy": 3.0, "bitcoin_mined": 0.75},
        {"summary_date": two, "miner_model": "S9", "curtailed_energy": 8.0, "bitcoin_mined": 2.0},
    ]
