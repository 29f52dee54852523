"""How many requests and minutes it takes to fetch days, reported before it begins; and how many days a run fetches."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from math import ceil

from mining_assets.domain.date_ranges import LONGEST_RANGE
from mining_assets.domain.settlement import SIDES, periods_in
from mining_assets.domain.wording import count_of

# The accepted volumes and the cashflows of the whole day, which the stacks are held against.
REPORTS_OF_A_DAY = 2
PATIENT_REQUESTS_PER_SECOND = 2.0
# A run of healing that has begun is not broken off for a person's: it has to be over soon.
LONGEST_FETCH = timedelta(minutes=1)
# People who see nothing for longer, in seconds, think that nothing is done.
LONGEST_SILENCE = 5.0
_COMMON_DAY = date(2025, 6, 3)  # of 48 periods


def requests_of(day: date) -> int:
    """Return how many requests it takes to fetch a day: the stack of each period and side, and the day's reports.

    A day with empty answers, faults or repeated rows takes a few more.
    """
    return len(SIDES) * periods_in(day) + REPORTS_OF_A_DAY


@dataclass(frozen=True)
class FetchEstimate:
    """The days to fetch, the requests that they take, and the minutes of these at a pace.

    Attributes:
        days: those that are fetched as a whole; 0 where it is a single period.
    """

    days: int
    requests: int
    minutes: float

    @property
    def takes_long(self) -> bool:
        """Whether people read of it before it begins."""
        return self.days > 1 or self.minutes * 60 > LONGEST_SILENCE

    def at_pace(self, requests_per_second: float) -> str:
        """Return the sentence that is reported before it begins."""
        return f"{self}, at {requests_per_second:g} a second"

    def __str__(self) -> str:
        time = "a minute or less" if self.minutes <= 1 else count_of(ceil(self.minutes), "minute")
        time = count_of(round(self.minutes / 60), "hour") if self.minutes >= 120 else time
        what = count_of(self.days, "day") if self.days or not self.requests else "1 period"
        return f"{what} to fetch: about {count_of(self.requests, 'request')}, {time}"


def estimate_fetch(days: Iterable[date], requests_per_second: float) -> FetchEstimate:
    """Return the requests and minutes that days take at a pace."""
    requests = [requests_of(day) for day in days]
    return FetchEstimate(len(requests), sum(requests), sum(requests) / requests_per_second / 60)


def slow_pace(requests_per_second: float) -> float:
    """Return the pace of a critical day, where another is set for all others: one request at a time, slowly."""
    return min(requests_per_second, PATIENT_REQUESTS_PER_SECOND)


def estimate_period_fetch(requests_per_second: float) -> FetchEstimate:
    """Return the requests and minutes that both stacks of one period take at a pace."""
    return FetchEstimate(0, len(SIDES), len(SIDES) / requests_per_second / 60)


def days_per_fetch(requests_per_second: float) -> int:
    """Return how many days a healing run may fetch so that it takes about a minute at this pace; one at least."""
    days = LONGEST_FETCH.total_seconds() * requests_per_second / requests_of(_COMMON_DAY)
    return max(1, min(int(days), LONGEST_RANGE))
