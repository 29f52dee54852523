"""Prices and generation in the warehouse: replaced day by day, used only as fetched, with an account of failures."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import delete, update

from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.domain.settlement import period_starts
from mining_assets.domain.valuation import BITCOIN_PRICE, COINBASE, FILE, MEMPOOL, WIND_GENERATION, price_instant
from mining_assets.warehouse.attempts import discount_attempts, record_attempts, record_failures
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import bitcoin_price, day_fetches
from mining_assets.warehouse.series import (
    series_states,
    series_values,
    store_series,
)
from mining_assets_tests.support.samples import damage

DAY, OTHER = date(2025, 6, 3), date(2025, 6, 4)
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
POLICY = HealingPolicy(interval=timedelta(seconds=60), attempts=3)


def put_prices(warehouse: Warehouse, source: str = MEMPOOL, **by_day: float) -> None:
    days = {date(2025, 6, int(name[1:])): price for name, price in by_day.items()}
    rows = [
        {"settlement_date": day, "price": price, "quoted_at": price_instant(day), "source": source}
        for day, price in days.items()
    ]
    with warehouse.writing("a") as connection:
        store_series(connection, BITCOIN_PRICE, pd.DataFrame(rows), dict.fromkeys(days, NOW))


def known_prices(warehouse: Warehouse) -> dict[Any, float]:
    with warehouse.reading() as connection:
        return series_values(connection, BITCOIN_PRICE, [DAY, OTHER]).to_dict()


def test_prices_are_replaced_by_day(warehouse: Warehouse) -> None:
    put_prices(warehouse, d3=1.0, d4=2.0)
    put_prices(warehouse, d4=3.0)
    assert known_prices(warehouse) == {DAY: 1.0, OTHER: 3.0}


def test_generation_of_a_day_is_the_sum_of_its_periods(warehouse: Warehouse) -> None:
    rows = pd.DataFrame(
        [
            {"settlement_date": DAY, "settlement_period": period, "start_time": start, "generated_energy": period / 4}
            for period, start in enumerate(period_starts(DAY), start=1)
        ]
    )
    with warehouse.writing("a") as connection:
        store_series(connection, WIND_GENERATION, rows, {DAY: NOW})
        assert series_values(connection, WIND_GENERATION, [DAY, OTHER]).to_dict() == {DAY: 48 * 49 / 2 / 4}


@pytest.mark.parametrize(
    "harm",
    [
        update(bitcoin_price).where(bitcoin_price.c.settlement_date == DAY).values(price=1.5),
        update(bitcoin_price).where(bitcoin_price.c.settlement_date == DAY).values(quoted_at=NOW),
        delete(bitcoin_price).where(bitcoin_price.c.settlement_date == DAY),
        delete(day_fetches).where(day_fetches.c.settlement_date == DAY),
    ],
    ids=["altered", "of another time", "lost", "never fetched"],
)
def test_what_was_not_fetched_is_not_used(warehouse: Warehouse, harm: Any) -> None:
    put_prices(warehouse, d3=1.0, d4=2.0)
    damage(warehouse, harm)
    assert known_prices(warehouse) == {OTHER: 2.0}


@pytest.mark.parametrize(("stored", "claimed"), [(MEMPOOL, FILE), (COINBASE, MEMPOOL), (FILE, COINBASE)])
def test_a_price_whose_source_was_altered_is_not_used(warehouse: Warehouse, stored: str, claimed: str) -> None:
    put_prices(warehouse, source=stored, d3=1.0, d4=2.0)
    assert known_prices(warehouse) == {DAY: 1.0, OTHER: 2.0}
    damage(warehouse, update(bitcoin_price).where(bitcoin_price.c.settlement_date == DAY).values(source=claimed))
    assert known_prices(warehouse) == {OTHER: 2.0}


def test_an_attempt_counts_until_the_day_is_known(warehouse: Warehouse) -> None:
    def state() -> tuple[Any, ...]:
        row = series_states(connection, BITCOIN_PRICE, DAY, OTHER).loc[DAY]
        return row["state"], row["attempts"], row["last_error"] if isinstance(row["last_error"], str) else None

    with warehouse.writing("a") as connection:
        assert state() == ("missing", 0, None)
        record_attempts(connection, BITCOIN_PRICE, [DAY], POLICY, NOW)
        record_failures(connection, BITCOIN_PRICE, {DAY: "HTTP 503"}, POLICY, NOW)
        record_attempts(connection, BITCOIN_PRICE, [DAY], POLICY, NOW)
        assert state() == ("missing", 2, "HTTP 503")
        following = series_states(connection, BITCOIN_PRICE, DAY, DAY).loc[DAY, "next_attempt_at"]
        assert following == NOW + timedelta(minutes=4)
        discount_attempts(connection, BITCOIN_PRICE, [DAY])
        assert state() == ("missing", 1, "HTTP 503")
    put_prices(warehouse, d3=1.0)
    with warehouse.writing("a") as connection:
        assert state() == ("known", 0, None)
        record_attempts(connection, BITCOIN_PRICE, [DAY], POLICY, NOW)
        record_failures(connection, BITCOIN_PRICE, {DAY: "HTTP 500"}, POLICY, NOW)
        assert state() == ("known", 1, "HTTP 500")
    assert known_prices(warehouse) == {DAY: 1.0}
