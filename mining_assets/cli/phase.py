"""What a command does apart from its days: a line in place on a terminal, and one now and then elsewhere.

A short phase shows nothing. Standard output belongs to the report, so all of this is on standard error.
"""

import shutil
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from mining_assets.domain.fetch_estimate import LONGEST_SILENCE
from mining_assets.progress import NullProgress

BEAT_SECONDS = LONGEST_SILENCE - 1  # a busy machine may take another second to show it
_LIVE_SECONDS = 1.0
_CLEAR_LINE = "\r\x1b[2K"


class Beat:
    """Call on somebody in a thread whenever nothing was shown for some seconds. A context manager."""

    def __init__(self, show: Callable[[], None], seconds: float) -> None:
        self._show, self._seconds = show, seconds
        self._ended = threading.Event()
        self._shown = time.monotonic()
        self._thread = threading.Thread(target=self._run, name="beat", daemon=True)

    def shown(self) -> None:
        """Take in that something was shown just now."""
        self._shown = time.monotonic()

    def __enter__(self) -> Self:
        self.shown()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._ended.wait(max(self._shown + self._seconds - time.monotonic(), 0)):
            if time.monotonic() >= self._shown + self._seconds:
                self._show()
                self.shown()


class Phase(NullProgress):
    """Show what is being done, and for how long, until it is over. A context manager.

    As the progress of a run it shows what the run says that it is at; of days it shows nothing.
    """

    def __init__(self, text: str) -> None:
        """Begin with such a text, as in ``verifying 2025-06``."""
        self._text = text
        self._started = time.monotonic()
        self._live = sys.stderr.isatty()
        self._drawn = False
        self._beat = Beat(self._show, _LIVE_SECONDS if self._live else BEAT_SECONDS)

    def phase(self, text: str) -> None:
        """Take in what is being done now."""
        self._text = text

    def clear(self) -> None:
        """Take the line off the terminal, so that another can be printed."""
        if self._drawn:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()
        self._drawn = False

    def __enter__(self) -> Self:
        self._beat.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beat.__exit__(kind, error, trace)
        self.clear()

    def _show(self) -> None:
        text = f"{self._text} … {time.monotonic() - self._started:,.0f} s"
        if self._live:
            sys.stderr.write(_CLEAR_LINE + text[: shutil.get_terminal_size().columns - 1])
            self._drawn = True
        else:
            sys.stderr.write(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%S}] [INFO] {text}\n")
        sys.stderr.flush()
