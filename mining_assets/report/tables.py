"""The tables and CSV files of the report's sections: numbers and absent values as text."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Column:
    """A column of a table: the frame's name for it, its heading, and how many decimals a number has."""

    name: str
    heading: str
    decimals: int | None = None


@dataclass(frozen=True)
class Table:
    """Cells as text, row by row.

    Attributes:
        numeric: which columns are numbers.
    """

    headings: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]


def table(frame: pd.DataFrame, columns: Sequence[Column]) -> Table:
    """Format some columns of a frame for people; absent values become "unknown"."""
    rows = zip(*([_cell(value, column.decimals) for value in frame[column.name]] for column in columns), strict=True)
    return Table(
        headings=tuple(column.heading for column in columns),
        numeric=tuple(column.decimals is not None for column in columns),
        rows=tuple(rows),
    )


def csv_address(frame: pd.DataFrame) -> str:
    """Return a frame as CSV in a ``data:`` address, which can be saved from the page without a network.

    Figures have all their digits, absent values are empty.
    """
    text = frame.to_csv(index=False, lineterminator="\n")
    return f"data:text/csv;charset=utf-8;base64,{base64.b64encode(text.encode()).decode()}"


def number(value: float | None, decimals: int = 0, prefix: str = "") -> str:
    """Format a number for people: 1,234.5, −£12, or unknown."""
    if value is None or pd.isna(value):
        return UNKNOWN
    text = f"{abs(value):,.{decimals}f}"
    is_negative = value < 0 and text.strip("0.,") != ""
    return f"{'−' if is_negative else ''}{prefix}{text}"


def _cell(value: Any, decimals: int | None) -> str:
    if pd.isna(value):
        return UNKNOWN
    if decimals is not None:
        return number(value, decimals)
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M} UTC"
    return value.isoformat() if isinstance(value, date) else str(value)
