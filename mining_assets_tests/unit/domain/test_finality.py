"""When a day is final, and when it is fetched again."""

from datetime import UTC, date, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.finality import (
    FINAL_AFTER,
    FINAL_FROM,
    REFETCH_AFTER,
    are_final,
    final_from,
    has_no_refetch_left,
    is_final,
    refetches_due,
    within_settlement_window,
)

DAY = date(2025, 6, 3)
FIRST = datetime(2025, 6, 4, 15, tzinfo=UTC)  # D+1 15:00
SECOND, THIRD = FIRST + timedelta(days=1), FIRST + timedelta(days=7)  # D+2 and D+8
MOMENT = timedelta(microseconds=1)


def of_days(day: date, fetched_at: datetime | None) -> "pd.Series[datetime]":
    return pd.Series(pd.DatetimeIndex([fetched_at], tz=UTC), index=[day])


def refetch_due(day: date, fetched_at: datetime | None, now: datetime) -> bool:
    return bool(refetches_due(of_days(day, fetched_at), now).loc[day])


@pytest.mark.parametrize(
    ("fetched_at", "final"),
    [
        (FIRST - MOMENT, False),
        (FIRST, True),
        (datetime(2025, 6, 4, tzinfo=UTC), False),
        (datetime(2025, 6, 12, tzinfo=UTC), True),
    ],
)
def test_a_day_is_final_from_15_utc_on_the_next(fetched_at: datetime, final: bool) -> None:
    assert is_final(DAY, fetched_at) is final
    assert list(are_final(of_days(DAY, fetched_at))) == [final]


def test_the_words_for_it_name_the_hour() -> None:
    days, time = divmod(FINAL_AFTER, timedelta(days=1))
    assert days == 1
    assert f"{time // timedelta(hours=1)}:00 UTC of the next day" in FINAL_FROM


@given(st.dates(date(2016, 1, 1), date(2040, 1, 1)), st.integers(-60, 260))
def test_a_final_day_is_due_for_no_first_refetch(day: date, hours: int) -> None:
    fetched_at = final_from(day) + timedelta(hours=hours)
    just_after = final_from(day)
    assert refetch_due(day, fetched_at, just_after) is not is_final(day, fetched_at)


def test_a_day_that_was_never_fetched_is_not_final() -> None:
    assert not are_final(of_days(DAY, None)).any()


@pytest.mark.parametrize("moment", [FIRST, SECOND, THIRD])
def test_a_day_is_due_from_each_moment_on_until_it_is_fetched_after_it(moment: datetime) -> None:
    before = moment - timedelta(hours=1)
    assert not refetch_due(DAY, before, moment - MOMENT)
    assert refetch_due(DAY, before, moment)
    assert refetch_due(DAY, moment - MOMENT, moment)
    assert not refetch_due(DAY, moment, moment)
    assert not refetch_due(DAY, moment, moment + timedelta(hours=1))


def test_there_are_three_moments_and_none_after_the_eighth_day() -> None:
    until_the_tenth_day, afterwards = range(-30, 24 * 9), range(24 * 9, 24 * 30, 12)
    hours = [FIRST + timedelta(hours=hour) for hour in (*until_the_tenth_day, *afterwards)]
    fetched_at, asked = hours[0], []
    for now in hours:
        if refetch_due(DAY, fetched_at, now):
            asked.append(now)
            fetched_at = now
    assert asked == [FIRST, SECOND, THIRD]


def test_a_day_fetched_long_ago_is_due_once_however_many_moments_passed() -> None:
    later = THIRD + timedelta(days=300)
    assert refetch_due(DAY, FIRST - MOMENT, later)
    assert not refetch_due(DAY, later, later)


def test_a_day_that_was_never_fetched_is_not_fetched_again() -> None:
    assert not refetch_due(DAY, None, THIRD)
    assert refetches_due(pd.Series([], index=[], dtype="datetime64[us, UTC]"), THIRD).empty


def test_the_settlement_window_ends_at_the_second_moment() -> None:
    assert within_settlement_window(DAY, SECOND - MOMENT)
    assert not within_settlement_window(DAY, SECOND)
    assert not has_no_refetch_left(DAY, THIRD - MOMENT)
    assert has_no_refetch_left(DAY, THIRD)
    assert len(REFETCH_AFTER) == 3
