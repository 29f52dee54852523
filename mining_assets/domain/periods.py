"""Days, months and years: what figures are summed over, and the ranges of them.

A day is a ``datetime.date``: the settlement day. Text such as ``2025-06`` becomes a :class:`Month` where it comes in,
from a partition key, a tag, an argument or the database, and text again where it goes out (``str``). When a settlement
day begins, and how many settlement periods it has, is in ``settlement``.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Self, TypeVar

DateRange = tuple[date, date | None]
"""The first and the last partition; None where days are added for ever."""

_MONTH, _YEAR = re.compile(r"\d{4}-\d{2}", re.ASCII), re.compile(r"\d{4}", re.ASCII)


@dataclass(frozen=True, order=True, slots=True)
class Month:
    """A calendar month, written 2025-06.

    Attributes:
        first: its first day.
    """

    first: date

    def __post_init__(self) -> None:
        if self.first.day != 1:
            raise ValueError(f"a month begins on its first day, not on {self.first}")

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the month that a day is in."""
        return cls(day.replace(day=1))

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a month as it is written.

        Raises:
            ValueError: the text is no month.
        """
        if not _MONTH.fullmatch(text):
            raise ValueError(f"not a month such as 2025-06: {text!r}")
        return cls(date.fromisoformat(f"{text}-01"))

    @property
    def last(self) -> date:
        """Its last day."""
        return self.following.first - timedelta(days=1)

    @property
    def following(self) -> "Month":
        """The month after it."""
        return Month.of(self.first + timedelta(days=31))

    @property
    def year(self) -> "Year":
        """The year that it is in."""
        return Year(self.first.year)

    def __str__(self) -> str:
        return self.first.isoformat()[:7]  # an eighth of the time that a format takes


@dataclass(frozen=True, order=True, slots=True)
class Year:
    """A calendar year, written 2025."""

    number: int

    @classmethod
    def of(cls, day: date) -> Self:
        """Return the year that a day is in."""
        return cls(day.year)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a year as it is written.

        Raises:
            ValueError: the text is no year.
        """
        if not _YEAR.fullmatch(text):
            raise ValueError(f"not a year such as 2025: {text!r}")
        return cls(date.fromisoformat(f"{text}-01-01").year)

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.number, 1, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return date(self.number, 12, 31)

    @property
    def following(self) -> "Year":
        """The year after it."""
        return Year(self.number + 1)

    def __str__(self) -> str:
        return f"{self.number:04}"


Period = date | Month | Year
P = TypeVar("P", date, Month, Year)


def parse_period(text: str) -> Period:
    """Read a day, a month or a year, as partition keys, tags and the database hold them.

    Raises:
        ValueError: the text is none of them.
    """
    if _YEAR.fullmatch(text):
        return Year.parse(text)
    return Month.parse(text) if _MONTH.fullmatch(text) else date.fromisoformat(text)


def following(period: P) -> P:
    """Return the day, month or year after one."""
    return period + timedelta(days=1) if isinstance(period, date) else period.following


def in_order(period: Period) -> tuple[int, date]:
    """Return the key by which days stand before months, months before years, and each in their own order."""
    if isinstance(period, date):
        return 0, period
    return (1 if isinstance(period, Month) else 2), period.first


def comes_after(period: Period, other: Period) -> bool:
    """Tell whether a day, month or year is the one right after another of its kind."""
    return type(period) is type(other) and period == following(other)  # type: ignore[type-var]


def between(first: P, last: P) -> Iterator[P]:
    """Yield the days, the months or the years from one to another, both included."""
    while first <= last:
        yield first
        first = following(first)


def months_of(days: Iterable[date]) -> list[Month]:
    """Return the months that some days are in, in order."""
    return sorted({Month.of(day) for day in days})


def years_of(days: Iterable[date]) -> list[Year]:
    """Return the years that some days are in, in order."""
    return sorted({Year.of(day) for day in days})


def days_within(period: Month | Year, date_range: DateRange) -> tuple[date, date]:
    """Return the first and the last day of a month or year that are partitions; the others do not count."""
    start, end = date_range
    return max(period.first, start), period.last if end is None else min(period.last, end)


def days_expected(period: Month | Year, date_range: DateRange) -> int:
    """Count the days of a month or year that are partitions.

    Without a last partition all calendar days from the start on count: a month in progress has 12 of 30, not 12 of 12.
    """
    first, last = days_within(period, date_range)
    return max(0, (last - first).days + 1)


def iso_day(text: str) -> date:
    """Parse the day that a text like 2025-06-01 names.

    Raises:
        ValueError: it names none, or in another of the forms that ISO 8601 has (20250601, 2025-W22-7).
    """
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, re.ASCII):
        raise ValueError("is not a date like 2025-06-01")
    return date.fromisoformat(text)
