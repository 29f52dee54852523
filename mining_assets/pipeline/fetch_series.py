"""Fetching days of each daily series from its sources: a function per series, and the registry of them.

Nothing is stored here (``update_series``), and what a day of a series must look like stands in
``domain.daily_series``. What cannot be fetched is named and stays absent.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pandas as pd

from mining_assets.domain.date_ranges import day_ranges
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
from mining_assets.pipeline.dependencies import Dependencies, PriceSources
from mining_assets.sources.coinbase import MOST_DAYS, CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError, SourceUnavailable
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient

# FUELHH takes a range of dates. A week is 340 rows: small enough to be asked for again, and within the limit that
# Elexon sets for its other routes of this kind.
LONGEST_REQUEST = 7


@dataclass
class FetchedSeries:
    """What was fetched of a series, and what could not be.

    Attributes:
        rows: of the series' table, complete days only.
        fetched_at: the days that were fetched, and when each was asked for.
        origins: where each of these came from: the address of the source that answered.
        failed: why each other day could not be fetched.
        unavailable: why the source gave nothing at all, if so: then no attempt of a day counts.
        answered: whether a source was asked, and gave anything.
    """

    rows: list[pd.DataFrame] = field(default_factory=list)
    fetched_at: dict[date, datetime] = field(default_factory=dict)
    origins: dict[date, str] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)
    unavailable: str | None = None
    answered: bool = True


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
    outages = [_add_from_mempool(sources.mempool, others, fetched)]
    if missing := [day for day in fetched.failed if day not in keep]:
        outages.append(_add_from_coinbase(sources.coinbase, missing, fetched))
    if all(outages):
        fetched.unavailable = "; ".join(map(str, outages))
    return fetched


def _add_from_mempool(mempool: SyncClient[MempoolClient], days: Sequence[date], fetched: FetchedSeries) -> str | None:
    """Add the prices that mempool has of the days, and why not the others; return why it is unavailable, if it is."""
    try:
        answer = mempool.run(mempool.client.prices())
    except SourceError as error:
        fetched.failed |= dict.fromkeys(days, str(error))
        return str(error) if isinstance(error, SourceUnavailable) else None
    found, reasons = prices_of_days({quoted.quoted_at: quoted.price for quoted in answer.value}, days)
    _add_prices(fetched, MEMPOOL, found, answer.fetched_at, mempool.client.origin)
    fetched.failed |= {day: f"{reason} (in {answer.url})" for day, reason in reasons.items()}
    return None


def _add_from_coinbase(
    coinbase: SyncClient[CoinbaseClient], days: Sequence[date], fetched: FetchedSeries
) -> str | None:
    """Add the prices that Coinbase has of days that failed, or why not; return why it is unavailable, if it is.

    When it does not answer, the days that are left are not asked for: each request would wait as long.
    """
    outage, answered = None, False
    for some in reversed(_within(days, MOST_DAYS)):
        if outage is None:
            try:
                answer = coinbase.run(coinbase.client.candles(some[0], some[-1]))
            except SourceUnavailable as error:
                outage = str(error)
            except SourceError as error:
                _also_failed(fetched, dict.fromkeys(some, str(error)))
                answered = True
                continue
        if outage is not None:
            _also_failed(fetched, dict.fromkeys(some, outage))
            continue
        found, reasons = prices_of_candles(answer.value, some)
        _add_prices(fetched, COINBASE, found, answer.fetched_at, coinbase.client.origin)
        _also_failed(fetched, {day: f"{reason} (in {answer.url})" for day, reason in reasons.items()})
        answered = True
    return None if answered else outage


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
    """Add prices of a source at this origin, with the time of their quotation; forget why their days failed."""
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
    """Add to the reasons of days that failed why another source has nothing of them either."""
    fetched.failed |= {day: f"{fetched.failed[day]}; {reason}" for day, reason in reasons.items()}


def fetch_generation(elexon: SyncClient[ElexonClient], days: Sequence[date]) -> FetchedSeries:
    """Fetch the generation of each day, with a request for up to a week of consecutive days.

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
                return _unavailable(days, error)
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


def _unavailable(days: Sequence[date], error: SourceError) -> FetchedSeries:
    return FetchedSeries(failed=dict.fromkeys(days, str(error)), unavailable=str(error))


def _prices(dependencies: Dependencies, days: Sequence[date], stored: pd.DataFrame) -> FetchedSeries:
    """Fetch prices; a stored one of a source that goes before Coinbase is replaced by none of Coinbase's."""
    return fetch_prices(dependencies.prices, days, set(stored["settlement_date"][stored["source"] != COINBASE]))


def _generation(dependencies: Dependencies, days: Sequence[date], _: pd.DataFrame) -> FetchedSeries:
    return fetch_generation(dependencies.elexon, days)


FETCH: Mapping[str, Callable[[Dependencies, Sequence[date], pd.DataFrame], FetchedSeries]] = {
    BITCOIN_PRICE: _prices,
    WIND_GENERATION: _generation,
}
"""What fetches days of each daily series, given the rows that are stored of them now."""
