"""Summing up days to months, and months to years. Nothing is written where nothing changed.

What the levels are and how each sums up stands in ``domain.rollups``.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from mining_assets.domain.periods import DateRange, Month, Year
from mining_assets.domain.rollups import LEVELS
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.summaries import expected_rows, forget_findings, store_summaries


def roll_up(warehouse: Warehouse, table: str, period: Month | Year, date_range: DateRange) -> pd.DataFrame:
    """Recompute a table's rows of a month or year from the level below.

    Returns:
        The rows; none where the level below has none.
    """
    with warehouse.writing(str(period)) as connection:
        return _roll_up(connection, table, period, date_range)


def roll_up_days(
    warehouse: Warehouse, days: Sequence[date], date_range: DateRange
) -> Iterator[tuple[str, Month | Year, pd.DataFrame]]:
    """Recompute the months and then the years that some days are in; yield each table, month or year, and its rows."""
    for level in LEVELS.values():
        for period in sorted({level.period.of(day) for day in days}, key=str):
            yield level.table, period, roll_up(warehouse, level.table, period, date_range)


def roll_up_day(connection: Connection, day: date, date_range: DateRange) -> None:
    """Recompute the month and the year of a day, in the caller's transaction."""
    for level in LEVELS.values():
        _roll_up(connection, level.table, level.period.of(day), date_range)


def _roll_up(connection: Connection, table: str, period: Month | Year, date_range: DateRange) -> pd.DataFrame:
    """Write what changed; what a verification found wrong with the rows before no longer holds."""
    rows = expected_rows(connection, table, period, date_range)
    store_summaries(connection, table, [period], rows)
    forget_findings(connection, table, period)
    return rows
