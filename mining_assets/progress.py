"""What a run tells while it works, one message per day; the terminal shows it, the daemon's runs only log it."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True)
class DayReport:
    """How a day of a run ended.

    Attributes:
        outcome: new, unchanged, restated, repaired, kept (whole already, not fetched), derived or failed.
        records: curtailment records of the day.
        energy: gross MWh.
        payment: £, positive = paid to the farms.
        reasons: what is not in place, and why; empty when the day is whole and fully derived.
        requests: HTTP requests made for it.
        unreachable: it is not in place because a source did not answer at all, which is no fault of the day.
    """

    day: date
    outcome: str
    records: int = 0
    energy: float = 0.0
    payment: float = 0.0
    reasons: tuple[str, ...] = ()
    requests: int = 0
    unreachable: bool = False


@dataclass(frozen=True)
class Figure:
    """A figure of a day before and after it was replaced.

    Attributes:
        name: what it is, with its unit.
    """

    name: str
    before: float
    after: float

    def __str__(self) -> str:
        change = self.after - self.before
        return f"{self.name}: {self.before:,.8g} → {self.after:,.8g}" + (f" ({change:+,.8g})" if change else "")


class RequestStats(Protocol):
    """What a source's client counts while it works; waits in seconds."""

    requests: int
    rate_wait_seconds: float
    retry_wait_seconds: float


class Progress(Protocol):
    """Hears of every day as soon as it is committed, and may ask the run to stop between two days."""

    @property
    def stopping(self) -> bool:
        """Whether the run is to stop before its next day."""
        ...

    def stoppable(self) -> AbstractContextManager[None]:
        """While this is open, signals ask the run to stop; outside it they mean what they always mean."""
        ...

    def day(self, report: DayReport) -> None:
        """Take in a day that was done."""
        ...

    def watch(self, stats: RequestStats) -> None:
        """Take in where the requests that follow are counted."""
        ...

    def compared(self, day: date, figures: Sequence[Figure]) -> None:
        """Take in what a replaced day was and what it is."""
        ...

    def phase(self, text: str) -> None:
        """Take in what is being done now, apart from days."""
        ...

    def say(self, text: str) -> None:
        """Take in something that a person should read."""
        ...


class NullProgress:
    """Nobody listens, and nobody stops the run."""

    stopping = False

    def stoppable(self) -> AbstractContextManager[None]:
        """Leave the signals alone."""
        return nullcontext()

    def day(self, report: DayReport) -> None:
        """Ignore it."""

    def watch(self, stats: RequestStats) -> None:
        """Ignore it."""

    def compared(self, day: date, figures: Sequence[Figure]) -> None:
        """Ignore it."""

    def phase(self, text: str) -> None:
        """Ignore it."""

    def say(self, text: str) -> None:
        """Ignore it."""


NULL_PROGRESS = NullProgress()
