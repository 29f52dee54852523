"""Damage to prices and generation, and to what the summaries say of value and share."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import update

from mining_assets.domain.periods import parse_period
from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.domain.valuation import BITCOIN_PRICE, COINBASE, WIND_GENERATION, price_instant
from mining_assets.reconciliation import checks
from mining_assets.warehouse.attempts import record_failures
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    bitcoin_price,
    daily_summaries,
    day_fetches,
    monthly_summaries,
    wind_generation,
)
from mining_assets_tests.support.case import Case, change, does, remove
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, derive_all
from mining_assets_tests.support.samples import damage

PRICES, GENERATION = checks.OF_SERIES[BITCOIN_PRICE], checks.OF_SERIES[WIND_GENERATION]
VALUE, SHARE = PRICES.figures, GENERATION.figures
assert VALUE is not None
assert SHARE is not None


def never_had(name: str) -> Callable[[Warehouse], None]:
    """The series was asked for on a day and could not be had; everything else is as it is then."""
    table = bitcoin_price if name == BITCOIN_PRICE else wind_generation

    def harm(warehouse: Warehouse) -> None:
        damage(warehouse, remove(table, WINDY), remove(day_fetches, WINDY, name=name))
        with warehouse.writing("harm") as connection:
            record_failures(connection, name, {WINDY: "HTTP 503"}, HealingPolicy(), datetime.now(UTC))
        derive_all(warehouse)

    return harm


bitcoin = bitcoin_daily_summaries.c

OF_SERIES = (
    Case(
        "a price could not be had",
        PRICES.complete,
        never_had(BITCOIN_PRICE),
        WINDY,
        ("not known: HTTP 503",),
    ),
    Case(
        "generation could not be had",
        GENERATION.complete,
        never_had(WIND_GENERATION),
        WINDY,
        ("not known: HTTP 503",),
    ),
    Case(
        "a price is altered by a penny",
        PRICES.valid,
        does(change(bitcoin_price, WINDY, {"price": 70_000.01})),
        WINDY,
        ("not what was fetched",),
    ),
    Case(
        "a price is said to be of another source",
        PRICES.valid,
        does(change(bitcoin_price, WINDY, {"source": COINBASE})),
        WINDY,
        ("not what was fetched",),
    ),
    Case(
        "a price is lost",
        PRICES.valid,
        does(remove(bitcoin_price, QUIET)),
        QUIET,
        ("what was fetched is gone",),
    ),
    Case(
        "a price is that of the day before",
        PRICES.valid,
        does(change(bitcoin_price, SHORT, {"quoted_at": price_instant(SHORT - timedelta(days=1))})),
        SHORT,
        ("quoted at 2025-03-29 12:00",),
    ),
    Case(
        "a price is there that nobody fetched",
        PRICES.valid,
        does(remove(day_fetches, SHORT, name=BITCOIN_PRICE)),
        SHORT,
        ("there are rows that were never fetched",),
        also=(PRICES.complete,),
    ),
    Case(
        "generation is moved from one period to another, so that the sum is right",
        GENERATION.valid,
        does(
            change(wind_generation, WINDY, {"generated_energy": 49.0}, settlement_period=7),
            change(wind_generation, WINDY, {"generated_energy": 51.0}, settlement_period=8),
        ),
        WINDY,
        ("not what was fetched",),
    ),
    Case(
        "the last period of the short day has no generation",
        GENERATION.valid,
        does(remove(wind_generation, SHORT, settlement_period=46)),
        SHORT,
        ("45 of 46 periods are there, the first that lacks is 46 (from 2025-03-30 22:30 UTC)",),
    ),
    Case(
        "a period's generation starts when the period does not",
        GENERATION.valid,
        does(change(wind_generation, QUIET, {"start_time": price_instant(QUIET)}, settlement_period=1)),
        QUIET,
        ("period 1 does not start at 2025-03-31 12:00",),
    ),
    Case(
        "the share of a day is altered",
        SHARE,
        does(change(daily_summaries, QUIET, {"curtailed_share": 0.5})),
        QUIET,
        ("curtailed_share is 0.5, should be 0.0",),
    ),
    Case(
        "the generation of a day's summary is gone though it is known",
        SHARE,
        does(change(daily_summaries, WINDY, {"generated_energy": None, "curtailed_share": None})),
        WINDY,
        ("generated_energy is nan, should be 2400.0",),
        problems=2,
        also=(checks.SUMS["monthly_summaries"],),  # the month has a day with generation less
    ),
    Case(
        "the ratio of a day is altered by a millionth",
        VALUE,
        does(
            change(bitcoin_daily_summaries, WINDY, {"value_ratio": bitcoin.value_ratio * (1 + 1e-6)}, miner_model="S9")
        ),
        WINDY,
        ("S9", "value_ratio is"),
    ),
    Case(
        "the value of a day is altered",
        VALUE,
        does(change(bitcoin_daily_summaries, WINDY, {"bitcoin_value": bitcoin.bitcoin_value * 2}, miner_model="S9")),
        WINDY,
        ("S9", "bitcoin_value is"),
        also=(checks.SUMS["bitcoin_monthly_summaries"],),
    ),
    Case(
        "a day has a value though its price is not known",
        VALUE,
        does(remove(bitcoin_price, WINDY), remove(day_fetches, WINDY, name=BITCOIN_PRICE)),
        WINDY,
        ("bitcoin_value is", "should be nan"),
        problems=6,  # value and ratio of three models
        also=(PRICES.complete,),
    ),
    Case(
        "a month says wrongly how many of its days have a price",
        checks.SUMS["bitcoin_monthly_summaries"],
        does(
            update(bitcoin_monthly_summaries)
            .where(bitcoin_monthly_summaries.c.year_month == "2025-04", bitcoin_monthly_summaries.c.miner_model == "S9")
            .values(days_priced=0)
        ),
        parse_period("2025-04"),
        ("S9", "days_priced is 0, should be 1"),
        also=(checks.SUMS["bitcoin_yearly_summaries"],),
    ),
    Case(
        "the share of a month is a mean of its days, not weighted by energy",
        checks.SUMS["monthly_summaries"],
        does(
            update(monthly_summaries).where(monthly_summaries.c.year_month == "2025-03").values(curtailed_share=0.00356)
        ),
        parse_period("2025-03"),
        ("curtailed_share is 0.00356, should be 0.003498",),
    ),
)
