"""Fetching the prices of some days: how much is asked for, of whom, and what is no price of a day."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest

from mining_assets.domain.valuation import price_instant
from mining_assets.pipeline.fetch_series import FetchedSeries, fetch_prices
from mining_assets_tests.support.elexon import prices_of
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

NO_MEMPOOL, NO_COINBASE = Fault(kind="blank", route="prices"), Fault(kind="status", route="candles", status=503)


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(count)]


def world() -> GeneratedWorld:
    return GeneratedWorld(seed=6, units=6, light=True, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def requests(twin: Twin) -> tuple[int, int]:
    """How often mempool and Coinbase were asked."""
    return twin.count(route="prices"), twin.count(route="candles")


def no_candle_of(day: date) -> Fault:
    return Fault(kind="mutate", route="candles", date=day, drop=True)


def by_day(fetched: FetchedSeries) -> pd.DataFrame:
    return pd.concat(fetched.rows).set_index("settlement_date").sort_index()


def test_a_range_costs_one_request_and_a_day_without_price_spoils_no_other() -> None:
    days = days_from(date(2025, 6, 1), 30)
    with prices_of(world()) as (twin, sources):
        twin.fault(Fault(kind="mutate", route="prices", date=days[3], row="all", field="GBP", value=-1))
        twin.fault(no_candle_of(days[3]))
        fetched = fetch_prices(sources, days)
        assert requests(twin) == (1, 1)
        assert set(fetched.fetched_at) == {*days} - {days[3]}
        assert set(by_day(fetched)["source"]) == {"mempool"}
        reason = fetched.failed.pop(days[3])
        assert reason.startswith("GBP is -1.0: the price of 2025-06-04 is not known (in http")
        assert f"; there is no candle of 2025-06-04 06:00 to 12:00 UTC (in {twin.coinbase_url}/products" in reason
        assert fetched.failed == {}
        assert fetched.unavailable is None


def test_days_of_which_mempool_knows_all_cost_coinbase_nothing() -> None:
    with prices_of(world()) as (twin, sources):
        assert len(fetch_prices(sources, days_from(date(2025, 6, 1), 30)).fetched_at) == 30
        assert requests(twin) == (1, 0)


@pytest.mark.parametrize(("first", "count", "asked"), [(date(2017, 7, 6), 47, 1), (date(2016, 1, 1), 366, 5)])
def test_while_mempool_has_one_quotation_a_week_the_days_are_coinbases_at_noon(
    first: date, count: int, asked: int
) -> None:
    days = days_from(first, count)
    with prices_of(world()) as (twin, sources):
        fetched = fetch_prices(sources, days)
        assert requests(twin) == (1, asked)
    rows = by_day(fetched)
    assert list(rows.index) == days
    assert set(rows["source"]) == {"coinbase"}
    assert list(rows["quoted_at"]) == [price_instant(day) for day in days]
    assert rows["price"].is_monotonic_increasing  # as the made-up curve is; no week's price stands among them
    assert (fetched.failed, fetched.unavailable) == ({}, None)


def test_days_that_lie_apart_are_asked_for_together() -> None:
    days = [date(2017, 7, 6) + timedelta(days=10 * step) for step in range(8)]
    with prices_of(world()) as (twin, sources):
        assert set(fetch_prices(sources, days).fetched_at) == set(days)
        assert requests(twin) == (1, 1)


def test_a_day_that_neither_has_names_both() -> None:
    day = date(2017, 7, 13)
    with prices_of(world()) as (twin, sources):
        twin.fault(no_candle_of(day))
        fetched = fetch_prices(sources, [day])
    assert (fetched.rows, fetched.fetched_at, fetched.unavailable) == ([], {}, None)
    assert "is one of a week (in http" in fetched.failed[day]
    assert "there is no candle of 2017-07-13" in fetched.failed[day]


def test_without_coinbase_the_days_that_mempool_lacks_fail_by_name() -> None:
    days = days_from(date(2021, 8, 1), 300)
    with prices_of(world()) as (twin, sources):
        twin.fault(NO_COINBASE)
        fetched = fetch_prices(sources, days)
        assert twin.count(route="candles") == 2  # attempts at one request: the others would fare no better
    assert date(2022, 1, 1) in fetched.fetched_at
    reason = fetched.failed[date(2021, 8, 10)]
    assert "there is no quotation of 2021-08-10 until noon UTC (in http" in reason
    assert "; server error" in reason
    assert "/coinbase/products/BTC-GBP/candles" in reason
    assert fetched.unavailable is None


def test_one_answer_that_cannot_be_right_spoils_the_days_that_it_is_about() -> None:
    days = days_from(date(2016, 1, 1), 150)
    with prices_of(world()) as (twin, sources):
        twin.fault(Fault(kind="mutate", route="candles", date=days[3], row="first", field="close", value=-1))
        fetched = fetch_prices(sources, days)
    assert sorted(fetched.fetched_at) == days[75:]
    assert "close is -1" in fetched.failed[days[0]]
    assert fetched.unavailable is None


def test_while_mempool_is_away_coinbase_helps_out() -> None:
    days = days_from(date(2025, 6, 1), 3)
    with prices_of(world()) as (twin, sources):
        twin.fault(NO_MEMPOOL)
        fetched = fetch_prices(sources, days)
    assert set(by_day(fetched)["source"]) == {"coinbase"}
    assert (fetched.failed, fetched.unavailable) == ({}, None)


def test_without_any_answer_no_day_is_to_blame() -> None:
    days = days_from(date(2025, 6, 1), 3)
    with prices_of(world()) as (twin, sources):
        twin.fault(NO_MEMPOOL, NO_COINBASE)
        fetched = fetch_prices(sources, days)
    assert fetched.unavailable is not None
    assert "historical-price" in fetched.unavailable
    assert "BTC-GBP/candles" in fetched.unavailable
    assert set(fetched.failed) == set(days)


def test_coinbases_price_takes_no_better_ones_place() -> None:
    days = days_from(date(2025, 6, 1), 3)
    with prices_of(world()) as (twin, sources):
        twin.fault(NO_MEMPOOL)
        fetched = fetch_prices(sources, days, keep=days[:2])
        assert list(fetched.fetched_at) == days[2:]
        assert set(fetched.failed) == set(days[:2])
        assert fetched.unavailable is None
        again = fetch_prices(sources, days, keep=days)
    assert again.fetched_at == {}
    assert again.unavailable is not None


def test_the_file_goes_before_every_source_and_what_it_has_is_asked_of_none() -> None:
    days = days_from(date(2021, 9, 3), 2)  # before and after the first daily price of mempool
    given = {days[0]: 30_000.5, days[1]: 31_000.0, date(2020, 1, 1): 5.0}
    with prices_of(world(), given) as (twin, sources):
        fetched = fetch_prices(sources, days)
        assert requests(twin) == (0, 0)
        rows = by_day(fetched)
        assert rows["price"].to_dict() == {day: given[day] for day in days}
        assert set(rows["source"]) == {"file"}
        assert list(rows["quoted_at"]) == [price_instant(day) for day in days]
        more = by_day(fetch_prices(sources, [*days_from(date(2021, 9, 1), 2), *days, date(2021, 9, 5)]))
        assert requests(twin) == (1, 1)
    assert list(more["source"]) == ["coinbase", "coinbase", "file", "file", "mempool"]
