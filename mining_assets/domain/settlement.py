"""Settlement time: the half-hour periods of a Europe/London day.

A settlement day is a London calendar day. Its periods are the half hours of that day in order, numbered from 1:
48 of them, 46 when the clocks go forward (last Sunday of March), 50 when they go back (last Sunday of October).
The UTC start of a period is its only unambiguous key.
When a day is final is said in ``finality``.
"""

from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

LONDON = ZoneInfo("Europe/London")
PERIOD_LENGTH = timedelta(minutes=30)

Side = Literal["bid", "offer"]
SIDES: tuple[Side, ...] = ("bid", "offer")


def day_start(day: date) -> datetime:
    """Return the UTC instant at which the settlement day begins: London midnight."""
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


@lru_cache(maxsize=8192)  # asked for every row of a report
def periods_in(day: date) -> int:
    """Return how many settlement periods the day has: 46, 48 or 50."""
    return (day_start(day + timedelta(days=1)) - day_start(day)) // PERIOD_LENGTH


def period_start(day: date, period: int) -> datetime:
    """Return the UTC instant at which a period begins.

    Raises:
        ValueError: the day has no such period.
    """
    if not 1 <= period <= periods_in(day):
        raise ValueError(f"{day} has the settlement periods 1 to {periods_in(day)}, not {period}")
    return day_start(day) + (period - 1) * PERIOD_LENGTH


def period_starts(day: date) -> list[datetime]:
    """Return the UTC start of every period of the day; item 0 belongs to period 1."""
    return [day_start(day) + index * PERIOD_LENGTH for index in range(periods_in(day))]


def last_day_over(now: datetime) -> date:
    """Return the last settlement day that has ended at ``now`` (any time zone)."""
    return now.astimezone(LONDON).date() - timedelta(days=1)
