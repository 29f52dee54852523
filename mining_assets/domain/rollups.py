"""How days roll up into months and years.

A figure that needs a daily series is absent in a span as soon as it is absent in a part of it; a column of its own
(``days_priced``, ``days_with_generation``) says of how many of the complete days it is known.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.daily_series import figures_of

# Everything that months and years add up. Distinct farms do not add up: they are counted in the records.
ADDITIVE_TOTALS = tuple(name for name in TOTALS if name != "farms")
BITCOIN_FIGURES = ("curtailed_energy", "bitcoin_mined")


def month_of(day: date) -> str:
    """The month a day belongs to, as 2025-06."""
    return day.isoformat()[:7]  # an eighth of the time that a format takes


def year_of(month: str) -> str:
    """The year a month belongs to, as 2025."""
    return month[:4]


def span_bounds(span: str) -> tuple[date, date]:
    """The first and the last calendar day of a month (``2025-06``) or a year (``2025``)."""
    if "-" in span:
        first = date.fromisoformat(f"{span}-01")
        return first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1)
    return date(int(span), 1, 1), date(int(span), 12, 31)


def spans_between(first: str, last: str) -> Iterator[str]:
    """The months, or the years, from one to another."""
    span = first
    while span <= last:
        yield span
        span = str(span_bounds(span)[1] + timedelta(days=1))[: len(first)]


def span_within(span: str, start: date, end: date | None) -> tuple[date, date]:
    """The first and the last day of a month or year that lie within the partitions; days outside do not count."""
    first, last = span_bounds(span)
    return max(first, start), last if end is None else min(last, end)


def days_expected(span: str, start: date, end: date | None) -> int:
    """How many days of a month or year lie between the first and the last partition.

    Without a last partition all calendar days from the start on count: a month in progress has 12 of 30, not 12 of 12.
    """
    first, last = span_within(span, start, end)
    return max(0, (last - first).days + 1)


def months_from_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``daily_summaries`` by month: year_month, ``ADDITIVE_TOTALS``, days, and the figures of series."""
    days = _with_days(daily, "daily_summaries")
    return _rolled_up(days, "daily_summaries", ["year_month"], ADDITIVE_TOTALS)


def years_from_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``monthly_summaries`` by year: year, ``ADDITIVE_TOTALS``, days, and the figures of series."""
    months = monthly.assign(year=_texts(monthly["year_month"], year_of))
    return _rolled_up(months, "daily_summaries", ["year"], ADDITIVE_TOTALS)


def bitcoin_days(calculations: pd.DataFrame) -> pd.DataFrame:
    """Calculations summed by day and model: summary_date, miner_model, ``BITCOIN_FIGURES``."""
    days = calculations.rename(columns={"settlement_date": "summary_date"})
    return _summed(days, ["summary_date", "miner_model"], BITCOIN_FIGURES)


def bitcoin_months_from_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``bitcoin_daily_summaries`` by month and model, with days and the figures of series."""
    days = _with_days(daily, "bitcoin_daily_summaries")
    return _rolled_up(days, "bitcoin_daily_summaries", ["year_month", "miner_model"], BITCOIN_FIGURES)


def bitcoin_years_from_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``bitcoin_monthly_summaries`` by year and model, with days and the figures of series."""
    months = monthly.assign(year=_texts(monthly["year_month"], year_of))
    return _rolled_up(months, "bitcoin_daily_summaries", ["year", "miner_model"], BITCOIN_FIGURES)


def _with_days(daily: pd.DataFrame, table: str) -> pd.DataFrame:
    """Add to rows of a daily summary their month, and as numbers that they and the figures of series are there."""
    known = {each.days_known: daily[each.additive[0]].notna().astype(int) for _, each in figures_of(table)}
    return daily.assign(year_month=_texts(daily["summary_date"], month_of), days_complete=1, **known)


def _rolled_up(rows: pd.DataFrame, table: str, by: list[str], figures: tuple[str, ...]) -> pd.DataFrame:
    """Sum rows by span.

    Args:
        table: the daily summary from which the rows came, or from which the months came that they are.
        by: the columns that name the span, and the miner model.
        figures: what is summed beside days and the figures of series.
    """
    of_series = [each for _, each in figures_of(table)]
    columns = [name for each in of_series for name in (each.days_known, *each.additive)]
    summed = _summed(rows, by, [*figures, "days_complete", *columns])
    for each in of_series:
        summed = each.ratios(summed)
    return summed


def _texts(spans: pd.Series, name: Callable[[Any], str]) -> pd.Series:
    """The name of the span that each row belongs to; text also when there is no row."""
    codes, distinct = pd.factorize(spans)
    return pd.Series(pd.array([name(span) for span in distinct], dtype="str").take(codes), index=spans.index)


def _summed(rows: pd.DataFrame, by: list[str], columns: tuple[str, ...] | list[str]) -> pd.DataFrame:
    # What is absent in one row is absent in the sum.
    return rows.groupby(by, sort=True)[list(columns)].sum(skipna=False).reset_index()


@dataclass(frozen=True)
class Level:
    """A summary table of months or years, each row of which is the sum of the level below.

    Attributes:
        table: its name.
        column: its column that says which month or year a row is of.
        below: the table that is summed up.
        parts: what the rows of that are called.
        sum_up: sums them up.
        counts_farms: whether distinct BM units are counted in the records, since they do not add up.
        span_of: names the month or year of a day.
        part_of: names the row of the level below that a day belongs to.
    """

    table: str
    column: str
    below: str
    parts: str
    sum_up: Callable[[pd.DataFrame], pd.DataFrame]
    counts_farms: bool
    span_of: Callable[[date], str]
    part_of: Callable[[date], object]


def _day(day: date) -> date:
    return day


def _year(day: date) -> str:
    return year_of(month_of(day))


LEVELS: Mapping[str, Level] = {
    level.table: level
    for level in (
        Level("monthly_summaries", "year_month", "daily_summaries", "days", months_from_days, True, month_of, _day),
        Level(
            "bitcoin_monthly_summaries",
            "year_month",
            "bitcoin_daily_summaries",
            "days",
            bitcoin_months_from_days,
            False,
            month_of,
            _day,
        ),
        Level("yearly_summaries", "year", "monthly_summaries", "months", years_from_months, True, _year, month_of),
        Level(
            "bitcoin_yearly_summaries",
            "year",
            "bitcoin_monthly_summaries",
            "months",
            bitcoin_years_from_months,
            False,
            _year,
            month_of,
        ),
    )
}
"""Every level above days by its table, each after the level below it."""


def levels_of(column: str) -> list[Level]:
    """Return the levels of months (``year_month``) or years (``year``)."""
    return [level for level in LEVELS.values() if level.column == column]
