"""Column types that mean the same on SQLite and PostgreSQL, and what each takes.

Every table is STRICT on SQLite, which knows only INTEGER, REAL and TEXT: dates and instants are kept as ISO text there,
flags as 0 and 1. A migration takes its column types from here, so that they fit a STRICT table.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    REAL,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Integer,
    Text,
    TypeDecorator,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import TypeEngine


class DamagedValueError(RuntimeError):
    """The database holds a value that is not of its column's kind; the checks of the tables take none."""


class TextDate(sqlite.DATE):
    """A date as SQLite keeps it in a STRICT table."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read the text as a date; DamagedValueError when it is none."""
        return _naming_damage(super().result_processor(dialect, coltype), "a date")


class TextInstant(sqlite.DATETIME):
    """An instant as SQLite keeps it in a STRICT table."""

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        """Read the text as an instant; DamagedValueError when it is none."""
        return _naming_damage(super().result_processor(dialect, coltype), "an instant")


def _naming_damage(process: Callable[[Any], Any] | None, kind: str) -> Callable[[Any], Any]:
    assert process is not None  # SQLite's dates and instants are texts

    def processed(value: Any) -> Any:
        try:
            return process(value)
        except (ValueError, TypeError):
            raise DamagedValueError(f"{str(value)[:60]!r} is not {kind}") from None

    return processed


class IntegerFlag(Boolean):
    """A flag as SQLite keeps it in a STRICT table."""


@compiles(TextDate)
@compiles(TextInstant)
def _text(_type: TypeEngine[Any], _compiler: Any, **_: Any) -> str:
    return "TEXT"


@compiles(IntegerFlag)
def _integer(_type: TypeEngine[Any], _compiler: Any, **_: Any) -> str:
    return "INTEGER"


# How the name of the check ends that a column's value is one of its kind.
VALUE = "_value"

# Plain doubles: energies and payments are doubles at the source, and comparisons have one named tolerance.
Number: Double[float] = Double(53).with_variant(REAL(), "sqlite")
Count = Integer
Identity = BigInteger().with_variant(Integer(), "sqlite")
Flag = Boolean().with_variant(IntegerFlag(), "sqlite")
Day = Date().with_variant(TextDate(), "sqlite")  # type: ignore[no-untyped-call]
Name = Text


class Instant(TypeDecorator[datetime]):
    """An instant in UTC: TIMESTAMPTZ on PostgreSQL, ISO text without a zone on SQLite; always aware in Python."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return dialect.type_descriptor(TextInstant())  # type: ignore[no-untyped-call]
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"an instant needs a time zone: {value}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment: datetime = value
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def condition(type_: TypeEngine[Any], name: str, dialect: str) -> str | None:
    """State in SQL what a column's value must be beyond its type, or None; an absent value passes.

    Dates and instants are those that Python knows, numbers are finite, flags 0 or 1, counts of 32 bits. Without a
    modifier some versions of SQLite give 30 February back as it is.
    """
    on_sqlite = dialect == "sqlite"
    match type_:
        case Date():
            real = f"{name} IS date({name}, '+0 days') AND {name} > '0001'"
            return real if on_sqlite else f"{name} BETWEEN '0001-01-01' AND '9999-12-31'"
        case Instant():
            second = f"substr({name}, 1, 19)"  # without its fraction, which datetime() rounds, also up
            real = f"{second} IS datetime({second}, '+0 days') AND {name} > '0001-01-02'"
            real += f" AND substr({name}, 20) GLOB '.[0-9][0-9][0-9][0-9][0-9][0-9]'"
            return real if on_sqlite else f"{name} BETWEEN '0001-01-02 00:00:00+00' AND '9999-12-30 00:00:00+00'"
        case Double():
            return f"abs({name}) < 9e999" if on_sqlite else f"abs({name}) < 'Infinity'"
        case Boolean():
            return f"{name} IN (0, 1)" if on_sqlite else None
        case BigInteger():
            return None
        case Integer():
            return f"{name} BETWEEN -2147483648 AND 2147483647" if on_sqlite else None
        case _:
            return None
