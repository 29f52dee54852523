"""The mining arithmetic, against published figures and its own laws."""

import math
from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.curtailment import farm_energy
from mining_assets.domain.mining import CALCULATION_COLUMNS, MinerModel, bitcoin_mined, calculations
from mining_assets.domain.network import NEVER_FETCHED, UnknownDifficulty
from mining_assets_tests.support.samples import FARM, M20S, MODELS, OTHER_FARM, S9, S19J_PRO, history, record, records

HALVING_DAY = date(2024, 4, 20)
RETARGET_DAY = date(2025, 6, 14)
ENERGIES = st.floats(1e-6, 1e6)
DIFFICULTIES = st.floats(1.0, 1e16)
SUBSIDIES = st.sampled_from([50.0, 25.0, 12.5, 6.25, 3.125, 1.5625])


@pytest.mark.parametrize(
    ("model", "bitcoin"),
    [(S19J_PRO, 7.944110891698215e-4), (S9, 2.4724018591509743e-4), (M20S, 4.903597020649433e-4)],
)
def test_one_megawatt_hour_mines_the_published_amounts(model: MinerModel, bitcoin: float) -> None:
    assert bitcoin_mined(1.0, model, 108105433845147.2, 3.125) == pytest.approx(bitcoin, rel=1e-12, abs=0)


def test_a_published_day_is_met() -> None:
    # The energy was published to a tenth of a MWh, which is worth this much.
    tenth = bitcoin_mined(0.05, S19J_PRO, 110451907374649.52, 3.125)
    assert bitcoin_mined(46_344.5, S19J_PRO, 110451907374649.52, 3.125) == pytest.approx(36.03447, abs=tenth)


@given(ENERGIES, DIFFICULTIES, SUBSIDIES)
def test_models_keep_their_ratios_at_any_difficulty(energy: float, difficulty: float, subsidy: float) -> None:
    mined = {model.name: bitcoin_mined(energy, model, difficulty, subsidy) for model in MODELS}
    assert mined["S19J_PRO"] / mined["M20S"] == pytest.approx(1.620058, abs=5e-7)
    assert mined["M20S"] / mined["S9"] == pytest.approx(1.983333, abs=5e-7)


@given(st.lists(ENERGIES, min_size=1, max_size=20), DIFFICULTIES, SUBSIDIES)
def test_the_parts_of_an_energy_mine_what_the_whole_mines(
    energies: list[float], difficulty: float, subsidy: float
) -> None:
    parts = [bitcoin_mined(energy, S9, difficulty, subsidy) for energy in energies]
    whole = bitcoin_mined(math.fsum(energies), S9, difficulty, subsidy)
    assert math.fsum(parts) == pytest.approx(whole, rel=1e-12, abs=0)


@given(ENERGIES, DIFFICULTIES, st.floats(0.001, 1000))
def test_bitcoin_falls_with_difficulty_and_rises_with_subsidy_in_proportion(
    energy: float, difficulty: float, factor: float
) -> None:
    base = bitcoin_mined(energy, M20S, difficulty, 3.125)
    assert bitcoin_mined(energy, M20S, difficulty * factor, 3.125) * factor == pytest.approx(base, rel=1e-12, abs=0)
    assert bitcoin_mined(energy, M20S, difficulty, 3.125 * factor) == pytest.approx(base * factor, rel=1e-12, abs=0)


def test_a_tiny_energy_is_not_rounded_away() -> None:
    assert bitcoin_mined(0.004, S19J_PRO, 108105433845147.2, 3.125) == pytest.approx(
        0.004 * 7.944110891698215e-4, rel=1e-12, abs=0
    )
    assert bitcoin_mined(0.0, S19J_PRO, 108105433845147.2, 3.125) == 0.0


def test_series_are_worked_out_row_by_row() -> None:
    mined = bitcoin_mined(pd.Series([1.0, 2.0]), S9, pd.Series([1e14, 2e14]), pd.Series([6.25, 3.125]))
    assert mined.tolist() == [bitcoin_mined(1.0, S9, 1e14, 6.25), bitcoin_mined(2.0, S9, 2e14, 3.125)]


def test_the_halving_divides_the_day_by_the_start_of_its_periods() -> None:
    energy = farm_energy(records(*(record(period, day=HALVING_DAY) for period in range(1, 49))))
    rows = calculations(energy, history(), (S19J_PRO,)).set_index("settlement_period")
    assert set(rows["difficulty"]) == {86_388_558_925_171.02}  # a halving does not change it
    # It is at 00:09:27 UTC: period 3 (00:00 UTC) began before it.
    assert rows.loc[[1, 2, 3], "block_subsidy"].tolist() == [6.25] * 3
    assert set(rows.loc[4:48, "block_subsidy"]) == {3.125}
    assert rows.loc[3, "bitcoin_mined"] == pytest.approx(2 * rows.loc[4, "bitcoin_mined"], rel=1e-15, abs=0)


def test_a_retarget_divides_the_day_by_the_start_of_its_periods() -> None:
    energy = farm_energy(records(*(record(period, day=RETARGET_DAY) for period in range(1, 49))))
    rows = calculations(energy, history(), (S9,)).set_index("settlement_period")
    # It is at 01:46:44 UTC: period 6 began at 01:30, period 7 at 02:00.
    assert set(rows.loc[1:6, "difficulty"]) == {126_982_285_146_989.3}
    assert set(rows.loc[7:48, "difficulty"]) == {126_411_437_451_912.23}
    expected = bitcoin_mined(10.0, S9, 126_411_437_451_912.23, 3.125)
    assert rows.loc[7, "bitcoin_mined"] == pytest.approx(expected, rel=1e-15, abs=0)


def test_every_farm_period_is_calculated_once_a_model_in_order_of_the_key() -> None:
    energy = farm_energy(records(record(2), record(1, farm_id=OTHER_FARM), record(1, sequence_number=2, volume=-2.0)))
    rows = calculations(energy, history(), MODELS)
    key = rows[["settlement_period", "farm_id", "miner_model"]].itertuples(index=False, name=None)
    models = sorted(model.name for model in MODELS)
    assert list(key) == [(p, farm, model) for p, farm in ((1, FARM), (1, OTHER_FARM), (2, FARM)) for model in models]
    assert list(rows) == list(CALCULATION_COLUMNS)
    assert rows["curtailed_energy"].tolist() == [2.0] * 3 + [10.0] * 6


def test_an_unknown_difficulty_is_an_error_by_name_and_never_a_default() -> None:
    until = datetime(2025, 6, 3, 11, tzinfo=UTC)
    short = history(known_until=until + timedelta(days=20))
    energy = farm_energy(records(record(1), record(1, day=date(2025, 6, 24))))
    with pytest.raises(UnknownDifficulty, match="2025-06-23 23:00 UTC is not known"):
        calculations(energy, short, MODELS)
    with pytest.raises(UnknownDifficulty, match="never fetched"):
        calculations(energy, NEVER_FETCHED, MODELS)


def test_no_energy_needs_no_difficulty() -> None:
    rows = calculations(farm_energy(records()), NEVER_FETCHED, MODELS)
    assert rows.empty
    assert list(rows) == list(CALCULATION_COLUMNS)
