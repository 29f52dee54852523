"""Storing calculations: only the days that differ are written, and each says from what it was made."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Executable, Table, delete, insert, select, update

from mining_assets.domain.curtailment import farm_energy
from mining_assets.domain.mining import MinerModel, calculations
from mining_assets.warehouse.calculations import calculated_days, calculations_of, store_calculations
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import day_figures, records_of, store_day
from mining_assets.warehouse.schema import calculation_days, historical_bitcoin_calculations
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import (
    DAY,
    FARM,
    MODELS,
    OTHER_FARM,
    S9,
    S19J_PRO,
    fetched_day,
    history,
    record,
    store,
    taken_back,
)
from mining_assets_tests.support.templates import Templates

NEXT_DAY = DAY + timedelta(days=1)
QUIET_DAY = DAY + timedelta(days=2)
DAYS = (DAY, NEXT_DAY, QUIET_DAY)
TABLE = historical_bitcoin_calculations.c
NOTES = calculation_days.c


def _with_three_days(stored: Connection) -> None:
    upgrade(stored)
    store(stored, fetched_day(record(1), record(2, farm_id=OTHER_FARM, volume=-5.0)))
    store(stored, fetched_day(record(7, day=NEXT_DAY), day=NEXT_DAY))
    store(stored, fetched_day(day=QUIET_DAY))


@pytest.fixture(scope="module")
def three_days(backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """A warehouse with three days, one of them quiet, that are not calculated."""
    with templates.copy(backend, _with_three_days, tmp_path_factory.mktemp("days")) as copied:
        yield copied


@pytest.fixture
def stored(three_days: Warehouse) -> Iterator[Connection]:
    """A transaction on it that leaves nothing."""
    with taken_back(three_days) as connection:
        yield connection


@pytest.fixture
def calculated(stored: Connection) -> Connection:
    """The same when the days are calculated."""
    assert work_out(stored) == set(DAYS)
    return stored


def work_out(connection: Connection, days: Sequence[date] = DAYS, models: tuple[MinerModel, ...] = MODELS) -> set[date]:
    """Calculate the days and store them; returns the days that were written."""
    rows = calculations(farm_energy(records_of(connection, days)), history(), models)
    return set(store_calculations(connection, days, rows, models))


def complete(connection: Connection, models: tuple[MinerModel, ...] = MODELS) -> set[date]:
    return set(calculated_days(connection, DAYS, models)[0])


def every(connection: Connection, table: Table) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in connection.execute(select(*table.c).order_by(*table.primary_key))]


def written_at(connection: Connection) -> dict[tuple[date, str], datetime]:
    query = select(TABLE.settlement_date, TABLE.miner_model, TABLE.calculated_at)
    return {(day, model): at for day, model, at in connection.execute(query)}


def test_the_first_time_every_day_is_written_also_the_quiet_one(stored: Connection) -> None:
    assert work_out(stored) == set(DAYS)
    assert complete(stored) == set(DAYS)
    noted = {row[:2]: row[5] for row in every(stored, calculation_days)}
    assert noted == {(day, model.name): n for day, n in zip(DAYS, (2, 1, 0), strict=True) for model in MODELS}


def test_the_stored_rows_are_the_calculated_ones(calculated: Connection) -> None:
    wanted = calculations(farm_energy(records_of(calculated, DAYS)), history(), MODELS)
    pd.testing.assert_frame_equal(calculations_of(calculated, DAYS), wanted, check_dtype=False)


def test_the_note_says_from_what_the_day_was_made(calculated: Connection) -> None:
    figures = day_figures(calculated, DAY)
    query = select(calculation_days).where(NOTES.settlement_date == DAY, NOTES.miner_model == "S9")
    note = dict(calculated.execute(query).mappings().one())
    mined = select(TABLE.bitcoin_mined).where(TABLE.settlement_date == DAY, TABLE.miner_model == "S9")
    assert note["bitcoin_mined"] == pytest.approx(sum(calculated.execute(mined).scalars()), rel=1e-15, abs=0)
    assert figures is not None
    assert note["records_hash"] == figures.content_hash
    assert (note["hashrate_th"], note["power_w"], note["curtailed_energy"]) == (13.5, 1323.0, 15.0)


def test_nothing_is_written_when_nothing_changed(calculated: Connection) -> None:
    before = written_at(calculated)
    assert work_out(calculated) == set()
    assert written_at(calculated) == before


def test_exactly_the_days_that_differ_are_written(calculated: Connection) -> None:
    before = written_at(calculated)
    store_day(calculated, fetched_day(record(7, day=NEXT_DAY, volume=-11.0), day=NEXT_DAY))
    assert complete(calculated) == {DAY, QUIET_DAY}
    assert work_out(calculated) == {NEXT_DAY}
    after = written_at(calculated)
    assert {key for key in before if after[key] != before[key]} == {key for key in before if key[0] == NEXT_DAY}
    assert complete(calculated) == set(DAYS)


def test_of_a_day_only_the_periods_that_differ_are_written(calculated: Connection) -> None:
    def at_period() -> dict[int, set[datetime]]:
        query = select(TABLE.settlement_period, TABLE.calculated_at).where(TABLE.settlement_date == DAY)
        found: dict[int, set[datetime]] = {}
        for period, moment in calculated.execute(query):
            found.setdefault(period, set()).add(moment)
        return found

    before = at_period()
    store_day(calculated, fetched_day(record(1), record(2, farm_id=OTHER_FARM, volume=-6.0), record(3)))
    assert work_out(calculated) == {DAY}
    after = at_period()
    assert after.keys() == {1, 2, 3}
    assert after[1] == before[1]
    assert min(after[2]) > max(before[2])
    assert complete(calculated) == set(DAYS)


def test_a_change_that_leaves_the_energy_alone_is_noted(calculated: Connection) -> None:
    store_day(calculated, fetched_day(record(7, day=NEXT_DAY, original_price=-1.0), day=NEXT_DAY))
    assert complete(calculated) == {DAY, QUIET_DAY}
    assert work_out(calculated) == {NEXT_DAY}
    assert complete(calculated) == set(DAYS)


def test_a_day_that_becomes_quiet_loses_its_calculations(calculated: Connection) -> None:
    store_day(calculated, fetched_day(day=NEXT_DAY), accept_shrink=True)
    assert work_out(calculated) == {NEXT_DAY}
    assert {day for day, _ in written_at(calculated)} == {DAY}
    assert complete(calculated) == set(DAYS)


@pytest.mark.parametrize(
    "models",
    [
        (*MODELS, MinerModel("NEW", 200, 3500)),
        MODELS[:2],
        (S19J_PRO, MinerModel("S9", 14.0, 1323), MODELS[2]),
        (S19J_PRO, MinerModel("S9", 13.5, 1400), MODELS[2]),
    ],
    ids=["added", "removed", "faster", "hungrier"],
)
def test_other_models_make_every_day_incomplete_until_it_is_calculated(
    calculated: Connection, models: tuple[MinerModel, ...]
) -> None:
    assert complete(calculated, models) == set()
    assert work_out(calculated, models=models) == set(DAYS)
    assert complete(calculated, models) == set(DAYS)
    assert {model for _, model in written_at(calculated)} == {model.name for model in models}


@pytest.mark.parametrize(
    "harm",
    [
        delete(historical_bitcoin_calculations).where(TABLE.farm_id == OTHER_FARM, TABLE.miner_model == "S9"),
        update(historical_bitcoin_calculations).where(TABLE.farm_id == OTHER_FARM).values(bitcoin_mined=1.0),
        update(historical_bitcoin_calculations).where(TABLE.farm_id == OTHER_FARM).values(curtailed_energy=5.1),
        insert(historical_bitcoin_calculations).values(
            settlement_date=DAY,
            settlement_period=9,
            farm_id=FARM,
            miner_model="S9",
            curtailed_energy=1.0,
            bitcoin_mined=1.0,
            difficulty=1.0,
            block_subsidy=1.0,
            calculated_at=record()["vintage"],
        ),
        delete(calculation_days).where(NOTES.settlement_date == DAY, NOTES.miner_model == "M20S"),
        update(calculation_days).where(NOTES.settlement_date == DAY).values(records_hash="another"),
        update(calculation_days).where(NOTES.settlement_date == DAY, NOTES.miner_model == "S9").values(calculations=3),
        update(calculation_days).where(NOTES.settlement_date == DAY).values(bitcoin_mined=NOTES.bitcoin_mined * 1.001),
    ],
    ids=["row lost", "value", "energy", "row added", "note lost", "hash", "count", "sum"],
)
def test_what_was_damaged_is_not_complete_and_is_written_again(calculated: Connection, harm: Executable) -> None:
    right = [row[:8] for row in every(calculated, historical_bitcoin_calculations)]
    notes = every(calculated, calculation_days)
    calculated.execute(harm)
    assert complete(calculated) == {NEXT_DAY, QUIET_DAY}
    assert work_out(calculated) == {DAY}
    assert [row[:8] for row in every(calculated, historical_bitcoin_calculations)] == right
    assert every(calculated, calculation_days) == notes


def test_a_difficulty_that_was_altered_is_written_again(calculated: Connection) -> None:
    tampered = update(historical_bitcoin_calculations).where(TABLE.farm_id == OTHER_FARM).values(difficulty=1.0)
    calculated.execute(tampered)
    assert work_out(calculated) == {DAY}


def test_calculating_some_days_leaves_the_others_alone(stored: Connection) -> None:
    assert work_out(stored, [DAY]) == {DAY}
    assert complete(stored) == {DAY}
    assert work_out(stored, [NEXT_DAY]) == {NEXT_DAY}
    assert complete(stored) == {DAY, NEXT_DAY}
    assert work_out(stored, []) == set()


def test_only_one_model_is_enough_when_there_is_only_one(stored: Connection) -> None:
    work_out(stored, models=(S9,))
    assert complete(stored, (S9,)) == set(DAYS)
    assert len(every(stored, historical_bitcoin_calculations)) == 3
