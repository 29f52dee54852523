"""The ledger of attempts in the database: attempts and waits, quarantine, and sources that are unavailable."""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd
from sqlalchemy import Connection

from mining_assets.domain.retry_policy import HealingPolicy
from mining_assets.warehouse.attempts import (
    DAYS,
    clear_attempts,
    discount_attempts,
    outages,
    record_attempts,
    record_failures,
    record_outage,
    record_recovery,
)
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.schema import source_outages
from mining_assets_tests.support.samples import MODELS, rows_of

DAY, OTHER = date(2025, 6, 3), date(2025, 6, 4)
NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
POLICY = HealingPolicy(interval=timedelta(seconds=60), attempts=3)


def minutes(count: float) -> timedelta:
    return timedelta(minutes=count)


def account(connection: Connection, day: date = DAY) -> tuple[int, object, object, bool]:
    """Attempts, when next, last error and whether quarantined, as the states have it."""
    row = day_states(connection, DAY, OTHER, MODELS).loc[day]
    following = None if pd.isna(row["next_attempt_at"]) else row["next_attempt_at"].to_pydatetime()
    error = None if pd.isna(row["last_error"]) else row["last_error"]
    return row["attempts"], following, error, row["quarantined"]


UNTRIED = (0, None, None, False)


def test_every_request_counts_and_waits_twice_as_long_as_the_one_before(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        record_attempts(connection, DAYS, [DAY, OTHER], POLICY, NOW)
        assert account(connection) == (1, NOW + minutes(2), None, False)
        record_attempts(connection, DAYS, [DAY], POLICY, NOW + minutes(2))
        assert account(connection) == (2, NOW + minutes(6), None, False)
        assert account(connection, OTHER) == (1, NOW + minutes(2), None, False)
        record_attempts(connection, DAYS, [], POLICY, NOW)


def test_a_failure_is_noted_without_being_counted_twice(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        record_attempts(connection, DAYS, [DAY], POLICY, NOW)
        record_failures(connection, DAYS, {DAY: "HTTP 503"}, POLICY, NOW + minutes(1))
        assert account(connection) == (1, NOW + minutes(2), "HTTP 503", False)
        # The error stays until there is another: a run that dies says nothing.
        record_attempts(connection, DAYS, [DAY], POLICY, NOW + minutes(2))
        assert account(connection) == (2, NOW + minutes(6), "HTTP 503", False)


def test_a_day_that_fails_for_a_person_is_not_counted_and_need_not_wait(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        record_failures(connection, DAYS, {DAY: "HTTP 500"}, POLICY, NOW)
        assert account(connection) == (0, NOW, "HTTP 500", False)


def test_a_day_that_fails_as_often_as_set_is_quarantined_and_tried_daily(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        for attempt in range(3):
            assert not account(connection)[3]
            record_attempts(connection, DAYS, [DAY, OTHER], POLICY, NOW + minutes(attempt))
            record_failures(connection, DAYS, {DAY: "no"}, POLICY, NOW + minutes(attempt))
        assert account(connection) == (3, NOW + minutes(2) + timedelta(days=1), "no", True)
        assert not account(connection, OTHER)[3]


def test_a_day_whose_runs_all_die_without_a_word_is_quarantined_by_the_next(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        for attempt in range(4):
            assert not account(connection)[3]
            record_attempts(connection, DAYS, [DAY], POLICY, NOW + minutes(attempt))
        assert account(connection) == (4, NOW + minutes(3) + timedelta(days=1), None, True)


def test_a_day_that_may_still_be_filling_up_is_never_quarantined(warehouse: Warehouse) -> None:
    young = datetime.combine(DAY, time(12), UTC) + timedelta(days=1)
    with warehouse.writing("healing") as connection:
        for attempt in range(9):
            record_attempts(connection, DAYS, [DAY], POLICY, young + minutes(attempt))
            record_failures(connection, DAYS, {DAY: "no"}, POLICY, young + minutes(attempt))
        assert not account(connection)[3]


def test_a_day_that_comes_right_leaves_the_account_even_from_quarantine(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        for attempt in range(3):
            record_attempts(connection, DAYS, [DAY, OTHER], POLICY, NOW + minutes(attempt))
        record_failures(connection, DAYS, {DAY: "no", OTHER: "no"}, POLICY, NOW)
        assert account(connection)[3]
        clear_attempts(connection, DAYS, [DAY])
        assert account(connection) == UNTRIED
        assert account(connection, OTHER)[0] == 3


def test_a_blameless_failure_takes_the_attempt_back(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        record_attempts(connection, DAYS, [DAY, OTHER], POLICY, NOW)
        record_attempts(connection, DAYS, [OTHER], POLICY, NOW + minutes(2))
        discount_attempts(connection, DAYS, [DAY, OTHER])
        assert account(connection) == UNTRIED
        assert account(connection, OTHER) == (1, NOW + minutes(2), None, False)


def test_a_quarantined_day_stays_so_when_a_source_is_away(warehouse: Warehouse) -> None:
    with warehouse.writing("healing") as connection:
        for _ in range(3):
            record_attempts(connection, DAYS, [DAY], POLICY, NOW)
        record_failures(connection, DAYS, {DAY: "no"}, POLICY, NOW)
        discount_attempts(connection, DAYS, [DAY])
        assert account(connection)[3]


def test_a_source_that_is_away_is_asked_ever_more_rarely_until_it_is_back(warehouse: Warehouse) -> None:
    with warehouse.writing("elexon") as connection:
        assert outages(connection) == {}
        record_outage(connection, "elexon", "refused", POLICY, NOW)
        assert outages(connection) == {"elexon": NOW + minutes(2)}
        record_outage(connection, "elexon", "reset", POLICY, NOW + minutes(2))
        record_outage(connection, "mempool", "HTTP 503", POLICY, NOW)
        assert outages(connection) == {"elexon": NOW + minutes(6), "mempool": NOW + minutes(2)}
    rows = {row[0]: row[1:] for row in rows_of(warehouse, source_outages)}
    assert rows["elexon"] == (NOW, 2, NOW + minutes(6), "reset")
    with warehouse.writing("elexon") as connection:
        record_recovery(connection, "elexon")
        assert outages(connection) == {"mempool": NOW + minutes(2)}
        record_outage(connection, "elexon", "refused", POLICY, NOW + minutes(60))
        assert outages(connection)["elexon"] == NOW + minutes(62)
