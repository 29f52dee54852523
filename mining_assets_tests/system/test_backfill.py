"""A partition backfill through the webserver and the daemon ends in the tables that the command makes."""

from collections.abc import Sequence
from datetime import date
from itertools import product
from pathlib import Path
from typing import Any

import dagster as dg

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.defs.assets.rollups import MONTHLY, YEARLY
from mining_assets.defs.partitions import partitions_of
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.dagster_processes import LAUNCH, PROGRESS, RUNS, asked, free_port, is_up, running
from mining_assets_tests.support.harness import (
    Environment,
    assert_day_is_right,
    assert_same_tables,
    days_between,
    environment,
    run_cli,
    tables,
    wait_for,
)
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 27), date(2025, 7, 3)
DAYS = days_between(FIRST, LAST)
START_SECONDS, END_SECONDS = 90, 300  # the backfill daemon looks every 30 s; each level of the graph takes one or two

SENSORS = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  sensors { name sensorState { status ticks(limit: 5) { status } } } } } } }"""


@long
def test_backfill_ends_in_the_tables_that_the_command_makes(tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=9, units=12, light=True, windy_days=DAYS)) as twin:
        date_range = {"start_date": FIRST, "end_date": LAST}
        by_command = environment(tmp_path / "command", twin, **date_range)
        by_command.home.parent.mkdir()
        made = environment(tmp_path, twin, **date_range)
        with made.instance():
            pass  # prepares the home
        url = f"http://127.0.0.1:{(port := free_port())}"
        served = ("-h", "127.0.0.1", "-p", str(port))
        with running(made, "dagster._daemon", "run"), running(made, "dagster_webserver", *served) as webserver:
            wait_for("the webserver", START_SECONDS, lambda: webserver.poll() is not None or is_up(url), interval=0.3)
            params = {
                "assetSelection": [{"path": list(key.path)} for key in (*DAILY_CHAIN, *MONTHLY, *YEARLY)],
                "partitionNames": [str(day) for day in DAYS],
            }
            launched = asked(url, LAUNCH, params=params)["launchPartitionBackfill"]
            assert launched["__typename"] == "LaunchBackfillSuccess", launched

            # In the meantime the same range by the command, in a home of its own.
            done = run_cli(by_command, "range", FIRST, LAST)
            assert done.returncode == 0, done.stderr

            def ended() -> dict[str, Any] | None:
                backfill = asked(url, PROGRESS, id=launched["backfillId"])["partitionBackfillOrError"]
                return backfill if backfill["status"].startswith(("COMPLETED", "FAILED", "CANCEL")) else None

            backfill = wait_for("the end of the backfill", END_SECONDS, ended, interval=0.5)
            assert backfill["status"] == "COMPLETED_SUCCESS", backfill
            runs = asked(url, RUNS)["runsOrError"]["results"]
            (repository,) = asked(url, SENSORS)["repositoriesOrError"]["nodes"]

        assert_same_tables(tables(made), tables(by_command))
        for day in DAYS:
            assert_day_is_right(made, twin.world, day)
        of_days = [run for run in runs if any(t["key"] == "dagster/backfill" for t in run["tags"])]
        assert len(of_days) < len(DAYS), "a run is per month, not per day"
        states = {sensor["name"]: sensor["sensorState"] for sensor in repository["sensors"]}
        assert states["roll_up_sensor"]["status"] == "RUNNING"
        assert states["roll_up_sensor"]["ticks"]
        assert "FAILURE" not in {tick["status"] for tick in states["roll_up_sensor"]["ticks"]}
        assert statuses(made, DAILY_CHAIN, [str(day) for day in DAYS]) == {"MATERIALIZED"}
        with made.instance() as instance:
            for keys, spans in ((MONTHLY, ["2025-06", "2025-07"]), (YEARLY, ["2025"])):
                for key, span in product(keys, spans):
                    wanted = dg.AssetRecordsFilter(asset_key=key, asset_partitions=[span])
                    assert instance.fetch_materializations(wanted, limit=1).records, f"{key} {span}"


def statuses(made: Environment, keys: Sequence[dg.AssetKey], days: list[str]) -> set[str]:
    """The statuses that the days of some assets have in Dagster."""
    cut = partitions_of(made.settings).days
    with made.instance() as instance:
        found = [instance.get_status_by_partition(key, days, cut) or {} for key in keys]
    return {status.name if status else "NONE" for of_asset in found for status in of_asset.values()}
