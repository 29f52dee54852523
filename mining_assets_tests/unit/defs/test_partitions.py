"""The partitions: London days, and the months and years that hold them, also the ones in progress."""

from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from mining_assets.defs.partitions import SPANS_THERE_ARE, Partitions, partitions_of
from mining_assets.domain.settlement import day_start
from mining_assets.settings import Settings


def cuts(start: str, end: str | None = None) -> Partitions:
    return partitions_of(Settings(home=Path("/nowhere"), start_date=start, end_date=end))  # type: ignore[arg-type]


def keys(cut: dg.TimeWindowPartitionsDefinition, now: str) -> list[str]:
    return list(cut.get_partition_keys(current_time=datetime.fromisoformat(now).replace(tzinfo=UTC)))


@pytest.mark.parametrize(
    ("now", "last"),
    [
        ("2025-06-03T22:59", "2025-06-02"),
        ("2025-06-03T23:00", "2025-06-03"),  # midnight in London
        ("2025-01-03T23:59", "2025-01-02"),
        ("2025-01-04T00:00", "2025-01-03"),
        ("2025-03-30T22:59", "2025-03-29"),
        ("2025-03-30T23:00", "2025-03-30"),
        ("2025-10-26T23:59", "2025-10-25"),
        ("2025-10-27T00:00", "2025-10-26"),
    ],
)
def test_a_day_is_there_when_it_is_over_in_london(now: str, last: str) -> None:
    found = keys(cuts("2024-12-30").days, now)
    assert (found[0], found[-1]) == ("2024-12-30", last)
    assert len(found) == (date.fromisoformat(last) - date(2024, 12, 30)).days + 1


@pytest.mark.parametrize("day", ["2025-06-03", "2025-01-15", "2025-03-30", "2025-10-26"])
def test_a_days_window_is_the_settlement_day(day: str) -> None:
    window = cuts("2025-01-01").days.time_window_for_partition_key(day)
    assert window.start.timestamp() == day_start(date.fromisoformat(day)).timestamp()
    following = date.fromordinal(date.fromisoformat(day).toordinal() + 1)
    assert window.end.timestamp() == day_start(following).timestamp()


def test_the_end_is_the_last_day_and_the_months_and_years_stop_with_it() -> None:
    cut, now = cuts("2024-11-10", "2025-02-15"), "2026-06-01T12:00"
    assert keys(cut.days, now)[0] == "2024-11-10"
    assert keys(cut.days, now)[-1] == "2025-02-15"
    assert len(keys(cut.days, now)) == 98
    assert keys(cut.months, now) == ["2024-11", "2024-12", "2025-01", "2025-02"]
    assert keys(cut.years, now) == ["2024", "2025"]


@pytest.mark.parametrize(
    ("start", "end", "months", "years"),
    [
        ("2025-06-01", "2025-06-30", ["2025-06"], ["2025"]),
        ("2025-06-30", "2025-06-30", ["2025-06"], ["2025"]),
        ("2024-12-31", "2025-01-01", ["2024-12", "2025-01"], ["2024", "2025"]),
        ("2025-12-01", "2025-12-31", ["2025-12"], ["2025"]),
    ],
)
def test_every_day_has_its_month_and_year_and_there_are_no_others(
    start: str, end: str, months: list[str], years: list[str]
) -> None:
    cut, now = cuts(start, end), "2026-06-01T12:00"
    assert keys(cut.months, now) == months == sorted({day[:7] for day in keys(cut.days, now)})
    assert keys(cut.years, now) == years


def test_the_month_and_the_year_in_progress_are_there() -> None:
    cut = cuts("2025-01-01")
    assert keys(cut.months, "2025-06-15T12:00")[-1] == "2025-06"
    assert keys(cut.years, "2025-06-15T12:00") == ["2025"]
    assert keys(cut.months, "2025-06-30T23:30")[-1] == "2025-07"  # July has begun in London
    assert keys(cut.years, "2026-01-01T00:00") == ["2025", "2026"]


def test_an_end_in_the_future_does_not_make_days_that_are_not_over() -> None:
    cut = cuts("2025-06-01", "2030-12-31")
    assert keys(cut.days, "2025-06-15T12:00")[-1] == "2025-06-14"
    assert keys(cut.months, "2025-06-15T12:00") == ["2025-06"]
    assert keys(cut.years, "2025-06-15T12:00") == ["2025"]


@pytest.mark.parametrize(("span", "first", "last", "days"), [("2025-06", "2025-06-10", "2025-06-14", 5)])
def test_a_month_in_progress_depends_on_the_days_there_are(span: str, first: str, last: str, days: int) -> None:
    cut = cuts("2025-06-10")
    now = datetime(2025, 6, 15, 12, tzinfo=UTC)
    mapped = SPANS_THERE_ARE.get_upstream_mapped_partitions_result_for_partitions(
        cut.months.subset_with_partition_keys([span]), cut.months, cut.days, current_time=now
    )
    found = sorted(mapped.partitions_subset.get_partition_keys())
    assert (found[0], found[-1], len(found)) == (first, last, days)
