"""Recorded days through the real command: every published figure is met."""

import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from mining_assets.domain.valuation import SHARE_FIGURES
from mining_assets_tests.support.harness import (
    Environment,
    Tables,
    assert_close,
    days_asked,
    days_between,
    environment,
    run_cli,
    tables,
)
from mining_assets_tests.support.twin.recorded import (
    GRAIN_DAY,
    NO_DATA,
    POUNDS_PER_DOLLAR,
    SPAN,
    RecordedWorld,
    recorded_data,
)
from mining_assets_tests.support.twin.server import Twin

FOLDER = recorded_data()
FIRST, LAST = date(2025, 6, 1), date(2025, 7, 17)
MODELS = {"S19J_PRO": (100, 3050), "S9": (13.5, 1323), "M20S": (68, 3360)}
SUBSIDY = 3.125  # of every block of those days

pytestmark = [pytest.mark.system, pytest.mark.skipif(FOLDER is None, reason=NO_DATA)]


def recorded(name: str) -> list[dict[str, str]]:
    """A recorded table, read here without the twin or the project."""
    assert FOLDER is not None
    data = (FOLDER / name).read_bytes()
    return list(csv.DictReader((gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()))


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Environment, Twin]]:
    """The 47 days and the day at acceptance grain, brought in by the command."""
    assert FOLDER is not None
    with Twin(RecordedWorld(FOLDER, empty_sides=True)) as twin:
        made = environment(tmp_path_factory.mktemp("real"), twin)
        for arguments in (("range", FIRST, LAST), ("date", GRAIN_DAY)):
            done = run_cli(made, *arguments)
            assert done.returncode == 0, done.stderr
        yield made, twin


@pytest.fixture(scope="module")
def dumped(real: tuple[Environment, Twin]) -> Tables:
    """All tables after both commands."""
    return tables(real[0])


def test_every_day_equals_the_published_totals(dumped: Tables) -> None:
    published = recorded(f"elexon/published_daily_totals_{SPAN}.csv")
    assert len(published) == 47
    daily = dumped["daily_summaries"].set_index("summary_date")
    for row in published:
        day = daily.loc[date.fromisoformat(row["date"])]
        assert_close(day["total_curtailed_energy"], -float(row["volume_mwh"]), 1e-6)
        assert_close(day["total_payment"], float(row["payment_gbp"]), 1e-6)
        assert day["farms"] == int(row["bm_units"])


def test_months_and_years_equal_the_sums_of_their_days(dumped: Tables) -> None:
    daily = dumped["daily_summaries"]
    summed = [name for name in daily if name not in ("summary_date", "farms", *SHARE_FIGURES)]
    assert list(dumped["monthly_summaries"]["year_month"]) == ["2022-01", "2025-06", "2025-07"]
    assert list(dumped["yearly_summaries"]["year"]) == ["2022", "2025"]
    for name, column in (("monthly_summaries", "year_month"), ("yearly_summaries", "year")):
        for _, row in dumped[name].iterrows():
            days = daily[[str(day).startswith(row[column]) for day in daily["summary_date"]]]
            assert row["days_complete"] == len(days)
            for figure in summed:
                assert_close(row[figure], days[figure].sum())
    assert list(dumped["monthly_summaries"]["days_expected"]) == [31, 30, 31]
    assert list(dumped["yearly_summaries"]["days_expected"]) == [365, 365]


def test_farms_of_a_span_are_counted_once_however_many_days_they_have(dumped: Tables) -> None:
    rows = recorded(f"elexon/wind_bids_{SPAN}.csv.gz")
    farms = {
        month: {row["id"] for row in rows if row["settlementDate"].startswith(month)}
        for month in ("2025-06", "2025-07")
    }
    monthly = dumped["monthly_summaries"].set_index("year_month")
    yearly = dumped["yearly_summaries"].set_index("year")
    assert {month: len(units) for month, units in farms.items()} == monthly.loc[list(farms), "farms"].to_dict()
    assert yearly.loc["2025", "farms"] == len(farms["2025-06"] | farms["2025-07"])


def test_periods_without_a_bid_are_certified_by_the_days_volumes(
    dumped: Tables, real: tuple[Environment, Twin]
) -> None:
    ledger, world = dumped["settlement_ledger"], real[1].world
    empty = ledger[ledger["raw_rows"] == 0]
    assert len(empty) > 0
    assert set(empty["confirmed_by"]) == {"volumes"}
    for row in ledger.itertuples():
        assert row.raw_rows == len(world.stack(row.settlement_date, row.settlement_period, row.side))
    assert set(ledger["settlement_date"]) == {*days_between(FIRST, LAST), GRAIN_DAY}


def test_bitcoin_equals_an_independent_recomputation(dumped: Tables) -> None:
    assert FOLDER is not None
    adjustments = sorted(json.loads((FOLDER / "bitcoin/difficulty_adjustments.json").read_text()))
    energy: dict[tuple[date, int, str], float] = defaultdict(float)
    for row in recorded(f"elexon/wind_bids_{SPAN}.csv.gz"):
        key = (date.fromisoformat(row["settlementDate"]), int(row["settlementPeriod"]), row["id"])
        energy[key] -= float(row["volume"])
    expected: dict[tuple[date, int, str, str], float] = {}
    by_day: dict[tuple[str, str], float] = defaultdict(float)
    for (day, period, farm), mwh in energy.items():
        midnight = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/London")).astimezone(UTC)
        start = (midnight + timedelta(minutes=30 * (period - 1))).timestamp()
        difficulty = max(entry for entry in adjustments if entry[0] <= start)[2]
        for model, (terahashes, watts) in MODELS.items():
            hashes = mwh * 3.6e9 / watts * terahashes * 1e12
            coins = hashes / (difficulty * 2**32) * SUBSIDY
            expected[day, period, farm, model] = coins
            for span in (str(day), f"{day:%Y-%m}", f"{day:%Y}"):
                by_day[span, model] += coins
    stored = dumped["historical_bitcoin_calculations"]
    stored = stored[stored["settlement_date"] >= FIRST]
    key = ["settlement_date", "settlement_period", "farm_id", "miner_model"]
    found = dict(zip(stored[key].itertuples(index=False, name=None), stored["bitcoin_mined"], strict=True))
    assert found.keys() == expected.keys()
    assert max(abs(found[name] / coins - 1) for name, coins in expected.items()) < 1e-12
    for level in ("daily", "monthly", "yearly"):
        summaries = dumped[f"bitcoin_{level}_summaries"]
        rows = summaries[[not str(span).startswith("2022") for span in summaries.iloc[:, 0]]]
        assert len(rows) == 3 * {"daily": 47, "monthly": 2, "yearly": 1}[level]
        for span, model, coins in zip(rows.iloc[:, 0], rows["miner_model"], rows["bitcoin_mined"], strict=True):
            assert_close(coins, by_day[str(span), model])


def test_the_share_of_wind_that_was_curtailed_is_that_of_the_files(dumped: Tables) -> None:
    lost = {row["date"]: -float(row["volume_mwh"]) for row in recorded(f"elexon/published_daily_totals_{SPAN}.csv")}
    made = dict.fromkeys(lost, 0.0)
    for row in recorded(f"elexon/fuelhh_wind_{SPAN}.csv"):
        made[row["settlementDate"]] += float(row["generation"]) / 2  # MW in a half hour
    shares = {}
    for name in ("daily_summaries", "monthly_summaries", "yearly_summaries"):
        for span, row in dumped[name].set_index(dumped[name].columns[0]).iterrows():
            days = [day for day in lost if day.startswith(str(span))]
            if not days:
                assert str(span).startswith("2022")  # of which no generation was recorded
                assert pd.isna(row["curtailed_share"])
                continue
            energy, generated = (sum(figures[day] for day in days) for figures in (lost, made))
            assert_close(row["generated_energy"], generated)
            assert_close(row["curtailed_share"], energy / (energy + generated), 1e-6)
            assert row.get("days_with_generation", 1) == len(days)
            shares[str(span)] = row["curtailed_share"]
    # By hand, from 54,315.407998 of 293,726.907998 MWh, 115,741.341013 of 327,387.841013 MWh, and so on.
    for span, share in {"2025-06-01": 0.184918053, "2025-07-04": 0.353529748, "2025-06": 0.1755608}.items():
        assert_close(shares[span], share, 1e-6)


def test_the_value_is_that_of_the_files_beside_what_was_paid(dumped: Tables) -> None:
    """The recorded prices are in USD; the twin serves them as pounds at a made-up rate, rounded to pence."""
    closes = recorded("bitcoin/btc_usd_daily.csv")
    price = {row["date"]: round(float(row["btc_usd"]) * POUNDS_PER_DOLLAR, 2) for row in closes}
    published = recorded(f"elexon/published_daily_totals_{SPAN}.csv")
    paid = {row["date"]: float(row["payment_gbp"]) for row in published}
    daily = dumped["bitcoin_daily_summaries"]
    value: dict[tuple[str, str], float] = defaultdict(float)
    for day, model, coins in zip(daily["summary_date"], daily["miner_model"], daily["bitcoin_mined"], strict=True):
        for span in (str(day), f"{day:%Y-%m}", f"{day:%Y}"):
            value[span, model] += coins * price[str(day)]
    for name in ("bitcoin_daily_summaries", "bitcoin_monthly_summaries", "bitcoin_yearly_summaries"):
        for row in dumped[name].to_dict("records"):
            span, worth = str(next(iter(row.values()))), value[str(next(iter(row.values()))), row["miner_model"]]
            assert_close(row["bitcoin_value"], worth)
            if span.startswith("2022"):
                continue  # what was paid then was not published
            payment = sum(amount for day, amount in paid.items() if day.startswith(span))
            assert_close(row["total_payment"], payment, 1e-6)
            assert_close(row["value_ratio"], worth / payment, 1e-6)
            assert row.get("days_priced") == row.get("days_complete")
    # By hand: 115,741.341013 MWh at difficulty 116,958,512,019,762.11 mine 84.98641258 BTC, at $108,284.64 × 0.78.
    of_day = daily[daily["summary_date"] == date(2025, 7, 4)].set_index("miner_model")
    assert_close(of_day.loc["S19J_PRO", "bitcoin_value"], 7_178_124.08, 1e-6)


def test_retarget_within_the_days_changes_the_difficulty_from_its_period_on(dumped: Tables) -> None:
    difficulties = dumped["historical_bitcoin_calculations"].query("settlement_date >= @FIRST")["difficulty"].unique()
    assert len(difficulties) > 2


def test_day_at_acceptance_grain_is_stored_row_by_row(dumped: Tables) -> None:
    records = dumped["curtailment_records"].query("settlement_date == @GRAIN_DAY")
    bids, offers = records[records["side"] == "bid"], records[records["side"] == "offer"]
    assert (len(bids), len(offers)) == (3748, 43)
    summary = dumped["daily_summaries"].set_index("summary_date").loc[GRAIN_DAY]
    assert summary["curtailment_records"] == 3748
    assert abs(summary["total_curtailed_energy"] - 66_761.283617) < 1e-6
    assert abs(summary["system_flagged_energy"] - 62_586.136759) < 1e-6
    assert_close(summary["undone_energy"], offers["volume"].sum())
    rows = recorded(f"elexon/wind_acceptances_{GRAIN_DAY}.csv.gz")
    paid = sum(float(row["volume"]) * float(row["originalPrice"]) for row in rows if row["side"] == "bid")
    undone = sum(float(row["volume"]) * float(row["originalPrice"]) for row in rows if row["side"] == "offer")
    assert_close(summary["total_payment"], paid)
    assert_close(summary["undone_payment"], undone)


def test_day_at_acceptance_grain_has_a_calculation_per_farm_period_and_model(dumped: Tables) -> None:
    energy: dict[tuple[int, str], float] = defaultdict(float)
    for row in recorded(f"elexon/wind_acceptances_{GRAIN_DAY}.csv.gz"):
        if row["side"] == "bid":
            energy[int(row["settlementPeriod"]), row["id"]] -= float(row["volume"])
    farm_periods = {key for key, mwh in energy.items() if mwh != 0}
    stored = dumped["historical_bitcoin_calculations"].query("settlement_date == @GRAIN_DAY")
    assert len(stored) == 3 * len(farm_periods)
    for model in MODELS:
        rows = stored[stored["miner_model"] == model]
        assert set(rows[["settlement_period", "farm_id"]].itertuples(index=False, name=None)) == farm_periods
        for period, farm, mwh in rows[["settlement_period", "farm_id", "curtailed_energy"]].itertuples(index=False):
            assert_close(mwh, energy[period, farm])


def test_running_again_fetches_nothing_and_changes_nothing(real: tuple[Environment, Twin], dumped: Tables) -> None:
    made, twin = real
    before = len(twin.requests)
    done = run_cli(made, "range", FIRST, FIRST + timedelta(days=9))
    assert done.returncode == 0, done.stderr
    assert days_asked(twin.requests[before:]) == set()
    assert done.stderr.count(" kept ") == 10
    for name, frame in tables(made).items():
        pd.testing.assert_frame_equal(frame, dumped[name], check_exact=True)


def test_status_of_the_real_days_is_complete(real: tuple[Environment, Twin], tmp_path: Path) -> None:
    done = run_cli(real[0], "status", "--json", "--from", FIRST, "--to", LAST, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["states"] == {"final": 47, "provisional": 0, "partial": 0, "damaged": 0, "missing": 0}
    assert report["curtailment_records"] == 42_593
    assert report["completion_percentage"] == 100.0
