"""What the warehouse tells of the archive: each object is counted once, however often it was fetched."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import update

from mining_assets.warehouse.archived import (
    answers_of_days,
    archive_space,
    archived_names,
    forget_archived,
    note_archived,
    noted_fetches,
    objects_of_days,
    objects_of_others,
)
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.references import note_fetch
from mining_assets.warehouse.schema import settlement_ledger
from mining_assets_tests.support.samples import fetched_day, record, store

NOON = datetime(2025, 6, 4, 12, tzinfo=UTC)
DAY = str(date(2025, 6, 3))


def fetch(name: str, subject: str, letter: str, size: int, hours: int = 0) -> dict[str, Any]:
    return {
        "name": name,
        "subject": subject,
        "fetched_at": NOON + timedelta(hours=hours),
        "object": letter * 64,
        "object_bytes": size,
        "answers": 1,
    }


FETCHES = [
    fetch("settlement_stacks", DAY, "a", 100),
    fetch("settlement_stacks", DAY, "a", 100, hours=1),
    fetch("settlement_stacks", DAY, "b", 200, hours=2),
    fetch("bitcoin_price", "2025-06", "c", 30),
    fetch("bitcoin_price", "2025-07", "c", 30, hours=900),
]


def test_space_counts_each_object_once_where_it_is(warehouse: Warehouse) -> None:
    with warehouse.writing("test") as connection:
        assert archive_space(connection) == []
        note_archived(connection, FETCHES)
        assert archive_space(connection) == [
            {"name": "bitcoin_price", "fetches": 2, "objects": 2, "bytes": 60},
            {"name": "settlement_stacks", "fetches": 3, "objects": 2, "bytes": 300},
        ]
        assert archived_names(connection) == ["bitcoin_price", "settlement_stacks"]


def test_only_the_fetches_of_an_object_and_a_subject_are_forgotten(warehouse: Warehouse) -> None:
    with warehouse.writing("test") as connection:
        note_archived(connection, FETCHES)
        forget_archived(connection, "settlement_stacks", DAY, ["a" * 64, "c" * 64])
        assert list(noted_fetches(connection, "settlement_stacks")["object"]) == ["b" * 64]
        assert len(noted_fetches(connection, "bitcoin_price")) == 2
        forget_archived(connection, "bitcoin_price", "2025-06", ["c" * 64])
        assert list(noted_fetches(connection, "bitcoin_price")["subject"]) == ["2025-07"]


def test_objects_are_those_that_ledgers_name(warehouse: Warehouse) -> None:
    first, second, third = days = [date(2025, 6, day) for day in (2, 3, 4)]
    for day in days:
        store(warehouse, fetched_day(record(day=day), day=day))
    with warehouse.writing("test") as connection:
        for day, letter in ((first, "a"), (second, "b")):
            of_day = update(settlement_ledger).where(settlement_ledger.c.settlement_date == day)
            connection.execute(of_day.values(archive_object=letter * 64))
        one = settlement_ledger.c.settlement_period == 5
        of_day = update(settlement_ledger).where(settlement_ledger.c.settlement_date == second, one)
        connection.execute(of_day.values(archive_object="c" * 64))
        note_archived(connection, FETCHES)
        assert objects_of_days(connection, date.min, date.max) == {
            (str(first), "a" * 64),
            (str(second), "b" * 64),
            (str(second), "c" * 64),
        }
        assert objects_of_days(connection, third, third) == set()
        answers = answers_of_days(connection, "settlement_stacks", [second, third])
        assert answers.fillna({"object_bytes": -1, "answers": -1}).to_dict("list") == {
            "settlement_date": [second, second],
            "object": ["b" * 64, "c" * 64],
            "object_bytes": [200, -1],
            "answers": [1, -1],
        }
        assert answers_of_days(connection, "settlement_stacks", [third]).empty


def test_objects_of_the_others_are_by_name(warehouse: Warehouse) -> None:
    with warehouse.writing("test") as connection:
        assert objects_of_others(connection) == set()
        note_fetch(connection, "wind_bm_units", NOON, 1, None, "d" * 64)
        assert objects_of_others(connection) == {("wind_bm_units", "d" * 64)}
