"""What curtailed energy is held against: the price of Bitcoin day by day, and the generation of wind.

- **Price of a day**: £ per BTC at **noon UTC** of the settlement day's date: the last quotation of that UTC date until
  then. Noon lies well inside the London day in winter and in summer, and it is past as soon as the day is over. A
  quotation of another UTC date is no price of the day, and neither is one of a week: before about September 2021
  mempool.space has one a week, stamped with the week's first instant (Thursday, 0:00 UTC) though it is of its end.
  Of a history of trades in candles of six hours it is the close of the one that ends at noon.
- **Value** of mined Bitcoin is that of each day at its own price, never at today's; spans add up those of their days.
- **Generation** is Elexon's FUELHH for fuel type WIND: the metered mean power of a half hour in MW, so MWh = MW ÷ 2.
- **Share** of a span is curtailed ÷ (generated + curtailed) of its energies, so longer spans are weighted by energy.

What is not known stays absent, in every figure that needs it: a sum over some of the days would look whole.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

import pandas as pd

from mining_assets.domain.settlement import period_starts, periods_in

BITCOIN_PRICE, WIND_GENERATION = "bitcoin_price", "wind_generation"
"""The names of their tables and assets."""
PRICE_SOURCES = FILE, MEMPOOL, COINBASE = "file", "mempool", "coinbase"
"""Where a price may come from, the one that is taken first of several first; a file is a person's own."""

WEEK = timedelta(weeks=1)
CANDLE = timedelta(hours=6)
"""How long a candle lasts: the longest of those that Coinbase has that ends at noon."""
MWH_PER_MW = 0.5  # in a half hour
DATED_LATE_UNTIL = date(2022, 7, 14)
"""The last date under which FUELHH has the last half hour of the day before."""
GENERATION_COLUMNS = ("settlement_date", "settlement_period", "start_time", "generated_energy")
VALUE_FIGURES = ("bitcoin_value", "total_payment", "value_ratio")
SHARE_FIGURES = ("generated_energy", "curtailed_share")


class Candle(NamedTuple):
    """What was traded in six hours.

    Attributes:
        start: UTC time at which they begin.
        close: £ per BTC of the last trade in them.
    """

    start: datetime
    close: float


def price_instant(day: date) -> datetime:
    """Return the instant whose price is the day's: noon UTC of its date."""
    return datetime.combine(day, time(12), UTC)


def is_price_of(day: date, quoted_at: datetime) -> bool:
    """Return whether a quotation is near enough to the day's instant: of the same UTC date."""
    return quoted_at.astimezone(UTC).date() == day


def is_week_start(quoted_at: datetime) -> bool:
    """Return whether an instant is on the grid of the weekly quotations: Thursday, 0:00 UTC."""
    return (quoted_at - datetime(1970, 1, 1, tzinfo=UTC)) % WEEK == timedelta(0)


def prices_of_days(
    quotations: Mapping[datetime, float], days: Sequence[date]
) -> tuple[dict[date, tuple[datetime, float]], dict[date, str]]:
    """Pick the price of each day from a history, and explain for each other day why it has none there.

    A quotation is weekly when it is on the week's grid and the one before or after it is whole weeks away; a daily one
    whose neighbours are lacking cannot be told from it, and is not used either.

    Args:
        quotations: £ per BTC by UTC time; 0 or less where the source has none.
        days: whose prices are wanted.

    Returns:
        Time and price by day, and the reasons.
    """
    times = sorted(quotations)
    found, reasons = {}, {}
    for day in days:
        index = bisect_right(times, price_instant(day)) - 1
        if index < 0 or not is_price_of(day, times[index]):
            reasons[day] = f"there is no quotation of {day} until noon UTC"
            continue
        quoted_at, price = times[index], quotations[times[index]]
        neighbours = [*times[max(index - 1, 0) : index], *times[index + 1 : index + 2]]
        if is_week_start(quoted_at) and any((other - quoted_at) % WEEK == timedelta(0) for other in neighbours):
            reasons[day] = f"the quotation of {day} is one of a week"
        elif not price > 0:
            reasons[day] = f"GBP is {price}: the price of {day} is not known"
        else:
            found[day] = (quoted_at, price)
    return found, reasons


def noon_candle(day: date) -> datetime:
    """Return the start of the six hours that end at the day's instant."""
    return price_instant(day) - CANDLE


def prices_of_candles(
    candles: Iterable[Candle], days: Sequence[date]
) -> tuple[dict[date, tuple[datetime, float]], dict[date, str]]:
    """Pick the price of each day from candles: the last trade in the six hours until noon UTC, quoted at noon.

    Returns:
        Time and price by day, and the reasons why each other day has none there.
    """
    closes = dict(candles)
    found, reasons = {}, {}
    for day in days:
        close = closes.get(noon_candle(day))
        if close is None:
            reasons[day] = f"there is no candle of {day} 06:00 to 12:00 UTC"
        elif not close > 0:
            reasons[day] = f"the candle of {day} 06:00 to 12:00 UTC closes at {close}"
        else:
            found[day] = (price_instant(day), close)
    return found, reasons


def complete_generation(megawatts: pd.DataFrame, days: Sequence[date]) -> tuple[pd.DataFrame, dict[date, str]]:
    """Return the generation of the days whose half hours are there, each once, and why each other day is incomplete.

    A half hour is known by its start. Up to :data:`DATED_LATE_UNTIL` the source names the last one of a day by the
    date of the next, so that day's answer is needed too; measured on 1,817 days, the start is what is right.

    Args:
        megawatts: settlement_date, settlement_period, start_time, generation (MW; may be absent), in any order.
        days: whose generation is wanted.

    Returns:
        ``GENERATION_COLUMNS`` in the order of the key, and the reasons.
    """
    reasons, whole = {}, []
    for day in days:
        named = _wrongly_named(day, megawatts)
        periods = {start: period for period, start in enumerate(period_starts(day), start=1)}
        own = megawatts[megawatts["start_time"].isin(list(periods))]
        own = own.assign(settlement_date=day, settlement_period=[periods[start] for start in own["start_time"]])
        reason = named or why_incomplete(day, own, "generation")
        if reason:
            reasons[day] = reason
        else:
            whole.append(own.sort_values("settlement_period"))
    rows = pd.concat([megawatts.iloc[:0], *whole], ignore_index=True)
    return rows.assign(generated_energy=rows["generation"].astype(float) * MWH_PER_MW)[
        list(GENERATION_COLUMNS)
    ], reasons


def _wrongly_named(day: date, megawatts: pd.DataFrame) -> str | None:
    """Return what is wrong with a row that is the day's by its start or by its name, but not by both; else None."""
    starts = period_starts(day)
    concerned = megawatts[megawatts["start_time"].isin(starts) | (megawatts["settlement_date"] == day)]
    for row in concerned.itertuples(index=False):
        named, period = row.settlement_date, row.settlement_period
        of_named = period_starts(named)
        agrees = 1 <= period <= len(of_named) and of_named[period - 1] == row.start_time
        before = period_starts(named - timedelta(days=1))
        dated_late = named <= DATED_LATE_UNTIL and period == len(before) and before[-1] == row.start_time
        if not agrees and not dated_late:
            return f"the row of {named} period {period} starts at {row.start_time:%Y-%m-%d %H:%M} UTC, which is another"
    return None


def why_incomplete(day: date, rows: pd.DataFrame, figure: str) -> str | None:
    """Return why the rows are not a day's half hours, each once, with its start; None when they are.

    Args:
        day: that they should be of.
        rows: settlement_period, start_time and the figure.
        figure: the column that holds the generation.
    """
    starts = dict(enumerate(period_starts(day), start=1))
    periods = list(rows["settlement_period"])
    if twice := sorted({period for period in periods if periods.count(period) > 1}):
        return f"period {twice[0]} is there more than once"
    if unknown := sorted(set(periods) - starts.keys()):
        return f"there is no period {unknown[0]}"
    for row in rows.itertuples(index=False):
        value = getattr(row, figure)
        if pd.isna(value) or value < 0:
            return f"period {row.settlement_period}: {figure} is {'absent' if pd.isna(value) else value}"
        if row.start_time != starts[row.settlement_period]:
            return f"period {row.settlement_period} does not start at {row.start_time}"
    if lacking := sorted(starts.keys() - set(periods)):
        first = lacking[0]
        there = f"{len(periods)} of {periods_in(day)} periods are there"
        return f"{there}, the first that lacks is {first} (from {starts[first]:%Y-%m-%d %H:%M} UTC)"
    return None


def days_with_value(bitcoin: pd.DataFrame, prices: "pd.Series[float]") -> pd.DataFrame:
    """Add ``VALUE_FIGURES`` to Bitcoin of days and models.

    Args:
        bitcoin: summary_date, miner_model, bitcoin_mined, total_payment (£, positive = paid to the farms) and others,
            a row per day and model.
        prices: £ per BTC by day, of the days whose price is known.
    """
    priced = bitcoin["bitcoin_mined"] * bitcoin["summary_date"].map(prices).astype(float)
    return with_ratio(bitcoin.assign(bitcoin_value=priced))


def with_ratio(rows: pd.DataFrame) -> pd.DataFrame:
    """Add value_ratio to rows of any span that have bitcoin_value and total_payment, both £."""
    return rows.assign(value_ratio=value_ratio(rows["bitcoin_value"], rows["total_payment"]))


def days_with_share(totals: pd.DataFrame, generated: "pd.Series[float]") -> pd.DataFrame:
    """Add ``SHARE_FIGURES`` to totals of days.

    Args:
        totals: summary_date, total_curtailed_energy and others, a row per day.
        generated: MWh by day, of the days whose generation is known.
    """
    return with_share(totals.assign(generated_energy=totals["summary_date"].map(generated).astype(float)))


def with_share(rows: pd.DataFrame) -> pd.DataFrame:
    """Add curtailed_share to rows of any span that have total_curtailed_energy and generated_energy, both MWh."""
    return rows.assign(curtailed_share=curtailed_share(rows["total_curtailed_energy"], rows["generated_energy"]))


def value_ratio(value: "pd.Series[float]", payment: "pd.Series[float]") -> "pd.Series[float]":
    """Return value ÷ payment; absent where either is, and where nothing was paid."""
    return (value / payment).where(payment != 0)


def curtailed_share(curtailed: "pd.Series[float]", generated: "pd.Series[float]") -> "pd.Series[float]":
    """Return curtailed ÷ (generated + curtailed), both MWh; absent where the generation is, and where both are 0."""
    available = generated + curtailed
    return (curtailed / available).where(available > 0)
