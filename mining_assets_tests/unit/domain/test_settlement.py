"""Settlement time: how many periods a day has and when each begins."""

from datetime import UTC, date, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.finality import final_from
from mining_assets.domain.settlement import LONDON, day_start, last_day_over, period_start, period_starts, periods_in

DATES = st.dates(date(2000, 1, 1), date(2100, 12, 31))
HALF_HOUR = timedelta(minutes=30)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def last_sunday(year: int, month: int) -> date:
    end = date(year, month, 31)
    return end - timedelta(days=(end.weekday() + 1) % 7)


@pytest.mark.parametrize(
    ("day", "periods"),
    [
        (date(2025, 3, 29), 48),
        (date(2025, 3, 30), 46),
        (date(2025, 3, 31), 48),
        (date(2025, 10, 25), 48),
        (date(2025, 10, 26), 50),
        (date(2025, 10, 27), 48),
        (date(2024, 2, 29), 48),
        (date(2016, 3, 27), 46),
        (date(2016, 10, 30), 50),
    ],
)
def test_a_day_has_48_periods_and_46_or_50_when_the_clocks_change(day: date, periods: int) -> None:
    assert periods_in(day) == periods
    assert len(period_starts(day)) == periods


@pytest.mark.parametrize(
    ("day", "period", "start"),
    [
        (date(2025, 1, 15), 1, "2025-01-15T00:00"),
        (date(2025, 1, 15), 48, "2025-01-15T23:30"),
        # In summer the day begins on the evening before, in UTC.
        (date(2025, 6, 3), 1, "2025-06-02T23:00"),
        (date(2025, 6, 3), 3, "2025-06-03T00:00"),
        (date(2025, 6, 3), 48, "2025-06-03T22:30"),
        # The clocks go forward at 01:00 UTC: period 3 follows 2 at once, local 01:00 to 02:00 does not exist.
        (date(2025, 3, 30), 1, "2025-03-30T00:00"),
        (date(2025, 3, 30), 2, "2025-03-30T00:30"),
        (date(2025, 3, 30), 3, "2025-03-30T01:00"),
        (date(2025, 3, 30), 46, "2025-03-30T22:30"),
        # They go back at 01:00 UTC: local 01:00 to 02:00 is there twice, as periods 3, 4 and 5, 6.
        (date(2025, 10, 26), 1, "2025-10-25T23:00"),
        (date(2025, 10, 26), 3, "2025-10-26T00:00"),
        (date(2025, 10, 26), 5, "2025-10-26T01:00"),
        (date(2025, 10, 26), 50, "2025-10-26T23:30"),
        (date(2025, 10, 27), 1, "2025-10-27T00:00"),
    ],
)
def test_periods_begin_at_these_instants(day: date, period: int, start: str) -> None:
    assert period_start(day, period) == utc(start)
    assert period_starts(day)[period - 1] == utc(start)
    assert period_start(day, period).tzinfo is UTC


def test_the_same_local_time_is_another_period_when_the_clocks_have_changed() -> None:
    starts = {
        day: period_starts(day).index(datetime(day.year, day.month, day.day, 12, tzinfo=LONDON)) + 1
        for day in (date(2025, 3, 29), date(2025, 3, 30), date(2025, 10, 26))
    }
    assert list(starts.values()) == [25, 23, 27]


@pytest.mark.parametrize(
    ("day", "period"),
    [
        (date(2025, 6, 3), 0),
        (date(2025, 6, 3), -1),
        (date(2025, 6, 3), 49),
        (date(2025, 3, 30), 47),
        (date(2025, 10, 26), 51),
    ],
)
def test_a_period_that_the_day_does_not_have_is_refused(day: date, period: int) -> None:
    with pytest.raises(ValueError, match=rf"{day} has the settlement periods 1 to {periods_in(day)}, not {period}"):
        period_start(day, period)


@given(DATES)
def test_every_day_is_covered_by_its_periods_and_meets_the_next(day: date) -> None:
    starts = period_starts(day)
    assert starts[0] == datetime(day.year, day.month, day.day, tzinfo=LONDON).astimezone(UTC)
    assert all(after - before == HALF_HOUR for before, after in pairwise(starts))
    assert starts[-1] + HALF_HOUR == day_start(day + timedelta(days=1))
    assert {start.astimezone(LONDON).date() for start in starts} == {day}


@given(DATES)
def test_only_the_last_sundays_of_march_and_october_differ_from_48(day: date) -> None:
    expected = {last_sunday(day.year, 3): 46, last_sunday(day.year, 10): 50}.get(day, 48)
    assert periods_in(day) == expected


@given(st.integers(2000, 2100))
def test_a_year_has_as_many_half_hours_as_its_days(year: int) -> None:
    days = [date(year, 1, 1) + timedelta(days=n) for n in range((date(year + 1, 1, 1) - date(year, 1, 1)).days)]
    assert sum(map(periods_in, days)) == 48 * len(days)


@pytest.mark.parametrize(
    ("now", "day"),
    [
        (utc("2025-06-03T22:59:59"), date(2025, 6, 2)),
        (utc("2025-06-03T23:00"), date(2025, 6, 3)),  # London is an hour ahead in summer
        (utc("2025-01-03T23:00"), date(2025, 1, 2)),
        (utc("2025-01-04T00:00"), date(2025, 1, 3)),
        (datetime(2025, 1, 4, 1, tzinfo=timezone(timedelta(hours=2))), date(2025, 1, 2)),
    ],
)
def test_a_day_is_over_at_london_midnight(now: datetime, day: date) -> None:
    assert last_day_over(now) == day


@pytest.mark.parametrize("day", [date(2025, 1, 15), date(2025, 6, 3), date(2025, 3, 29), date(2025, 10, 25)])
def test_a_day_becomes_final_at_15_utc_on_the_next_day_summer_or_winter(day: date) -> None:
    assert final_from(day) == datetime(day.year, day.month, day.day, 15, tzinfo=UTC) + timedelta(days=1)
