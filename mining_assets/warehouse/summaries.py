"""Reading and writing the summary tables. A row is written only when it changed."""

from collections.abc import Sequence
from datetime import date

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, Table, delete, distinct, func, select

from mining_assets.domain.rollups import LEVELS
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
"""Every summary table by its name."""
SPAN_COLUMNS = {"daily": "summary_date", "monthly": "year_month", "yearly": "year"}


def span_column(table: Table) -> ColumnElement[object]:
    """Return the column of a summary table that says which day, month or year a row is of."""
    return next(table.c[name] for name in SPAN_COLUMNS.values() if name in table.c)


def summary_key(name: str) -> list[str]:
    """Return the columns of a summary table's key; the first says which day, month or year a row is of."""
    return [column.name for column in SUMMARIES[name].primary_key]


def summaries_of(connection: Connection, name: str, spans: Sequence[object]) -> pd.DataFrame:
    """Read the rows of a summary table for some days, months or years, in the order of its key."""
    table = SUMMARIES[name]
    query = select(*table.c).where(span_column(table).in_(spans)).order_by(*table.primary_key)
    return read_frame(connection, query)


def summaries_between(connection: Connection, name: str, first: object, last: object) -> pd.DataFrame:
    """Read the rows of a summary table from one day, month or year to another, inclusive, in the order of its key."""
    table = SUMMARIES[name]
    span = span_column(table)
    query: Select[tuple[object, ...]] = select(*table.c).where(span.between(first, last)).order_by(*table.primary_key)
    return read_frame(connection, query)


def store_summaries(connection: Connection, name: str, spans: Sequence[object], wanted: pd.DataFrame) -> int:
    """Make the rows of the spans those of the frame; return how many rows were written or removed.

    A span for which the frame has no row ends without one. Nothing is written where nothing changed.
    """
    table = SUMMARIES[name]
    columns = [column.name for column in table.columns]
    wanted = wanted[columns]
    stored = summaries_of(connection, name, spans)
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


def forget_findings(connection: Connection, table_name: str, span: str) -> None:
    """Remove what verification found wrong with a span of a summary, now that it was made anew."""
    found = integrity_findings.c
    connection.execute(delete(integrity_findings).where(found.table_name == table_name, found.span == span))


def distinct_farms(connection: Connection, first: date, last: date) -> int:
    """Count the BM units that were curtailed between two days: not additive, so they are counted in the records."""
    records = curtailment_records.c
    query = select(func.count(distinct(records.farm_id))).where(
        records.settlement_date.between(first, last), is_curtailment()
    )
    return connection.execute(query).scalar_one()
