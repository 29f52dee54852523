"""Dagster's share: a year derived again by a backfill through the daemon, against the same work called directly."""

import shutil
import time
from collections.abc import Sequence
from datetime import date
from statistics import median
from typing import Any

import dagster as dg

from benchmarks.databases import bare, filled, path_of
from benchmarks.measure import Figure, Setting
from benchmarks.warehouses import derive, drawn_history, months_of, roll_up, scope_of
from mining_assets.defs.assets.keys import BITCOIN_DAILY, CALCULATIONS, DAILY
from mining_assets.reconciliation.verify import verify_and_store_days
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    daily_summaries,
    historical_bitcoin_calculations,
)
from mining_assets_tests.support.dagster_processes import LAUNCH, PROGRESS, asked, free_port, is_up, running
from mining_assets_tests.support.harness import Environment, wait_for

DERIVED = (historical_bitcoin_calculations, calculation_days, daily_summaries, bitcoin_daily_summaries)
SINGLE_RUNS = 10
SECONDS = 900


def share(setting: Setting) -> list[Figure]:
    """Derive and verify a year: directly, by a backfill with a run a month, and by runs of a day."""
    warehouse, days, _ = filled(setting, "sqlite", 1)
    made = (
        Environment(setting.folder / "backfill" / "home", {})
        .but(warehouse_url=f"sqlite:///{setting.folder / 'backfill.sqlite'}", start_date=days[0], end_date=days[-1])
        .but(heal_interval_seconds=60)
    )
    made.home.parent.mkdir(exist_ok=True)
    warehouse.engine.dispose()
    shutil.copyfile(path_of(warehouse), setting.folder / "backfill.sqlite")
    copy = Warehouse(made.settings.warehouse)
    apart = days[:: max(2, len(days) // SINGLE_RUNS)][:SINGLE_RUNS]

    direct = _timed_direct(copy, days)
    with made.instance():
        pass  # prepares the home
    url = f"http://127.0.0.1:{(port := free_port())}"
    served = ("-h", "127.0.0.1", "-p", str(port))
    with running(made, "dagster._daemon", "run"), running(made, "dagster_webserver", *served):
        wait_for("the webserver", 120, lambda: is_up(url), interval=0.3)
        clean(copy, days)
        by_month = _backfilled(made, url, days)
        clean(copy, apart)
        by_day = _backfilled(made, url, apart)
    roll_up(copy, days)
    copy.close()
    one_run_a_day = by_day["busy_seconds"] / len(apart) * len(days)
    detail = {
        "days": len(days),
        "seconds_direct": direct,
        "seconds_one_run_a_day": one_run_a_day,
        **by_month,
    }
    return [
        Figure(
            "a year's backfill through the daemon",
            by_month["busy_seconds"] / direct,
            None,
            "less",
            "the same work called directly",
            detail,
        ),
        Figure(
            "a year's backfill against one run per partition",
            one_run_a_day / by_month["busy_seconds"],
            10,
            "more",
            f"runs of one day through the same daemon, from {len(apart)} of them",
            {"seconds_per_run": by_day["busy_seconds"] / len(apart)},
        ),
    ]


def clean(warehouse: Warehouse, days: Sequence[date]) -> None:
    """Remove what is derived of the days, so that all of it is made anew."""
    with bare(warehouse) as connection:
        for table in DERIVED:
            day = "summary_date" if "summary_date" in table.c else "settlement_date"
            places = ", ".join("?" * len(days))
            connection.execute(f"DELETE FROM {table.name} WHERE {day} IN ({places})", list(map(str, days)))


def _timed_direct(warehouse: Warehouse, days: Sequence[date]) -> float:
    clean(warehouse, days)
    history, started = drawn_history(), time.perf_counter()
    for month in months_of(days):
        derive(warehouse, month, history)
        verify_and_store_days(warehouse, month, scope_of(days))
    return time.perf_counter() - started


def _backfilled(made: Environment, url: str, days: Sequence[date]) -> dict[str, Any]:
    """Run a backfill of the three derived assets; return how long it took and where the time of its runs went."""
    keys = [{"path": list(key.path)} for key in (CALCULATIONS, DAILY, BITCOIN_DAILY)]
    params = {"assetSelection": keys, "partitionNames": [str(day) for day in days]}
    launched_at = time.time()
    launched = asked(url, LAUNCH, params=params)["launchPartitionBackfill"]

    def ended() -> str | None:
        state = asked(url, PROGRESS, id=launched["backfillId"])["partitionBackfillOrError"]["status"]
        return state if state.startswith(("COMPLETED", "FAILED", "CANCEL")) else None

    state = wait_for("the end of the backfill", SECONDS, ended, interval=0.5)
    if state != "COMPLETED_SUCCESS":
        raise RuntimeError(f"the backfill ended as {state}")
    with made.instance() as instance:
        wanted = dg.RunsFilter(tags={"dagster/backfill": launched["backfillId"]})
        stats: list[Any] = [instance.get_run_stats(run.run_id) for run in instance.get_runs(wanted)]
    runs = [(run.enqueued_time, run.launch_time, run.start_time, run.end_time) for run in stats]
    first, last = min(run[0] for run in runs), max(run[3] for run in runs)
    return {
        "runs": len(runs),
        "busy_seconds": last - first,
        "until_first_run_seconds": first - launched_at,
        "median_queued_seconds": median(run[1] - run[0] for run in runs),
        "median_process_start_seconds": median(run[2] - run[1] for run in runs),
        "median_run_seconds": median(run[3] - run[2] for run in runs),
    }
