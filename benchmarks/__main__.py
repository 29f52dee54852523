"""``python -m benchmarks [NAME ...]``: measure, print a table, and write ``docs/performance.json``."""

import argparse
import json
import logging
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import backfilling, fetching, queries, replaying, starting, storing
from benchmarks.measure import Figure, Setting

BENCHES: dict[str, Callable[[Setting], list[Figure]]] = {
    "start": starting.start,
    "fetch": fetching.bare_httpx,
    "latency": fetching.latency,
    "limit": fetching.limit,
    "archive": replaying.archive,
    "replay": replaying.replay,
    "store": storing.store,
    "recompute": storing.recompute,
    "status": queries.status,
    "sensor": queries.sensor,
    "verify": queries.verify,
    "growth": queries.growth,
    "backfill": backfilling.share,
}
RESULT = Path(__file__).parent.parent / "docs" / "performance.json"


def measure(names: Sequence[str], setting: Setting, console: Console) -> list[Figure]:
    """Measure by name and print each figure as it comes."""
    figures: list[Figure] = []
    with setting.stack:
        for name in names:
            started = time.monotonic()
            found = BENCHES[name](setting)
            figures += found
            for figure in found:
                console.print(f"{figure.name}: {figure.ratio:.3f} {_verdict(figure)}", highlight=False)
            console.print(f"  ({name}: {time.monotonic() - started:.0f} s)", style="dim", highlight=False)
    return figures


def _verdict(figure: Figure) -> str:
    if figure.goal is None:
        return "(reported)"
    sign = "≥" if figure.better == "more" else "≤"
    return f"{'met' if figure.met else 'MISSED'} ({sign} {figure.goal:g})"


def _table(figures: Sequence[Figure]) -> Table:
    table = Table(title="Measured, as ratios of medians", title_justify="left")
    for heading in ("what", "against", "ratio", "goal"):
        table.add_column(heading, justify="right" if heading == "ratio" else "left", overflow="fold")
    for figure in figures:
        table.add_row(figure.name, figure.against, f"{figure.ratio:.3f}", _verdict(figure))
    return table


def main() -> None:
    """Measure; a missed goal is printed and changes no exit code, since machines differ."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(BENCHES)}; default: all")
    parser.add_argument("--scale", type=float, default=1.0, help="of all sizes; below 1 only the bench is tried")
    parser.add_argument("--repetitions", type=int, default=3)
    parser.add_argument("--output", type=Path, help=f"where to write the figures; of a whole run {RESULT.name}")
    given = parser.parse_args()
    unknown = sorted(set(given.names) - set(BENCHES))
    if unknown:
        parser.error(f"no bench is called {', '.join(unknown)}")
    for name in [name for name in os.environ if name.startswith(("MINING_ASSETS_", "DAGSTER_"))]:
        del os.environ[name]  # what is set in the caller's shell must not decide what is measured
    logging.getLogger("dagster").setLevel(logging.WARNING)  # a tick logs what it does
    console = Console()
    with tempfile.TemporaryDirectory(prefix="mining-assets-bench-") as folder:
        setting = Setting(Path(folder), given.scale, given.repetitions)
        figures = measure(given.names or list(BENCHES), setting, console)
    console.print(_table(figures))
    console.print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    output = given.output or (RESULT if not given.names and given.scale == 1 else None)
    if output is not None:
        output.write_text(json.dumps([figure.as_dict() for figure in figures], indent=2, ensure_ascii=False) + "\n")
        console.print(f"written to {output}")
    sys.exit(0)


if __name__ == "__main__":
    main()
