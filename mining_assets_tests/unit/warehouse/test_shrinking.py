"""Answers that take a good part of a stored day away: refused, remembered, and stored only when asked for by name."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from mining_assets.domain.restatement import ShrinkRefused
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import FetchedDay, Outcome, note_refused
from mining_assets.warehouse.schema import (
    curtailment_records,
    refused_answers,
    restatements,
    settlement_days,
    settlement_ledger,
)
from mining_assets_tests.support.samples import (
    DAY,
    after_final,
    before_final,
    content,
    damage,
    everything,
    fetched_day,
    record,
    rows_of,
    store,
)

LATER = after_final(DAY, 24)


def refused(warehouse: Warehouse, fetched: FetchedDay, reason: str) -> None:
    before = everything(warehouse)
    with pytest.raises(ShrinkRefused, match=reason):
        store(warehouse, fetched)
    assert everything(warehouse) == before


def test_a_final_day_does_not_lose_more_than_5_percent(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(volume=-100.0)))
    refused(warehouse, fetched_day(record(volume=-94.9), at=LATER), "stored 100.000 MWh .* now 94.900 MWh")
    refused(warehouse, fetched_day(at=LATER), "now 0.000 MWh")
    assert store(warehouse, fetched_day(record(volume=-95.1), at=LATER)) is Outcome.RESTATED


def test_a_provisional_day_may_shrink(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(volume=-100.0), at=before_final(DAY)))
    assert store(warehouse, fetched_day(at=LATER)) is Outcome.RESTATED
    assert rows_of(warehouse, curtailment_records) == []


def test_the_same_content_is_no_shrink_whatever_the_stored_figure_says(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(volume=-100.0)))
    right = content(warehouse)
    damage(warehouse, update(settlement_days).values(total_curtailed_energy=1000.0))
    assert store(warehouse, fetched_day(record(volume=-100.0))) is Outcome.UNCHANGED
    assert content(warehouse) == right


def test_a_person_can_accept_that_a_day_shrinks_and_it_is_a_restatement(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(volume=-100.0)))
    assert store(warehouse, fetched_day(record(volume=-1.0), at=LATER), accept_shrink=True) is Outcome.RESTATED
    assert [row[4:6] for row in rows_of(warehouse, restatements)] == [(100.0, 1.0)]


def test_a_side_that_had_rows_is_not_empty_because_nobody_could_be_asked(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(1)))
    empty = {(9, "offer"): "unreachable"}
    refused(warehouse, fetched_day(record(1), at=LATER, empty=empty), "period 9 offer had 5 rows and is now empty")
    assert store(warehouse, fetched_day(record(1), at=LATER, empty=empty), accept_shrink=True) is Outcome.UNCHANGED


@pytest.mark.parametrize("certified", ["volumes", "operator"])
def test_a_side_that_had_rows_may_be_empty_when_something_says_so(warehouse: Warehouse, certified: str) -> None:
    store(warehouse, fetched_day(record(1)))
    store(warehouse, fetched_day(record(1), at=LATER, empty={(9, "offer"): certified}))
    assert (DAY, 9, "offer") in {row[:3] for row in rows_of(warehouse, settlement_ledger) if row[5] == 0}


def test_a_side_that_was_empty_before_may_be_so_again_unconfirmed(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(1), empty={(9, "offer"): "volumes"}))
    again = fetched_day(record(1), at=LATER, empty={(9, "offer"): "unreachable"})
    assert store(warehouse, again) is Outcome.UNCHANGED


def test_a_refused_answer_is_remembered_until_one_is_stored(warehouse: Warehouse) -> None:
    store(warehouse, fetched_day(record(volume=-100.0)))
    for energy in (50.0, 60.0):
        with pytest.raises(ShrinkRefused) as refused:
            store(warehouse, fetched_day(record(volume=-energy), at=LATER))
        with warehouse.writing(str(DAY)) as connection:
            note_refused(connection, refused.value)
    with warehouse.reading() as connection:
        (noted,) = connection.execute(select(refused_answers)).mappings().all()
    assert (noted["settlement_date"], noted["energy_stored"], noted["energy_answered"]) == (DAY, 100.0, 60.0)
    assert "--accept-shrink" in noted["reason"]
    store(warehouse, fetched_day(record(volume=-100.0), at=LATER))  # out of the archive: asked for before the refusal
    assert len(rows_of(warehouse, refused_answers)) == 1
    store(warehouse, fetched_day(record(volume=-100.0), at=datetime.now(UTC)))
    assert rows_of(warehouse, refused_answers) == []
