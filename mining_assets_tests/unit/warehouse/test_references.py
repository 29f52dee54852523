"""The wind register and the network's epochs as stored: nothing once known is lost."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Executable, delete, insert, update
from sqlalchemy.exc import IntegrityError

from mining_assets.domain.network import ALTERED, NEVER_FETCHED
from mining_assets.domain.wind_units import WindUnit
from mining_assets.warehouse import references
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import network_epochs, reference_fetches, wind_bm_units
from mining_assets_tests.support.samples import damage, history, rows_of

FIRST = datetime(2025, 7, 1, tzinfo=UTC)
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=2)
UNIT = WindUnit("T_AAAAW-1", "Alpha", "Party", 50.0, "register")
BARE = WindUnit("2__BLOND003", source="addition")


def put(warehouse: Warehouse, at: datetime, *units: WindUnit) -> dict[str, int]:
    with warehouse.writing(wind_bm_units.name) as connection:
        return references.store_wind_units(connection, units, at)


def known(warehouse: Warehouse) -> dict[str, WindUnit]:
    with warehouse.reading() as connection:
        return references.wind_units(connection)


def test_units_come_back_as_they_went_in_also_what_is_absent(warehouse: Warehouse) -> None:
    counts = put(warehouse, FIRST, UNIT, BARE)
    assert counts == {"new": 2, "changed": 0, "seen again": 0, "absent": 0}
    assert known(warehouse) == {UNIT.bm_unit_id: UNIT, BARE.bm_unit_id: BARE}


def test_a_unit_seen_again_is_the_same_version_seen_longer(warehouse: Warehouse) -> None:
    put(warehouse, FIRST, UNIT)
    assert put(warehouse, SECOND, UNIT)["seen again"] == 1
    assert [row[1:3] for row in rows_of(warehouse, wind_bm_units)] == [(FIRST, SECOND)]


@pytest.mark.parametrize(
    "change",
    [
        {"generation_capacity": 60.0},
        {"generation_capacity": None},
        {"lead_party_name": "Other"},
        {"source": "addition"},
    ],
)
def test_changed_particulars_are_a_new_version_and_the_old_one_is_kept(
    warehouse: Warehouse, change: dict[str, object]
) -> None:
    put(warehouse, FIRST, UNIT)
    changed = replace(UNIT, **change)  # type: ignore[arg-type]
    assert put(warehouse, SECOND, changed) == {"new": 0, "changed": 1, "seen again": 0, "absent": 0}
    assert known(warehouse) == {UNIT.bm_unit_id: changed}
    assert [(*row[1:3], row[7]) for row in rows_of(warehouse, wind_bm_units)] == [
        (FIRST, FIRST, False),
        (SECOND, SECOND, True),
    ]


def test_old_versions_do_not_count_wherever_they_lie(warehouse: Warehouse) -> None:
    put(warehouse, FIRST, UNIT)
    changed = replace(UNIT, generation_capacity=60.0)
    put(warehouse, SECOND, changed)
    # On PostgreSQL a row that is written again lies behind the newer one.
    damage(warehouse, update(wind_bm_units).where(~wind_bm_units.c.is_current).values(seen_until=FIRST))
    assert known(warehouse) == {UNIT.bm_unit_id: changed}


def test_a_unit_once_known_as_wind_stays_one_when_the_register_drops_it(warehouse: Warehouse) -> None:
    put(warehouse, FIRST, UNIT, BARE)
    assert put(warehouse, SECOND, BARE)["absent"] == 1
    assert set(known(warehouse)) == {UNIT.bm_unit_id, BARE.bm_unit_id}
    assert put(warehouse, THIRD, UNIT, BARE) == {"new": 0, "changed": 0, "seen again": 2, "absent": 0}


def test_an_empty_answer_takes_nothing_away(warehouse: Warehouse) -> None:
    put(warehouse, FIRST, UNIT)
    put(warehouse, SECOND)
    assert known(warehouse) == {UNIT.bm_unit_id: UNIT}


def test_two_current_versions_of_a_unit_are_impossible(warehouse: Warehouse) -> None:
    put(warehouse, FIRST, UNIT)
    twice = insert(wind_bm_units).values(
        bm_unit_id=UNIT.bm_unit_id, seen_from=SECOND, seen_until=SECOND, source="register", is_current=True
    )
    with pytest.raises(IntegrityError), warehouse.writing("a") as connection:
        connection.execute(twice)


def test_a_network_that_was_never_fetched_is_not_known(warehouse: Warehouse) -> None:
    with warehouse.reading() as connection:
        assert references.network_history(connection) == NEVER_FETCHED
        assert references.last_fetch(connection, network_epochs.name) is None


def test_the_stored_history_is_the_fetched_one_to_the_last_digit(warehouse: Warehouse) -> None:
    fetched = history(known_until=THIRD)
    with warehouse.writing(network_epochs.name) as connection:
        assert references.store_network_history(connection, fetched) == len(fetched.epochs) == 6
    with warehouse.reading() as connection:
        assert references.network_history(connection) == fetched


def test_a_later_fetch_adds_what_is_new_and_is_known_for_longer(warehouse: Warehouse) -> None:
    before = history(known_until=SECOND)
    older = replace(before, epochs=before.epochs[:4])
    with warehouse.writing(network_epochs.name) as connection:
        references.store_network_history(connection, older)
        assert references.store_network_history(connection, history(known_until=THIRD)) == 2
        assert references.store_network_history(connection, history(known_until=THIRD)) == 0
    with warehouse.reading() as connection:
        assert references.network_history(connection) == history(known_until=THIRD)
    assert [row[:3] for row in rows_of(warehouse, reference_fetches)] == [("network_epochs", THIRD, 6)]


@pytest.mark.parametrize(
    "harm",
    [
        delete(network_epochs).where(network_epochs.c.height == history().epochs[-1].height),
        update(network_epochs).values(difficulty=network_epochs.c.difficulty * 2),
    ],
    ids=["deleted", "altered"],
)
def test_an_altered_history_is_not_used_and_is_replaced_by_the_next_fetch(
    harm: Executable, warehouse: Warehouse
) -> None:
    with warehouse.writing(network_epochs.name) as connection:
        references.store_network_history(connection, history(known_until=SECOND))
    damage(warehouse, harm)
    with warehouse.reading() as connection:
        assert references.is_tampered(connection, network_epochs.name)
        assert references.network_history(connection) == ALTERED
    with warehouse.writing(network_epochs.name) as connection:
        references.store_network_history(connection, history(known_until=THIRD))
        assert references.network_history(connection) == history(known_until=THIRD)


def test_an_epoch_cannot_be_stored_twice(warehouse: Warehouse) -> None:
    with warehouse.writing(network_epochs.name) as connection:
        references.store_network_history(connection, history())
    epoch = history().epochs[0]
    again = insert(network_epochs).values(
        block_time=SECOND, height=epoch.height, kind=epoch.kind, difficulty=1.0, block_subsidy=1.0
    )
    with pytest.raises(IntegrityError), warehouse.writing("a") as connection:
        connection.execute(again)


def test_epochs_come_back_in_order_of_time(warehouse: Warehouse) -> None:
    shuffled = replace(history(), epochs=history().epochs[::-1])
    with warehouse.writing(network_epochs.name) as connection:
        references.store_network_history(connection, shuffled)
        assert references.stored_epochs(connection) == history().epochs
