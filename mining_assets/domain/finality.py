"""When a settlement day is final, and when it is fetched again.

Settlement runs change a day until 15:00 UTC of the day after (D+1). Later changes are rare: they are looked for at D+2
and at D+8, and no more. No other code knows these moments; ``warehouse.predicates`` has the form that SQL needs.
How long to wait after a fetch that failed is said in ``domain.retry_policy``.
"""

from datetime import UTC, date, datetime, time, timedelta

import pandas as pd

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


def _midnights(of_days: "pd.Series[datetime]") -> pd.DatetimeIndex:
    return pd.to_datetime(of_days.index).tz_localize(UTC)
