"""Measuring: medians over interleaved repetitions, and the ratio of two of them."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any, Literal

BACKENDS = ("sqlite", "postgresql")


@dataclass(frozen=True)
class Figure:
    """A measured ratio.

    Attributes:
        name: what is measured.
        ratio: what the goal is compared with.
        goal: None when it is only reported.
        better: whether the goal is the least (``more``) or the most (``less``) that the ratio may be.
        against: what the ratio is to.
        detail: medians in seconds, sizes, and what else explains it.
    """

    name: str
    ratio: float
    goal: float | None
    better: Literal["more", "less"]
    against: str
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def met(self) -> bool | None:
        """Whether the goal is met; None without one."""
        if self.goal is None:
            return None
        return self.ratio >= self.goal if self.better == "more" else self.ratio <= self.goal

    def as_dict(self) -> dict[str, Any]:
        """For ``docs/performance.json``."""
        return {
            "name": self.name,
            "ratio": round(self.ratio, 3),
            "goal": self.goal,
            "met": self.met,
            "better": self.better,
            "against": self.against,
            "detail": {name: round(it, 4) if isinstance(it, float) else it for name, it in self.detail.items()},
        }


@dataclass
class Setting:
    """In what setting is measured.

    Attributes:
        folder: where warehouses and homes are made.
        scale: of all sizes; 1 measures what the goals speak of, less only tries the bench.
        repetitions: of what takes seconds; what takes less is repeated more often.
        backends: the databases.
        stack: closes what was opened when everything is measured.
    """

    folder: Path
    scale: float = 1.0
    repetitions: int = 5
    backends: Sequence[str] = BACKENDS
    stack: ExitStack = field(default_factory=ExitStack)
    made: dict[Any, Any] = field(default_factory=dict)

    def once(self, key: Any, make: Callable[[], Any]) -> Any:
        """Return what several benches share, made when the first of them needs it."""
        if key not in self.made:
            self.made[key] = make()
        return self.made[key]


def medians(repetitions: int, *ways: Callable[[], object], before: Callable[[], object] | None = None) -> list[float]:
    """Median seconds of each way, after one round that does not count.

    They take turns, so that what else the machine does falls on all of them. ``before`` prepares each, untimed.
    """
    seconds: list[list[float]] = [[] for _ in ways]
    for turn in range(repetitions + 1):
        for way, taken in zip(ways, seconds, strict=True):
            if before is not None:
                before()
            started = time.perf_counter()
            way()
            if turn:
                taken.append(time.perf_counter() - started)
    return [median(taken) for taken in seconds]


def in_process(*arguments: object) -> dict[str, Any]:
    """Run ``python -m benchmarks.worker`` and return what it measured."""
    command = [sys.executable, "-m", "benchmarks.worker", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parent.parent)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[1:])} failed: {done.stderr.strip()}")
    measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return measured
