"""What the warehouse tells of the archive: each object is counted once, however often it was fetched."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from mining_assets.warehouse.archived import (
    archive_space,
    archived_names,
    forget_archived,
    note_archived,
    noted_fetches,
)
from mining_assets.warehouse.connection import Warehouse

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
