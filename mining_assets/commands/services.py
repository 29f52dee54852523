"""Processes that live and end together: when one ends, or a signal comes, all are ended."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import click

from mining_assets.commands.attached import GRACE_SECONDS
from mining_assets.commands.signals import StopSignals

_LOOK_SECONDS = 0.1


class ServiceEnded(click.ClickException):
    """One of the processes ended by itself."""

    exit_code = 1


class Services(StopSignals):
    """The processes, by the names that people know them by. Each leads a group of its own: a Ctrl-C is ours alone."""

    def __init__(self, folder: Path, lifeline: int) -> None:
        super().__init__()
        self.folder = folder
        self._lifeline = lifeline
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._ended: SimpleQueue[str | None] = SimpleQueue()

    @classmethod
    @contextmanager
    def together(cls, folder: Path) -> Iterator["Services"]:
        """Listen to signals, and end all processes at the end.

        Args:
            folder: the processes' working folder.
        """
        lifeline, held = os.pipe()
        services = cls(folder, lifeline)
        try:
            with services.listening():
                try:
                    yield services
                finally:
                    services._end_all()
        finally:
            os.close(held)
            os.close(lifeline)

    def hear(self, number: int) -> None:
        """Take in the first signal."""
        self.received = number
        self._ended.put(None)

    def start(self, name: str, module: str, *arguments: str) -> None:
        """Start ``python -m module`` with some arguments."""
        attached = [sys.executable, "-m", "mining_assets.commands.attached", str(self._lifeline)]
        process = subprocess.Popen(
            [*attached, module, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            pass_fds=[self._lifeline],
            start_new_session=True,
        )
        self.processes[name] = process

        def wait() -> None:
            process.wait()
            self._ended.put(name)

        threading.Thread(target=wait, name=f"wait for {name}", daemon=True).start()

    def wait(self, until: Callable[[], bool] = lambda: False) -> bool:
        """Wait until something is so; returns whether it is, and not when a signal came first.

        Raises:
            ServiceEnded: a process ended before.
        """
        while not until():
            try:
                name = self._ended.get(timeout=_LOOK_SECONDS)
            except Empty:
                continue
            if name is None:
                return False
            raise ServiceEnded(f"{name} {_how(self.processes[name].returncode)}; all others are ended")
        return True

    def _end_all(self) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        for process in self.processes.values():
            _signal_group(process, signal.SIGTERM)
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
            _signal_group(process, signal.SIGKILL)  # also what it started and left behind
        for process in self.processes.values():
            process.wait()


def _signal_group(process: "subprocess.Popen[bytes]", number: signal.Signals) -> None:
    with suppress(ProcessLookupError):  # all of it has ended
        os.killpg(process.pid, number)


def _how(code: int) -> str:
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
