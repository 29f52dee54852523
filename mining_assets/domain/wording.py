"""How counts and days are written where people read them: one word for one thing, the plural for all else."""

from collections.abc import Iterable, Sequence
from datetime import date

from mining_assets.domain.date_ranges import DayRange, day_ranges
from mining_assets.domain.periods import Period, comes_after, in_order


def count_of(number: int, noun: str, plural: str | None = None) -> str:
    """Write a count with its noun: ``1 day``, ``1,234 days``, ``2 months or years``.

    Args:
        number: the count.
        noun: in the singular.
        plural: where it is not the noun with an s.
    """
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def format_range(first: object, last: object) -> str:
    """Write a range by its ends, one day by itself: ``2025-06-01 to 2025-06-03``."""
    return str(first) if first == last else f"{first} to {last}"


def format_days(days: Iterable[date], most: int | None = None) -> str:
    """Write days as ranges: ``2025-06-01 to 2025-06-03, 2025-06-05 and 2 more days``.

    Args:
        days: in any order.
        most: how many ranges are named; the days of the others are counted. All of them without it.
    """
    wanted = sorted(set(days))
    return format_ranges(day_ranges(wanted, longest=len(wanted)), most)


def format_ranges(ranges: Sequence[DayRange], most: int | None = None) -> str:
    """Write ranges of days, in their order; those beyond ``most`` are only counted, by their days."""
    named = ", ".join(format_range(first, last) for first, last in ranges[:most])
    more = sum((last - first).days + 1 for first, last in ranges[len(ranges) if most is None else most :])
    return f"{named} and {count_of(more, 'more day')}" if more else named


def format_periods(periods: Iterable[Period | str]) -> str:
    """Write days, months and years as ranges of each, all else after them: ``2025-06-01 to 2025-06-03, 2025-06, all``.

    Args:
        periods: also words for what is none of them, such as ``all``.
    """
    wanted = set(periods)
    words = {each for each in wanted if isinstance(each, str)}
    dated: list[Period] = sorted((each for each in wanted if not isinstance(each, str)), key=in_order)
    ranges: list[tuple[Period, Period]] = []
    for period in dated:
        if ranges and comes_after(period, ranges[-1][1]):
            ranges[-1] = (ranges[-1][0], period)
        else:
            ranges.append((period, period))
    return ", ".join([*(format_range(first, last) for first, last in ranges), *sorted(words)])
