"""What the schema says of a table, for people: its columns, their meaning and what its rows must fulfil."""

from dataclasses import dataclass

from sqlalchemy import CheckConstraint

from mining_assets.warehouse.columns import VALUE
from mining_assets.warehouse.schema import metadata


@dataclass(frozen=True)
class ColumnDescription:
    """A column.

    Attributes:
        type: its SQL type in lower case.
        unique: whether it is the whole primary key.
    """

    name: str
    type: str
    comment: str | None
    nullable: bool
    unique: bool


@dataclass(frozen=True)
class TableDescription:
    """A table.

    Attributes:
        key: the columns of its primary key.
        rules: in SQL, what every row fulfils. What a column's type refuses on one database, such as infinite numbers,
            is no rule of the table's.
    """

    name: str
    columns: tuple[ColumnDescription, ...]
    key: tuple[str, ...]
    rules: tuple[str, ...]


def describe_table(name: str) -> TableDescription:
    """Describe a table by its name."""
    table = metadata.tables[name]
    key = list(table.primary_key)
    checks = [check for check in table.constraints if isinstance(check, CheckConstraint)]
    return TableDescription(
        name,
        tuple(
            ColumnDescription(
                column.name, str(column.type).lower(), column.comment, bool(column.nullable), unique=[column] == key
            )
            for column in table.columns
        ),
        tuple(column.name for column in key),
        tuple(sorted(str(check.sqltext) for check in checks if not str(check.name).endswith(VALUE))),
    )
