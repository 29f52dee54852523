"""From days to months, from months to years. Nothing is written where nothing changed."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

import pandas as pd

from mining_assets.domain import rollups as rules
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.names import (
    BITCOIN_DAILY_SUMMARIES,
    BITCOIN_MONTHLY_SUMMARIES,
    BITCOIN_YEARLY_SUMMARIES,
    DAILY_SUMMARIES,
    MONTHLY_SUMMARIES,
    YEARLY_SUMMARIES,
)
from mining_assets.warehouse.status import DateRange
from mining_assets.warehouse.summaries import distinct_farms, forget_findings, store_summaries, summaries_between

RollUp = Callable[[Warehouse, str, DateRange], pd.DataFrame]


def roll_up_month(warehouse: Warehouse, month: str, date_range: DateRange) -> pd.DataFrame:
    """Bring a month's row of ``monthly_summaries`` in line with its days; returns the row, or none without days."""
    with warehouse.writing(month) as connection:
        return _month(connection, month, date_range)


def roll_up_year(warehouse: Warehouse, year: str, date_range: DateRange) -> pd.DataFrame:
    """Bring a year's row of ``yearly_summaries`` in line with its months; returns the row, or none without months."""
    with warehouse.writing(year) as connection:
        return _year(connection, year, date_range)


def roll_up_bitcoin_month(warehouse: Warehouse, month: str, date_range: DateRange) -> pd.DataFrame:
    """Bring a month's rows of ``bitcoin_monthly_summaries`` in line with its days; returns them."""
    with warehouse.writing(month) as connection:
        return _bitcoin_month(connection, month, date_range)


def roll_up_bitcoin_year(warehouse: Warehouse, year: str, date_range: DateRange) -> pd.DataFrame:
    """Bring a year's rows of ``bitcoin_yearly_summaries`` in line with its months; returns them."""
    with warehouse.writing(year) as connection:
        return _bitcoin_year(connection, year, date_range)


def roll_up_days(
    warehouse: Warehouse, days: Sequence[date], date_range: DateRange
) -> Iterator[tuple[str, str, pd.DataFrame]]:
    """Sum up the months and then the years that some days are in; yield each table, month or year, and its rows."""
    months = sorted({rules.month_of(day) for day in days})
    years = sorted({rules.year_of(month) for month in months})
    for steps, spans in ((MONTHLY_STEPS, months), (YEARLY_STEPS, years)):
        for table, step in steps.items():
            for span in spans:
                yield table, span, step(warehouse, span, date_range)


def roll_up_everything(connection: Connection, day: date, date_range: DateRange) -> None:
    """Bring the month and the year of a day in line, in the caller's transaction."""
    month = rules.month_of(day)
    year = rules.year_of(month)
    _month(connection, month, date_range)
    _bitcoin_month(connection, month, date_range)
    _year(connection, year, date_range)
    _bitcoin_year(connection, year, date_range)


def _month(connection: Connection, month: str, date_range: DateRange) -> pd.DataFrame:
    daily = summaries_between(connection, DAILY_SUMMARIES, *rules.span_within(month, *date_range))
    row = _with_farms(connection, rules.months_from_days(daily), month, date_range)
    _store(connection, MONTHLY_SUMMARIES, month, row)
    return row


def _year(connection: Connection, year: str, date_range: DateRange) -> pd.DataFrame:
    monthly = summaries_between(connection, MONTHLY_SUMMARIES, *_months(year, date_range))
    row = _with_farms(connection, rules.years_from_months(monthly), year, date_range)
    _store(connection, YEARLY_SUMMARIES, year, row)
    return row


def _bitcoin_month(connection: Connection, month: str, date_range: DateRange) -> pd.DataFrame:
    daily = summaries_between(connection, BITCOIN_DAILY_SUMMARIES, *rules.span_within(month, *date_range))
    rows = rules.bitcoin_months_from_days(daily).assign(days_expected=rules.days_expected(month, *date_range))
    _store(connection, BITCOIN_MONTHLY_SUMMARIES, month, rows)
    return rows


def _bitcoin_year(connection: Connection, year: str, date_range: DateRange) -> pd.DataFrame:
    monthly = summaries_between(connection, BITCOIN_MONTHLY_SUMMARIES, *_months(year, date_range))
    rows = rules.bitcoin_years_from_months(monthly).assign(days_expected=rules.days_expected(year, *date_range))
    _store(connection, BITCOIN_YEARLY_SUMMARIES, year, rows)
    return rows


def _months(year: str, date_range: DateRange) -> tuple[str, str]:
    first, last = rules.span_within(year, *date_range)
    return rules.month_of(first), rules.month_of(last)


def _store(connection: Connection, table: str, span: str, rows: pd.DataFrame) -> None:
    """Write what changed. What a verification found wrong with the span before is mended by that."""
    store_summaries(connection, table, [span], rows)
    forget_findings(connection, table, span)


def _with_farms(connection: Connection, row: pd.DataFrame, span: str, date_range: DateRange) -> pd.DataFrame:
    farms = distinct_farms(connection, *rules.span_within(span, *date_range)) if len(row) else 0
    return row.assign(farms=farms, days_expected=rules.days_expected(span, *date_range))


MONTHLY_STEPS: Mapping[str, RollUp] = {
    MONTHLY_SUMMARIES: roll_up_month,
    BITCOIN_MONTHLY_SUMMARIES: roll_up_bitcoin_month,
}
"""What sums up a month of each monthly table."""
YEARLY_STEPS: Mapping[str, RollUp] = {
    YEARLY_SUMMARIES: roll_up_year,
    BITCOIN_YEARLY_SUMMARIES: roll_up_bitcoin_year,
}
"""What sums up a year of each yearly table."""
