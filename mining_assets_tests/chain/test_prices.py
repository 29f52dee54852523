"""Fetching the prices of some days: how much is asked for, and what is no price of a day."""

from datetime import UTC, date, datetime, timedelta

from mining_assets.chain.series import fetch_prices
from mining_assets_tests.chain.sources import mempool_of
from mining_assets_tests.twin.faults import Fault
from mining_assets_tests.twin.generated import GeneratedWorld


def days_from(first: date, count: int) -> list[date]:
    return [first + timedelta(days=offset) for offset in range(count)]


def world() -> GeneratedWorld:
    return GeneratedWorld(seed=6, units=6, light=True, clock=lambda: datetime(2026, 1, 1, tzinfo=UTC))


def test_a_range_of_days_costs_one_request_and_a_day_without_a_price_spoils_no_other() -> None:
    days = days_from(date(2025, 6, 1), 30)
    with mempool_of(world()) as (twin, mempool):
        twin.fault(Fault(kind="mutate", route="prices", date=days[3], row="all", field="GBP", value=-1))
        fetched = fetch_prices(mempool, days)
        assert twin.count(route="prices") == 1
    assert set(fetched.fetched_at) == {*days} - {days[3]}
    assert fetched.failed[days[3]].startswith("GBP is -1.0: the price of 2025-06-04 is not known (in http")
    assert fetched.away is None


def test_while_the_source_has_one_quotation_a_week_no_day_has_a_price() -> None:
    days = days_from(date(2017, 7, 6), 14)
    with mempool_of(world()) as (_, mempool):
        fetched = fetch_prices(mempool, days)
    assert (fetched.rows, fetched.fetched_at) == ([], {})
    assert "is one of a week" in fetched.failed[date(2017, 7, 13)]
    assert "there is no quotation" in fetched.failed[date(2017, 7, 14)]


def test_without_an_answer_no_day_is_to_blame() -> None:
    days = days_from(date(2025, 6, 1), 3)
    with mempool_of(world()) as (twin, mempool):
        twin.fault(Fault(kind="blank", route="prices"))
        fetched = fetch_prices(mempool, days)
    assert fetched.away is not None
    assert set(fetched.failed) == set(days)
