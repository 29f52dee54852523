"""Reading a whole table or view, however long it is, a batch of rows at a time."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Column, Connection, Table, select

from mining_assets.domain.summaries import month_of
from mining_assets.warehouse import reconciliation_schema  # noqa: F401  (adds its tables to the metadata)
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.views import views

RELATIONS: dict[str, Table] = {
    table.name: table for table in (*views.sorted_tables, *sorted(metadata.tables.values(), key=lambda each: each.name))
}
"""Every view and every table by its name."""

BATCH = 10_000
_NAMES_OF_DAYS = {
    "settlement_date": lambda day: day,
    "summary_date": lambda day: day,
    "year_month": month_of,
    "year": "{:%Y}".format,
}


def day_column(table: Table) -> Column[Any] | None:
    """The column that says which day, month or year a row is of; None when rows are of none."""
    return next((table.c[name] for name in _NAMES_OF_DAYS if name in table.c), None)


def batches(
    connection: Connection, table: Table, first: date | None = None, last: date | None = None
) -> Iterator[Sequence[Sequence[Any]]]:
    """The rows in the order of their key, ``BATCH`` at a time, so that memory does not grow with the table.

    Args:
        first: rows of earlier days, or of months and years that ended before it, are left out.
        last: the same for later ones.
    """
    column = day_column(table)
    query = select(*table.c).order_by(*table.primary_key)
    if column is not None:
        named = _NAMES_OF_DAYS[column.name]
        query = query.where(column >= named(first)) if first else query
        query = query.where(column <= named(last)) if last else query
    streaming = connection.execution_options(stream_results=True, max_row_buffer=BATCH)
    yield from streaming.execute(query).partitions(BATCH)
