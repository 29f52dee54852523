"""The checkpoint file of a command: how far it has come, for people and for `resume`.

It is derived from what was committed and never trusted over it: whatever it says, `resume` looks at the warehouse.
"""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import click

from mining_assets.domain.wording import count_of
from mining_assets.progress import DayReport

RECONCILIATION, DAILY, OPERATION = "reconciliation", "daily_reconciliation", "operation"
CHECKPOINTS = (RECONCILIATION, DAILY, OPERATION)
_RESUME = "continue with `mining-assets resume`"


@dataclass
class Checkpoint:
    """The progress of one command, written whole after every day."""

    path: Path
    command: list[str]
    pending: list[date]
    config: dict[str, Any] = field(default_factory=dict)
    completed: list[date] = field(default_factory=list)
    failed: int = 0
    timeouts: int = 0
    records: int = 0
    started: datetime = field(default_factory=lambda: datetime.now(UTC))

    def after(self, report: DayReport) -> None:
        """Note a day that was committed, or failed, and write the file."""
        if report.reasons:
            self.failed += 1
            self.timeouts += any("no complete answer within" in reason for reason in report.reasons)
        else:
            self.completed.append(report.day)
        self.pending = [day for day in self.pending if day != report.day or report.reasons]
        self.write()

    def write(self) -> None:
        """Write the file so that a reader sees the old or the new one, never half of it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(json.dumps(self._as_dict(), indent=2))
        os.replace(draft, self.path)

    def print_remaining(self) -> None:
        """Say on standard error how to go on with the command, which was interrupted."""
        left = f": {count_of(len(self.pending), 'day')} left" if self.pending else ""
        click.echo(f"interrupted{left}; {_RESUME}", err=True)

    def way_on(self) -> str:
        """Return how to go on with the command if it ended now; empty when it has not begun, or is done."""
        return _RESUME if self.path.exists() else ""

    def remove(self) -> None:
        """Remove the file: the command is done, and there is nothing to resume."""
        self.path.unlink(missing_ok=True)

    def _as_dict(self) -> dict[str, Any]:
        days = len(self.completed) + len(self.pending)
        return {
            "command": self.command,
            "config": self.config,
            "lastProcessedDate": str(self.completed[-1]) if self.completed else None,
            "pendingDates": [str(day) for day in self.pending],
            "completedDates": [str(day) for day in self.completed],
            "startTime": self.started.isoformat(),
            "lastUpdateTime": datetime.now(UTC).isoformat(),
            "stats": {
                "totalRecords": days,
                "processedRecords": len(self.completed) + self.failed,
                "successfulRecords": len(self.completed),
                "failedRecords": self.failed,
                "timeouts": self.timeouts,
            },
        }


def checkpoint_path(home: Path, name: str) -> Path:
    """Return where a checkpoint is kept.

    Args:
        home: the Dagster home.
        name: ``DAILY`` of the daily check, ``OPERATION`` of what is done to a single day, ``RECONCILIATION`` of all
            else.
    """
    return home / "data" / "checkpoints" / f"{name}_checkpoint.json"


def interrupted(path: Path) -> tuple[list[str], dict[str, Any], Sequence[date]] | None:
    """Return the checkpoint that a command left; None when there is none that can be read."""
    try:
        content = json.loads(path.read_text())
        days = [date.fromisoformat(day) for day in content["pendingDates"]]
        return list(map(str, content["command"])), dict(content["config"]), days
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
