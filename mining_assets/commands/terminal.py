"""What a run shows in the terminal: a live bar, or plain lines with time and level where there is no terminal."""

import sys
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

from mining_assets.progress import DayReport


class TerminalProgress:
    """Shows each day as it ends, on standard error; a context manager."""

    def __init__(self, total: int) -> None:
        self.reports: list[DayReport] = []
        self._console = Console(file=sys.stderr, highlight=False)
        self._live = self._console.is_terminal
        self._bar = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("days"),
            TimeRemainingColumn(),
            console=self._console,
            transient=True,
            disable=not self._live,
        )
        self._task = self._bar.add_task("working", total=total)

    def __enter__(self) -> Self:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def day(self, report: DayReport) -> None:
        """Show a day that ended."""
        self.reports.append(report)
        failed = bool(report.reasons)
        text = (
            f"{report.day} {report.outcome:<9} {report.records:>6,} records {report.energy:>13,.3f} MWh "
            f"£{report.payment:>14,.2f}"
        )
        if failed:
            text = f"{report.day} {report.outcome:<9} {'; '.join(report.reasons)}"
        if self._live:
            self._bar.update(self._task, description=str(report.day), advance=1)
            self._console.print(text, style="red" if failed else None, markup=False, soft_wrap=True)
        else:
            level = "ERROR" if failed else "INFO"
            print(f"[{datetime.now(UTC):%Y-%m-%d %H:%M:%S}] [{level}] {text}", file=sys.stderr, flush=True)
