"""The healing sensor asks for prices and generation that are lacking, apart from the days and after them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import dagster as dg
import pytest
import time_machine
from sqlalchemy import delete, insert, update

from mining_assets.domain.finality import final_from
from mining_assets.domain.valuation import BITCOIN_PRICE, WIND_GENERATION
from mining_assets.reconciliation.attempts import HEALING_TAG
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_price,
    day_fetches,
    healing_attempts,
    settlement_days,
    source_outages,
    wind_generation,
)
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, scan_all
from mining_assets_tests.support.looking import Looking, over
from mining_assets_tests.support.samples import damage, rows_of

AT = datetime(2026, 1, 1, tzinfo=UTC)


def forget(ground: Warehouse, name: str) -> None:
    """A series was never had of the last two days."""
    damage(ground, delete(day_fetches).where(day_fetches.c.name == name, day_fetches.c.settlement_date >= QUIET))


PRICE, GENERATION = dg.AssetKey(BITCOIN_PRICE), dg.AssetKey(WIND_GENERATION)


@pytest.mark.parametrize(
    ("name", "asset"), [(BITCOIN_PRICE, PRICE), pytest.param(WIND_GENERATION, GENERATION, marks=pytest.mark.system)]
)
def test_what_is_lacking_is_asked_for_alone_with_waits_and_blames_no_day(
    name: str, asset: object, looking: Looking, ground: Warehouse
) -> None:
    forget(ground, name)
    asked = []
    for minute in range(10):
        with time_machine.travel(AT + timedelta(minutes=minute), tick=False):
            ticked = looking.tick()
        if ticked.requests:
            asked.append(minute)
            (request,) = ticked.requests
            assert request.job_name == "daily"
            assert list(request.asset_selection or ()) == [asset]
            assert request.tags.items() >= over(QUIET, WINDY).items()
            assert request.tags[HEALING_TAG] == name
        else:
            assert f"{name}, waiting after a failure: 2 days" in ticked.said
    assert asked == [0, 2, 6]
    assert rows_of(ground, healing_attempts) == []


@long
def test_a_day_that_was_asked_for_too_often_is_asked_for_once_a_day(looking: Looking, ground: Warehouse) -> None:
    forget(ground, BITCOIN_PRICE)
    runs = 0
    for hour in range(7 * 24):
        with time_machine.travel(AT + timedelta(hours=hour), tick=False):
            runs += len(looking.tick().requests)
    attempts = looking.settings.heal_attempts
    assert attempts < runs <= attempts + 7


def test_another_given_price_is_asked_for_though_the_sources_are_away(
    looking: Looking, ground: Warehouse, tmp_path: Path
) -> None:
    forget(ground, BITCOIN_PRICE)
    file = tmp_path / "prices.csv"
    file.write_text(f"date,price_gbp\n{SHORT},1.5\n{QUIET},70000\n")
    given = looking.but(prices=file)
    now = datetime.now(UTC)
    row = {"source": BITCOIN_PRICE, "since": now, "attempts": 1, "last_error": "refused"}
    damage(
        ground,
        insert(source_outages).values(**row, next_attempt_at=now + timedelta(days=1)),
        insert(day_fetches).values(
            name=BITCOIN_PRICE,
            settlement_date=QUIET,
            attempts=9,
            last_attempt_at=now - timedelta(minutes=50),
            next_attempt_at=now + timedelta(days=30),
        ),
    )
    ticked = given.tick()
    assert ticked.days == [(str(SHORT), str(SHORT))]
    damage(ground, update(day_fetches).values(last_attempt_at=now - timedelta(minutes=61)))
    assert given.tick().days == [(str(SHORT), str(QUIET))]
    assert looking.tick().days == []


def test_a_source_that_is_away_is_probed_with_the_newest_day(looking: Looking, ground: Warehouse) -> None:
    forget(ground, BITCOIN_PRICE)
    now = datetime.now(UTC)
    row = {"source": BITCOIN_PRICE, "since": now, "attempts": 1, "last_error": "refused"}
    damage(ground, insert(source_outages).values(**row, next_attempt_at=now + timedelta(hours=1)))
    ticked = looking.tick()
    assert ticked.requests == []
    assert "bitcoin_price, its source does not answer: 2 days" in ticked.said
    damage(ground, update(source_outages).values(next_attempt_at=now))
    assert looking.tick().ranges == [("daily", str(WINDY), str(WINDY))]


def test_altered_rows_are_fetched_again_once_a_scan_has_found_them(looking: Looking, ground: Warehouse) -> None:
    damage(
        ground,
        update(bitcoin_price).where(bitcoin_price.c.settlement_date == SHORT).values(price=1),
        delete(wind_generation).where(wind_generation.c.settlement_date == SHORT),
    )
    assert looking.tick().requests == []
    scan_all(ground)
    requests = looking.tick().requests
    assert [list(request.asset_selection or ()) for request in requests] == [[PRICE], [GENERATION]]


def test_generation_fetched_early_is_due_like_the_day_and_a_price_is_not(looking: Looking, ground: Warehouse) -> None:
    damage(ground, update(day_fetches).values(fetched_at=final_from(SHORT) - timedelta(days=1)))
    (request,) = looking.tick().requests
    assert list(request.asset_selection or ()) == [GENERATION]
    assert request.tags.items() >= over(SHORT, WINDY).items()


def test_days_that_a_run_is_after_or_that_are_fetched_anyway_bring_theirs_along(
    looking: Looking, ground: Warehouse
) -> None:
    forget(ground, BITCOIN_PRICE)
    early = {"fetched_at": final_from(WINDY) - timedelta(hours=1)}
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**early))
    assert looking.tick().ranges == [("daily", str(WINDY), str(WINDY)), ("daily", str(QUIET), str(QUIET))]
    damage(ground, delete(healing_attempts), delete(day_fetches).where(day_fetches.c.name == BITCOIN_PRICE))
    looking.queued("daily", **over(SHORT, WINDY))
    ticked = looking.tick()
    assert ticked.requests == []
    assert "bitcoin_price, a run is under way: 3 days" in ticked.said


def test_without_room_they_wait(looking: Looking, ground: Warehouse) -> None:
    forget(ground, BITCOIN_PRICE)
    looking = looking.but(heal_runs=1)
    looking.queued("daily", **over("2024-06-01", "2024-06-30"), **{HEALING_TAG: "fetch"})
    ticked = looking.tick()
    assert ticked.requests == []
    assert "bitcoin_price, later: 2 days" in ticked.said
