"""Bitcoin through the assets: what was in force at each period's start, days of 46 and 50 periods, other models."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from mining_assets.domain.settlement import LONDON, day_start, periods_in
from mining_assets_tests.support.harness import (
    Environment,
    assert_close,
    assert_day_is_right,
    days_asked,
    environment,
    of_day,
    run_cli,
    run_range,
    table,
    tables,
)
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

HALVING_DAY = date(2024, 4, 20)
SHORT_DAY, LONG_DAY = date(2025, 3, 30), date(2025, 10, 26)
DAY, DAY_AFTER = date(2025, 6, 3), date(2025, 6, 4)
MODELS = {"S19J_PRO": (100, 3050), "S9": (13.5, 1323), "M20S": (68, 3360)}


class CurtailedAllDay(GeneratedWorld):
    """Every period of every day has wind bids, so that every period shows what was in force."""

    def is_quiet(self, day: date) -> bool:
        return False

    def __post_init__(self) -> None:
        super().__post_init__()
        planned = self.plan

        def plan(day: date) -> object:
            made = planned(day)
            made.intensity[:] = 1.0
            return made

        self.plan = plan  # type: ignore[assignment]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(CurtailedAllDay(seed=2, units=8, light=True)) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    made = environment(tmp_path, twin)
    tmp_path.joinpath("home").mkdir()
    yield made
    twin.clear_faults()


def in_force(made: Environment, day: date, column: str) -> "pd.Series[float]":
    """What each period of a day was calculated with: one value per period."""
    rows = of_day(tables(made), "historical_bitcoin_calculations", day)
    values = rows.groupby("settlement_period")[column].agg(["min", "max"])
    assert (values["min"] == values["max"]).all()
    assert len(values) == periods_in(day)
    return values["min"]


def day_of_a_retarget(twin: Twin) -> tuple[date, datetime, float, float]:
    """A day with a retarget in the middle of a period by day, its time, and the difficulty before and after it."""
    newest_first = twin.world.difficulty_adjustments()
    for after, before in pairwise(newest_first):
        moment = datetime.fromtimestamp(after[0], UTC)
        local = moment.astimezone(LONDON)
        if 2023 <= local.year <= 2024 and 6 <= local.hour < 18 and local.minute % 30 > 2:
            return local.date(), moment, before[2], after[2]
    raise AssertionError("the world has no such retarget")


def test_subsidy_halves_between_periods_3_and_4_of_the_halving_day(made: Environment, twin: Twin) -> None:
    assert run_range(made, HALVING_DAY).errors == []
    assert_day_is_right(made, twin.world, HALVING_DAY)
    subsidy = in_force(made, HALVING_DAY, "block_subsidy")
    assert subsidy.loc[1:3].to_list() == [6.25, 6.25, 6.25]
    assert set(subsidy.loc[4:]) == {3.125}


def test_retarget_inside_a_day_counts_from_the_first_period_after_it(made: Environment, twin: Twin) -> None:
    day, moment, before, after = day_of_a_retarget(twin)
    assert before != after
    assert run_range(made, day).errors == []
    difficulty = in_force(made, day, "difficulty")
    for period, value in difficulty.items():
        start = day_start(day) + timedelta(minutes=30 * (int(str(period)) - 1))
        assert value == (after if start >= moment else before), period
    assert difficulty.nunique() == 2


def test_every_figure_follows_from_energy_difficulty_and_subsidy_alone(made: Environment) -> None:
    assert run_range(made, HALVING_DAY).errors == []
    rows = table(made, "historical_bitcoin_calculations")
    for model, (terahashes, watts) in MODELS.items():
        of_model = rows[rows["miner_model"] == model]
        hashes = of_model["curtailed_energy"] * 3.6e9 / watts * terahashes * 1e12
        expected = hashes / (of_model["difficulty"] * 2**32) * of_model["block_subsidy"]
        assert (of_model["bitcoin_mined"] / expected - 1).abs().max() < 1e-12
        daily = table(made, "bitcoin_daily_summaries").set_index("miner_model").loc[model]
        assert_close(daily["bitcoin_mined"], expected.sum())
        assert_close(daily["curtailed_energy"], of_model["curtailed_energy"].sum())


@pytest.mark.parametrize(("day", "periods"), [(SHORT_DAY, 46), (LONG_DAY, 50)])
def test_day_of_a_clock_change_is_whole_with_all_its_periods(
    day: date, periods: int, made: Environment, twin: Twin
) -> None:
    before = len(twin.requests)
    assert run_range(made, day).errors == []
    asked = {(r.period, r.side) for r in twin.requests[before:] if r.route == "stack"}
    assert asked == {(period, side) for period in range(1, periods + 1) for side in ("bid", "offer")}
    ledger = table(made, "settlement_ledger")
    assert len(ledger) == 2 * periods
    assert set(ledger["settlement_period"]) == set(range(1, periods + 1))
    assert table(made, "settlement_days")["periods"].to_list() == [periods]
    assert_day_is_right(made, twin.world, day)
    starts = table(made, "curtailment_records").groupby("settlement_period")["start_time"].first()
    assert len(starts) == periods
    assert starts.is_monotonic_increasing
    assert starts.iloc[-1] - starts.iloc[0] == timedelta(minutes=30 * (periods - 1))


def test_miner_model_that_is_added_is_calculated_without_fetching_a_day_again(
    made: Environment, twin: Twin, tmp_path: Path
) -> None:
    assert run_range(made, DAY, DAY_AFTER).errors == []
    before = tables(made)
    models = tmp_path / "models.toml"
    sections = [f"[{name}]\nhashrate_th = {th}\npower_w = {w}\n" for name, (th, w) in MODELS.items()]
    models.write_text("\n".join([*sections, "[S21]\nhashrate_th = 200\npower_w = 3500\n"]))
    more = made.but(miner_models=models)

    unfinished = run_cli(more, "status", "--from", DAY, "--to", DAY_AFTER)
    assert unfinished.returncode == 1
    farm_periods = int(before["settlement_days"]["farm_periods"].sum())
    assert f"Missing calculations: {farm_periods:,}\n" in unfinished.stdout
    asked = len(twin.requests)
    done = run_cli(more, "range", DAY, DAY_AFTER)
    assert done.returncode == 0, done.stderr
    assert twin.requests[asked:] == []
    after = tables(made)
    for name in ("curtailment_records", "settlement_ledger", "daily_summaries", "monthly_summaries"):
        pd.testing.assert_frame_equal(before[name], after[name])
    for name in ("historical_bitcoin_calculations", "bitcoin_daily_summaries", "bitcoin_yearly_summaries"):
        others = after[name][after[name]["miner_model"] != "S21"].reset_index(drop=True)
        pd.testing.assert_frame_equal(before[name], others)
        new = after[name][after[name]["miner_model"] == "S21"].reset_index(drop=True)
        pro = others[others["miner_model"] == "S19J_PRO"].reset_index(drop=True)
        assert len(new) == len(pro)
        ratio = new["bitcoin_mined"] / pro["bitcoin_mined"]
        assert (ratio / ((200 / 3500) / (100 / 3050)) - 1).abs().max() < 1e-12


def test_model_that_is_taken_away_leaves_no_row_behind(made: Environment, twin: Twin, tmp_path: Path) -> None:
    assert run_range(made, DAY).errors == []
    models = tmp_path / "models.toml"
    models.write_text("[S9]\nhashrate_th = 13.5\npower_w = 1323\n")
    asked = len(twin.requests)
    assert run_range(made.but(miner_models=models), DAY).errors == []
    assert twin.requests[asked:] == []
    for name, frame in tables(made).items():
        if "miner_model" in frame:
            assert set(frame["miner_model"]) == {"S9"}, name


def test_unknown_difficulty_leaves_calculations_missing_by_name(made: Environment, twin: Twin) -> None:
    twin.fault(Fault(kind="reset", route="difficulty"))
    done = run_cli(made, "range", DAY, DAY_AFTER)
    assert done.returncode == 3  # it is the source that does not answer
    said = " ".join(done.stderr.replace("│", " ").split())
    assert "historical_bitcoin_calculations: the difficulty is not known" in said
    dumped = tables(made)
    assert len(dumped["daily_summaries"]) == 2
    assert (dumped["daily_summaries"]["total_curtailed_energy"] > 0).all()
    assert dumped["historical_bitcoin_calculations"].empty
    assert dumped["bitcoin_daily_summaries"].empty
    status = run_cli(made, "status", "--from", DAY, "--to", DAY_AFTER)
    farm_periods = int(dumped["settlement_days"]["farm_periods"].sum())
    assert status.returncode == 1
    assert f"Missing calculations: {3 * farm_periods:,}\n" in status.stdout
    assert "Completion percentage: 0.00%\n" in status.stdout
    assert f"{DAY}: 0.0% complete (missing " in status.stdout

    twin.clear_faults()
    asked = len(twin.requests)
    done = run_cli(made, "range", DAY, DAY_AFTER)
    assert done.returncode == 0, done.stderr
    assert days_asked(twin.requests[asked:]) == set()
    for day in (DAY, DAY_AFTER):
        assert_day_is_right(made, twin.world, day)
    assert run_cli(made, "status", "--from", DAY, "--to", DAY_AFTER).returncode == 0


def test_quiet_day_is_a_certified_zero_with_a_row_on_every_level(tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=2, units=8, light=True, quiet_days=[DAY])) as twin:
        quiet = environment(tmp_path, twin)
        assert run_range(quiet, DAY).errors == []
        assert_day_is_right(quiet, twin.world, DAY)
    (row,) = table(quiet, "daily_summaries").to_dict("records")
    assert (row["total_curtailed_energy"], row["total_payment"], row["curtailment_records"]) == (0, 0, 0)
    coins = table(quiet, "bitcoin_daily_summaries")
    assert set(coins["miner_model"]) == set(MODELS)
    assert (coins["bitcoin_mined"] == 0).all()
    assert table(quiet, "settlement_ledger")["raw_rows"].min() > 0
