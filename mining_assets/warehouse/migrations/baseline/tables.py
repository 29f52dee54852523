"""Making the tables of the baseline. It stays as it is: what changes after it is said by a migration.

Types and the checks of values are those of ``columns``; comments are written at the end of every upgrade.
"""

from typing import Any

from sqlalchemy import Column, MetaData, Table

from mining_assets.warehouse.schema.base import NAMING, guarded

tables = MetaData(naming_convention=NAMING)


def table(name: str, *parts: Any) -> None:
    """Add a table to those of the baseline."""
    Table(name, tables, *parts, sqlite_strict=True)


def required(name: str, kind: Any) -> Column[object]:
    """Return a column that always has a value."""
    return guarded(Column(name, kind, nullable=False))


def optional(name: str, kind: Any) -> Column[object]:
    """Return a column whose value may be absent."""
    return guarded(Column(name, kind, nullable=True))
