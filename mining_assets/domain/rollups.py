"""How days roll up into months and years.

A figure that needs a daily series is absent in a span as soon as it is absent in a part of it; a column of its own
(``days_priced``, ``days_with_generation``) says of how many of the complete days it is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.daily_series import figures_of
from mining_assets.domain.periods import Month, Period, Year

# Everything that months and years add up. Distinct farms do not add up: they are counted in the records.
ADDITIVE_TOTALS = tuple(name for name in TOTALS if name != "farms")
BITCOIN_FIGURES = ("curtailed_energy", "bitcoin_mined")


def months_from_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``daily_summaries`` by month: year_month, ``ADDITIVE_TOTALS``, days, and the figures of series."""
    days = _with_days(daily, "daily_summaries")
    return _rolled_up(days, "daily_summaries", ["year_month"], ADDITIVE_TOTALS)


def years_from_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``monthly_summaries`` by year: year, ``ADDITIVE_TOTALS``, days, and the figures of series."""
    months = monthly.assign(year=_texts(monthly["year_month"], _year_of))
    return _rolled_up(months, "daily_summaries", ["year"], ADDITIVE_TOTALS)


def bitcoin_days(calculations: pd.DataFrame) -> pd.DataFrame:
    """Sum calculations by day and model: summary_date, miner_model, ``BITCOIN_FIGURES``."""
    days = calculations.rename(columns={"settlement_date": "summary_date"})
    return _summed(days, ["summary_date", "miner_model"], BITCOIN_FIGURES)


def bitcoin_months_from_days(daily: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``bitcoin_daily_summaries`` by month and model, with days and the figures of series."""
    days = _with_days(daily, "bitcoin_daily_summaries")
    return _rolled_up(days, "bitcoin_daily_summaries", ["year_month", "miner_model"], BITCOIN_FIGURES)


def bitcoin_years_from_months(monthly: pd.DataFrame) -> pd.DataFrame:
    """Sum rows of ``bitcoin_monthly_summaries`` by year and model, with days and the figures of series."""
    months = monthly.assign(year=_texts(monthly["year_month"], _year_of))
    return _rolled_up(months, "bitcoin_daily_summaries", ["year", "miner_model"], BITCOIN_FIGURES)


def _with_days(daily: pd.DataFrame, table: str) -> pd.DataFrame:
    """Add to rows of a daily summary their month, and as numbers that they and the figures of series are there."""
    known = {each.days_known: daily[each.additive[0]].notna().astype(int) for _, each in figures_of(table)}
    return daily.assign(year_month=_texts(daily["summary_date"], Month.of), days_complete=1, **known)


def _rolled_up(rows: pd.DataFrame, table: str, by: list[str], figures: tuple[str, ...]) -> pd.DataFrame:
    """Sum rows by span.

    Args:
        rows: days or months, as numbers.
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


def _texts(parts: pd.Series, period_of: Callable[[Any], Month | Year]) -> pd.Series:
    """Write the month or year that each row's day or month is in; text also when there is no row."""
    written = {part: str(period_of(part)) for part in parts.unique()}
    return parts.map(written).astype("str")


def _year_of(month: str) -> Year:
    return Month.parse(month).year


def _summed(rows: pd.DataFrame, by: list[str], columns: tuple[str, ...] | list[str]) -> pd.DataFrame:
    # What is absent in one row is absent in the sum.
    return rows.groupby(by, sort=True)[list(columns)].sum(skipna=False).reset_index()


@dataclass(frozen=True)
class Level:
    """A summary table of months or years, each row of which is the sum of rows of another table.

    Attributes:
        table: its name.
        below: the name of the table that is summed up.
        period: what each row is of.
        part: what each row below is of.
        sum_up: makes its rows from those below, all columns but farms and days_expected.
        counts_farms: whether distinct BM units are counted in the records, since they do not add up.
    """

    table: str
    below: str
    period: type[Month] | type[Year]
    part: type[Month] | type[date]
    sum_up: Callable[[pd.DataFrame], pd.DataFrame]
    counts_farms: bool

    def part_of(self, day: date) -> Period:
        """Return what a row below is of that has a day."""
        return self.part.of(day) if issubclass(self.part, Month) else day


_LEVELS = (
    Level("monthly_summaries", "daily_summaries", Month, date, months_from_days, True),
    Level("bitcoin_monthly_summaries", "bitcoin_daily_summaries", Month, date, bitcoin_months_from_days, False),
    Level("yearly_summaries", "monthly_summaries", Year, Month, years_from_months, True),
    Level("bitcoin_yearly_summaries", "bitcoin_monthly_summaries", Year, Month, bitcoin_years_from_months, False),
)
LEVELS: Mapping[str, Level] = {level.table: level for level in _LEVELS}
"""Every level above the days by its table, each after the one that it sums up."""
