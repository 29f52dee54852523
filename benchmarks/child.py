"""Work in a process of its own, whose peak memory can be told: ``python -m benchmarks.child WORK ADDRESS YEARS``."""

import json
import sys
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

from sqlalchemy import make_url

from benchmarks.drawn import draw
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
    """The status of all days, which must be right; the median of some."""
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
    """The most memory that this process ever held; ``getrusage`` would tell that of the parent, if it held more."""
    told = Path("/proc/self/status").read_text()
    return int(told.partition("VmHWM:")[2].split()[0]) / 1024


WORK: dict[str, Callable[[Warehouse, list[date]], float]] = {"fill": fill, "verify": verify, "status": status}


def main() -> None:
    """Do the work and tell, as JSON, how many seconds and how much memory (MB) it took."""
    work, address, years = sys.argv[1:]
    warehouse = Warehouse(make_url(address))
    seconds = WORK[work](warehouse, days_of(float(years)))
    warehouse.close()
    print(json.dumps({"seconds": seconds, "megabytes": peak_megabytes()}))


if __name__ == "__main__":
    main()
