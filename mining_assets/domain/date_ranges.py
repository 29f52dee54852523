"""Days as ranges: how days that follow each other become few ranges, and which of these go first.

What a range is fetched, derived or shown for does not belong here.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta

DayRange = tuple[date, date]
"""The first and the last day."""

LONGEST_RANGE = 31
"""Days that one run does at most."""
LONGEST_DAILY_CHECK = 366
"""Days that a daily check looks at, at most."""


def day_ranges(days: Iterable[date], longest: int = LONGEST_RANGE) -> list[DayRange]:
    """Return days as ranges without gaps, from the oldest to the newest.

    Args:
        days: in any order, each once.
        longest: days that a range has at most.
    """
    ranges: list[DayRange] = []
    for day in sorted(days):
        if ranges:
            first, last = ranges[-1]
            if day - last == timedelta(days=1) and (day - first).days < longest:
                ranges[-1] = (first, day)
                continue
        ranges.append((day, day))
    return ranges


def newest_and_oldest(ranges: Sequence[DayRange], count: int) -> list[DayRange]:
    """Choose ranges: in turn the newest and the oldest of those left, so that neither end has to wait.

    Args:
        ranges: in any order.
        count: how many are wanted; all of them where there are fewer.
    """
    left = sorted(ranges, key=lambda days: days[1])
    return [left.pop() if turn % 2 == 0 else left.pop(0) for turn in range(min(count, len(left)))]
