"""Storing summaries: rows are written only where they changed, and removed where nothing is left."""

from datetime import date
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Table

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.periods import Month
from mining_assets.domain.valuation import SHARE_FIGURES
from mining_assets.warehouse import summaries
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    daily_summaries,
    monthly_summaries,
    yearly_summaries,
)
from mining_assets.warehouse.summaries import (
    SUMMARIES,
    distinct_farms,
    span_column,
    store_summaries,
    summaries_between,
    summaries_of,
)
from mining_assets_tests.support.samples import DAY, FARM, OTHER_FARM, fetched_day, record, rows_of, store

MONTHS = Month.parse("2025-01"), Month.parse("2025-12")
FIRST, SECOND, THIRD = date(2025, 6, 1), date(2025, 6, 2), date(2025, 6, 3)


def daily(**energies: float) -> pd.DataFrame:
    """Rows of daily_summaries, given as d1=…, d2=…"""
    rows = [
        {"summary_date": date(2025, 6, int(day[1:])), **dict.fromkeys(TOTALS, 1), "total_curtailed_energy": energy}
        for day, energy in energies.items()
    ]
    return pd.DataFrame(rows, columns=["summary_date", *TOTALS, *SHARE_FIGURES])


def put(warehouse: Warehouse, table: Table, spans: list[Any], rows: pd.DataFrame) -> int:
    with warehouse.writing("a") as connection:
        return store_summaries(connection, table.name, spans, rows)


def energies(warehouse: Warehouse) -> dict[date, float]:
    return {row[0]: row[1] for row in rows_of(warehouse, daily_summaries)}


def test_the_six_tables_are_known_by_their_span() -> None:
    assert {name: span_column(table).key for name, table in SUMMARIES.items()} == {
        "daily_summaries": "summary_date",
        "monthly_summaries": "year_month",
        "yearly_summaries": "year",
        "bitcoin_daily_summaries": "summary_date",
        "bitcoin_monthly_summaries": "year_month",
        "bitcoin_yearly_summaries": "year",
    }


def test_rows_are_added_changed_and_removed_with_their_spans(warehouse: Warehouse) -> None:
    assert put(warehouse, daily_summaries, [FIRST, SECOND], daily(d1=1.0, d2=2.0)) == 2
    assert put(warehouse, daily_summaries, [SECOND, THIRD], daily(d2=2.5, d3=3.0)) == 3  # one out, two in
    assert energies(warehouse) == {FIRST: 1.0, SECOND: 2.5, THIRD: 3.0}
    assert put(warehouse, daily_summaries, [FIRST, SECOND], daily(d2=2.5)) == 1
    assert energies(warehouse) == {SECOND: 2.5, THIRD: 3.0}


def test_spans_that_were_not_named_stay(warehouse: Warehouse) -> None:
    put(warehouse, daily_summaries, [FIRST, SECOND], daily(d1=1.0, d2=2.0))
    assert put(warehouse, daily_summaries, [FIRST], daily()) == 1
    assert put(warehouse, daily_summaries, [], daily()) == 0
    assert energies(warehouse) == {SECOND: 2.0}


def test_nothing_is_written_where_nothing_changed(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    put(warehouse, daily_summaries, [FIRST, SECOND], daily(d1=1.0, d2=2.0))
    written: list[date] = []

    def watched(connection: Connection, table: Table, frame: pd.DataFrame) -> None:
        written.extend(frame["summary_date"])
        insert_frame(connection, table, frame)

    insert_frame = summaries.insert_frame
    monkeypatch.setattr(summaries, "insert_frame", watched)
    assert put(warehouse, daily_summaries, [FIRST, SECOND, THIRD], daily(d1=1.0, d2=2.0)) == 0
    assert written == []
    put(warehouse, daily_summaries, [FIRST, SECOND], daily(d1=1.0, d2=2.0 + 1e-12))
    assert written == [SECOND]


def test_a_figure_that_becomes_known_or_unknown_is_a_change(
    warehouse: Warehouse,
) -> None:
    put(warehouse, daily_summaries, [FIRST, SECOND], daily(d1=1.0, d2=2.0))
    known = daily(d1=1.0, d2=2.0).assign(generated_energy=[9.0, None], curtailed_share=[0.1, None])
    assert put(warehouse, daily_summaries, [FIRST, SECOND], known) == 2  # one out, one in
    assert put(warehouse, daily_summaries, [FIRST, SECOND], known) == 0
    assert put(warehouse, daily_summaries, [FIRST, SECOND], daily(d1=1.0, d2=2.0)) == 2


@pytest.mark.parametrize("name", TOTALS)
def test_a_change_of_any_figure_is_a_change(warehouse: Warehouse, name: str) -> None:
    put(warehouse, daily_summaries, [FIRST], daily(d1=1.0))
    assert put(warehouse, daily_summaries, [FIRST], daily(d1=1.0).assign(**{name: 5})) == 2


def test_the_order_of_columns_does_not_matter(warehouse: Warehouse) -> None:
    put(warehouse, daily_summaries, [FIRST], daily(d1=1.0))
    assert (
        put(
            warehouse,
            daily_summaries,
            [FIRST],
            daily(d1=1.0)[["farms", *SHARE_FIGURES, "summary_date", *TOTALS[:6], TOTALS[7]]],
        )
        == 0
    )


def test_a_row_per_model_belongs_to_its_day(warehouse: Warehouse) -> None:
    rows = pd.DataFrame(
        [(day, model, 1.0, 0.5) for day in (FIRST, SECOND) for model in ("S9", "M20S")],
        columns=["summary_date", "miner_model", "curtailed_energy", "bitcoin_mined"],
    ).reindex(columns=list(bitcoin_daily_summaries.columns.keys()))
    put(warehouse, bitcoin_daily_summaries, [FIRST, SECOND], rows)
    assert put(warehouse, bitcoin_daily_summaries, [FIRST], rows[rows["miner_model"] == "S9"].head(1)) == 1
    assert [row[:2] for row in rows_of(warehouse, bitcoin_daily_summaries)] == [
        (FIRST, "S9"),
        (SECOND, "M20S"),
        (SECOND, "S9"),
    ]


def test_rows_are_read_by_span_and_between_spans_both_included(warehouse: Warehouse) -> None:
    put(warehouse, daily_summaries, [FIRST, SECOND, THIRD], daily(d3=3.0, d1=1.0, d2=2.0))
    with warehouse.reading() as connection:
        assert summaries_of(connection, daily_summaries.name, [THIRD, FIRST])["summary_date"].tolist() == [FIRST, THIRD]
        between = summaries_between(connection, daily_summaries.name, FIRST, SECOND)
        assert between["total_curtailed_energy"].tolist() == [1.0, 2.0]
        assert summaries_between(connection, bitcoin_monthly_summaries.name, *MONTHS).empty


def test_months_of_a_year_are_found_by_their_names(warehouse: Warehouse) -> None:
    months = ["2024-12", "2025-01", "2025-12", "2026-01"]
    rows = pd.DataFrame(
        [{"year_month": month, **dict.fromkeys(TOTALS, 1), "days_expected": 1, "days_complete": 1} for month in months]
    ).reindex(columns=list(monthly_summaries.columns.keys()))
    put(warehouse, monthly_summaries, [Month.parse(month) for month in months], rows)
    with warehouse.reading() as connection:
        found = summaries_between(connection, monthly_summaries.name, *MONTHS)
    assert found["year_month"].tolist() == ["2025-01", "2025-12"]
    assert rows_of(warehouse, yearly_summaries) == []


def test_farms_are_counted_once_over_days_and_only_where_they_were_curtailed(warehouse: Warehouse) -> None:
    other = date(2025, 6, 30)
    undone = [record(3, "offer", farm_id="T_UNDOW-1"), record(4, farm_id="T_ZEROW-1", volume=0.0)]
    store(warehouse, fetched_day(record(1), record(2), record(2, sequence_number=2, farm_id=OTHER_FARM), *undone))
    store(warehouse, fetched_day(record(1, day=other, farm_id=FARM), day=other))
    with warehouse.reading() as connection:
        assert distinct_farms(connection, date(2025, 6, 1), date(2025, 6, 30)) == 2
        assert distinct_farms(connection, other, other) == 1
        assert distinct_farms(connection, DAY, DAY) == 2
        assert distinct_farms(connection, date(2025, 6, 4), date(2025, 6, 29)) == 0
