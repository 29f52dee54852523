"""The processes of compose.yaml, started for real by its commands: PostgreSQL below, a backfill through on top."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import date
from pathlib import Path

import yaml

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import daily_summaries, historical_bitcoin_calculations
from mining_assets_tests.support.dagster_processes import LAUNCH, RUNS, asked, free_port, is_up
from mining_assets_tests.support.deployment_files import DEPLOY, ENTRYPOINT, databases, environment, read, services
from mining_assets_tests.support.harness import days_between, wait_for
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.samples import rows_of
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 2), date(2025, 6, 4)
DAYS = days_between(FIRST, LAST)
START_SECONDS, END_SECONDS = 120, 300


@contextmanager
def running(name: str, folder: Path, variables: dict[str, str], *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A process by the image's entrypoint, until the block ends."""
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(ENTRYPOINT), *arguments],
            env=variables,
            cwd=folder,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    except BaseException:
        print(f"{name}: {log.read_text()[-5000:]}")
        raise
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(10)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue


def here(service: str, ports: dict[str, str], workspace: Path) -> list[str]:
    """The command of a service, on loopback and free ports."""
    changed = {"0.0.0.0": "127.0.0.1", "/opt/mining-assets/workspace.yaml": str(workspace)} | ports
    return [changed.get(part, part) for part in services()[service]["command"]]


def done(variables: dict[str, str], *arguments: str) -> str:
    """What a command says that ends well."""
    ended = subprocess.run(
        [str(ENTRYPOINT), *arguments], env=variables, capture_output=True, text=True, check=False, timeout=120
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_a_backfill_goes_through_the_deployed_processes(postgresql: Cluster, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    shutil.copyfile(DEPLOY / "dagster.yaml", home / "dagster.yaml")  # compose.yaml mounts it there
    ports = {"4000": str(free_port()), "3000": str(free_port())}
    served = read("workspace.yaml")
    served["load_from"][0]["grpc_server"] |= {"host": "127.0.0.1", "port": int(ports["4000"])}
    workspace = tmp_path / "workspace.yaml"
    workspace.write_text(yaml.safe_dump(served))
    url = f"http://127.0.0.1:{ports['3000']}"
    with (
        ExitStack() as open_,
        databases(postgresql, tmp_path),
        Twin(GeneratedWorld(seed=4, units=12, light=True, windy_days=DAYS)) as twin,
    ):
        variables = environment(
            postgresql,
            home,
            MINING_ASSETS_ELEXON_URL=twin.elexon_url,
            MINING_ASSETS_MEMPOOL_URL=twin.mempool_url,
            MINING_ASSETS_COINBASE_URL=twin.coinbase_url,
            MINING_ASSETS_START_DATE=str(FIRST),
            MINING_ASSETS_END_DATE=str(LAST),
            MINING_ASSETS_REQUESTS_PER_SECOND="1000",
        )
        done(variables, str(DEPLOY / "prepare.sh"))
        assert "elexon_api" in done(variables, "dagster", "instance", "concurrency", "get", "--all")

        def start(service: str) -> "subprocess.Popen[bytes]":
            command = here(service, ports, workspace)
            return open_.enter_context(running(service, tmp_path, variables, *command))

        code = start("code")
        check = ("dagster", "api", "grpc-health-check", "--port", ports["4000"])
        wait_for("the code server", START_SECONDS, lambda: code.poll() is not None or healthy(variables, *check))
        webserver = start("webserver")
        wait_for("the webserver", START_SECONDS, lambda: webserver.poll() is not None or is_up(url))
        params = {
            "assetSelection": [{"path": list(key.path)} for key in DAILY_CHAIN],
            "partitionNames": [str(day) for day in DAYS],
        }
        launched = asked(url, LAUNCH, params=params)["launchPartitionBackfill"]
        assert launched["__typename"] == "LaunchBackfillSuccess", launched
        start("daemon")  # after the launch, lest healing be first

        def finished() -> list[str]:
            runs = asked(url, RUNS)["runsOrError"]["results"]
            of_backfill = [run for run in runs if any(tag["key"] == "dagster/backfill" for tag in run["tags"])]
            return [run["status"] for run in of_backfill if run["status"] in ("SUCCESS", "FAILURE", "CANCELED")]

        statuses = wait_for("the backfill's run", END_SECONDS, finished, interval=0.5)
        assert statuses == ["SUCCESS"]
        assert healthy(variables, *services()["daemon"]["healthcheck"]["test"][2:])
        warehouse = Warehouse(postgresql.address("warehouse"))
        assert [row[0] for row in rows_of(warehouse, daily_summaries)] == DAYS
        assert rows_of(warehouse, historical_bitcoin_calculations)
        warehouse.close()
        with postgresql.connect("dagster") as connection:
            (events,) = (
                connection.execute("SELECT count(*) FROM event_logs WHERE asset_key IS NOT NULL").fetchone() or ()
            )
        assert events >= len(DAYS) * len(DAILY_CHAIN)
        assert not list(home.rglob("*.db")), "nothing in SQLite"
        assert not list(home.rglob("*.sqlite"))


def healthy(variables: dict[str, str], *arguments: str) -> bool:
    """Whether a health check ends well."""
    ended = subprocess.run([str(ENTRYPOINT), *arguments], env=variables, capture_output=True, check=False, timeout=120)
    return ended.returncode == 0
