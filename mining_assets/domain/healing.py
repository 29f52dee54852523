"""When a day is asked for again, and in which order: the rules of healing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import pandas as pd

from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.domain.settlement import has_no_refetch_left, refetches_due, within_settlement_window

LONGEST_WAIT = timedelta(hours=6)
QUARANTINE_WAIT = timedelta(days=1)
LACKING_WAIT = timedelta(days=30)
LONGEST_RANGE = 31
LONGEST_DAILY_CHECK = 366  # days

DayRange = tuple[date, date]


@dataclass(frozen=True)
class HealingPolicy:
    """How healing is bounded.

    Attributes:
        interval: time between two looks; the first wait of a day that fails is twice as long.
        attempts: failures after which a day is quarantined.
        days_back: how far back days are healed, or None for all.
        runs_at_a_time: healing runs queued or running at once.
        days_per_fetch: days that one healing run fetches at most.
    """

    interval: timedelta = timedelta(seconds=60)
    attempts: int = 6
    days_back: int | None = None
    runs_at_a_time: int = 3
    days_per_fetch: int = LONGEST_RANGE

    def wait(self, attempts: int) -> timedelta:
        """How long to wait after so many attempts: interval × 2ⁿ, at most six hours."""
        return min(self.interval * float(2 ** min(attempts, 20)), LONGEST_WAIT)

    def gives_up(self, day: date, attempts: int, now: datetime) -> bool:
        """Whether a day that failed so often is quarantined; a young one never is."""
        return attempts >= self.attempts and not within_settlement_window(day, now)

    def wait_of_day(self, day: date, attempts: int, now: datetime) -> timedelta:
        """The same for a day, which is tried once a day when it was given up; a young one never is."""
        quarantined = attempts > self.attempts and not within_settlement_window(day, now)
        return QUARANTINE_WAIT if quarantined else self.wait(attempts)

    def wait_of_series(self, day: date, attempts: int, now: datetime) -> timedelta:
        """Return how long to wait for a day of a series after so many attempts.

        What a source does not have after the day's last refetch it will hardly ever have: it is asked once a month.
        """
        if attempts > self.attempts and has_no_refetch_left(day, now):
            return LACKING_WAIT
        return self.wait_of_day(day, attempts, now)


@dataclass(frozen=True)
class RetryRule:
    """How often something is tried, and how long is waited between: base × 2ⁿ⁻¹, at most the longest, with jitter."""

    attempts: int = 5
    base_seconds: float = 1.0
    longest_seconds: float = 60.0


def series_refetches_due(name: str, fetched_at: "pd.Series[datetime]", now: datetime) -> "pd.Series[bool]":
    """Return on which days what is stored of a series is to be fetched again.

    What its source revises is fetched again at the settlement's own moments; all else of the past does not change.
    """
    if DAILY_SERIES[name].is_revised:
        return refetches_due(fetched_at, now)
    return pd.Series(False, index=fetched_at.index)


def day_ranges(days: Iterable[date], longest: int = LONGEST_RANGE) -> list[DayRange]:
    """Days as ranges that stand together, none longer than ``longest``, from the oldest to the newest."""
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
    """Some of the ranges, in turn the newest and the oldest of those left, so that neither end has to wait."""
    left = sorted(ranges, key=lambda days: days[1])
    return [left.pop() if turn % 2 == 0 else left.pop(0) for turn in range(min(count, len(left)))]
