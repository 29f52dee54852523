"""SIGINT and SIGTERM: the first asks to stop after the day at hand, a second stops at once."""

import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Terminated(KeyboardInterrupt):
    """A second signal, and it was SIGTERM."""


class StopSignals:
    """Listens for the signals that end a command."""

    def __init__(self) -> None:
        self.received: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while this is open. May be opened again inside: Dagster puts handlers of its own around a step."""
        before = {number: signal.getsignal(number) for number in _SIGNALS}
        for number in _SIGNALS:
            signal.signal(number, self._heard)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    @property
    def exit_code(self) -> int:
        """128 + the signal, or 0 when none came."""
        return 128 + self.received if self.received else 0

    def _heard(self, number: int, _frame: FrameType | None) -> None:
        if self.received is not None:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
        self.received = number
        print("mining-assets: stopping after the day at hand; once more to stop at once", file=sys.stderr, flush=True)
