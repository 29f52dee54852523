"""Months and years: the sums of what is below, no more rows than there are days, nothing written twice."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Table, delete, update

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.periods import Month, Year
from mining_assets.pipeline.rollups import roll_up
from mining_assets.warehouse import summaries
from mining_assets.warehouse.connection import Warehouse, insert_frame, plain_rows
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    bitcoin_yearly_summaries,
    curtailment_records,
    daily_summaries,
    monthly_summaries,
    yearly_summaries,
)
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import OTHER_FARM, damage, everything, record, records, rows_of
from mining_assets_tests.support.templates import Templates

ALL = (date(2016, 1, 1), None)
# Two days of June and one each of July and of the year before; FARM on all of them, OTHER_FARM on one.
DAYS = {date(2025, 6, 1): 1.0, date(2025, 6, 30): 2.0, date(2025, 7, 15): 4.0, date(2024, 12, 31): 8.0}
# Nothing is known of prices and generation here.
UNKNOWN_SHARE = {"generated_energy": None, "curtailed_share": None, "days_with_generation": 0}
UNKNOWN_VALUE = {"bitcoin_value": None, "total_payment": None, "value_ratio": None, "days_priced": 0}


def _with_four_days(warehouse: Warehouse) -> None:
    upgrade(warehouse)
    daily = pd.DataFrame(
        [
            {"summary_date": day, **{name: int(figure) * rank for rank, name in enumerate(TOTALS, 1)}}
            for day, figure in DAYS.items()
        ]
    ).assign(farms=1)
    bitcoin = pd.DataFrame(
        [
            {"summary_date": day, "miner_model": model, "curtailed_energy": figure, "bitcoin_mined": figure / share}
            for day, figure in DAYS.items()
            for model, share in (("S9", 4.0), ("M20S", 2.0))
        ]
    )
    rows = [record(1, day=day) for day in DAYS] + [record(2, day=date(2025, 6, 30), farm_id=OTHER_FARM)]
    with warehouse.writing("all") as connection:
        insert_frame(connection, daily_summaries, daily)
        insert_frame(connection, bitcoin_daily_summaries, bitcoin)
        insert_frame(connection, curtailment_records, records(*rows))


@pytest.fixture
def warehouse(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    with templates.copy(backend, _with_four_days, tmp_path) as copied:
        yield copied


def table(warehouse: Warehouse, name: Table) -> list[dict[str, Any]]:
    return [dict(zip(name.columns.keys(), row, strict=True)) for row in rows_of(warehouse, name)]


def roll_up_everything(warehouse: Warehouse) -> None:
    for month in ("2024-12", "2025-06", "2025-07"):
        roll_up(warehouse, monthly_summaries.name, Month.parse(month), ALL)
        roll_up(warehouse, bitcoin_monthly_summaries.name, Month.parse(month), ALL)
    for year in ("2024", "2025"):
        roll_up(warehouse, yearly_summaries.name, Year.parse(year), ALL)
        roll_up(warehouse, bitcoin_yearly_summaries.name, Year.parse(year), ALL)


def test_a_month_is_the_sum_of_its_days_and_its_farms_are_counted_once(warehouse: Warehouse) -> None:
    returned = roll_up(warehouse, monthly_summaries.name, Month.parse("2025-06"), ALL)
    (row,) = table(warehouse, monthly_summaries)
    assert row == {
        "year_month": "2025-06",
        **{name: 3 * rank for rank, name in enumerate(TOTALS, 1)},
        "farms": 2,
        "days_expected": 30,
        "days_complete": 2,
        **UNKNOWN_SHARE,
    }
    assert plain_rows(returned[list(row)]) == [tuple(row.values())]


def test_a_year_is_the_sum_of_its_months_and_its_farms_are_counted_once(warehouse: Warehouse) -> None:
    roll_up_everything(warehouse)
    of_year = {row["year"]: row for row in table(warehouse, yearly_summaries)}
    assert of_year["2025"] == {
        "year": "2025",
        **{name: 7 * rank for rank, name in enumerate(TOTALS, 1)},
        "farms": 2,
        "days_expected": 365,
        "days_complete": 3,
        **UNKNOWN_SHARE,
    }
    assert (of_year["2024"]["total_curtailed_energy"], of_year["2024"]["days_expected"]) == (8.0, 366)


def test_bitcoin_is_summed_per_model(warehouse: Warehouse) -> None:
    roll_up_everything(warehouse)
    months = {
        (row.pop("year_month"), row.pop("miner_model")): row for row in table(warehouse, bitcoin_monthly_summaries)
    }
    assert months["2025-06", "S9"] == {
        "curtailed_energy": 3.0,
        "bitcoin_mined": 0.75,
        "days_expected": 30,
        "days_complete": 2,
        **UNKNOWN_VALUE,
    }
    assert months["2025-06", "M20S"]["bitcoin_mined"] == 1.5
    years = {(row.pop("year"), row.pop("miner_model")): row for row in table(warehouse, bitcoin_yearly_summaries)}
    assert years["2025", "S9"] == {
        "curtailed_energy": 7.0,
        "bitcoin_mined": 1.75,
        "days_expected": 365,
        "days_complete": 3,
        **UNKNOWN_VALUE,
    }
    assert years["2024", "M20S"]["bitcoin_mined"] == 4.0


@pytest.mark.parametrize(
    ("date_range", "month_days", "year_days"),
    [
        ((date(2025, 1, 1), None), 30, 365),
        ((date(2025, 6, 10), None), 21, 205),
        ((date(2025, 1, 1), date(2025, 6, 12)), 12, 163),
        ((date(2025, 6, 10), date(2025, 6, 30)), 21, 21),
    ],
    ids=["neither", "starts in it", "ends in it", "both"],
)
def test_the_days_expected_are_those_within_the_partitions(
    warehouse: Warehouse, date_range: tuple[date, date | None], month_days: int, year_days: int
) -> None:
    roll_up(warehouse, monthly_summaries.name, Month.parse("2025-06"), date_range)
    roll_up(warehouse, bitcoin_monthly_summaries.name, Month.parse("2025-06"), date_range)
    roll_up(warehouse, yearly_summaries.name, Year.parse("2025"), date_range)
    roll_up(warehouse, bitcoin_yearly_summaries.name, Year.parse("2025"), date_range)
    for of_month in (monthly_summaries, bitcoin_monthly_summaries):
        assert {row["days_expected"] for row in table(warehouse, of_month)} == {month_days}
    for of_year in (yearly_summaries, bitcoin_yearly_summaries):
        assert {row["days_expected"] for row in table(warehouse, of_year)} == {year_days}


def test_days_outside_the_partitions_do_not_count(warehouse: Warehouse) -> None:
    row = roll_up(warehouse, monthly_summaries.name, Month.parse("2025-06"), (date(2025, 6, 10), None)).iloc[0]
    assert row["days_complete"] == 1  # of the thirtieth; the first lies before
    roll_up(warehouse, monthly_summaries.name, Month.parse("2025-07"), (date(2025, 6, 10), None))
    year = roll_up(warehouse, yearly_summaries.name, Year.parse("2025"), (date(2025, 6, 10), date(2025, 6, 30))).iloc[0]
    assert (year["days_complete"], year["days_expected"]) == (1, 21)


def test_a_span_without_days_has_no_row(warehouse: Warehouse) -> None:
    assert roll_up(warehouse, monthly_summaries.name, Month.parse("2025-01"), ALL).empty
    assert roll_up(warehouse, bitcoin_monthly_summaries.name, Month.parse("2025-01"), ALL).empty
    assert roll_up(warehouse, yearly_summaries.name, Year.parse("2025"), ALL).empty  # its months are not rolled up
    assert roll_up(warehouse, bitcoin_yearly_summaries.name, Year.parse("2025"), ALL).empty
    for level in (monthly_summaries, bitcoin_monthly_summaries, yearly_summaries, bitcoin_yearly_summaries):
        assert rows_of(warehouse, level) == []


def test_a_row_goes_when_its_days_go_and_the_others_stay(warehouse: Warehouse) -> None:
    roll_up_everything(warehouse)
    july = daily_summaries.c.summary_date > date(2025, 7, 1)
    damage(warehouse, delete(daily_summaries).where(july))
    damage(warehouse, delete(bitcoin_daily_summaries).where(bitcoin_daily_summaries.c.summary_date > date(2025, 7, 1)))
    assert roll_up(warehouse, monthly_summaries.name, Month.parse("2025-07"), ALL).empty
    assert roll_up(warehouse, bitcoin_monthly_summaries.name, Month.parse("2025-07"), ALL).empty
    assert [row["year_month"] for row in table(warehouse, monthly_summaries)] == ["2024-12", "2025-06"]
    assert {row["year_month"] for row in table(warehouse, bitcoin_monthly_summaries)} == {"2024-12", "2025-06"}
    roll_up(warehouse, yearly_summaries.name, Year.parse("2025"), ALL)
    of_year = {row["year"]: row for row in table(warehouse, yearly_summaries)}
    assert (of_year["2025"]["total_curtailed_energy"], of_year["2025"]["days_complete"]) == (3.0, 2)


def test_a_model_that_is_gone_from_the_days_goes_from_the_months(warehouse: Warehouse) -> None:
    roll_up_everything(warehouse)
    damage(warehouse, delete(bitcoin_daily_summaries).where(bitcoin_daily_summaries.c.miner_model == "S9"))
    roll_up(warehouse, bitcoin_monthly_summaries.name, Month.parse("2025-06"), ALL)
    found = {(row["year_month"], row["miner_model"]) for row in table(warehouse, bitcoin_monthly_summaries)}
    assert ("2025-06", "S9") not in found
    assert {("2025-06", "M20S"), ("2025-07", "S9")} <= found


def test_a_changed_day_changes_its_month_and_then_its_year_and_nothing_else(warehouse: Warehouse) -> None:
    roll_up_everything(warehouse)
    before = everything(warehouse)
    day = daily_summaries.c.summary_date == date(2025, 6, 1)
    damage(warehouse, update(daily_summaries).where(day).values(total_curtailed_energy=100.0))
    roll_up_everything(warehouse)
    after = everything(warehouse)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"daily_summaries", "monthly_summaries", "yearly_summaries", "span_writes"}
    assert {row[0]: row[1] for row in after["monthly_summaries"]} == {"2024-12": 8.0, "2025-06": 102.0, "2025-07": 4.0}
    assert {row[0]: row[1] for row in after["yearly_summaries"]} == {"2024": 8.0, "2025": 106.0}


def test_the_second_time_nothing_is_written(warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    roll_up_everything(warehouse)
    before = everything(warehouse)
    written: list[str] = []

    def watched(connection: Connection, target: Table, frame: pd.DataFrame) -> int:
        written.append(target.name)
        return insert_frame(connection, target, frame)

    monkeypatch.setattr(summaries, "insert_frame", watched)
    roll_up_everything(warehouse)
    assert written == []
    assert everything(warehouse) == before
    damage(warehouse, update(monthly_summaries).values(farms=99))
    roll_up_everything(warehouse)
    assert written == ["monthly_summaries"] * 3  # what was edited by hand is put right
    after = everything(warehouse)
    assert after.pop("span_writes") != before.pop("span_writes")
    assert after == before
