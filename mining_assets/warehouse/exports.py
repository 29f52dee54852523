"""Reading a whole table or view, however long it is, a batch of rows at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from sqlalchemy import Boolean, Column, Connection, Date, Double, Integer, Table, and_, select

from mining_assets.domain.origin import Origins
from mining_assets.domain.periods import Month, Year
from mining_assets.warehouse.columns import Instant
from mining_assets.warehouse.origins import read_origins
from mining_assets.warehouse.schema import metadata, wind_bm_units
from mining_assets.warehouse.views import views

RELATIONS: dict[str, Table] = {
    table.name: table for table in (*views.sorted_tables, *sorted(metadata.tables.values(), key=lambda each: each.name))
}
"""Every view and every table by its name."""

BATCH = 10_000
_NAMES_OF_DAYS: dict[str, Callable[[date], date | str]] = {
    "settlement_date": lambda day: day,
    "summary_date": lambda day: day,
    "year_month": lambda day: str(Month.of(day)),
    "year": lambda day: str(Year.of(day)),
}
_PERIODS: dict[str, type[Month] | type[Year]] = {"year_month": Month, "year": Year}

_NAMES = (wind_bm_units.c.bm_unit_name, wind_bm_units.c.site)
"""What is exported beside the id of a unit, after the columns of a table that has ids only."""


Kind = Literal["date", "instant", "flag", "number", "count", "text"]


@dataclass(frozen=True)
class ExportedColumn:
    """A column of what is exported: its name, what its values are, and whether one may be absent."""

    name: str
    kind: Kind
    nullable: bool


def exported(table: Table) -> tuple[ExportedColumn, ...]:
    """Describe what is exported of a table: its columns, and the names of its BM units where it has only their ids."""
    columns = (*table.c, *_NAMES) if _has_ids_only(table) else tuple(table.c)
    return tuple(ExportedColumn(column.name, _kind(column), bool(column.nullable)) for column in columns)


def _kind(column: Column[Any]) -> Kind:
    match column.type:
        case Date():
            return "date"
        case Instant():
            return "instant"
        case Boolean():
            return "flag"
        case Double():
            return "number"
        case Integer():
            return "count"
        case _:
            return "text"


def _has_ids_only(table: Table) -> bool:
    return "farm_id" in table.c and "bm_unit_name" not in table.c


def day_column(table: Table) -> Column[Any] | None:
    """Return the column that says which day, month or year a row is of; None when rows are of none."""
    return next((table.c[name] for name in _NAMES_OF_DAYS if name in table.c), None)


def origins_of(connection: Connection, table: Table, first: date | None = None, last: date | None = None) -> Origins:
    """Read where that came from which the rows of a range are made of; of a table without days, all there is.

    Args:
        first, last: as for :func:`batches`; a month or a year that one of them lies in counts as a whole.
    """
    column = day_column(table)
    if column is not None and column.name in _PERIODS:
        period = _PERIODS[column.name]
        first = period.of(first).first if first else None
        last = period.of(last).last if last else None
    return read_origins(connection, first, last)


def batches(
    connection: Connection, table: Table, first: date | None = None, last: date | None = None
) -> Iterator[Sequence[Sequence[Any]]]:
    """Read the rows in the order of their key, ``BATCH`` at a time, so that memory does not grow with the table.

    Their columns are those of :func:`exported`; a unit's name and site are those of the newest register.

    Args:
        first: rows of earlier days, or of months and years that ended before it, are left out.
        last: the same for later ones.
    """
    column = day_column(table)
    query = select(*table.c).order_by(*table.primary_key)
    if _has_ids_only(table):
        units = wind_bm_units.c
        of_unit = and_(units.bm_unit_id == table.c.farm_id, units.is_current)
        query = query.add_columns(*_NAMES).outerjoin_from(table, wind_bm_units, of_unit)
    if column is not None:
        named = _NAMES_OF_DAYS[column.name]
        query = query.where(column >= named(first)) if first else query
        query = query.where(column <= named(last)) if last else query
    streaming = connection.execution_options(stream_results=True, max_row_buffer=BATCH)
    yield from streaming.execute(query).partitions(BATCH)
