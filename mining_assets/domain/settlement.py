"""Settlement time: the half-hour periods of a Europe/London day, and when a day of it is final.

A settlement day is a London calendar day. Its periods are the half hours of that day in order, numbered from 1:
48 of them, 46 when the clocks go forward (last Sunday of March), 50 when they go back (last Sunday of October).
The UTC start of a period is its only unambiguous key.

Settlement runs change a day until 15:00 UTC of the day after (D+1). Later changes are rare: they are looked for at D+2
and at D+8, and no more. This is the only place that says so; ``warehouse.predicates`` has the form that SQL needs.
How long to wait after a fetch that failed is said in ``domain.retry_policy``.
"""

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    import pandas as pd

LONDON = ZoneInfo("Europe/London")
PERIOD_LENGTH = timedelta(minutes=30)

REFETCH_AFTER = tuple(timedelta(days=days, hours=15) for days in (1, 2, 8))
"""When a day is fetched again, counted from midnight UTC of its date."""
FINAL_AFTER = REFETCH_AFTER[0]
"""How old a day is, counted likewise, when a fetch of it is final."""

FINAL_FROM = "after 15:00 UTC of the next day"
"""``FINAL_AFTER`` in words."""
FINAL_MEANS = (
    "Final is not the name of a settlement run: no change is expected after the morning of D+1; what changed later is "
    "under restatements."
)
"""What the state means, for people who know the settlement's own runs, II to RF."""

Side = Literal["bid", "offer"]
SIDES: tuple[Side, ...] = ("bid", "offer")


def day_start(day: date) -> datetime:
    """Return the UTC instant at which the settlement day begins: London midnight."""
    return datetime.combine(day, time.min, LONDON).astimezone(UTC)


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


def final_from(day: date) -> datetime:
    """Return the instant from which a fetch of the day is final: 15:00 UTC on the day after."""
    return _midnight(day) + FINAL_AFTER


def is_final(day: date, fetched_at: datetime) -> bool:
    """Return whether a day that was fetched at an instant is final; otherwise it is provisional."""
    return fetched_at >= final_from(day)


def are_final(fetched_at: "pd.Series[datetime]") -> "pd.Series[bool]":
    """Return which days are final, as :func:`is_final` does for one.

    Args:
        fetched_at: instants by date; a day that was never fetched is not final.
    """
    return fetched_at >= _midnights(fetched_at) + FINAL_AFTER


def refetches_due(fetched_at: "pd.Series[datetime]", now: datetime) -> "pd.Series[bool]":
    """Return which days are to be fetched again: those last fetched before one of their moments that have passed.

    Args:
        fetched_at: instants by date; a day that was never fetched is not fetched again.
        now: any time zone.
    """
    import pandas as pd  # completion in the shell asks this module for a day, and waits for no pandas

    midnights, fetched = _midnights(fetched_at), pd.to_datetime(fetched_at, utc=True)
    due = pd.Series(False, index=fetched_at.index)
    for after in REFETCH_AFTER:
        moments = midnights + after
        due |= (fetched < moments) & (moments <= now)
    return due


def within_settlement_window(day: date, now: datetime) -> bool:
    """Return whether the settlement may still be filling the day up: until D+2 15:00 UTC, the second refetch."""
    return now < _midnight(day) + REFETCH_AFTER[1]


def has_no_refetch_left(day: date, now: datetime) -> bool:
    """Return whether the last moment at which the day is fetched again has passed."""
    return now >= _midnight(day) + REFETCH_AFTER[-1]


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)


def _midnights(of_days: "pd.Series[datetime]") -> "pd.DatetimeIndex":
    import pandas as pd

    return pd.to_datetime(of_days.index).tz_localize(UTC)
