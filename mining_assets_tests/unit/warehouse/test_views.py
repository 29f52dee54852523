"""The views: equal to what pandas makes of the records, without a row for what is not known, and not to be written."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from sqlalchemy import Table, delete, insert, inspect, select, text, update
from sqlalchemy.exc import DBAPIError

from mining_assets.defs.assets.partition_metadata import of_records
from mining_assets.domain.curtailment import daily_totals, is_curtailment
from mining_assets.domain.settlement import period_starts, periods_in
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.days import read_records
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.report.frames import farms_ranked, units_ranked
from mining_assets.warehouse.connection import Warehouse, read_frame
from mining_assets.warehouse.references import store_sites, store_wind_units
from mining_assets.warehouse.reporting import read_report_data
from mining_assets.warehouse.schema import (
    curtailment_records,
    daily_summaries,
    integrity_findings,
    monthly_summaries,
    settlement_days,
    settlement_ledger,
    yearly_summaries,
)
from mining_assets.warehouse.summaries import distinct_farms
from mining_assets.warehouse.upgrade import upgrade
from mining_assets.warehouse.views import (
    daily_by_farm,
    daily_by_lead_party,
    daily_by_site,
    half_hourly_curtailment,
    hourly_curtailment,
    monthly_by_miner_model,
    views,
    whole_days,
)
from mining_assets_tests.support.clean import clean
from mining_assets_tests.support.paths import DOCS
from mining_assets_tests.support.samples import (
    MODELS,
    after_final,
    before_final,
    damage,
    fetched_day,
    record,
    store,
    summarize_days,
)
from mining_assets_tests.support.templates import Templates

SPRING, SUMMER, AUTUMN, QUIET = date(2025, 3, 30), date(2025, 7, 4), date(2025, 10, 26), date(2025, 12, 1)
DAYS = (SPRING, SUMMER, AUTUMN, QUIET)
ENERGY = "curtailed_energy"
MEASURES = {
    ENERGY: "total_curtailed_energy",
    "system_flagged_energy": "system_flagged_energy",
    "undone_energy": "undone_energy",
    "payment": "total_payment",
    "undone_payment": "undone_payment",
}


def generated_rows(day: date) -> list[dict[str, Any]]:
    """Random rows of five farms of two lead parties and one without, some undone, unflagged, of volume zero."""
    rng = np.random.default_rng(day.toordinal())
    parties = ["A Wind", "A Wind", "B Wind", "B Wind", None]
    rows = []
    for period in range(1, periods_in(day) + 1):
        for rank in range(1, int(rng.integers(0, 6)) + 1):
            farm = int(rng.integers(0, 5))
            side = "offer" if rng.random() < 0.2 else "bid"
            volume = round(float(rng.choice([0.0, 0.004, rng.uniform(0, 40)])), 3)
            rows.append(
                record(
                    period,
                    side,  # type: ignore[arg-type]
                    day=day,
                    sequence_number=rank,
                    farm_id=f"T_FARM{farm}-1",
                    lead_party_name=parties[farm],
                    so_flag=bool(rng.random() < 0.8) if rng.random() < 0.9 else None,
                    volume=volume if side == "offer" else -volume,
                    original_price=round(float(rng.normal(-60, 50)), 2),
                )
            )
    return rows


def fill(warehouse: Warehouse) -> None:
    """A day of 46, of 48 and of 50 periods, and a quiet one; the summer day is provisional."""
    upgrade(warehouse)
    for day in DAYS[:3]:
        at = before_final(day) if day == SUMMER else after_final(day, hours=0)
        store(warehouse, fetched_day(*generated_rows(day), day=day, at=at))
    store(warehouse, fetched_day(day=QUIET))


@pytest.fixture
def filled(backend: str, templates: Templates, tmp_path: Any) -> Any:
    with templates.copy(backend, fill, tmp_path) as copied:
        yield copied


def frame(warehouse: Warehouse, table: Table) -> pd.DataFrame:
    with warehouse.reading() as connection:
        return read_frame(connection, select(*table.c).order_by(*table.primary_key))


def recomputed(rows: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """The measures by the project's own rule, group by group."""
    groups = []
    for key, group in rows.groupby(by, dropna=False):
        totals = daily_totals(group.assign(settlement_date=0), pd.Index([0])).iloc[0]
        groups.append(dict(zip(by, key, strict=True)) | {name: totals[of] for name, of in MEASURES.items()})
    return pd.DataFrame(groups)


def assert_same(found: pd.DataFrame, wanted: pd.DataFrame, key: list[str]) -> None:
    left, right = (each[wanted.columns].sort_values(key, ignore_index=True) for each in (found, wanted))
    pd.testing.assert_frame_equal(left, right, check_dtype=False, rtol=1e-9, atol=1e-12)


def test_views_are_there_with_the_documented_columns(warehouse: Warehouse) -> None:
    inspector = inspect(warehouse.engine)
    assert set(inspector.get_view_names()) == set(views.tables)
    for view in views.sorted_tables:
        assert {column["name"] for column in inspector.get_columns(view.name)} == set(view.c.keys()), view.name
        assert view.comment, view.name
        assert [column.name for column in view.c if not column.comment] == [], view.name


def test_the_page_for_analysts_tells_every_view_and_its_queries_run(filled: Warehouse) -> None:
    page = (DOCS / "analysts.md").read_text()
    for view in views.sorted_tables:
        section = page.split(f"### `{view.name}`")[1].split("##")[0]
        assert re.findall(r"`(\w+)`", section.split("Columns:")[1]) == view.c.keys(), view.name
    meanings = page.split("### What the columns mean")[1].split("##")[0]
    columns = re.findall(r"^\| `(\w+)` \| \S", meanings, re.MULTILINE)
    assert sorted(columns) == sorted({column.name for view in views.sorted_tables for column in view.c})
    queries = re.findall(r"```sql\n(.*?)```", page, re.DOTALL)
    assert len(queries) == 7
    with filled.reading() as connection:
        for query in queries:
            connection.exec_driver_sql(query).all()


def test_every_view_can_be_read_when_there_is_nothing(warehouse: Warehouse) -> None:
    for view in views.sorted_tables:
        assert frame(warehouse, view).empty, view.name


def test_whole_days_have_their_state(filled: Warehouse) -> None:
    states = frame(filled, whole_days).set_index("settlement_date")["state"].to_dict()
    assert states == {SPRING: "final", SUMMER: "provisional", AUTUMN: "final", QUIET: "final"}


@pytest.mark.parametrize("late", [timedelta(0), timedelta(microseconds=-1)])
def test_a_day_is_final_from_the_instant_on(warehouse: Warehouse, late: timedelta) -> None:
    fetched = fetched_day(day=SUMMER, at=after_final(SUMMER, hours=0) + late)
    store(warehouse, fetched)
    damage(warehouse, update(settlement_days).values(fetched_at=after_final(SUMMER, hours=0) + late))
    assert frame(warehouse, whole_days)["state"].tolist() == ["provisional" if late else "final"]


def test_half_hours_are_those_of_the_records_one_for_every_period(filled: Warehouse) -> None:
    found = frame(filled, half_hourly_curtailment)
    starts = [(day, number + 1, start) for day in DAYS for number, start in enumerate(period_starts(day))]
    assert list(zip(found["settlement_date"], found["settlement_period"], found["start_time"], strict=True)) == starts
    local = [start.astimezone(ZoneInfo("Europe/London")).hour for _, _, start in starts]
    assert found["local_hour"].tolist() == local
    key = ["settlement_date", "settlement_period"]
    wanted = recomputed(frame(filled, curtailment_records), key)
    there = found.merge(wanted[key])
    assert_same(there, wanted, key)
    silent = found[~found.set_index(key).index.isin(wanted.set_index(key).index)]
    assert len(silent) > 48
    assert not silent[list(MEASURES)].to_numpy().any()


def test_the_clock_of_the_views_is_londons(warehouse: Warehouse) -> None:
    # Years in which the months after those of the clock changes begin on a Sunday, and others.
    ends = [date(2018, 3, 25), date(2018, 10, 28), date(2020, 10, 25), date(2024, 3, 31), date(2026, 10, 25)]
    days = [end + timedelta(days=offset) for end in ends for offset in (-1, 0, 1)]
    assert {periods_in(end) for end in ends} == {46, 50}
    for day in days:
        store(warehouse, fetched_day(day=day))
    found = frame(warehouse, half_hourly_curtailment)
    assert found["start_time"].tolist() == [start for day in days for start in period_starts(day)]
    london = ZoneInfo("Europe/London")
    assert found["local_hour"].tolist() == [start.astimezone(london).hour for start in found["start_time"]]


def test_hours_are_the_sum_of_their_half_hours(filled: Warehouse) -> None:
    found = frame(filled, hourly_curtailment)
    halves = frame(filled, half_hourly_curtailment)
    wanted = halves.groupby(halves["start_time"].dt.floor("h").rename("hour_start"))[list(MEASURES)].sum().reset_index()
    assert len(found) == sum(periods_in(day) for day in DAYS) / 2
    assert_same(found, wanted, ["hour_start"])
    autumn = found[found["settlement_date"] == AUTUMN]
    assert autumn["local_hour"].tolist() == [0, 1, 1, *range(2, 24)]


@pytest.mark.parametrize(("view", "of"), [(daily_by_farm, "farm_id"), (daily_by_lead_party, "lead_party_name")])
def test_farms_and_lead_parties_are_those_of_the_records(filled: Warehouse, view: Table, of: str) -> None:
    found = frame(filled, view)
    records = frame(filled, curtailment_records)
    records = records[records["volume"] != 0]
    wanted = recomputed(records, ["settlement_date", of])
    assert_same(found, wanted, ["settlement_date", of])
    assert len(found) > 8
    paid = found[found[ENERGY] > 0]
    assert np.allclose(paid["average_price"] * paid[ENERGY], paid["payment"])
    bids = records[is_curtailment(records)]
    assert found["curtailment_records"].sum() == len(bids)
    periods = bids.groupby(["settlement_date", of], dropna=False)["settlement_period"].nunique()
    assert found["periods_curtailed"].sum() == periods.sum()


def test_units_of_a_site_are_one_farm_by_day(filled: Warehouse) -> None:
    sites = {"T_FARM0-1": "North", "T_FARM1-1": "North", "T_FARM2-1": "South"}
    units = [WindUnit(unit, f"{site} {unit[6]}") for unit, site in sites.items()]
    with filled.writing("wind_bm_units") as connection:
        store_wind_units(connection, units, after_final(QUIET))
        store_sites(connection, sites)
    by_unit, by_site = frame(filled, daily_by_farm), frame(filled, daily_by_site)
    named = by_unit.drop_duplicates("farm_id").set_index("farm_id")
    assert named["site"].dropna().to_dict() == sites
    assert named["bm_unit_name"].dropna().to_dict() == {unit.bm_unit_id: unit.bm_unit_name for unit in units}
    assert set(by_site["site"]) == {"North", "South", "T_FARM3-1", "T_FARM4-1"}
    records = frame(filled, curtailment_records)
    records = records[records["volume"] != 0]
    sited = records.assign(site=records["farm_id"].map(sites).fillna(records["farm_id"]))
    assert_same(by_site, recomputed(sited, ["settlement_date", "site"]), ["settlement_date", "site"])
    bids = sited[is_curtailment(sited)]
    counted = bids.groupby(["settlement_date", "site"])["farm_id"].nunique()
    assert by_site.set_index(["settlement_date", "site"])["farms"].loc[counted.index].tolist() == counted.tolist()


def test_farms_are_counted_alike_everywhere_and_undone_units_nowhere(
    warehouse: Warehouse,
) -> None:
    rows = [
        record(1, day=SUMMER, sequence_number=1, farm_id="T_A-1", lead_party_name="One", volume=-5.0),
        record(1, day=SUMMER, sequence_number=2, farm_id="T_B-1", lead_party_name="One", volume=-2.0),
        record(1, "offer", day=SUMMER, sequence_number=1, farm_id="T_C-1", lead_party_name="One", volume=3.0),
    ]
    store(warehouse, fetched_day(*rows, day=SUMMER))
    summarize_days(warehouse, [SUMMER])
    list(roll_up_days(warehouse, [date(2025, 7, 1)], (SPRING, None)))
    for table in (settlement_days, daily_summaries, monthly_summaries, yearly_summaries, daily_by_lead_party):
        assert frame(warehouse, table)["farms"].tolist() == [2], table.name
    assert frame(warehouse, daily_by_site).set_index("site")["farms"].to_dict() == {"T_A-1": 1, "T_B-1": 1, "T_C-1": 0}
    with warehouse.reading() as connection:
        assert distinct_farms(connection, SUMMER, SUMMER) == 2
        report_data = read_report_data(connection, SUMMER, SUMMER, None, MODELS, (SUMMER, None))
        shown = of_records(SUMMER, read_records(connection, [SUMMER], {})[SUMMER])
    assert len(units_ranked(report_data.units)) == farms_ranked(report_data.units)["units"].sum() == 2
    assert shown["BM units curtailed"] == len(shown["BM units that lost most"].records) == 2
    # The view by unit keeps what was undone, with nothing curtailed.
    by_unit = frame(warehouse, daily_by_farm).set_index("farm_id")["curtailment_records"]
    assert by_unit.to_dict() == {"T_A-1": 1, "T_B-1": 1, "T_C-1": 0}


def test_months_by_model_say_whether_they_may_still_change(backend: str, templates: Templates, tmp_path: Any) -> None:
    with templates.copy(backend, clean, tmp_path) as warehouse:
        found = frame(warehouse, monthly_by_miner_model)
        assert len(found) == 6
        assert set(found["state"]) == {"final"}
        before = pd.Timestamp(datetime(2025, 4, 1, tzinfo=UTC))
        april = settlement_days.c.settlement_date == date(2025, 4, 1)
        damage(warehouse, update(settlement_days).where(april).values(fetched_at=before))
        found = frame(warehouse, monthly_by_miner_model).set_index("year_month")
        assert set(found.loc["2025-04", "state"]) == {"provisional"}
        assert set(found.loc["2025-03", "state"]) == {"final"}
        damage(warehouse, text("UPDATE bitcoin_monthly_summaries SET days_expected = 31 WHERE year_month = '2025-03'"))
        assert set(frame(warehouse, monthly_by_miner_model).set_index("year_month").loc["2025-03", "state"]) == {
            "incomplete"
        }


def test_a_day_that_is_partial_or_damaged_is_in_no_view(filled: Warehouse) -> None:
    one = (settlement_ledger.c.settlement_date == SPRING) & (settlement_ledger.c.settlement_period == 7)
    finding = {
        **dict.fromkeys(("table_name", "check_name", "span", "example"), "x"),
        **dict.fromkeys(("problems", "missing", "orphan", "stale"), 0),
        "settlement_date": AUTUMN,
        "severity": "error",
        "effect": "damaged",
        "found_at": datetime.now(UTC),
        "open_since": datetime.now(UTC),
    }
    damage(filled, delete(settlement_ledger).where(one), insert(integrity_findings).values(finding))
    for view in (
        whole_days,
        half_hourly_curtailment,
        hourly_curtailment,
        daily_by_farm,
        daily_by_site,
        daily_by_lead_party,
    ):
        assert set(frame(filled, view)["settlement_date"]) <= {SUMMER, QUIET}, view.name


def test_no_view_can_be_written(filled: Warehouse) -> None:
    for view in views.sorted_tables:
        with pytest.raises(DBAPIError, match=r"view"), filled.writing("a test") as connection:
            connection.execute(delete(view))
