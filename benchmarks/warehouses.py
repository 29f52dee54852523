"""Warehouses full of drawn days, on both databases, consistent to the last check: ``python -m benchmarks.warehouses``.

Records and ledger are inserted as sets; everything derived from them is made by the product itself.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import groupby

from benchmarks.generated_days import DrawnDays, draw, drawn_series, drawn_units
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NetworkHistory, Retarget, network_history
from mining_assets.domain.periods import Month
from mining_assets.pipeline.derive import derive as derived_tables
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse import references
from mining_assets.warehouse.connection import Warehouse, insert_frame
from mining_assets.warehouse.schema import (
    curtailment_records,
    network_epochs,
    settlement_days,
    settlement_ledger,
    wind_bm_units,
)
from mining_assets.warehouse.series import store_series
from mining_assets_tests.support.twin.chain import difficulty_adjustments

FIRST_DAY = date(2016, 1, 1)
MODELS = (MinerModel("S19J_PRO", 100, 3050), MinerModel("S9", 13.5, 1323), MinerModel("M20S", 68, 3360))


def days_of(years: float, first: date = FIRST_DAY) -> list[date]:
    """Return the days of some years from the first on; of a fraction of a year, that share of its days."""
    return [first + timedelta(days=offset) for offset in range(max(1, round(365.25 * years)))]


def scope_of(days: Sequence[date]) -> Scope:
    """Return the scope to verify the days in, as if there were no others."""
    return Scope(MODELS, (days[0], days[-1]))


def months_of(days: Sequence[date]) -> Iterator[list[date]]:
    """Group the days by calendar month."""
    for _, month in groupby(days, key=Month.of):
        yield list(month)


def drawn_history() -> NetworkHistory:
    """Return a network history that reaches to now."""
    now = datetime.now(UTC)
    return network_history(
        [
            Retarget(datetime.fromtimestamp(at, UTC), int(height), float(difficulty))
            for at, height, difficulty, _ in difficulty_adjustments(now)
        ],
        now,
    )


def fill_references(warehouse: Warehouse) -> None:
    """Store the wind register and the network's history, as if fetched now."""
    now, units = datetime.now(UTC), drawn_units()
    with warehouse.writing("references") as connection:
        references.store_wind_units(connection, units, now)
        references.note_fetch(connection, wind_bm_units.name, now, len(units))
        references.store_network_history(connection, drawn_history())
        references.note_fetch(connection, network_epochs.name, now, len(drawn_history().epochs))


def insert_days(warehouse: Warehouse, drawn: DrawnDays) -> None:
    """Insert records, ledger and figures of some days, as sets."""
    with warehouse.writing("drawn days") as connection:
        insert_frame(connection, curtailment_records, drawn.records)
        insert_frame(connection, settlement_ledger, drawn.ledger)
        insert_frame(connection, settlement_days, drawn.figures)


def insert_series(warehouse: Warehouse, days: Sequence[date]) -> None:
    """Insert prices and generation of some days, as if fetched long after."""
    with warehouse.writing("drawn days") as connection:
        for name, rows, fetched_at in drawn_series(days):
            store_series(connection, name, rows, dict.fromkeys(days, fetched_at))


def derive(warehouse: Warehouse, days: Sequence[date], history: NetworkHistory) -> None:
    """Derive calculations and daily summaries of the days of one month, by the product's own steps."""
    with warehouse.writing(*map(str, days)) as connection:
        steps = derived_tables(connection, days, history, MODELS).values()
    for step in steps:
        if step.failed:
            raise RuntimeError(f"drawn days are not complete: {step.failed}")


def roll_up(warehouse: Warehouse, days: Sequence[date]) -> None:
    """The months and years that the days are in."""
    list(roll_up_days(warehouse, days, scope_of(days).date_range))


def fill(warehouse: Warehouse, days: Sequence[date]) -> None:
    """Everything of the days into an empty, upgraded warehouse."""
    fill_references(warehouse)
    history = drawn_history()
    for month in months_of(days):
        insert_days(warehouse, draw(month))
        insert_series(warehouse, month)
        derive(warehouse, month, history)
    roll_up(warehouse, days)
