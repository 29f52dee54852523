"""Reading and writing the summary tables. A row is written only when it changed."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, Table, delete, distinct, func, select

from mining_assets.domain.periods import DateRange, Month, Period, Year, days_expected, days_within
from mining_assets.domain.rollups import LEVELS, Level
from mining_assets.warehouse.connection import insert_frame, plain_rows, read_frame
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, DAILY_SUMMARIES
from mining_assets.warehouse.predicates import is_curtailment
from mining_assets.warehouse.schema import (
    curtailment_records,
    integrity_findings,
    metadata,
)
from mining_assets.warehouse.verifications import note_written

SUMMARIES: dict[str, Table] = {
    name: metadata.tables[name] for name in (DAILY_SUMMARIES, BITCOIN_DAILY_SUMMARIES, *LEVELS)
}


def span_column(table: Table) -> ColumnElement[object]:
    """Return the column of a summary table that says which day, month or year a row is of."""
    return next(iter(table.primary_key))


def summary_key(name: str) -> list[str]:
    """Return the columns of a summary table's key; the first says which day, month or year a row is of."""
    return [column.name for column in SUMMARIES[name].primary_key]


def summaries_of(connection: Connection, name: str, periods: Sequence[Period]) -> pd.DataFrame:
    """Read the rows of a summary table for some days, months or years, in the order of its key."""
    table = SUMMARIES[name]
    query = select(*table.c).where(span_column(table).in_(_stored(periods))).order_by(*table.primary_key)
    return read_frame(connection, query)


def summaries_between(connection: Connection, name: str, first: Period, last: Period) -> pd.DataFrame:
    """Read the rows of a summary table from one day, month or year to another, inclusive, in the order of its key."""
    table = SUMMARIES[name]
    span = span_column(table)
    low, high = _stored((first, last))
    query: Select[tuple[object, ...]] = select(*table.c).where(span.between(low, high)).order_by(*table.primary_key)
    return read_frame(connection, query)


def store_summaries(connection: Connection, name: str, periods: Sequence[Period], wanted: pd.DataFrame) -> int:
    """Make the rows of the periods those of the frame; return how many rows were written or removed.

    A period for which the frame has no row ends without one. Nothing is written where nothing changed.
    """
    table = SUMMARIES[name]
    columns = [column.name for column in table.columns]
    wanted = wanted[columns]
    stored = summaries_of(connection, name, periods)
    old, new = set(plain_rows(stored)), set(plain_rows(wanted))
    if old == new:
        return 0
    span = span_column(table)
    position = columns.index(str(span.key))
    changed = {row[position] for row in old ^ new}
    connection.execute(delete(table).where(span.in_(changed)))
    insert_frame(connection, table, wanted[wanted.iloc[:, position].isin(changed)])
    note_written(connection, changed)
    return len(old ^ new)


def forget_findings(connection: Connection, table_name: str, period: Period) -> None:
    """Remove what verification found wrong with a period of a summary, now that it was made anew."""
    found = integrity_findings.c
    connection.execute(delete(integrity_findings).where(found.table_name == table_name, found.span == str(period)))


def _stored(periods: Sequence[Period]) -> list[date | str]:
    """Return days as they are, months and years as the tables write them."""
    return [period if isinstance(period, date) else str(period) for period in periods]


def distinct_farms(connection: Connection, first: date, last: date) -> int:
    """Count the BM units that were curtailed between two days: not additive, so they are counted in the records."""
    records = curtailment_records.c
    query = select(func.count(distinct(records.farm_id))).where(
        records.settlement_date.between(first, last), is_curtailment()
    )
    return connection.execute(query).scalar_one()


def expected_rows(connection: Connection, table: str, period: Month | Year, date_range: DateRange) -> pd.DataFrame:
    """Return the rows that a table should have of a month or year, as the level below is now; none without that."""
    level, days = LEVELS[table], days_within(period, date_range)
    rows = expected_rows_between(connection, level, *days, date_range)
    return rows.assign(farms=distinct_farms(connection, *days) if len(rows) else 0) if level.counts_farms else rows


def expected_rows_between(
    connection: Connection, level: Level, first: date, last: date, date_range: DateRange
) -> pd.DataFrame:
    """Return the rows of all months or years between two days as the level below is now, without farms.

    Args:
        connection: from which the level below is read.
        level: whose rows.
        first: the first day of a month or year, or the first partition.
        last: the last day of a month or year, or the last partition.
        date_range: the first and the last partition.
    """
    rows = level.sum_up(summaries_between(connection, level.below, level.part_of(first), level.part_of(last)))
    expected = [days_expected(level.period.parse(text), date_range) for text in rows[summary_key(level.table)[0]]]
    return rows.assign(days_expected=pd.array(expected, dtype="int64"))
