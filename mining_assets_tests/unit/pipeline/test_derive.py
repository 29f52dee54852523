"""From records to calculations and summaries: good days are done, bad ones are told, nothing is written twice."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, update

from mining_assets.domain.mining import MinerModel, bitcoin_mined
from mining_assets.domain.network import NEVER_FETCHED
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    curtailment_records,
    daily_summaries,
    historical_bitcoin_calculations,
    settlement_ledger,
)
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import (
    DAY,
    FARM,
    MODELS,
    OTHER_FARM,
    S9,
    S19J_PRO,
    calculate_days,
    damage,
    derive,
    everything,
    fetched_day,
    history,
    record,
    rows_of,
    store,
    summarize_bitcoin_days,
    summarize_days,
)
from mining_assets_tests.support.templates import Templates

HALVING_DAY = date(2024, 4, 20)
QUIET_DAY = DAY + timedelta(days=1)
NEVER_DAY = DAY + timedelta(days=2)
DIFFICULTY = 126_982_285_146_989.3  # in force on DAY
TAMPERED = "incomplete, or not those that were fetched"


def _with_three_days(warehouse: Warehouse) -> None:
    upgrade(warehouse)
    rows = [
        record(1, volume=-4.0),
        record(1, sequence_number=2, volume=-6.0, original_price=20.0, so_flag=None),
        record(9, farm_id=OTHER_FARM, volume=-1.5),
        record(9, "offer", farm_id=OTHER_FARM, volume=0.5),
    ]
    store(warehouse, fetched_day(*rows))
    store(warehouse, fetched_day(record(3, day=HALVING_DAY), record(4, day=HALVING_DAY), day=HALVING_DAY))
    store(warehouse, fetched_day(day=QUIET_DAY))


@pytest.fixture
def warehouse(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    with templates.copy(backend, _with_three_days, tmp_path) as copied:
        yield copied


def test_a_day_is_calculated_per_farm_period_and_model_with_what_was_in_force(warehouse: Warehouse) -> None:
    result = calculate_days(warehouse, [DAY], history(), MODELS)
    assert result.failed == {}
    assert result.done[DAY]["calculations"] == 6.0
    mined = {row[1:4]: row[5] for row in rows_of(warehouse, historical_bitcoin_calculations)}
    expected = {
        (period, farm, model.name): bitcoin_mined(energy, model, DIFFICULTY, 3.125)
        for period, farm, energy in ((1, FARM, 10.0), (9, OTHER_FARM, 1.5))
        for model in MODELS
    }
    assert mined == pytest.approx(expected, rel=1e-14, abs=0)
    assert result.done[DAY]["S9 (BTC)"] == pytest.approx(bitcoin_mined(11.5, S9, DIFFICULTY, 3.125), rel=1e-12, abs=0)


def test_the_halving_is_inside_of_its_day(warehouse: Warehouse) -> None:
    calculate_days(warehouse, [HALVING_DAY], history(), (S19J_PRO,))
    assert {row[1]: row[7] for row in rows_of(warehouse, historical_bitcoin_calculations)} == {3: 6.25, 4: 3.125}


def test_good_days_are_done_while_others_fail_each_with_its_reason(warehouse: Warehouse) -> None:
    known_until = datetime(2025, 6, 2, tzinfo=UTC)
    until_june = replace(history(), known_until=known_until)
    days = [HALVING_DAY, DAY, QUIET_DAY, NEVER_DAY]
    result = calculate_days(warehouse, days, until_june, MODELS)
    assert set(result.done) == {HALVING_DAY, QUIET_DAY}
    assert set(result.failed) == {DAY, NEVER_DAY}
    assert "the difficulty at 2025-06-02 23:00 UTC is not known" in result.failed[DAY]
    assert TAMPERED in result.failed[NEVER_DAY]
    assert {row[0] for row in rows_of(warehouse, historical_bitcoin_calculations)} == {HALVING_DAY}
    with warehouse.reading() as connection:
        missing = day_states(connection, HALVING_DAY, NEVER_DAY, MODELS)["missing"]
    assert (missing[HALVING_DAY], missing[DAY]) == (0, 6)


def test_a_difficulty_that_is_unknown_for_one_period_leaves_the_whole_day_out(warehouse: Warehouse) -> None:
    known_until = record(9)["start_time"]  # period 1 is known, 9 is not
    result = calculate_days(warehouse, [DAY], replace(history(), known_until=known_until), MODELS)
    assert set(result.failed) == {DAY}
    assert rows_of(warehouse, historical_bitcoin_calculations) == []
    assert rows_of(warehouse, calculation_days) == []


def test_calculations_that_are_there_stay_when_the_difficulty_is_forgotten(warehouse: Warehouse) -> None:
    derive(warehouse, DAY)
    before = everything(warehouse)
    assert set(calculate_days(warehouse, [DAY], NEVER_FETCHED, MODELS).failed) == {DAY}
    assert everything(warehouse) == before


def test_a_quiet_day_needs_no_difficulty_and_is_noted_for_every_model(warehouse: Warehouse) -> None:
    result = calculate_days(warehouse, [QUIET_DAY], NEVER_FETCHED, MODELS)
    assert result.done == {QUIET_DAY: {"calculations": 0.0, "S19J_PRO (BTC)": 0.0, "S9 (BTC)": 0.0, "M20S (BTC)": 0.0}}
    assert len(rows_of(warehouse, calculation_days)) == 3


def test_the_summary_of_a_day_is_the_sum_of_its_records_signed_and_apart(warehouse: Warehouse) -> None:
    result = summarize_days(warehouse, [DAY, QUIET_DAY])
    assert result.failed == {}
    assert rows_of(warehouse, daily_summaries) == [
        (DAY, 11.5, 5.5, 0.5, 4 * 70.0 - 6 * 20.0 + 1.5 * 70.0, -35.0, 3, 2, 2, None, None),
        (QUIET_DAY, 0.0, 0.0, 0.0, 0.0, 0.0, 0, 0, 0, None, None),
    ]
    assert result.done[DAY]["total_payment"] == 265.0


def test_a_days_bitcoin_is_summed_per_model_and_is_zero_on_a_quiet_day(warehouse: Warehouse) -> None:
    calculate_days(warehouse, [DAY, QUIET_DAY], history(), MODELS)
    assert summarize_bitcoin_days(warehouse, [DAY, QUIET_DAY], MODELS).failed == {}
    found = {row[:2]: row[2:] for row in rows_of(warehouse, bitcoin_daily_summaries)}
    assert {key for key in found if key[0] == QUIET_DAY and found[key] == (0.0, 0.0, None, 0.0, None)} == {
        (QUIET_DAY, model.name) for model in MODELS
    }
    for model in MODELS:
        assert found[DAY, model.name][0] == 11.5
        assert found[DAY, model.name][1] == pytest.approx(
            bitcoin_mined(11.5, model, DIFFICULTY, 3.125), rel=1e-12, abs=0
        )


@pytest.mark.parametrize("models", [MODELS, MODELS[:2], (*MODELS, MinerModel("NEW", 1, 1))])
def test_bitcoin_is_not_summarized_before_every_model_is_calculated(
    warehouse: Warehouse, models: tuple[MinerModel, ...]
) -> None:
    calculate_days(warehouse, [DAY], history(), (S9,))
    result = summarize_bitcoin_days(warehouse, [DAY, NEVER_DAY], models)
    assert set(result.failed) == {DAY, NEVER_DAY}
    assert "not complete" in result.failed[DAY]
    assert rows_of(warehouse, bitcoin_daily_summaries) == []


def test_the_second_time_nothing_is_written(warehouse: Warehouse) -> None:
    days = [DAY, QUIET_DAY, HALVING_DAY]
    derive(warehouse, *days)
    before = everything(warehouse)
    derive(warehouse, *days)
    assert everything(warehouse) == before  # calculated_at included


def test_a_restated_day_is_calculated_and_summarized_anew(warehouse: Warehouse) -> None:
    derive(warehouse, DAY)
    store(warehouse, fetched_day(record(1, volume=-20.0)))
    assert summarize_bitcoin_days(warehouse, [DAY], MODELS).failed  # its calculations are of other records
    derive(warehouse, DAY)
    assert [row[1] for row in rows_of(warehouse, daily_summaries)] == [20.0]
    assert {row[2] for row in rows_of(warehouse, bitcoin_daily_summaries)} == {20.0}
    assert len(rows_of(warehouse, historical_bitcoin_calculations)) == 3


@pytest.mark.parametrize(
    "harm",
    [
        update(curtailment_records).where(curtailment_records.c.settlement_period == 9).values(volume=0.0),
        delete(curtailment_records),
        update(curtailment_records).values(payment=0.0),
        delete(settlement_ledger).where(settlement_ledger.c.settlement_period == 48),
    ],
    ids=["volume", "rows", "payment", "ledger"],
)
def test_nothing_is_derived_from_a_day_that_was_damaged(warehouse: Warehouse, harm: object) -> None:
    derive(warehouse, DAY)
    damage(warehouse, harm)  # type: ignore[arg-type]
    before = everything(warehouse)
    assert TAMPERED in calculate_days(warehouse, [DAY], history(), MODELS).failed[DAY]
    assert TAMPERED in summarize_days(warehouse, [DAY]).failed[DAY]
    assert everything(warehouse) == before


def test_no_days_are_no_trouble(warehouse: Warehouse) -> None:
    before = everything(warehouse)
    for result in (
        calculate_days(warehouse, [], history(), MODELS),
        summarize_days(warehouse, []),
        summarize_bitcoin_days(warehouse, [], MODELS),
    ):
        assert (result.done, result.failed) == ({}, {})
    assert everything(warehouse) == before
