"""Upgrading a warehouse that is in use: what was stored stays, and new columns say what is known of it."""

from collections.abc import Iterator
from datetime import date

import pytest
from alembic import command
from sqlalchemy import URL, Connection, select, text

from mining_assets.warehouse import upgrade
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    bitcoin_yearly_summaries,
    daily_summaries,
    day_fetches,
    monthly_summaries,
    reference_fetches,
    wind_bm_units,
    yearly_summaries,
)
from mining_assets.warehouse.status import mismatched_summaries

pytestmark = pytest.mark.system

BEFORE_WORTH = """
INSERT INTO daily_summaries VALUES
    ('2024-12-31', 1, 1, 0, 5, 0, 1, 1, 1),
    ('2025-01-01', 1, 1, 0, 7, 0, 1, 1, 1),
    ('2025-01-02', 1, 1, 0, -2, 0, 1, 1, 1);
INSERT INTO bitcoin_daily_summaries VALUES
    ('2024-12-31', 'S9', 1, 0.5),
    ('2025-01-01', 'S9', 1, 0.5),
    ('2025-01-02', 'S9', 1, 0.5),
    ('2025-01-01', 'M20S', 1, 1);
INSERT INTO monthly_summaries VALUES
    ('2024-12', 1, 1, 0, 5, 0, 1, 1, 1, 31, 1), ('2025-01', 2, 2, 0, 5, 0, 2, 1, 2, 31, 2);
INSERT INTO bitcoin_monthly_summaries VALUES
    ('2024-12', 'S9', 1, 0.5, 31, 1), ('2025-01', 'S9', 2, 1, 31, 2), ('2025-01', 'M20S', 1, 1, 31, 1);
INSERT INTO yearly_summaries VALUES
    ('2024', 1, 1, 0, 5, 0, 1, 1, 1, 366, 1), ('2025', 2, 2, 0, 5, 0, 2, 1, 2, 365, 2);
INSERT INTO bitcoin_yearly_summaries VALUES
    ('2024', 'S9', 1, 0.5, 366, 1), ('2025', 'S9', 2, 1, 365, 2), ('2025', 'M20S', 1, 1, 365, 1)
"""


def upgrade_to(connection: Connection, revision: str) -> None:
    config = upgrade._config()
    config.attributes["connection"] = connection
    command.upgrade(config, revision)


@pytest.fixture
def filled(empty_address: URL) -> Iterator[Warehouse]:
    """Three days of two years, summed up, as they were stored before value and share were known."""
    opened = Warehouse(empty_address)
    with opened.writing("schema") as connection:
        upgrade_to(connection, "0004")
        for statement in BEFORE_WORTH.split(";"):
            connection.execute(text(statement))
    yield opened
    opened.close()


def test_summaries_say_what_was_paid_and_that_neither_prices_nor_generation_are_known(filled: Warehouse) -> None:
    upgrade.upgrade(filled)
    with filled.reading() as connection:
        for table, paid in (
            (bitcoin_daily_summaries, [-2, 5, 7, 7]),
            (bitcoin_monthly_summaries, [5, 5, 7]),
            (bitcoin_yearly_summaries, [5, 5, 7]),
        ):
            rows = connection.execute(select(*table.c)).mappings().all()
            assert sorted(row["total_payment"] for row in rows) == paid
            assert {(row["bitcoin_value"], row["value_ratio"]) for row in rows} == {(None, None)}
            assert {row.get("days_priced", 0) for row in rows} == {0}
        for table in (daily_summaries, monthly_summaries, yearly_summaries):
            rows = connection.execute(select(*table.c)).mappings().all()
            assert {(row["generated_energy"], row["curtailed_share"]) for row in rows} == {(None, None)}
            assert {row.get("days_with_generation", 0) for row in rows} == {0}


def test_nothing_differs_after_the_upgrade(filled: Warehouse) -> None:
    """Months and years are still the sums of what is below, so nothing has to be derived again."""
    upgrade.upgrade(filled)
    with filled.reading() as connection:
        date_range = (date(2016, 1, 1), None)
        assert list(mismatched_summaries(connection, date(2024, 12, 1), date(2025, 1, 31), date_range)) == []


def test_units_of_an_older_warehouse_get_their_sites(empty_address: URL) -> None:
    opened = Warehouse(empty_address)
    with opened.writing("schema") as connection:
        upgrade_to(connection, "0014")
        for unit, name, is_current in (
            ("T_MOWEO-1", "Moray East OWF1", True),
            ("T_MOWEO-2", "Moray East OWF2", True),
            ("T_MOWEO-1", "Before", False),
            ("T_WHILW-1", None, True),
        ):
            values = {
                "unit": unit,
                "name": name,
                "seen": f"2025-06-0{1 + is_current} 00:00:00.000000",
                "is": is_current,
            }
            connection.execute(
                text("INSERT INTO wind_bm_units VALUES (:unit, :seen, :seen, :name, NULL, NULL, 'register', :is)"),
                values,
            )
    upgrade.upgrade(opened)
    with opened.reading() as connection:
        units = wind_bm_units.c
        rows = connection.execute(select(units.bm_unit_id, units.is_current, units.site)).all()
    opened.close()
    assert sorted(rows, key=str) == [
        ("T_MOWEO-1", False, None),
        ("T_MOWEO-1", True, "Moray East"),
        ("T_MOWEO-2", True, "Moray East"),
        ("T_WHILW-1", True, "Whitelee"),
    ]


def test_of_an_older_warehouse_no_origin_is_known(empty_address: URL) -> None:
    opened = Warehouse(empty_address)
    with opened.writing("schema") as connection:
        upgrade_to(connection, "0016")
        seen = "2025-06-05 00:00:00.000000"
        connection.execute(
            text("INSERT INTO reference_fetches VALUES ('wind_bm_units', :seen, 1, NULL)"), {"seen": seen}
        )
        connection.execute(
            text("INSERT INTO day_fetches VALUES ('bitcoin_price', '2025-06-03', :seen, 'h', 0, NULL, NULL, NULL)"),
            {"seen": seen},
        )
    upgrade.upgrade(opened)
    with opened.reading() as connection:
        for table in (reference_fetches, day_fetches):
            assert connection.execute(select(table.c.origin)).all() == [(None,)]
    opened.close()
