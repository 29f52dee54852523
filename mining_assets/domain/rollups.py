"""How days roll up into months and years.

A figure that needs prices or generation is absent in a span as soon as it is absent in a part of it; ``days_priced``
and ``days_with_generation`` say of how many of the complete days it is known.
"""

from collections.abc import Callable, Iterator
from datetime import date, timedelta
from typing import Any

import pandas as pd

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.valuation import curtailed_share, value_ratio

# Everything that months and years add up. Distinct farms do not add up: they are counted in the records.
ADDITIVE_TOTALS = tuple(name for name in TOTALS if name != "farms")
BITCOIN_FIGURES = ("curtailed_energy", "bitcoin_mined")
_DAYS_AND_GENERATION = ("days_complete", "days_with_generation", "generated_energy")
_DAYS_AND_WORTH = ("days_complete", "days_priced", "bitcoin_value", "total_payment")


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


def days_with_share(totals: pd.DataFrame, generated: "pd.Series[float]") -> pd.DataFrame:
    """Totals of days with ``worth.SHARE_FIGURES``.

    Args:
        totals: summary_date, total_curtailed_energy and others, a row per day.
        generated: MWh by day, of the days whose generation is known.
    """
    return _with_share(totals.assign(generated_energy=totals["summary_date"].map(generated).astype(float)))


def months_from_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``daily_summaries`` summed by month: year_month, ``ADDITIVE_TOTALS``, share and days."""
    known = daily["generated_energy"].notna().astype(int)
    spans = _texts(daily["summary_date"], month_of)
    months = daily.assign(year_month=spans, days_complete=1, days_with_generation=known)
    return _with_share(_summed(months, ["year_month"], [*ADDITIVE_TOTALS, *_DAYS_AND_GENERATION]))


def years_from_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``monthly_summaries`` summed by year: year, ``ADDITIVE_TOTALS``, share and days."""
    years = monthly.assign(year=_texts(monthly["year_month"], year_of))
    return _with_share(_summed(years, ["year"], [*ADDITIVE_TOTALS, *_DAYS_AND_GENERATION]))


def bitcoin_days(calculations: pd.DataFrame) -> pd.DataFrame:
    """Calculations summed by day and model: summary_date, miner_model, ``BITCOIN_FIGURES``."""
    days = calculations.rename(columns={"settlement_date": "summary_date"})
    return _summed(days, ["summary_date", "miner_model"], BITCOIN_FIGURES)


def days_with_value(bitcoin: pd.DataFrame, prices: "pd.Series[float]", payments: "pd.Series[float]") -> pd.DataFrame:
    """Bitcoin of days and models with ``worth.VALUE_FIGURES``.

    Args:
        bitcoin: summary_date, miner_model, bitcoin_mined and others, a row per day and model.
        prices: £ per BTC by day, of the days whose price is known.
        payments: £ by day, positive = paid to the farms.
    """
    valued = bitcoin.assign(
        bitcoin_value=bitcoin["bitcoin_mined"] * bitcoin["summary_date"].map(prices).astype(float),
        total_payment=bitcoin["summary_date"].map(payments).astype(float),
    )
    return _with_ratio(valued)


def bitcoin_months_from_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``bitcoin_daily_summaries`` summed by month and model, with value and days."""
    known = daily["bitcoin_value"].notna().astype(int)
    months = daily.assign(year_month=_texts(daily["summary_date"], month_of), days_complete=1, days_priced=known)
    return _with_ratio(_summed(months, ["year_month", "miner_model"], [*BITCOIN_FIGURES, *_DAYS_AND_WORTH]))


def bitcoin_years_from_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``bitcoin_monthly_summaries`` summed by year and model, with value and days."""
    years = monthly.assign(year=_texts(monthly["year_month"], year_of))
    return _with_ratio(_summed(years, ["year", "miner_model"], [*BITCOIN_FIGURES, *_DAYS_AND_WORTH]))


def _with_share(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(curtailed_share=curtailed_share(rows["total_curtailed_energy"], rows["generated_energy"]))


def _with_ratio(rows: pd.DataFrame) -> pd.DataFrame:
    return rows.assign(value_ratio=value_ratio(rows["bitcoin_value"], rows["total_payment"]))


def _texts(spans: pd.Series, name: Callable[[Any], str]) -> pd.Series:
    """The name of the span that each row belongs to; text also when there is no row."""
    codes, distinct = pd.factorize(spans)
    return pd.Series(pd.array([name(span) for span in distinct], dtype="str").take(codes), index=spans.index)


def _summed(rows: pd.DataFrame, by: list[str], columns: tuple[str, ...] | list[str]) -> pd.DataFrame:
    # What is absent in one row is absent in the sum.
    return rows.groupby(by, sort=True)[list(columns)].sum(skipna=False).reset_index()
