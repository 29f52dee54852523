"""Days, months and years as types: how they are written, where they begin and end, what follows them."""

import calendar
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.periods import (
    Month,
    Period,
    Year,
    between,
    comes_after,
    days_expected,
    days_within,
    following,
    in_order,
    months_of,
    parse_period,
    years_of,
)

START = date(2016, 1, 1)
ANY_DAY = st.dates(date(2000, 1, 1), date(2100, 12, 31))
DAYS = st.dates(date(2023, 11, 1), date(2025, 2, 28))


@pytest.mark.parametrize(
    ("first", "last", "spans"),
    [
        ("2024-11", "2025-02", ["2024-11", "2024-12", "2025-01", "2025-02"]),
        ("2025-03", "2025-03", ["2025-03"]),
        ("2024", "2026", ["2024", "2025", "2026"]),
        ("2025", "2024", []),
        ("2025-06-29", "2025-07-01", ["2025-06-29", "2025-06-30", "2025-07-01"]),
    ],
)
def test_the_months_and_years_between_two(first: str, last: str, spans: list[str]) -> None:
    assert [str(each) for each in between(parse_period(first), parse_period(last))] == spans


@pytest.mark.parametrize(
    ("span", "first", "last"),
    [
        ("2025-06", date(2025, 6, 1), date(2025, 6, 30)),
        ("2024-02", date(2024, 2, 1), date(2024, 2, 29)),
        ("2025-02", date(2025, 2, 1), date(2025, 2, 28)),
        ("2025-12", date(2025, 12, 1), date(2025, 12, 31)),
        ("2025", date(2025, 1, 1), date(2025, 12, 31)),
    ],
)
def test_a_span_runs_from_its_first_to_its_last_calendar_day(span: str, first: date, last: date) -> None:
    period = parse_period(span)
    assert (period.first, period.last, str(period)) == (first, last, span)


@given(ANY_DAY)
def test_every_day_is_in_its_month_and_year(day: date) -> None:
    month, year = Month.of(day), Year.of(day)
    assert month.first <= day <= month.last
    assert month.last.day == calendar.monthrange(day.year, day.month)[1]
    assert month.year == year
    assert (year.first, year.last) == (date(day.year, 1, 1), date(day.year, 12, 31))


@given(ANY_DAY)
def test_what_is_written_is_read_as_the_same(day: date) -> None:
    for period in (day, Month.of(day), Year.of(day)):
        assert parse_period(str(period)) == period


@given(ANY_DAY, ANY_DAY)
def test_months_and_years_are_ordered_as_their_days(one: date, other: date) -> None:
    for kind in (Month, Year):
        assert (kind.of(one) < kind.of(other)) == (str(kind.of(one)) < str(kind.of(other)))
        assert (kind.of(one) == kind.of(other)) == (hash(kind.of(one)) == hash(kind.of(other)))


@given(ANY_DAY)
def test_the_following_period_begins_where_one_ends(day: date) -> None:
    for period in (Month.of(day), Year.of(day)):
        assert following(period).first == period.last + timedelta(days=1)
        assert comes_after(following(period), period)
        assert not comes_after(period, period)
    assert comes_after(day + timedelta(days=1), day)


def test_a_period_comes_after_none_of_another_kind() -> None:
    new_year: tuple[Period, ...] = (date(2025, 1, 1), Month.parse("2025-01"), Year(2025))
    old_year: tuple[Period, ...] = (date(2024, 12, 31), Month.parse("2024-12"), Year(2024))
    pairs = [(new, old) for new in new_year for old in old_year]
    assert [comes_after(*pair) for pair in pairs] == [type(new) is type(old) for new, old in pairs]
    assert sorted([*reversed(new_year), *reversed(old_year)], key=in_order) == [
        each for pair in zip(old_year, new_year, strict=True) for each in pair
    ]


@pytest.mark.parametrize(
    "text", ["", "25", "2025-6", "2025-13", "2025-00", "2025-06-31", "2025/06", "0000", "all", "２０２５"]
)
def test_what_is_no_period_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_period(text)


def test_a_month_begins_on_its_first_day() -> None:
    with pytest.raises(ValueError, match="begins on its first day, not on 2025-06-02"):
        Month(date(2025, 6, 2))


def test_the_months_and_years_of_days() -> None:
    days = [date(2025, 1, 2), date(2024, 12, 31), date(2025, 1, 1)]
    assert [str(each) for each in (*months_of(days), *years_of(days))] == ["2024-12", "2025-01", "2024", "2025"]
    assert days_within(Year(2025), (date(2025, 6, 10), date(2025, 7, 2))) == (date(2025, 6, 10), date(2025, 7, 2))


@pytest.mark.parametrize(
    ("span", "start", "end", "days"),
    [
        ("2025-06", START, None, 30),  # in progress or not: the calendar decides
        ("2025-06", date(2025, 6, 1), date(2025, 6, 30), 30),
        ("2025-06", date(2025, 6, 10), None, 21),
        ("2025-06", START, date(2025, 6, 12), 12),
        ("2025-06", date(2025, 6, 10), date(2025, 6, 12), 3),
        ("2025-06", date(2025, 6, 30), date(2025, 7, 5), 1),
        ("2025-06", START, date(2025, 5, 31), 0),
        ("2025-06", date(2025, 7, 1), None, 0),
        ("2024-02", START, None, 29),
        ("2024", START, None, 366),
        ("2025", START, None, 365),
        ("2025", date(2025, 6, 10), None, 205),
        ("2025", START, date(2025, 1, 31), 31),
        ("2025", date(2026, 1, 1), None, 0),
    ],
)
def test_the_days_expected_are_those_of_the_span_within_the_partitions(
    span: str, start: date, end: date | None, days: int
) -> None:
    assert days_expected(parse_period(span), (start, end)) == days


@given(DAYS, DAYS)
def test_the_days_expected_of_all_months_are_the_days_of_the_partitions(one: date, other: date) -> None:
    start, end = sorted((one, other))
    days = list(between(start, end))
    assert sum(days_expected(month, (start, end)) for month in months_of(days)) == len(days)
    assert sum(days_expected(year, (start, end)) for year in years_of(days)) == len(days)
