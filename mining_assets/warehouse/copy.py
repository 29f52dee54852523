"""Moving a whole warehouse to another database: every table, in one transaction, verified before it counts."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    Double,
    Integer,
    Table,
    cast,
    func,
    inspect,
    select,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

from mining_assets.domain.tolerance import RELATIVE_TOLERANCE
from mining_assets.domain.wording import count_of
from mining_assets.warehouse.columns import Instant
from mining_assets.warehouse.connection import Warehouse, insert_rows, without_timeouts
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import require_revision, upgrade_within

ROWS_AT_ONCE = 20_000


class TargetNotEmpty(RuntimeError):
    """The target holds something; it is left as it is."""


class CopyDiffers(RuntimeError):
    """What arrived is not what was sent; the target is left as it was."""


@dataclass(frozen=True)
class Summary:
    """What a table holds: its rows, and per column and measure (count, sum, first, last) a figure."""

    rows: int
    figures: dict[str, Any]

    def differences(self, other: "Summary") -> Iterator[str]:
        """Yield where the other table holds something else. Sums of doubles agree within the project's tolerance."""
        if self.rows != other.rows:
            yield f"{count_of(self.rows, 'row')} became {other.rows}"
        for name, mine in self.figures.items():
            theirs = other.figures[name]
            if isinstance(mine, float) and isinstance(theirs, float):
                equal = abs(mine - theirs) <= RELATIVE_TOLERANCE * max(1.0, abs(mine), abs(theirs))
            else:
                equal = mine == theirs
            if not equal:
                yield f"{name}: {mine} became {theirs}"


def copy_warehouse(source: Warehouse, target: Warehouse, report: Callable[[str, int], None]) -> None:
    """Copy everything into an empty target, which gets its schema first if it has none.

    The source is read on one snapshot, so it may be in use. The target has all of it in the end, or nothing.

    Args:
        report: called with each table and how many rows it has, once it arrived and was found equal.

    Raises:
        SchemaMismatch: the source, or the target, has a schema that this version does not work with.
        TargetNotEmpty: saying what it holds.
        CopyDiffers: naming table and figure.
    """
    with source.reading() as read, target.writing("schema") as write:
        for connection in (read, write):
            without_timeouts(connection)
        require_revision(read)
        refuse_occupied(write)
        upgrade_within(write)
        for table in metadata.sorted_tables:
            _copy_table(read, write, table)
            sent, arrived = _summary(read, table), _summary(write, table)
            if differing := list(sent.differences(arrived)):
                raise CopyDiffers(f"{table.name}: {'; '.join(differing)}; nothing was copied")
            report(table.name, sent.rows)


def refuse_occupied(connection: Connection) -> None:
    """Refuse a database that holds anything; one with the schema and no rows is empty.

    Raises:
        SchemaMismatch: its schema is not that of this version.
        TargetNotEmpty: naming the first table that has rows.
    """
    there = set(inspect(connection).get_table_names()) & {*metadata.tables, "alembic_version"}
    if not there:
        return
    require_revision(connection)
    for table in metadata.sorted_tables:
        if connection.execute(select(1).select_from(table).limit(1)).first():
            raise TargetNotEmpty(f"the target is not empty: {table.name} has rows; name an empty database")


def _copy_table(read: Connection, write: Connection, table: Table) -> None:
    columns = list(table.columns)
    try:
        with read.execute(select(*columns), execution_options={"yield_per": ROWS_AT_ONCE}) as rows:
            for batch in rows.partitions():
                insert_rows(write, table, columns, batch)
    except (ValueError, DataError, IntegrityError) as error:  # SQLite holds what is not of its column's type
        wrong = error.orig if isinstance(error, DBAPIError) else error
        raise CopyDiffers(f"{table.name} holds what the target cannot: {wrong}; nothing was copied") from error


def _summary(connection: Connection, table: Table) -> Summary:
    measures = {name: measure for column in table.columns for name, measure in _measures(column)}
    query = select(func.count(), *(measure.label(name) for name, measure in measures.items())).select_from(table)
    rows, *figures = connection.execute(query).one()
    return Summary(rows, dict(zip(measures, figures, strict=True)))


def _measures(column: Column[Any]) -> Iterator[tuple[str, Any]]:
    """Yield the measures of a column by which both databases can be compared, whatever their collation."""
    yield f"count of {column.name}", func.count(column)
    match column.type:
        case Boolean():
            yield f"sum of {column.name}", func.sum(cast(column, Integer))
        case Double():
            yield f"sum of {column.name}", func.sum(column)
        case Integer():
            yield f"sum of {column.name}", cast(func.sum(column), BigInteger)
        case Date() | Instant():
            yield f"first {column.name}", func.min(column)
            yield f"last {column.name}", func.max(column)
        case _:
            yield f"length of {column.name}", cast(func.sum(func.length(column)), BigInteger)
