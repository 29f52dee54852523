"""Roll-ups: what adds up, how many days there ought to be, and what counts as the same figure."""

import calendar
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.rollups import (
    ADDITIVE_TOTALS,
    BITCOIN_FIGURES,
    bitcoin_days,
    bitcoin_months_from_days,
    bitcoin_years_from_months,
    days_expected,
    month_of,
    months_from_days,
    span_bounds,
    spans_between,
    year_of,
    years_from_months,
)
from mining_assets_tests.support.rollup_frames import bitcoin, daily

START = date(2016, 1, 1)
DAYS = st.dates(date(2023, 11, 1), date(2025, 2, 28))
FIGURES = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("first", "last", "spans"),
    [
        ("2024-11", "2025-02", ["2024-11", "2024-12", "2025-01", "2025-02"]),
        ("2025-03", "2025-03", ["2025-03"]),
        ("2024", "2026", ["2024", "2025", "2026"]),
        ("2025", "2024", []),
    ],
)
def test_the_months_and_years_between_two(first: str, last: str, spans: list[str]) -> None:
    assert list(spans_between(first, last)) == spans


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ("2025-06", date(2025, 6, 1), date(2025, 6, 30)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-02", date(2025, 2, 1), date(2025, 2, 28)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_span_runs_from_its_first_to_its_last_calendar_day(span: str, first: date, last: date) -> None:
    assert span_bounds(span) == (first, last)


@given(st.dates(date(2000, 1, 1), date(2100, 12, 31)))
def test_every_day_is_in_its_month_and_year(day: date) -> None:
    month = month_of(day)
    assert span_bounds(month)[0] <= day <= span_bounds(month)[1]
    assert span_bounds(month)[1].day == calendar.monthrange(day.year, day.month)[1]
    assert year_of(month) == str(day.year)
    assert span_bounds(year_of(month)) == (date(day.year, 1, 1), date(day.year, 12, 31))


@pytest.mark.parametrize(
    ("span", "start", "end", "days"),
    [
        ("2025-06", START, None, 30),  # in progress or not: the calendar decides
        ("2025-06", date(2025, 6, 1), date(2025, 6, 30), 30),
        ("2025-06", date(2025, 6, 10), None, 21),
        ("2025-06", START, date(2025, 6, 12), 12),
        ("2025-06", date(2025, 6, 10), date(2025, 6, 12), 3),
        ("2025-06", date(2025, 6, 30), date(2025, 7, 5), 1),
        ("2025-06", START, date(2025, 5, 31), 0),
        ("2025-06", date(2025, 7, 1), None, 0),
        ("2024-02", START, None, 29),
        ("2024", START, None, 366),
        ("2025", START, None, 365),
        ("2025", date(2025, 6, 10), None, 205),
        ("2025", START, date(2025, 1, 31), 31),
        ("2025", date(2026, 1, 1), None, 0),
    ],
)
def test_the_days_expected_are_those_of_the_span_within_the_partitions(
    span: str, start: date, end: date | None, days: int
) -> None:
    assert days_expected(span, start, end) == days


@given(DAYS, DAYS)
def test_the_days_expected_of_all_months_are_the_days_of_the_partitions(one: date, other: date) -> None:
    start, end = sorted((one, other))
    months = {month_of(start + timedelta(days=n)) for n in range((end - start).days + 1)}
    assert sum(days_expected(month, start, end) for month in months) == (end - start).days + 1
    assert sum(days_expected(year, start, end) for year in set(map(year_of, months))) == (end - start).days + 1


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
    assert set(months.index) == set(map(month_of, days))
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
