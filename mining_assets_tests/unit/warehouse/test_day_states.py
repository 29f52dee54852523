"""The state of days: each state and flag, and what brings a day into it."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, Executable, delete, insert, update

from mining_assets.domain.day_state import STATES
from mining_assets.domain.mining import MinerModel
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import COUNTS, day_states
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    curtailment_records,
    daily_summaries,
    healing_attempts,
    historical_bitcoin_calculations,
    integrity_findings,
    restatements,
    settlement_days,
    settlement_ledger,
)
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import (
    DAY,
    MODELS,
    OTHER_FARM,
    S9,
    after_final,
    before_final,
    damage,
    derive,
    fetched_day,
    record,
    store,
    taken_back,
)
from mining_assets_tests.support.templates import Templates

BEFORE, AFTER = DAY - timedelta(days=1), DAY + timedelta(days=1)
TWO_FARMS = (record(1), record(1, sequence_number=2), record(2, farm_id=OTHER_FARM), record(3, "offer"))
# 2 farm-periods × 3 models: the second row of a farm in a period and the undo expect nothing.
EXPECTED = 6


def states(
    where: Warehouse | Connection,
    first: date = DAY,
    last: date | None = None,
    models: tuple[MinerModel, ...] = MODELS,
) -> pd.DataFrame:
    if isinstance(where, Connection):
        return day_states(where, first, last or first, models)
    with where.reading() as connection:
        return day_states(connection, first, last or first, models)


def state(where: Warehouse | Connection, day: date = DAY, models: tuple[MinerModel, ...] = MODELS) -> dict[str, Any]:
    return states(where, day, models=models).loc[day].to_dict()


def counts(row: dict[str, Any]) -> tuple[int, ...]:
    return tuple(row[name] for name in ("expected", "actual", "missing", "orphan", "stale"))


def _with_a_whole_day(warehouse: Warehouse) -> None:
    upgrade(warehouse)
    store(warehouse, fetched_day(*TWO_FARMS))
    derive(warehouse, DAY)


@pytest.fixture(scope="module")
def with_a_whole_day(
    backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Warehouse]:
    with templates.copy(backend, _with_a_whole_day, tmp_path_factory.mktemp("whole")) as warehouse:
        yield warehouse


@pytest.fixture
def whole(with_a_whole_day: Warehouse) -> Iterator[Connection]:
    """A day that is final and fully derived, in a transaction that leaves nothing."""
    with taken_back(with_a_whole_day) as connection:
        yield connection


@pytest.fixture
def of_its_own(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """The same in a warehouse of the test's own."""
    with templates.copy(backend, _with_a_whole_day, tmp_path) as warehouse:
        yield warehouse


def test_a_day_that_was_never_fetched_is_missing_and_not_a_zero(warehouse: Warehouse) -> None:
    row = state(warehouse)
    assert row["state"] == "missing"
    assert counts(row) == (0, 0, 0, 0, 0)
    assert not row["inconsistent"]
    assert not row["restated"]
    assert pd.isna(row["fetched_at"])


def test_every_day_of_the_range_is_there_in_order_whatever_is_stored(whole: Connection) -> None:
    found = states(whole, BEFORE, AFTER)
    assert found.index.tolist() == [BEFORE, DAY, AFTER]
    assert found["state"].tolist() == ["missing", "final", "missing"]
    assert set(found["state"]) <= set(STATES)
    assert {str(found[name].dtype) for name in COUNTS} == {"int64"}
    assert {str(found[name].dtype) for name in ("inconsistent", "restated", "quarantined")} == {"bool"}


def test_a_fully_derived_day_is_final_and_consistent(whole: Connection) -> None:
    row = state(whole)
    assert (row["state"], row["inconsistent"], row["restated"], row["quarantined"]) == ("final", False, False, False)
    assert row["records"] == 3
    assert counts(row) == (EXPECTED, EXPECTED, 0, 0, 0)
    assert row["fetched_at"] == after_final(DAY) + timedelta(seconds=1)


def test_a_quiet_day_is_final_and_expects_nothing(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day())
    assert state(warehouse)["inconsistent"]  # its zeros are certified only once they are summarized
    derive(warehouse, DAY)
    row = state(warehouse)
    assert (row["state"], row["inconsistent"], row["records"]) == ("final", False, 0)
    assert counts(row) == (0, 0, 0, 0, 0)


@pytest.mark.parametrize(("day", "last"), [(date(2024, 3, 31), 46), (date(2025, 10, 26), 50)])
def test_days_on_which_the_clocks_change_are_whole_with_their_own_periods(
    warehouse: Warehouse, day: date, last: int
) -> None:
    store(warehouse, fetched_day(record(1, day=day), record(last, day=day), day=day))
    derive(warehouse, day)
    row = state(warehouse, day)
    assert (row["state"], row["inconsistent"], row["expected"]) == ("final", False, 6)


@pytest.mark.parametrize(
    ("fetched_at", "expected"),
    [
        (before_final(DAY, 24), "provisional"),
        (before_final(DAY, 0.1), "provisional"),
        (after_final(DAY, 0), "final"),
        (after_final(DAY, 240), "final"),
    ],
)
def test_a_day_is_provisional_until_it_was_fetched_after_15_utc_on_the_next(
    warehouse: Warehouse, fetched_at: datetime, expected: str
) -> None:
    store(warehouse, fetched_day(*TWO_FARMS, at=fetched_at))
    assert state(warehouse)["state"] == expected


def test_before_it_is_calculated_everything_is_missing(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(*TWO_FARMS))
    row = state(warehouse)
    assert counts(row) == (EXPECTED, 0, EXPECTED, 0, 0)
    assert row["inconsistent"]


@pytest.mark.parametrize(
    "harm",
    [
        delete(settlement_ledger).where(settlement_ledger.c.settlement_period == 40),
        delete(settlement_ledger).where(settlement_ledger.c.settlement_period == 1, settlement_ledger.c.side == "bid"),
        delete(settlement_ledger),
        delete(settlement_days),
    ],
    ids=["a period", "a side", "the ledger", "the figures"],
)
def test_a_day_that_lost_some_of_its_ledger_is_partial(whole: Connection, harm: Executable) -> None:
    whole.execute(harm)
    row = state(whole)
    assert row["state"] == "partial"
    assert row["inconsistent"]


def test_calculations_of_a_day_that_is_gone_are_orphans(whole: Connection) -> None:
    tables = (curtailment_records, settlement_ledger, settlement_days)
    for harm in (delete(table).where(table.c.settlement_date == DAY) for table in tables):
        whole.execute(harm)
    row = state(whole)
    assert row["state"] == "missing"
    assert counts(row) == (0, EXPECTED, 0, EXPECTED, 0)
    assert row["inconsistent"]
    whole.execute(delete(daily_summaries))
    whole.execute(delete(bitcoin_daily_summaries))
    assert state(whole)["inconsistent"]  # by its calculations alone


def test_a_summary_of_a_day_that_was_never_fetched_is_inconsistent(whole: Connection) -> None:
    whole.execute(update(daily_summaries).values(summary_date=AFTER))
    row = state(whole, AFTER)
    assert (row["state"], row["inconsistent"]) == ("missing", True)
    assert state(whole)["inconsistent"]


def test_a_new_model_makes_exactly_its_calculations_missing(of_its_own: Warehouse) -> None:
    more = (*MODELS, MinerModel("NEW", 200, 3500))
    row = state(of_its_own, models=more)
    assert counts(row) == (8, 6, 2, 0, 0)
    assert row["inconsistent"]
    derive(of_its_own, DAY, models=more)
    row = state(of_its_own, models=more)
    assert counts(row) == (8, 8, 0, 0, 0)
    assert not row["inconsistent"]


def test_a_model_that_is_gone_leaves_orphans(of_its_own: Warehouse) -> None:
    row = state(of_its_own, models=MODELS[:2])
    assert counts(row) == (4, 6, 0, 2, 0)
    assert row["inconsistent"]
    derive(of_its_own, DAY, models=MODELS[:2])
    assert counts(state(of_its_own, models=MODELS[:2])) == (4, 4, 0, 0, 0)


def test_missing_and_orphans_do_not_make_up_for_one_another(whole: Connection) -> None:
    row = state(whole, models=(*MODELS[:2], MinerModel("NEW", 200, 3500)))
    assert counts(row) == (6, 6, 2, 2, 0)
    assert row["inconsistent"]


@pytest.mark.parametrize("changed", [MinerModel("S9", 14.0, 1323), MinerModel("S9", 13.5, 1324)])
def test_a_model_with_other_figures_makes_its_calculations_stale(whole: Connection, changed: MinerModel) -> None:
    row = state(whole, models=(MODELS[0], changed, MODELS[2]))
    assert counts(row) == (6, 6, 0, 0, 2)
    assert row["inconsistent"]


def test_a_restated_day_has_stale_calculations_until_they_are_redone(of_its_own: Warehouse) -> None:
    store(of_its_own, fetched_day(record(1, volume=-50.0), record(2, farm_id=OTHER_FARM), at=after_final(DAY, 24)))
    row = state(of_its_own)
    assert (row["state"], row["restated"], row["inconsistent"]) == ("final", True, True)
    assert counts(row) == (6, 6, 0, 0, 6)
    derive(of_its_own, DAY)
    row = state(of_its_own)
    assert (row["restated"], row["inconsistent"]) == (True, False)
    assert counts(row) == (6, 6, 0, 0, 0)


def test_a_restatement_with_other_farms_tells_missing_and_orphan_apart(of_its_own: Warehouse) -> None:
    more = (*TWO_FARMS, record(5), record(6))
    store(of_its_own, fetched_day(*more, at=after_final(DAY, 24)))
    assert counts(state(of_its_own)) == (12, 6, 6, 0, 6)
    derive(of_its_own, DAY)
    store(of_its_own, fetched_day(record(1, volume=-100.0), at=after_final(DAY, 48)))
    assert counts(state(of_its_own)) == (3, 12, 0, 9, 3)


def test_only_its_own_day_is_restated(of_its_own: Warehouse) -> None:
    store(of_its_own, fetched_day(record(1, day=AFTER), day=AFTER))
    store(of_its_own, fetched_day(record(1, day=AFTER, volume=-20.0), day=AFTER))
    assert states(of_its_own, DAY, AFTER)["restated"].tolist() == [False, True]


@pytest.mark.parametrize(
    "harm",
    [
        update(daily_summaries).values(total_curtailed_energy=daily_summaries.c.total_curtailed_energy * 1.0001),
        update(daily_summaries).values(system_flagged_energy=0.0),
        update(daily_summaries).values(undone_energy=0.0),
        update(daily_summaries).values(total_payment=-daily_summaries.c.total_payment),
        update(daily_summaries).values(undone_payment=0.0),
        update(daily_summaries).values(curtailment_records=4),
        update(daily_summaries).values(farms=1),
        update(daily_summaries).values(periods_curtailed=1),
        delete(daily_summaries),
        update(bitcoin_daily_summaries)
        .where(bitcoin_daily_summaries.c.miner_model == "S9")
        .values(bitcoin_mined=bitcoin_daily_summaries.c.bitcoin_mined * 1.0001),
        update(bitcoin_daily_summaries).values(curtailed_energy=0.0),
        delete(bitcoin_daily_summaries).where(bitcoin_daily_summaries.c.miner_model == "S9"),
        insert(bitcoin_daily_summaries).values(
            summary_date=DAY, miner_model="OLD", curtailed_energy=1.0, bitcoin_mined=1.0
        ),
        update(bitcoin_daily_summaries).where(bitcoin_daily_summaries.c.miner_model == "S9").values(miner_model="OLD"),
        update(calculation_days).where(calculation_days.c.miner_model == "S9").values(bitcoin_mined=1.0),
        delete(calculation_days).where(calculation_days.c.miner_model == "S9"),
    ],
    ids=lambda harm: str(harm)[:70],
)
def test_summaries_and_notes_edited_by_hand_are_inconsistent(whole: Connection, harm: Executable) -> None:
    assert not state(whole)["inconsistent"]
    whole.execute(harm)
    row = state(whole)
    assert (row["state"], row["inconsistent"]) == ("final", True)


def test_a_rounding_difference_is_not_a_difference(whole: Connection) -> None:
    energy = daily_summaries.c.total_curtailed_energy
    whole.execute(update(daily_summaries).values(total_curtailed_energy=energy * (1 + 1e-13)))
    assert not state(whole)["inconsistent"]


def finding(**changes: Any) -> Executable:
    row = {
        "table_name": "curtailment_records",
        "check_name": "a_check",
        "span": str(DAY),
        "settlement_date": DAY,
        "severity": "error",
        "effect": "nothing",
        "problems": 1,
        "missing": 0,
        "orphan": 0,
        "stale": 0,
        "example": "this one",
        "found_at": after_final(DAY),
        "open_since": after_final(DAY),
    }
    return insert(integrity_findings).values(row | changes)


@pytest.mark.parametrize(
    ("effect", "expected"),
    [("damaged", ("damaged", False)), ("inconsistent", ("final", True)), ("nothing", ("final", False))],
)
def test_what_the_last_verification_found_counts(whole: Connection, effect: str, expected: tuple[str, bool]) -> None:
    whole.execute(finding(effect=effect))
    row = state(whole)
    assert (row["state"], row["inconsistent"]) == expected


def test_what_the_last_verification_found_in_the_detail_goes_before_the_notes(whole: Connection) -> None:
    whole.execute(finding(effect="inconsistent", missing=2, orphan=3, stale=1))
    row = state(whole)
    assert counts(row) == (6, 7, 2, 3, 1)
    assert row["inconsistent"]


def test_what_the_notes_and_the_verification_both_know_is_not_counted_twice(whole: Connection) -> None:
    for table in (calculation_days, historical_bitcoin_calculations):
        whole.execute(delete(table).where(table.c.miner_model == "S9"))
    assert counts(state(whole)) == (6, 4, 2, 0, 0)
    whole.execute(finding(effect="inconsistent", missing=2))
    assert counts(state(whole)) == (6, 4, 2, 0, 0)


def test_calculations_that_are_there_are_counted_though_nothing_notes_them(whole: Connection) -> None:
    whole.execute(delete(calculation_days).where(calculation_days.c.miner_model == "S9"))
    assert counts(state(whole)) == (6, 6, 0, 0, 0)
    assert state(whole)["inconsistent"]


def test_what_healing_tried_is_told_also_of_days_that_are_missing(warehouse: Warehouse) -> None:
    tried = {
        "settlement_date": DAY,
        "attempts": 6,
        "last_attempt_at": after_final(DAY),
        "next_attempt_at": after_final(DAY, 2),
        "last_error": "no answer",
    }
    damage(
        warehouse,
        insert(healing_attempts).values(tried | {"quarantined_at": after_final(DAY, 3)}),
        insert(healing_attempts).values(tried | {"settlement_date": AFTER, "quarantined_at": None}),
    )
    found = states(warehouse, BEFORE, AFTER)
    assert found["quarantined"].tolist() == [False, True, False]
    assert found["attempts"].tolist() == [0, 6, 6]
    assert found.loc[AFTER, "next_attempt_at"] == after_final(DAY, 2)
    assert found["state"].tolist() == ["missing"] * 3


def test_what_lies_outside_of_the_range_does_not_show(whole: Connection) -> None:
    whole.execute(insert(restatements).values(_restatement(AFTER)))
    found = states(whole, BEFORE, BEFORE)
    assert found.index.tolist() == [BEFORE]
    assert found["records"].tolist() == [0]


def _restatement(day: date) -> dict[str, Any]:
    figures = {f"{name}_{when}": 1 for name in ("energy", "payment", "records") for when in ("before", "after")}
    return {
        "settlement_date": day,
        "restated_at": after_final(day),
        "hash_before": "a",
        "hash_after": "b",
        **figures,
    }


def test_a_single_model_is_enough(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(*TWO_FARMS))
    derive(warehouse, DAY, models=(S9,))
    row = state(warehouse, models=(S9,))
    assert counts(row) == (2, 2, 0, 0, 0)
    assert not row["inconsistent"]
