"""What a command shows while it works, on standard error and in `$DAGSTER_HOME/logs/`."""

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console, ConsoleRenderable
from rich.highlighter import NullHighlighter
from rich.logging import RichHandler
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.styled import Styled
from rich.text import Text
from rich.traceback import Traceback

from mining_assets.cli.lines import PLAIN, console, plain_lines
from mining_assets.cli.phase import BEAT_SECONDS, Beat
from mining_assets.cli.signals import StopSignals
from mining_assets.domain.wording import count_of
from mining_assets.progress import DayReport, Figure, RequestStats

_LOG_BYTES, _LOG_FILES = 10_000_000, 5
_WIDE = 130  # columns in which the whole live line has room


@dataclass(frozen=True)
class Totals:
    """What a command did; figures are of the days that are complete.

    Waits are summed over requests at work side by side, so they can exceed ``seconds``.
    """

    days: int
    not_complete: int
    records: int
    curtailed_mwh: float
    payment_gbp: float
    requests: int
    rate_wait_seconds: float
    retry_wait_seconds: float
    seconds: float

    def __str__(self) -> str:
        days = f"{count_of(self.days, 'day')} ({self.not_complete:,} not complete)"
        a_second = self.requests / max(self.seconds, 1)
        pace = f"{count_of(self.requests, 'request')} in {self.seconds:,.1f} s ({a_second:,.1f}/s)"
        waits = f"{self.rate_wait_seconds:,.1f} s for the rate limit, {self.retry_wait_seconds:,.1f} s for retries"
        return f"{days}, {count_of(self.records, 'record')}, {self.curtailed_mwh:,.3f} MWh, {pace}, waited {waits}"


class TerminalProgress:
    """Shows each day as it ends: above a live bar on a terminal, as plain lines elsewhere. A context manager."""

    def __init__(
        self, command: str, total: int, home: Path, after_day: Callable[[DayReport], None] | None = None
    ) -> None:
        """For a command over so many days; ``after_day`` is told each day that was committed."""
        self.reports: list[DayReport] = []
        self.comparisons: list[tuple[date, Sequence[Figure]]] = []
        self.said: list[str] = []
        self.signals = StopSignals()
        self._open = ExitStack()
        self._after_day = after_day or (lambda _: None)
        self._started = time.monotonic()
        self._total = total
        self._stats: list[RequestStats] = []
        screen = console()
        self._live = screen.is_interactive
        self._file = _file_of_the_day(command, home)
        self._screen = _LinesAbove(screen) if self._live else plain_lines()
        self._log = _logger(command, self._file, self._screen)
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=10),
            MofNCompleteColumn(),
            TextColumn("days"),
            _Pace(self.totals, all_columns=screen.width >= _WIDE),
            TimeRemainingColumn(),
            TextColumn("left"),
            console=screen,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task(command, total=total)
        self._doing = "at work"
        self._beat = Beat(self._show_beat, BEAT_SECONDS)

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
        if not self._live:
            self._open.enter_context(self._beat)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open.close()
        for handler in list(self._log.handlers):
            handler.close()
            self._log.removeHandler(handler)

    def watch(self, stats: RequestStats) -> None:
        """Count these requests too."""
        if not any(known is stats for known in self._stats):
            self._stats.append(stats)

    def day(self, report: DayReport) -> None:
        """Show a day that ended."""
        self.reports.append(report)
        text = (
            f"{report.day} {report.outcome:<9} {count_of(report.records, 'record'):>14} {report.energy:>13,.3f} MWh "
            f"£{report.payment:>14,.2f}"
        )
        if report.reasons:
            text = f"{report.day} {report.outcome:<9} {'; '.join(report.reasons)}"
        count = f"{len(self.reports)}/{self._total} "
        self._show(text if self._live else count + text, logging.ERROR if report.reasons else logging.INFO)
        self._bar.update(self._task, advance=1)
        self._after_day(report)

    def compared(self, day: date, figures: Sequence[Figure]) -> None:
        """Keep a comparison for the report at the end, and log it."""
        self.comparisons.append((day, figures))
        for figure in figures:
            self._log.info("%s %s", day, figure, extra={"only": self._file})

    def phase(self, text: str) -> None:
        """Take in what is being done now, apart from days."""
        self._doing = text

    def say(self, text: str) -> None:
        """Show, log and keep a line."""
        self.said.append(text)
        self._show(text, logging.INFO)

    def totals(self) -> Totals:
        """Return what was done so far."""
        complete = [report for report in self.reports if not report.reasons]
        return Totals(
            days=len(self.reports),
            not_complete=sum(bool(report.reasons) for report in self.reports),
            records=sum(report.records for report in complete),
            curtailed_mwh=sum(report.energy for report in complete),
            payment_gbp=sum(report.payment for report in complete),
            requests=sum(stats.requests for stats in self._stats),
            rate_wait_seconds=sum(stats.rate_wait_seconds for stats in self._stats),
            retry_wait_seconds=sum(stats.retry_wait_seconds for stats in self._stats),
            seconds=time.monotonic() - self._started,
        )

    def finish(self) -> None:
        """Show and log what was done, in one line."""
        self._show(str(self.totals()), logging.INFO)

    def _show(self, text: str, level: int) -> None:
        self._log.log(level, text)
        self._beat.shown()

    def _show_beat(self) -> None:
        """Show that something is being done where there is no live line, and how far it is."""
        now = self.totals()
        text = (
            f"{self._doing}: {now.days:,} of {count_of(self._total, 'day')}, {count_of(now.requests, 'request')} "
            f"in {now.seconds:,.0f} s"
        )
        self._log.info(text, extra={"only": self._screen})


class _LinesAbove(RichHandler):
    """Print lines above the live one: the text without columns, which would fold it; errors in red."""

    def __init__(self, screen: Console) -> None:
        super().__init__(console=screen, keywords=[], highlighter=NullHighlighter())

    def render(
        self, *, record: logging.LogRecord, traceback: Traceback | None, message_renderable: ConsoleRenderable
    ) -> ConsoleRenderable:
        return Styled(message_renderable, "red" if record.levelno >= logging.ERROR else "")


class _Pace(ProgressColumn):
    """Energy and requests a second, live; records and waits too where there is room for them."""

    def __init__(self, totals: Callable[[], Totals], *, all_columns: bool) -> None:
        super().__init__()
        self._totals, self._all_columns = totals, all_columns

    def render(self, task: Task) -> Text:
        now = self._totals()
        records = f"· {count_of(now.records, 'record')} " if self._all_columns else ""
        waits = f"· waited {now.rate_wait_seconds:,.0f} s for the rate limit " if self._all_columns else ""
        pace = f"{now.requests / max(now.seconds, 1):.1f}{' requests' if self._all_columns else ''}/s"
        return Text(f"{records}· {now.curtailed_mwh:,.0f} MWh · {pace} {waits}·")


def _file_of_the_day(command: str, home: Path) -> logging.Handler:
    """Return what writes plain lines to a file per command and day."""
    folder = home / "data" / "logs"  # $DAGSTER_HOME/logs is Dagster's: it uploads and empties it as its telemetry
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{command}-{datetime.now(UTC):%Y-%m-%d}.log"
    handler = RotatingFileHandler(path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8")
    handler.setFormatter(PLAIN)
    return handler


def _logger(command: str, *handlers: logging.Handler) -> logging.Logger:
    """Return a logger for these handlers and no others; a record may name the ``only`` one that it is for."""
    logger = logging.Logger(f"mining_assets.{command}", logging.INFO)
    for handler in handlers:
        handler.addFilter(partial(_is_for, handler))
        logger.addHandler(handler)
    return logger


def _is_for(handler: logging.Handler, record: logging.LogRecord) -> bool:
    return getattr(record, "only", handler) is handler
