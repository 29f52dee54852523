"""A piece of work in its own process, so that its peak memory can be measured.

Run by ``benchmarks.measure``: ``python -m benchmarks.worker WORK ADDRESS YEARS``.
"""

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.generated_days import draw
from benchmarks.warehouses import (
    MODELS,
    days_of,
    derive,
    drawn_history,
    fill_references,
    insert_days,
    insert_series,
    months_of,
    roll_up,
    scope_of,
)
from mining_assets.reconciliation.verify import scan
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.status import read_status
from mining_assets.warehouse.upgrade import upgrade


def fill(warehouse: Warehouse, days: list[date]) -> float:
    """Make the warehouse; returns the seconds that the product took for it, without drawing."""
    upgrade(warehouse)
    fill_references(warehouse)
    history, seconds = drawn_history(), 0.0
    for month in months_of(days):
        drawn = draw(month)
        started = time.perf_counter()
        insert_days(warehouse, drawn)
        insert_series(warehouse, month)
        derive(warehouse, month, history)
        seconds += time.perf_counter() - started
    started = time.perf_counter()
    roll_up(warehouse, days)
    return seconds + time.perf_counter() - started


def verify(warehouse: Warehouse, days: list[date]) -> float:
    """Verify everything by value, which must find nothing."""
    started = time.perf_counter()
    found = scan(warehouse, days[0], days[-1], scope_of(days)).errors
    if found:
        raise RuntimeError(f"a drawn warehouse is wrong: {found[:3]}")
    return time.perf_counter() - started


def status(warehouse: Warehouse, days: list[date]) -> float:
    """Read the status of all days and check that it is right; return the median of seven times, in seconds."""
    taken = []
    for _ in range(7):
        started = time.perf_counter()
        with warehouse.reading() as connection:
            report = read_status(connection, days[0], days[-1], MODELS, scope_of(days).date_range)
        taken.append(time.perf_counter() - started)
        if not report.is_right:
            raise RuntimeError("a drawn warehouse is not right")
    return sorted(taken)[len(taken) // 2]


def peak_megabytes() -> float:
    """Return the peak memory of this process in MB; ``getrusage`` would return the parent's, if that is more."""
    status_lines = Path("/proc/self/status").read_text()
    return int(status_lines.partition("VmHWM:")[2].split()[0]) / 1024


WORK: dict[str, Callable[[Warehouse, list[date]], float]] = {"fill": fill, "verify": verify, "status": status}


def main() -> None:
    """Do the work and print its seconds and peak memory (MB) as JSON."""
    work, address, years = sys.argv[1:]
    warehouse = Warehouse(make_url(address))
    seconds = WORK[work](warehouse, days_of(float(years)))
    warehouse.close()
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main()
