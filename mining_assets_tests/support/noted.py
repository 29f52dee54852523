"""Saying of what is stored where it came from, without fetching it."""

from datetime import date

from sqlalchemy import update

from mining_assets.domain.live_sources import LIVE_COINBASE, LIVE_ELEXON, LIVE_MEMPOOL
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import day_fetches, reference_fetches, settlement_days

TWIN = "http://127.0.0.1:8900/bmrs/api/v1 (generated)"
MIRROR = "https://***@mirror.example/api"


def note_live(warehouse: Warehouse, *, elsewhere: str | None = None) -> None:
    """Say of everything that it came from the live sources, or all of it from elsewhere."""
    with warehouse.writing("origins") as connection:
        connection.execute(update(settlement_days).values(origin=elsewhere or LIVE_ELEXON))
        for name, origin in (("bitcoin_price", LIVE_COINBASE), ("wind_generation", LIVE_ELEXON)):
            connection.execute(update(day_fetches).where(day_fetches.c.name == name).values(origin=elsewhere or origin))
        for name, origin in (("network_epochs", LIVE_MEMPOOL), ("wind_bm_units", LIVE_ELEXON)):
            connection.execute(
                update(reference_fetches).where(reference_fetches.c.name == name).values(origin=elsewhere or origin)
            )


def note_day(warehouse: Warehouse, day: date, origin: str | None) -> None:
    """Say of a day where it came from."""
    with warehouse.writing("origins") as connection:
        connection.execute(
            update(settlement_days).where(settlement_days.c.settlement_date == day).values(origin=origin)
        )


def forget_origins(warehouse: Warehouse) -> None:
    """Say of nothing where it came from, as an earlier version left it."""
    with warehouse.writing("origins") as connection:
        for table in (settlement_days, day_fetches, reference_fetches):
            connection.execute(update(table).values(origin=None))
