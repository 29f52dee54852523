"""How long a failing day waits, and in which order ranges are served."""

import itertools
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.fetch_estimate import days_per_fetch
from mining_assets.domain.healing import (
    LACKING_WAIT,
    LONGEST_RANGE,
    LONGEST_WAIT,
    QUARANTINE_WAIT,
    HealingPolicy,
    day_ranges,
    newest_and_oldest,
)
from mining_assets.domain.settlement import REFETCH_AFTER

DAY = date(2025, 6, 3)
SECOND = datetime(2025, 6, 5, 15, tzinfo=UTC)  # D+2 15:00
MOMENT = timedelta(microseconds=1)


def test_the_wait_doubles_up_to_six_hours() -> None:
    policy = HealingPolicy(interval=timedelta(seconds=60))
    minutes = [policy.wait(attempts) / timedelta(minutes=1) for attempts in range(1, 12)]
    assert minutes == [2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert policy.wait(10_000) == LONGEST_WAIT


def test_a_day_that_was_given_up_is_tried_once_a_day_and_a_young_one_keeps_to_the_longest_wait() -> None:
    policy = HealingPolicy(interval=timedelta(seconds=60), attempts=3)
    old = SECOND  # from D+2 15:00 on the settlement fills nothing up any more
    assert policy.wait_of_day(DAY, 3, old) == timedelta(minutes=8)
    assert policy.wait_of_day(DAY, 4, old) == timedelta(days=1)
    assert policy.wait_of_day(DAY, 4, old - MOMENT) == timedelta(minutes=16)
    assert policy.wait_of_day(DAY, 99, old - MOMENT) == LONGEST_WAIT


Days = st.sets(st.dates(date(2024, 1, 1), date(2024, 12, 31)))


@given(Days, st.integers(1, 40))
def test_ranges_hold_just_the_days_contiguous_and_no_longer_than_wanted(days: set[date], longest: int) -> None:
    ranges = day_ranges(days, longest)
    held = [first + timedelta(days=n) for first, last in ranges for n in range((last - first).days + 1)]
    assert held == sorted(days)
    assert all((last - first).days < longest for first, last in ranges)
    for (before, end), (start, _) in itertools.pairwise(ranges):
        # Two that stand together are two only because together they would be too long.
        assert start - end > timedelta(days=1) or (end - before).days == longest - 1


def test_a_year_is_twelve_ranges_of_at_most_31_days() -> None:
    ranges = day_ranges([date(2025, 1, 1) + timedelta(days=n) for n in range(365)])
    assert [(last - first).days + 1 for first, last in ranges] == [LONGEST_RANGE] * 11 + [24]
    assert LONGEST_RANGE == 31


@pytest.mark.parametrize(("pace", "days"), [(0.1, 1), (1.7, 1), (3.4, 2), (10, 6), (50, 30), (1000, 31)])
def test_a_healing_run_fetches_for_about_a_minute(pace: float, days: int) -> None:
    assert days_per_fetch(pace) == days


def test_the_newest_and_the_oldest_are_served_in_turn() -> None:
    ranges = [(date(2025, month, 1), date(2025, month, 2)) for month in (3, 1, 5, 2, 4)]
    months = [first.month for first, _ in newest_and_oldest(ranges, 5)]
    assert months == [5, 1, 4, 2, 3]
    assert [first.month for first, _ in newest_and_oldest(ranges, 2)] == [5, 1]
    assert newest_and_oldest(ranges, 0) == []
    assert len(newest_and_oldest(ranges, 99)) == 5


def test_what_a_source_lacks_long_after_the_day_is_asked_for_once_a_month() -> None:
    policy = HealingPolicy(attempts=3)
    after = datetime.combine(DAY, time.min, UTC) + REFETCH_AFTER[-1]
    assert policy.wait_of_series(DAY, 4, after) == LACKING_WAIT
    assert policy.wait_of_series(DAY, 3, after) == policy.wait(3)
    assert policy.wait_of_series(DAY, 4, after - timedelta(seconds=1)) == QUARANTINE_WAIT
