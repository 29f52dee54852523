"""Prices and generation of days: fetching what is lacking, and bringing the days' summaries in line with it.

None of it is needed for a day to be whole. What cannot be had is named and stays absent; what was stored before stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pandas as pd
from sqlalchemy import Connection

from mining_assets.chain.derive import summarize, summarize_bitcoin
from mining_assets.domain.healing import day_ranges
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.worth import (
    BITCOIN_PRICE,
    DATED_LATE_UNTIL,
    MEMPOOL,
    WIND_GENERATION,
    prices_of_days,
    whole_generation,
)
from mining_assets.healing.plan import lacking
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError, SourceUnavailable
from mining_assets.sources.mempool import MempoolClient
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.series import fetched_rows, series_states, store_series

# FUELHH takes a range of dates. A week is 340 rows: small enough to be asked for again, and within the limit that
# Elexon sets for its other routes of this kind.
LONGEST_REQUEST = 7


@dataclass
class FetchedSeries:
    """What could be had of a series, and what could not.

    Attributes:
        rows: of the series' table, whole days only.
        fetched_at: the days that could be had, and when each was asked for.
        failed: why each other day could not.
        away: why the source gave nothing at all, if so: then no day is to blame.
    """

    rows: list[pd.DataFrame] = field(default_factory=list)
    fetched_at: dict[date, datetime] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)
    away: str | None = None


def lacking_days(warehouse: Warehouse, name: str, days: Sequence[date], now: datetime) -> list[date]:
    """Those of the days whose rows are absent, altered, or due for a refetch."""
    with warehouse.reading() as connection:
        states = series_states(connection, name, days[0], days[-1])
        there = set(fetched_rows(connection, name, days)["settlement_date"])
    wanting = set(lacking(name, states, now))
    return [day for day in days if day not in there or day in wanting]


def fetch_prices(mempool: Blocking[MempoolClient], days: Sequence[date]) -> FetchedSeries:
    """Fetch the price of each day: one request for the history, however many days there are."""
    try:
        answer = mempool.run(mempool.client.prices())
    except SourceUnavailable as error:
        return _away(days, error)
    except SourceError as error:
        return FetchedSeries(failed=dict.fromkeys(days, str(error)))
    found, reasons = prices_of_days({quoted.quoted_at: quoted.price for quoted in answer.value}, days)
    rows = [
        {"settlement_date": day, "price": price, "quoted_at": quoted_at, "source": MEMPOOL}
        for day, (quoted_at, price) in found.items()
    ]
    return FetchedSeries(
        rows=[pd.DataFrame(rows)] if rows else [],
        fetched_at=dict.fromkeys(found, answer.fetched_at),
        failed={day: f"{reason} (in {answer.url})" for day, reason in reasons.items()},
    )


def fetch_generation(elexon: Blocking[ElexonClient], days: Sequence[date]) -> FetchedSeries:
    """The generation of each day, a request for up to a week of days that stand together.

    Of the years in which the source has the end of a day under the next date, that date is asked for with them.
    """
    fetched = FetchedSeries()
    dated_late = [day for day in days if day < DATED_LATE_UNTIL]
    ranges = day_ranges(dated_late, LONGEST_REQUEST - 1)
    ranges += day_ranges([day for day in days if day >= DATED_LATE_UNTIL], LONGEST_REQUEST)
    for first, last in reversed(ranges):
        some = [day for day in days if first <= day <= last]
        to = last + timedelta(days=1) if last < DATED_LATE_UNTIL else last
        try:
            answer = elexon.run(elexon.client.wind_generation(first, to))
        except SourceUnavailable as error:
            if not fetched.fetched_at and not fetched.failed:
                return _away(days, error)
            fetched.failed |= dict.fromkeys(some, str(error))
            continue
        except SourceError as error:
            fetched.failed |= dict.fromkeys(some, str(error))
            continue
        columns = ["settlement_date", "settlement_period", "start_time", "generation"]
        rows, failed = whole_generation(pd.DataFrame(list(answer.value), columns=columns), some)
        fetched.rows.append(rows)
        fetched.failed |= {day: f"{reason} (wind in {answer.url})" for day, reason in failed.items()}
        fetched.fetched_at |= {day: answer.fetched_at for day in some if day not in failed}
    return fetched


def _away(days: Sequence[date], error: SourceError) -> FetchedSeries:
    return FetchedSeries(failed=dict.fromkeys(days, str(error)), away=str(error))


def store_and_follow(
    warehouse: Warehouse, name: str, fetched: FetchedSeries, models: tuple[MinerModel, ...]
) -> dict[date, dict[str, float]]:
    """Store what was fetched and bring the summaries of those days in line, in one transaction.

    Returns:
        The figures of the summaries of those days that have one; the others get theirs when they are derived.
    """
    days = sorted(fetched.fetched_at)
    if not days:
        return {}
    with warehouse.writing(*map(str, days)) as connection:
        store_series(connection, name, pd.concat(fetched.rows), fetched.fetched_at)
        return follow(connection, name, days, models)


def follow(
    connection: Connection, name: str, days: Sequence[date], models: tuple[MinerModel, ...]
) -> dict[date, dict[str, float]]:
    """Summarize again those of the days that a series is part of, where they can be."""
    if name == BITCOIN_PRICE:
        return summarize_bitcoin(connection, days, models).done
    assert name == WIND_GENERATION
    return summarize(connection, days).done
