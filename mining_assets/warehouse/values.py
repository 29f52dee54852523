"""Values that are not of their columns' kinds, which only a database of an older version or a damaged one holds."""

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Boolean, Connection, Date, Double, Integer, Text, inspect
from sqlalchemy.types import TypeEngine

from mining_assets.warehouse.columns import DamagedValueError, Instant, condition
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import metadata

NAMED_ROWS = 10
REMEDY = "correct the value in the database, or delete its row (what lacks it is fetched or derived again)"
# What SQLite calls a value, for each kind that a column of a STRICT table can hold.
_HELD: list[tuple[type[TypeEngine[Any]], str]] = [
    (Date, "text"),
    (Instant, "text"),
    (Boolean, "integer"),
    (Integer, "integer"),
    (Double, "real"),
    (Text, "text"),
]
_MEANT: list[tuple[type[TypeEngine[Any]], str]] = [
    (Date, "a date"),
    (Instant, "an instant"),
    (Boolean, "0 or 1"),
    (Integer, "a whole number in range"),
    (Double, "a finite number"),
    (Text, "a text"),
]


def refuse_unfit_values(warehouse: Warehouse) -> None:
    """Look at every value of every table.

    Raises:
        DamagedValueError: some are not of their columns' kinds; the message says where they are and what to do.
    """
    if wrong := all_unfit_values(warehouse):
        raise DamagedValueError(_message(wrong))


def damaged_values_message(warehouse: Warehouse, error: DamagedValueError) -> str:
    """Say of a value that stopped the reading where it is and what to do, on one line."""
    return _message(all_unfit_values(warehouse) or [str(error)])


def _message(wrong: list[str]) -> str:
    more = f", and {len(wrong) - NAMED_ROWS:,} more" if len(wrong) > NAMED_ROWS else ""
    return f"the warehouse is damaged: {'; '.join(wrong[:NAMED_ROWS])}{more}. Nothing was changed: {REMEDY}"


def all_unfit_values(warehouse: Warehouse) -> list[str]:
    """Name the values of all tables that are not of their columns' kinds, as :func:`unfit_values` does."""
    wrong: list[str] = []
    with warehouse.reading() as connection:
        inspector = inspect(connection)
        there = set(inspector.get_table_names())
        for table in metadata.sorted_tables:
            if table.name in there:
                has = {column["name"] for column in inspector.get_columns(table.name)}
                kinds = {column.name: column.type for column in table.columns if column.name in has}
                wrong += unfit_values(connection, table.name, kinds)
    return wrong


def unfit_values(connection: Connection, name: str, kinds: Mapping[str, TypeEngine[Any]]) -> Iterator[str]:
    """Name the values of a table that are not of their columns' kinds, a line each with table, key and column.

    Args:
        kinds: by column.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    quote = connection.dialect.identifier_preparer.quote
    key = inspect(connection).get_pk_constraint(name)["constrained_columns"]
    fits = {}
    for column, kind in kinds.items():
        conditions = [condition(kind, quote(column), connection.dialect.name)]
        if on_sqlite:
            held = next(held for of, held in _HELD if isinstance(kind, of))
            conditions.append(f"typeof({quote(column)}) IN ('{held}', 'null')")
        if true := " AND ".join(f"({each})" for each in conditions if each):
            fits[column] = f"COALESCE({true}, {quote(column)} IS NULL)"
    if not fits:
        return
    shown = ", ".join(f"CAST({quote(column)} AS TEXT)" for column in [*key, *fits])
    tried = ", ".join(f"CASE WHEN {true} THEN 1 ELSE 0 END" for true in fits.values())
    rows = connection.exec_driver_sql(
        f"SELECT {shown}, {tried} FROM {quote(name)} "  # noqa: S608  (names of the database's own columns)
        f"WHERE NOT ({' AND '.join(fits.values())}) LIMIT 1000"
    )
    for row in rows:
        keys, values = row[: len(key)], row[len(key) : len(key) + len(fits)]
        place = ", ".join(f"{column} {value}" for column, value in zip(key, keys, strict=True))
        for column, value, right in zip(fits, values, row[len(key) + len(fits) :], strict=True):
            if not right:
                meant = next(meant for of, meant in _MEANT if isinstance(kinds[column], of))
                yield f"{name} ({place}): {column} is {str(value)[:60]!r} and should be {meant}"
