"""A small clean warehouse for tests of verification, healing and checks: three days, two months, one year.

Of the days one has only 46 periods and one is certified quiet. Everything derived from them is in place, and the
references were fetched just now.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.network import Retarget, network_history
from mining_assets.domain.periods import months_of, years_of
from mining_assets.domain.settlement import period_starts
from mining_assets.domain.valuation import BITCOIN_PRICE, MEMPOOL, WIND_GENERATION, price_instant
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch_references import stored_network_history
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.verify import Scope, scan
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import FetchedDay
from mining_assets.warehouse.references import note_fetch, store_network_history, store_wind_units
from mining_assets.warehouse.schema import wind_bm_units
from mining_assets.warehouse.series import store_series
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import (
    FARM,
    MODELS,
    OTHER_FARM,
    after_final,
    derive_days,
    fetched_day,
    record,
    store,
)
from mining_assets_tests.support.twin import chain

SHORT, QUIET, WINDY = date(2025, 3, 30), date(2025, 3, 31), date(2025, 4, 1)
DAYS = (SHORT, QUIET, WINDY)
MONTHS, YEARS = tuple(months_of(DAYS)), tuple(years_of(DAYS))
BOUNDS = (SHORT, WINDY)
SCOPE = Scope(MODELS, BOUNDS)


def settled(day: date) -> datetime:
    """An instant after which the day is not due for a refetch any more."""
    return after_final(day, hours=9 * 24)


def clean_days() -> list[FetchedDay]:
    """The days as fetched: several rows per farm and period, an undo, a silent side, and a day without wind."""
    return [
        fetched_day(
            record(1, day=SHORT),
            record(3, day=SHORT, farm_id=OTHER_FARM, volume=-4.5),
            record(46, day=SHORT, volume=-2.0),
            day=SHORT,
            at=settled(SHORT),
        ),
        fetched_day(day=QUIET, at=settled(QUIET)),
        windy(),
    ]


def windy(*more: dict[str, object]) -> FetchedDay:
    """The day of April, perhaps with more rows."""
    return fetched_day(
        record(1, day=WINDY),
        record(1, day=WINDY, sequence_number=2, volume=-5.0, acceptance_id=4712, so_flag=False),
        record(2, day=WINDY, farm_id=OTHER_FARM, original_price=20.0),
        record(2, "offer", day=WINDY, farm_id=OTHER_FARM, volume=3.0),
        record(48, day=WINDY, volume=-0.004, cadl_flag=None),
        *more,
        day=WINDY,
        at=settled(WINDY),
        empty={(10, "bid"): "volumes"},
    )


def clean(warehouse: Warehouse) -> None:
    """Make an empty database the clean warehouse."""
    upgrade(warehouse)
    now = datetime.now(UTC)
    retargets = [
        Retarget(datetime.fromtimestamp(time, UTC), int(height), value)
        for time, height, value, _ in chain.difficulty_adjustments(now)
    ]
    with warehouse.writing("references") as connection:
        store_network_history(connection, network_history(retargets, now))
        units = [WindUnit(farm, generation_capacity=50.0) for farm in (FARM, OTHER_FARM)]
        store_wind_units(connection, units, now)
        note_fetch(connection, wind_bm_units.name, now, len(units))
    for fetched in clean_days():
        store(warehouse, fetched)
    for name in SERIES:
        store_clean_series(warehouse, name)
    derive_all(warehouse)


def store_clean_series(warehouse: Warehouse, name: str, days: Sequence[date] = DAYS) -> None:
    """Store the price (£70,000) or the generation (50 MWh in every period) of days as if it was fetched."""
    rows = {
        BITCOIN_PRICE: [
            {"settlement_date": day, "price": 70_000.0, "quoted_at": price_instant(day), "source": MEMPOOL}
            for day in days
        ],
        WIND_GENERATION: [
            {"settlement_date": day, "settlement_period": period, "start_time": start, "generated_energy": 50.0}
            for day in days
            for period, start in enumerate(period_starts(day), start=1)
        ],
    }
    with warehouse.writing(*map(str, days)) as connection:
        store_series(connection, name, pd.DataFrame(rows[name]), {day: settled(day) for day in days})


def derive_all(warehouse: Warehouse) -> None:
    """Derive everything from the stored days."""
    derive_days(warehouse, DAYS, stored_network_history(warehouse), MODELS)
    list(roll_up_days(warehouse, DAYS, BOUNDS))


def scan_all(warehouse: Warehouse) -> Verification:
    """Verify all of it and keep what is found."""
    return scan(warehouse, SHORT, WINDY, SCOPE)
