"""Dagster's own databases as it makes them in an empty home, made once in each process of the tests and then copied.

To make them takes Dagster more than a second, most of which are its migrations: longer than many a test.
"""

import tempfile
from functools import cache
from pathlib import Path

import dagster as dg

QUIET = {"telemetry": {"enabled": False}}


def place_storage(home: Path) -> None:
    """Write empty databases of runs, events and schedules into a home that has none."""
    for name, content in _empty_databases().items():
        file = home / name
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(content)


@cache
def _empty_databases() -> dict[Path, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        with dg.DagsterInstance.local_temp(folder, overrides=QUIET) as made:
            assert made.schedule_storage  # made when it is asked for, as the two others are at once
        return {file.relative_to(folder): file.read_bytes() for file in Path(folder).rglob("*.db")}
