"""Storing a day: what counts as a change, and that nothing is ever half done."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from threading import Event
from typing import Any

import pandas as pd
import psycopg
import pytest
from sqlalchemy import Connection, Executable, Table, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from mining_assets.domain.content_hash import EMPTY_HASH, content_hashes
from mining_assets.domain.curtailment import TOTALS, daily_totals
from mining_assets.warehouse import days
from mining_assets.warehouse.connection import Warehouse, read_frame
from mining_assets.warehouse.days import FetchedDay, Outcome, complete_days, day_figures, records_of, untampered_days
from mining_assets.warehouse.schema import (
    curtailment_records,
    restatements,
    settlement_days,
    settlement_ledger,
    unknown_wind_units,
)
from mining_assets_tests.support.samples import (
    DAY,
    FARM,
    OTHER_FARM,
    after_final,
    before_final,
    content,
    damage,
    everything,
    fetched_day,
    record,
    records,
    rows_of,
    store,
)

LATER = after_final(DAY, 24)
ROWS = (
    record(1, volume=-10.0),
    record(1, sequence_number=2, volume=-5.0, acceptance_id=None, so_flag=None, final_price=None),
    record(2, sequence_number=7, farm_id=OTHER_FARM, volume=-40.0, original_price=12.5),
    record(2, "offer", volume=3.0),
    record(3, volume=0.0),
)
RECORDS = curtailment_records.c
REFUSALS = (IntegrityError, psycopg.IntegrityError)  # the latter by COPY, which SQLAlchemy does not see


def stored_records(warehouse: Warehouse, day: date = DAY) -> pd.DataFrame:
    with warehouse.reading() as connection:
        return records_of(connection, [day])


def the_day(warehouse: Warehouse, day: date = DAY) -> dict[str, Any]:
    with warehouse.reading() as connection:
        query = select(settlement_days).where(settlement_days.c.settlement_date == day)
        return dict(connection.execute(query).mappings().one())


# What storing does.


def test_a_new_day_is_stored_as_it_was_fetched(warehouse: Warehouse) -> None:
    fetched = fetched_day(*ROWS, empty={(4, "bid"): "volumes"}, unknown=[("T_NEWWW-1", 3, -7.5)])
    assert store(warehouse, fetched) is Outcome.NEW
    pd.testing.assert_frame_equal(
        stored_records(warehouse),
        fetched.records.sort_values(["settlement_period", "side", "sequence_number"], ignore_index=True),
    )
    assert len(rows_of(warehouse, settlement_ledger)) == 96
    assert rows_of(warehouse, unknown_wind_units) == [(DAY, "T_NEWWW-1", 3, -7.5)]
    assert rows_of(warehouse, restatements) == []


@pytest.mark.parametrize(("day", "rows"), [(DAY, 96), (date(2025, 3, 30), 92), (date(2025, 10, 26), 100)])
def test_the_ledger_has_every_period_and_side_of_the_day(warehouse: Warehouse, day: date, rows: int) -> None:
    last = record(rows // 2, day=day)
    store(warehouse, fetched_day(last, day=day))
    assert len(rows_of(warehouse, settlement_ledger)) == rows
    assert the_day(warehouse, day)["periods"] == rows // 2
    with warehouse.reading() as connection:
        assert set(complete_days(connection, [day])) == {day}


def test_the_figures_of_a_day_are_those_of_its_records(warehouse: Warehouse) -> None:
    fetched = fetched_day(*ROWS)
    store(warehouse, fetched)
    row = the_day(warehouse)
    totals = daily_totals(stored_records(warehouse), pd.Index([DAY])).loc[DAY]
    assert {name: row[name] for name in TOTALS} == totals.to_dict()
    assert row["total_curtailed_energy"] == 55.0
    assert row["total_payment"] == 15 * 70.0 - 40 * 12.5
    assert row["farm_periods"] == 2  # period 1 and 2; the row without volume expects no calculation
    assert row["fetched_at"] == fetched.ledger["fetched_at"].min()  # that of the first request, not of the last
    assert row["vintage"] == fetched.records["vintage"].max()


def test_the_ledger_says_of_each_side_what_the_records_say(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(*ROWS))
    stored = stored_records(warehouse)
    hashes = content_hashes(stored)
    with warehouse.reading() as connection:
        ledger = read_frame(connection, select(settlement_ledger))
    for row in ledger.itertuples():
        mine = stored[(stored["settlement_period"] == row.settlement_period) & (stored["side"] == row.side)]
        assert row.wind_rows == len(mine)
        assert row.wind_mwh == mine["volume"].sum()
        assert row.content_hash == hashes.get((DAY, row.settlement_period, row.side), EMPTY_HASH)
    assert ledger["wind_rows"].sum() == len(ROWS)


def test_a_quiet_day_is_whole_and_has_zeros(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day())
    row = the_day(warehouse)
    assert all(row[name] == 0 for name in (*TOTALS, "farm_periods"))
    assert stored_records(warehouse).empty


def test_the_same_content_leaves_every_record_alone_and_notes_the_fetch(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(*ROWS))
    before = rows_of(warehouse, curtailment_records)
    # A later settlement run with the same content: ranks and vintage differ.
    newer = record()["vintage"] + timedelta(days=5)
    again = [row | {"sequence_number": row["sequence_number"] + 10, "vintage": newer} for row in ROWS]
    assert store(warehouse, fetched_day(*again, at=LATER)) is Outcome.UNCHANGED
    assert rows_of(warehouse, curtailment_records) == before
    assert rows_of(warehouse, restatements) == []
    assert the_day(warehouse)["fetched_at"] == LATER + timedelta(seconds=1)
    assert the_day(warehouse)["vintage"] == newer
    assert min(row[3] for row in rows_of(warehouse, settlement_ledger)) == LATER + timedelta(seconds=1)


def test_a_provisional_day_becomes_final_by_an_unchanged_fetch(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(*ROWS, at=before_final(DAY)))
    assert store(warehouse, fetched_day(*ROWS, at=LATER)) is Outcome.UNCHANGED
    assert the_day(warehouse)["fetched_at"] > after_final(DAY)


def test_what_was_not_asked_again_stays(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(1), unknown=[("T_NEWWW-1", 3, -7.5)]))
    before = everything(warehouse)
    part = replace(fetched_day(record(1, volume=-11.0)), unknown_units=None, oracle=None)
    assert store(warehouse, part) is Outcome.RESTATED
    after = everything(warehouse)
    for name in ("unknown_wind_units", "oracle_comparisons"):
        assert after[name] == before[name]
        assert len(after[name]) == 1


def test_a_changed_day_is_replaced_and_the_change_is_kept(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(*ROWS))
    before = the_day(warehouse)
    changed = [record(1, volume=-60.0, original_price=-100.0), record(5, farm_id=OTHER_FARM, volume=-1.0)]
    started = datetime.now(UTC)
    assert store(warehouse, fetched_day(*changed, at=LATER)) is Outcome.RESTATED
    after = the_day(warehouse)
    pd.testing.assert_frame_equal(stored_records(warehouse), records(*changed))
    with warehouse.reading() as connection:
        (noted,) = connection.execute(select(restatements)).mappings().all()
    assert started <= noted["restated_at"] <= datetime.now(UTC)
    assert {name: value for name, value in noted.items() if name != "restated_at"} == {
        "settlement_date": DAY,
        "hash_before": before["content_hash"],
        "hash_after": after["content_hash"],
        "energy_before": 55.0,
        "energy_after": 61.0,
        "payment_before": 550.0,
        "payment_after": 6070.0,
        "records_before": 3,
        "records_after": 2,
    }


def test_every_restatement_is_kept(warehouse: Warehouse) -> None:
    for volume in (-10.0, -11.0, -12.0):
        store(warehouse, fetched_day(record(volume=volume)))
    assert [row[4:6] for row in rows_of(warehouse, restatements)] == [(10.0, 11.0), (11.0, 12.0)]


def test_storing_one_day_leaves_the_others_alone(warehouse: Warehouse) -> None:
    other = date(2025, 6, 4)
    store(warehouse, fetched_day(record(day=other), day=other, unknown=[("T_NEWWW-1", 1, -1.0)]))
    before = content(warehouse)
    store(warehouse, fetched_day(*ROWS))
    store(warehouse, fetched_day(record(volume=-100.0)))
    damage(warehouse, *(delete(t).where(_date(t) == DAY) for t in (restatements, *_day_tables())))
    assert content(warehouse) == before


def _day_tables() -> tuple[Table, ...]:
    return (curtailment_records, settlement_ledger, settlement_days, unknown_wind_units, days.oracle_comparisons)


def _date(table: Table) -> Any:
    return table.c.settlement_date


@pytest.mark.parametrize(
    "harm",
    [
        delete(curtailment_records).where(RECORDS.settlement_period == 2),
        delete(curtailment_records),
        update(curtailment_records).where(RECORDS.sequence_number == 2).values(volume=-80.0),
        update(curtailment_records).where(RECORDS.sequence_number == 2).values(so_flag=True),
        update(curtailment_records).values(farm_id="T_OTHER-1"),
        update(curtailment_records).where(RECORDS.sequence_number == 2).values(payment=1.0),
        update(curtailment_records).values(start_time=datetime(2025, 1, 1, tzinfo=UTC)),
        insert(curtailment_records).values(records(record(9)).iloc[0].to_dict()),
        # In no period of the day: not in the ledger either, and counted in every sum.
        insert(curtailment_records).values(records(record(9)).iloc[0].to_dict() | {"settlement_period": 50}),
        # A copy: the old ways of doubling a day.
        insert(curtailment_records).values(records(record(1, sequence_number=99)).iloc[0].to_dict()),
    ],
    ids=lambda harm: str(harm).split("\n")[0][:60],
)
def test_records_damaged_behind_its_back_are_repaired_by_the_next_fetch(warehouse: Warehouse, harm: Executable) -> None:
    store(warehouse, fetched_day(*ROWS))
    right = rows_of(warehouse, curtailment_records)
    damage(warehouse, harm)
    assert rows_of(warehouse, curtailment_records) != right
    with warehouse.reading() as connection:
        untampered, rows = untampered_days(connection, [DAY])
    assert not untampered
    assert rows.empty
    assert store(warehouse, fetched_day(*ROWS, at=LATER)) is Outcome.REPAIRED
    assert rows_of(warehouse, curtailment_records) == right
    assert rows_of(warehouse, restatements) == []
    with warehouse.reading() as connection:
        assert set(untampered_days(connection, [DAY])[0]) == {DAY}


@pytest.mark.parametrize("lost", ["ledger", "day"])
def test_a_lost_ledger_or_day_is_restored_by_the_next_fetch(warehouse: Warehouse, lost: str) -> None:
    store(warehouse, fetched_day(*ROWS))
    right = content(warehouse)
    if lost == "ledger":
        damage(warehouse, delete(settlement_ledger).where(settlement_ledger.c.settlement_period > 20))
    else:
        damage(warehouse, delete(settlement_days))
    with warehouse.reading() as connection:
        assert complete_days(connection, [DAY]) == {}
    store(warehouse, fetched_day(*ROWS))
    assert content(warehouse) == right


def test_a_day_that_was_never_stored_has_no_figures(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(day=date(2025, 6, 4)))
    with warehouse.reading() as connection:
        assert day_figures(connection, DAY) is None
        assert complete_days(connection, [DAY, date(2025, 6, 4)]).keys() == {date(2025, 6, 4)}
        assert complete_days(connection, []) == {}


# Nothing is ever half done.


def _broken_ledger(fetched: FetchedDay) -> None:
    fetched.ledger.loc[95, "raw_rows"] = -1  # the last row that is inserted


def _broken_record(fetched: FetchedDay) -> None:
    fetched.records.loc[len(fetched.records) - 1, "side"] = "neither"


def _twice_the_same_unit(fetched: FetchedDay) -> None:
    fetched.unknown_units.loc[1] = fetched.unknown_units.loc[0]


@pytest.mark.parametrize("break_it", [_broken_ledger, _broken_record, _twice_the_same_unit])
@pytest.mark.parametrize("is_new", [True, False])
def test_rows_that_the_tables_refuse_leave_everything_as_it_was(
    warehouse: Warehouse, break_it: Callable[[FetchedDay], None], is_new: bool
) -> None:
    if not is_new:
        store(warehouse, fetched_day(*ROWS))
    before = everything(warehouse)
    fetched = fetched_day(record(1, volume=-100.0), record(2), at=LATER, unknown=[("T_NEWWW-1", 1, -1.0)])
    break_it(fetched)
    with pytest.raises(REFUSALS):
        store(warehouse, fetched)
    assert everything(warehouse) == before


STEPS = ("curtailment_records", "settlement_ledger", "unknown_wind_units", "settlement_days", "restatements")


@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_leaves_everything_as_it_was(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store(warehouse, fetched_day(*ROWS))
    before = everything(warehouse)
    reached = []

    def crashing(write: Callable[..., Any]) -> Callable[..., Any]:
        def crash(connection: Connection, table: Table, rows: Any) -> Any:
            done = write(connection, table, rows)
            if table.name == step:
                reached.append(step)
                raise RuntimeError("the power is gone")
            return done

        return crash

    for name in ("insert_frame", "upsert_rows"):
        monkeypatch.setattr(days, name, crashing(getattr(days, name)))
    changed = fetched_day(record(1, volume=-100.0), at=LATER, unknown=[("T_NEWWW-1", 1, -1.0)])
    with pytest.raises(RuntimeError, match="power"):
        store(warehouse, changed)
    assert reached == [step]
    assert everything(warehouse) == before
    monkeypatch.undo()
    assert store(warehouse, changed) is Outcome.RESTATED


# Several at once.


def test_two_writers_of_one_day_follow_one_another_and_readers_do_not_wait(warehouse: Warehouse) -> None:
    first_is_in, second_began = Event(), Event()

    def first() -> Outcome:
        with warehouse.writing(str(DAY)) as connection:
            outcome = days.store_day(connection, fetched_day(record(volume=-10.0)))
            first_is_in.set()
            assert second_began.wait(60)
            assert stored_records(warehouse).empty  # a reader, while both write
            return outcome

    def second() -> Outcome:
        assert first_is_in.wait(60)
        second_began.set()
        return store(warehouse, fetched_day(record(volume=-20.0), at=LATER))

    with ThreadPoolExecutor(2) as pool:
        outcomes = [work.result(timeout=120) for work in [pool.submit(first), pool.submit(second)]]
    # Had the second not waited it would have found no day, and stored a new one.
    assert outcomes == [Outcome.NEW, Outcome.RESTATED]
    assert stored_records(warehouse)["volume"].tolist() == [-20.0]
    assert [row[4:6] for row in rows_of(warehouse, restatements)] == [(10.0, 20.0)]


def test_many_writers_of_many_days_all_succeed(warehouse: Warehouse) -> None:
    several = [date(2025, 6, 1) + timedelta(days=n) for n in range(4)]
    fetched = [fetched_day(record(day=day, farm_id=FARM), day=day) for day in several]
    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(lambda one: store(warehouse, one), fetched * 3))
    assert sorted(outcomes) == [Outcome.NEW] * 4 + [Outcome.UNCHANGED] * 8
    assert len(rows_of(warehouse, curtailment_records)) == 4
