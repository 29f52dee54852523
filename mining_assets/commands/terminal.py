"""What a command shows while it works, on standard error and in `$DAGSTER_HOME/logs/`."""

import logging
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from datetime import UTC, datetime
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from mining_assets.commands.signals import StopSignals
from mining_assets.progress import DayReport

_LOG_BYTES, _LOG_FILES = 10_000_000, 5


class TerminalProgress:
    """Shows each day as it ends: above a live bar on a terminal, as plain lines elsewhere. A context manager."""

    def __init__(
        self, command: str, total: int, home: Path, after_day: Callable[[DayReport], None] = lambda _: None
    ) -> None:
        """For a command over so many days; ``after_day`` is told each day that was committed."""
        self.reports: list[DayReport] = []
        self.signals = StopSignals()
        self._open = ExitStack()
        self._after_day = after_day
        self._started = time.monotonic()
        self._log = _log(command, home)
        self._console = Console(file=sys.stderr, highlight=False)
        self._live = self._console.is_terminal
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("days"),
            TextColumn("{task.fields[pace]}"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task(command, total=total, pace="")

    @property
    def stopping(self) -> bool:
        """Whether a signal asked to stop."""
        return self.signals.received is not None

    def stoppable(self) -> AbstractContextManager[None]:
        """Listen to signals while a step works."""
        return self.signals.listening()

    def __enter__(self) -> Self:
        self._open.enter_context(self.signals.listening())
        self._open.enter_context(self._bar)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        for handler in list(self._log.handlers):
            handler.close()
            self._log.removeHandler(handler)

    def day(self, report: DayReport) -> None:
        """Show a day that ended."""
        self.reports.append(report)
        text = (
            f"{report.day} {report.outcome:<9} {report.records:>6,} records {report.energy:>13,.3f} MWh "
            f"£{report.payment:>14,.2f}"
        )
        if report.reasons:
            text = f"{report.day} {report.outcome:<9} {'; '.join(report.reasons)}"
        self.say(text, logging.ERROR if report.reasons else logging.INFO)
        requests = sum(each.requests for each in self.reports)
        pace = f"{requests / max(time.monotonic() - self._started, 1):,.1f} requests/s"
        self._bar.update(self._task, advance=1, pace=pace)
        self._after_day(report)

    def say(self, text: str, level: int = logging.INFO) -> None:
        """Show and log a line."""
        self._log.log(level, text)
        if self._live:
            self._console.print(text, style="red" if level >= logging.ERROR else None, markup=False, soft_wrap=True)
        else:
            name = logging.getLevelName(level)
            print(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%S}] [{name}] {text}", file=sys.stderr, flush=True)

    def statistics(self) -> str:
        """What was done, in one line."""
        seconds = time.monotonic() - self._started
        records = sum(report.records for report in self.reports)
        energy = sum(report.energy for report in self.reports)
        requests = sum(report.requests for report in self.reports)
        failed = sum(bool(report.reasons) for report in self.reports)
        return (
            f"{len(self.reports):,} days ({failed:,} not complete), {records:,} records, {energy:,.3f} MWh, "
            f"{requests:,} requests in {seconds:,.1f} s"
        )


def _log(command: str, home: Path) -> logging.Logger:
    """A logger that writes to a file per command and day, and nowhere else."""
    folder = home / "logs"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{command}-{datetime.now(UTC):%Y-%m-%d}.log"
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    formatter = logging.Formatter("[%(asctime)s] [%(levelname)s] %(message)s", "%Y-%m-%d %H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logger = logging.Logger(f"mining_assets.{command}", logging.INFO)
    logger.addHandler(handler)
    return logger
