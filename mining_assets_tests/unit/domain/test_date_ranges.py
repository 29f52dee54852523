"""How days become ranges, and in which order ranges are served."""

import itertools
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.date_ranges import LONGEST_RANGE, day_ranges, newest_and_oldest

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


def test_the_newest_and_the_oldest_are_served_in_turn() -> None:
    ranges = [(date(2025, month, 1), date(2025, month, 2)) for month in (3, 1, 5, 2, 4)]
    months = [first.month for first, _ in newest_and_oldest(ranges, 5)]
    assert months == [5, 1, 4, 2, 3]
    assert [first.month for first, _ in newest_and_oldest(ranges, 2)] == [5, 1]
    assert newest_and_oldest(ranges, 0) == []
    assert len(newest_and_oldest(ranges, 99)) == 5
