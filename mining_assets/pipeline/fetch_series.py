"""Prices and generation of days: fetching what is lacking, and bringing the days' summaries in line with it.

None of it is needed for a day to be whole. What cannot be had is named and stays absent; what was stored before stays.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from mining_assets.domain.healing import day_ranges
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NEVER_FETCHED
from mining_assets.domain.origin import GIVEN
from mining_assets.domain.valuation import (
    BITCOIN_PRICE,
    COINBASE,
    DATED_LATE_UNTIL,
    FILE,
    MEMPOOL,
    WIND_GENERATION,
    complete_generation,
    price_instant,
    prices_of_candles,
    prices_of_days,
)
from mining_assets.pipeline.derive import derive
from mining_assets.reconciliation.plan import lacking
from mining_assets.sources.coinbase import MOST_DAYS, CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError, SourceUnavailable
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import Blocking
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, DAILY_SUMMARIES
from mining_assets.warehouse.series import fetched_rows, series_states, store_series

# FUELHH takes a range of dates. A week is 340 rows: small enough to be asked for again, and within the limit that
# Elexon sets for its other routes of this kind.
LONGEST_REQUEST = 7
SUMMARIES_OF = {BITCOIN_PRICE: BITCOIN_DAILY_SUMMARIES, WIND_GENERATION: DAILY_SUMMARIES}
"""The table whose rows are made anew when a day of a series becomes known."""


@dataclass
class FetchedSeries:
    """What could be had of a series, and what could not.

    Attributes:
        rows: of the series' table, whole days only.
        fetched_at: the days that could be had, and when each was asked for.
        origins: where each of these came from: the address of the source that answered.
        failed: why each other day could not.
        away: why the source gave nothing at all, if so: then no day is to blame.
        answered: whether a source was asked, and gave anything.
    """

    rows: list[pd.DataFrame] = field(default_factory=list)
    fetched_at: dict[date, datetime] = field(default_factory=dict)
    origins: dict[date, str] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)
    away: str | None = None
    answered: bool = True


def lacking_days(
    warehouse: Warehouse, name: str, days: Sequence[date], now: datetime, given: Mapping[date, float]
) -> list[date]:
    """Those of the days whose rows are absent, altered, due for a refetch, or not the price that a person gave."""
    with warehouse.reading() as connection:
        states = series_states(connection, name, days[0], days[-1], given)
        there = set(fetched_rows(connection, name, days)["settlement_date"])
    wanting = set(lacking(name, states, now))
    return [day for day in days if day not in there or day in wanting]


@dataclass(frozen=True)
class PriceSources:
    """Where prices come from, in the order in which they are taken.

    Attributes:
        given: £ per BTC by day, from a person's own file.
        mempool: has a daily price since about September 2021.
        coinbase: asked for the days of which mempool has none.
    """

    given: Mapping[date, float]
    mempool: Blocking[MempoolClient]
    coinbase: Blocking[CoinbaseClient]


def not_to_replace(warehouse: Warehouse, days: Sequence[date]) -> set[date]:
    """Return the days whose stored price is of a source that goes before Coinbase."""
    with warehouse.reading() as connection:
        rows = fetched_rows(connection, BITCOIN_PRICE, days)
    return set(rows["settlement_date"][rows["source"] != COINBASE])


def fetch_prices(sources: PriceSources, days: Sequence[date], keep: Collection[date] = ()) -> FetchedSeries:
    """Fetch the price of each day: one request for mempool's history, and one for up to 75 days that it lacks.

    Args:
        sources: in their order: no price of a later one takes the place of an earlier one's.
        days: whose prices are wanted.
        keep: those of which a price of the file or of mempool is stored, which another source shall not replace.
    """
    now = datetime.now(UTC)
    given = {day: (price_instant(day), sources.given[day]) for day in days if day in sources.given}
    fetched = FetchedSeries()
    _add_prices(fetched, FILE, given, now, GIVEN)
    others = [day for day in days if day not in given]
    if not others:
        fetched.answered = False
        return fetched
    told = [_ask_mempool(sources.mempool, others, fetched)]
    if lacking := [day for day in fetched.failed if day not in keep]:
        told.append(_ask_coinbase(sources.coinbase, lacking, fetched))
    if all(told):
        fetched.away = "; ".join(map(str, told))
    return fetched


def _ask_mempool(mempool: Blocking[MempoolClient], days: Sequence[date], fetched: FetchedSeries) -> str | None:
    """Add what mempool has of the days, and why it has no more; why it gave nothing at all, if so."""
    try:
        answer = mempool.run(mempool.client.prices())
    except SourceError as error:
        fetched.failed |= dict.fromkeys(days, str(error))
        return str(error) if isinstance(error, SourceUnavailable) else None
    found, reasons = prices_of_days({quoted.quoted_at: quoted.price for quoted in answer.value}, days)
    _add_prices(fetched, MEMPOOL, found, answer.fetched_at, mempool.client.origin)
    fetched.failed |= {day: f"{reason} (in {answer.url})" for day, reason in reasons.items()}
    return None


def _ask_coinbase(coinbase: Blocking[CoinbaseClient], days: Sequence[date], fetched: FetchedSeries) -> str | None:
    """Add what Coinbase has of days that failed, or why it has not; why it gave nothing at all, if so.

    When it does not answer, the days that are left are not asked for: each request would wait as long.
    """
    away, answered = None, False
    for some in reversed(_within(days, MOST_DAYS)):
        if away is None:
            try:
                answer = coinbase.run(coinbase.client.candles(some[0], some[-1]))
            except SourceUnavailable as error:
                away = str(error)
            except SourceError as error:
                _also_failed(fetched, dict.fromkeys(some, str(error)))
                answered = True
                continue
        if away is not None:
            _also_failed(fetched, dict.fromkeys(some, away))
            continue
        found, reasons = prices_of_candles(answer.value, some)
        _add_prices(fetched, COINBASE, found, answer.fetched_at, coinbase.client.origin)
        _also_failed(fetched, {day: f"{reason} (in {answer.url})" for day, reason in reasons.items()})
        answered = True
    return None if answered else away


def _within(days: Sequence[date], longest: int) -> list[list[date]]:
    """Return the days in as few groups as can be, none of which spans more than so many days, the oldest first."""
    groups: list[list[date]] = []
    for day in sorted(days):
        if groups and (day - groups[-1][0]).days < longest:
            groups[-1].append(day)
        else:
            groups.append([day])
    return groups


def _add_prices(
    fetched: FetchedSeries, source: str, found: Mapping[date, tuple[datetime, float]], at: datetime, origin: str
) -> None:
    """Add prices of a source at this origin, with the time of their quotation; their days failed no more."""
    if not found:
        return
    rows = [
        {"settlement_date": day, "price": price, "quoted_at": quoted_at, "source": source}
        for day, (quoted_at, price) in found.items()
    ]
    fetched.rows.append(pd.DataFrame(rows))
    fetched.fetched_at |= dict.fromkeys(found, at)
    fetched.origins |= dict.fromkeys(found, origin)
    fetched.failed = {day: reason for day, reason in fetched.failed.items() if day not in found}


def _also_failed(fetched: FetchedSeries, reasons: Mapping[date, str]) -> None:
    """Say of days that failed why another source has nothing of them either."""
    fetched.failed |= {day: f"{fetched.failed[day]}; {reason}" for day, reason in reasons.items()}


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
        rows, failed = complete_generation(pd.DataFrame(list(answer.value), columns=columns), some)
        fetched.rows.append(rows)
        fetched.failed |= {day: f"{reason} (wind in {answer.url})" for day, reason in failed.items()}
        fetched.fetched_at |= {day: answer.fetched_at for day in some if day not in failed}
        fetched.origins |= {day: elexon.client.origin for day in some if day not in failed}
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
        store_series(connection, name, pd.concat(fetched.rows), fetched.fetched_at, fetched.origins)
        return follow(connection, name, days, models)


def follow(
    connection: Connection, name: str, days: Sequence[date], models: tuple[MinerModel, ...]
) -> dict[date, dict[str, float]]:
    """Summarize again those of the days that a series is part of, where they can be."""
    table = SUMMARIES_OF[name]
    return derive(connection, days, NEVER_FETCHED, models, [table])[table].done
