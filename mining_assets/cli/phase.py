"""What a command does apart from its days: a line in place on a terminal, and one now and then elsewhere.

A short phase shows nothing. Standard output belongs to the report, so all of this is on standard error.
"""

import logging
import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mining_assets.cli.lines import console, plain_lines
from mining_assets.domain.fetch_estimate import LONGEST_SILENCE
from mining_assets.progress import NullProgress

if TYPE_CHECKING:
    from rich.live import Live

BEAT_SECONDS = LONGEST_SILENCE - 1  # a busy machine may take another second to show it
_LIVE_SECONDS = 1.0


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
        self._lines = logging.Logger(__name__, logging.INFO)
        self._lines.addHandler(plain_lines())
        self._live = _live_line(self._line) if sys.stderr.isatty() else None
        self._beat = Beat(self._show, _LIVE_SECONDS if self._live else BEAT_SECONDS)

    def phase(self, text: str) -> None:
        """Take in what is being done now."""
        self._text = text

    def clear(self) -> None:
        """Take the line off the terminal, so that another can be printed; it is back after a second."""
        self._beat.shown()
        if self._live:
            self._live.stop()

    def __enter__(self) -> Self:
        self._beat.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._beat.__exit__(kind, error, trace)
        self.clear()

    def _show(self) -> None:
        if self._live:
            self._live.start(refresh=True)  # from then on it goes on by itself
        else:
            self._lines.info(self._line())

    def _line(self) -> str:
        return f"{self._text} … {time.monotonic() - self._started:,.0f} s"


def _live_line(line: Callable[[], str]) -> "Live | None":
    """Return a line that is drawn again every second, cut where the terminal ends; none where it cannot be drawn."""
    from rich.live import Live  # only here: a command into a file needs none
    from rich.text import Text

    screen = console()
    if not screen.is_interactive:
        return None
    return Live(
        get_renderable=lambda: Text(line(), no_wrap=True, overflow="ellipsis"),
        console=screen,
        refresh_per_second=1,
        transient=True,
        redirect_stdout=False,  # which may be a file, as of an export
        redirect_stderr=False,
    )
