"""Summing up days to months, and months to years. Nothing is written where nothing changed.

What the levels are and how each sums up stands in ``domain.rollups``.
"""

from collections.abc import Iterator, Sequence
from datetime import date

import pandas as pd

from mining_assets.domain.rollups import LEVELS, Level, days_expected, span_within
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.status import DateRange
from mining_assets.warehouse.summaries import distinct_farms, forget_findings, store_summaries, summaries_between


def roll_up(warehouse: Warehouse, table: str, span: str, date_range: DateRange) -> pd.DataFrame:
    """Sum up a month or a year of a summary table, and return its rows; none where the level below has none.

    Args:
        warehouse: where the sums are stored.
        table: one of ``LEVELS``.
        span: the month (``2025-06``) or year (``2025``).
        date_range: the first and last partition.
    """
    with warehouse.writing(span) as connection:
        return _roll_up(connection, LEVELS[table], span, date_range)


def roll_up_days(
    warehouse: Warehouse, days: Sequence[date], date_range: DateRange
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Sum up the months and then the years that some days are in; yield each table, month or year, and its rows."""
    for table, level in LEVELS.items():
        for span in sorted({level.span_of(day) for day in days}):
            yield table, span, roll_up(warehouse, table, span, date_range)


def roll_up_day(connection: Connection, day: date, date_range: DateRange) -> None:
    """Sum up the month and the year of a day, in the caller's transaction."""
    for level in LEVELS.values():
        _roll_up(connection, level, level.span_of(day), date_range)


def _roll_up(connection: Connection, level: Level, span: str, date_range: DateRange) -> pd.DataFrame:
    """Sum up a span; what a verification found wrong with it before is repaired by that, and forgotten."""
    days = span_within(span, *date_range)
    rows = level.sum_up(summaries_between(connection, level.below, *map(level.part_of, days)))
    rows = rows.assign(days_expected=days_expected(span, *date_range))
    if level.counts_farms:
        rows = rows.assign(farms=distinct_farms(connection, *days) if len(rows) else 0)
    store_summaries(connection, level.table, [span], rows)
    forget_findings(connection, level.table, span)
    return rows
