"""Processes that live and end together: when one ends, or a signal comes, all are ended.

What they print is read here: lines for a person are passed on as they come, until the end begins.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import Empty, SimpleQueue

import click

from mining_assets.cli.attached import GRACE_SECONDS
from mining_assets.cli.signals import StopSignals

_LOOK_SECONDS = 0.1
_LAST_LINES = 40


class ServiceEnded(click.ClickException):
    """One of the processes ended by itself."""

    exit_code = 1

    def __init__(self, name: str, code: int) -> None:
        super().__init__(f"{name} {_how(code)}; all others are ended")
        self.name = name
        self.by_signal = code < 0


class _Output:
    """What a process and its children print: passed on to stderr, or the last lines of it kept."""

    def __init__(self, process: "subprocess.Popen[bytes]", passed_on: bool) -> None:
        self._process = process
        self.passed_on = passed_on
        self._kept: deque[bytes] = deque(maxlen=_LAST_LINES)
        self._reader = threading.Thread(target=self._read, name="output", daemon=True)
        self._reader.start()

    def last_lines(self) -> bytes:
        """Return the last lines that were not passed on, once the process has ended."""
        self._reader.join(timeout=1)  # a child that left its group may hold the pipe open
        return b"".join(self._kept.copy())

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                if self.passed_on:
                    click.echo(line, nl=False, err=True)
                else:
                    self._kept.append(line)


class Services(StopSignals):
    """The processes, by the names that people know them by. Each leads a group of its own: a Ctrl-C is ours alone."""

    stopping = "ending all"

    def __init__(self, folder: Path, lifeline: int) -> None:
        super().__init__()
        self.folder = folder
        self._lifeline = lifeline
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._outputs: dict[str, _Output] = {}
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
        except ServiceEnded as ended:
            if not ended.by_signal:  # else nothing that it printed is the reason
                click.echo(services._outputs[ended.name].last_lines(), nl=False, err=True)
            raise
        finally:
            os.close(held)
            os.close(lifeline)

    def hear(self, number: int) -> None:
        """Take in the first signal."""
        super().hear(number)
        self._ended.put(None)

    def start(self, name: str, module: str, *arguments: str, passed_on: bool = True) -> None:
        """Start ``python -m module`` with some arguments.

        Args:
            module: the module to run.
            *arguments: those of the module.
            name: what people know it by.
            passed_on: whether what it prints is for a person. If not, only its last lines are told when it fails.
        """
        attached = [sys.executable, "-m", "mining_assets.cli.attached", str(self._lifeline)]
        process = subprocess.Popen(
            [*attached, module, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            pass_fds=[self._lifeline],
            start_new_session=True,
        )
        self.processes[name] = process
        self._outputs[name] = _Output(process, passed_on)

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
            raise ServiceEnded(name, self.processes[name].returncode)
        return True

    def _end_all(self) -> None:
        deadline = time.monotonic() + GRACE_SECONDS
        for output in self._outputs.values():
            output.passed_on = False  # what ends in order complains that the others have ended
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
