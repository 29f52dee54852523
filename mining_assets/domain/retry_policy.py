"""How often a day that failed is tried again, and how long is waited between.

When a day that was fetched is fetched again, since its settlement went on, is said in ``domain.finality``.
"""

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from mining_assets.domain.date_ranges import LONGEST_RANGE
from mining_assets.domain.finality import has_no_refetch_left, within_settlement_window

LONGEST_WAIT = timedelta(hours=6)
"""How long a failed day waits at most; one that is given up before waits never so long."""
QUARANTINE_WAIT = timedelta(days=1)
"""How long a quarantined day waits between two attempts."""
LACKING_WAIT = timedelta(days=30)
"""How long a day of a series waits that its source does not seem to have."""


@dataclass(frozen=True)
class HealingPolicy:
    """How healing is bounded.

    Attributes:
        interval: time between two evaluations; the first wait of a day that fails is twice as long.
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
        """Return how long to wait after so many attempts: interval × 2ⁿ, at most ``LONGEST_WAIT``."""
        return min(self.interval * float(2 ** min(attempts, 20)), LONGEST_WAIT)

    def is_quarantined(self, day: date, attempts: int, now: datetime) -> bool:
        """Return whether a day that failed so often is quarantined; none is within its settlement window."""
        return attempts >= self.attempts and not within_settlement_window(day, now)

    def wait_of_day(self, day: date, attempts: int, now: datetime) -> timedelta:
        """Return how long to wait for a day after so many attempts.

        A day that failed again in quarantine waits ``QUARANTINE_WAIT``, unless it is within its settlement window.
        """
        was_quarantined = attempts > self.attempts and not within_settlement_window(day, now)
        return QUARANTINE_WAIT if was_quarantined else self.wait(attempts)

    def wait_of_series(self, day: date, attempts: int, now: datetime) -> timedelta:
        """Return how long to wait for a day of a series after so many attempts.

        What a source does not have after the day's last refetch it will hardly ever have: it is asked once a month.
        """
        if attempts > self.attempts and has_no_refetch_left(day, now):
            return LACKING_WAIT
        return self.wait_of_day(day, attempts, now)


@dataclass(frozen=True)
class RetryRule:
    """How often a request or a statement is tried: the waits are base × 2ⁿ⁻¹, at most the longest, with jitter."""

    attempts: int = 5
    base_seconds: float = 1.0
    longest_seconds: float = 60.0
