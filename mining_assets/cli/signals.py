"""SIGINT and SIGTERM: the first asks to stop after the day at hand, a second ends the process at once.

Nothing here raises out of a signal handler: Python drops what is raised inside a weak reference's callback or a
``__del__``, and cannot raise while C code runs. The interpreter writes each signal to a pipe, which a thread reads; the
thread ends the process itself. What is half done then is undone as after any crash: a transaction that did not commit,
a draft that did not take its file's name, a lock that dies with its holder.
"""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_CLEAR_LINE, _SHOW_CURSOR = b"\r\x1b[2K", b"\x1b[?25h"  # a live line hides the cursor


class StopSignals:
    """Takes the first signal as the wish to stop in order; a second one ends the process."""

    stopping = "stopping after the day at hand"

    def __init__(self) -> None:
        self.received: int | None = None

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Listen while this is open. May be opened again inside: Dagster puts handlers of its own around a step."""
        with watching():
            before = _Watch.listener
            _Watch.listener = self
            try:
                with _handlers():
                    yield
            finally:
                _Watch.listener = before

    @property
    def exit_code(self) -> int:
        """128 + the signal, or 0 when none came."""
        return 128 + self.received if self.received else 0

    def hear(self, number: int) -> None:
        """Take in the first signal, and answer it."""
        self.received = number
        _say(f"{self.stopping}; a second signal stops at once")


class _Watch:
    """The one watch of this process: how often it was begun, who takes the first signal, and how to go on."""

    begun = 0
    on_terminal = False
    listener: StopSignals | None = None
    way_on: Callable[[], str] = lambda: ""


@contextmanager
def watching() -> Iterator[None]:
    """End the process on SIGINT (exit code 130) and SIGTERM (143) while this is open.

    The first signal is left to :class:`StopSignals` while one listens. May be opened again inside. Outside the main
    thread, where Python takes no signals, nothing changes.
    """
    if _Watch.begun or threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    _Watch.begun += 1
    _Watch.on_terminal = os.isatty(2)  # asked now: while a step works, Dagster has a file there, which it copies
    before = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(reading,), name="signals", daemon=True).start()
    try:
        with _handlers():
            yield
    finally:
        signal.set_wakeup_fd(before)
        os.close(writing)  # which ends the thread
        _Watch.begun -= 1


@contextmanager
def ending_with(way_on: Callable[[], str]) -> Iterator[None]:
    """Let the last line say how to go on, if a signal ends the process while this is open.

    Args:
        way_on: asked then; it returns an empty text when there is nothing to go on with.
    """
    before = _Watch.way_on
    _Watch.way_on = way_on
    try:
        yield
    finally:
        _Watch.way_on = before


@contextmanager
def _handlers() -> Iterator[None]:
    """Put handlers in place that do nothing: without one, the interpreter would not take the signal."""
    before = {number: signal.getsignal(number) for number in _SIGNALS}
    for number in _SIGNALS:
        signal.signal(number, _do_nothing)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _do_nothing(_number: int, _frame: FrameType | None) -> None:
    """Leave the signal to the thread."""


def _watch(reading: int) -> None:
    with open(reading, "rb", buffering=0) as pipe:
        while number := pipe.read(1):
            listener = _Watch.listener
            if number[0] not in _SIGNALS:
                continue
            if listener is not None and listener.received is None:
                listener.hear(number[0])
            else:
                _end(number[0])


def _end(number: int) -> None:
    way_on = _Watch.way_on()
    _say(f"stopped by {signal.Signals(number).name}" + (f"; {way_on}" if way_on else ""), control=_SHOW_CURSOR)
    os._exit(128 + number)


def _say(text: str, control: bytes = b"") -> None:
    """Write a line past Python's streams, whose locks the main thread may hold; in place of the live line, if any.

    Args:
        text: of the line.
        control: the codes that a terminal gets before it.
    """
    codes = _CLEAR_LINE + control if _Watch.on_terminal else b""
    os.write(2, codes + f"mining-assets: {text}\n".encode())
