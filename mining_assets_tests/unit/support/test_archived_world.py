"""The twin on an archive: the newest answers as they came, 404 for the rest, and days fetched from it are the same."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from mining_assets.archive.store import Archive
from mining_assets.pipeline.archiving import Archiving
from mining_assets.pipeline.days import DayPipeline
from mining_assets.pipeline.dependencies import Dependencies
from mining_assets.pipeline.results import DayRequest
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.received import Received
from mining_assets.sources.sync import SyncClient
from mining_assets_tests.support.answers import BEGUN, answer
from mining_assets_tests.support.archived import DAYS, RULES, archived_days
from mining_assets_tests.support.empty import empty_warehouse
from mining_assets_tests.support.ground import LIMITS, LOG
from mining_assets_tests.support.harness import assert_same_tables, tables_in, wait_for
from mining_assets_tests.support.twin.archived import ArchivedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = "2025-06-03"
STACK = f"balancing/settlement/stack/all/bid/{DAY}"
LATER = BEGUN + timedelta(days=1)
COMMAND = [sys.executable, "-m", "mining_assets_tests.support.twin"]


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


@pytest.fixture
def elexon(archive: Archive) -> Iterator[httpx.Client]:
    """Asks a twin on what the test archives before its first request."""
    with Twin(ArchivedWorld(archive)) as twin, httpx.Client(base_url=twin.elexon_url, timeout=60) as client:
        yield client


def keep(archive: Archive, *received: Received, name: str = "settlement_stacks", subject: str = DAY) -> None:
    archive.record(archive.keep(name, subject, received, origin="http://twin/api (generated)"))


def test_the_newest_answer_of_a_path_is_served(archive: Archive) -> None:
    keep(archive, answer(f"{STACK}/1", b'{"data":[2]}', begun=LATER))
    keep(archive, answer(f"{STACK}/1", b'{"data":[1]}'), answer(f"{STACK}/2", b"[]"))
    newest, early = ArchivedWorld(archive), ArchivedWorld(archive, BEGUN)
    assert newest.answer(f"/bmrs/api/v1/{STACK}/1").body == b'{"data":[2]}'
    assert newest.answer(f"/bmrs/api/v1/{STACK}/2").body == b"[]"
    assert early.answer(f"/bmrs/api/v1/{STACK}/1").body == b'{"data":[1]}'


def test_bodies_and_statuses_are_those_that_came(archive: Archive, elexon: httpx.Client) -> None:
    odd = b'{"data":[1,  2],"unknown":null}\n'
    refused = answer(f"{STACK}/50", None, status=400, reason="HTTP 400", seconds=1)
    silent = answer(f"{STACK}/3", None, status=None, reason="ConnectError", seconds=2)
    keep(archive, answer(f"{STACK}/1", odd), refused, silent)
    served = elexon.get(f"/{STACK}/1")
    assert (served.status_code, served.content) == (200, odd)
    assert (served.headers["Content-Encoding"], served.headers["X-Generated-Data"]) == ("gzip", "true")
    assert elexon.get(f"/{STACK}/50").status_code == 400
    assert elexon.get(f"/{STACK}/3").status_code == 404


@pytest.mark.parametrize("path", [f"{STACK}/99", "balancing/settlement/stack/all/bid/2025-06-04/1", "nothing?of=it"])
def test_what_the_archive_lacks_is_not_there_and_says_so(path: str, archive: Archive, elexon: httpx.Client) -> None:
    keep(archive, answer(f"{STACK}/1", b"{}"))
    lacking = elexon.get(f"/{path}")
    assert lacking.status_code == 404
    assert lacking.json() == {"message": f"{path} is not in the archive {archive.address}"}


def test_every_source_has_its_answers_below_its_own_address(archive: Archive) -> None:
    candles = "products/BTC-GBP/candles?start=2025-06-01T06%3A00%3A00Z&granularity=21600"
    prices = "historical-price?currency=GBP"
    keep(archive, answer(prices, b"1"), answer(candles, b"2"), name="bitcoin_price", subject="2025-06")
    keep(archive, answer("mining/difficulty-adjustments", b"3"), name="network_epochs", subject="2025-06")
    with Twin(ArchivedWorld(archive)) as twin, httpx.Client(timeout=60) as client:
        asked = [f"{twin.mempool_url}/{prices}", f"{twin.coinbase_url}/{candles}"]
        asked += [f"{twin.mempool_url}/mining/difficulty-adjustments"]
        assert [client.get(url).content for url in asked] == [b"1", b"2", b"3"]
        assert twin.count(route="prices") == 1


def test_an_object_that_is_damaged_is_named(archive: Archive, tmp_path: Path, elexon: httpx.Client) -> None:
    keep(archive, answer(f"{STACK}/1", b"{}"))
    (damaged,) = (tmp_path / "archive").rglob("*.tar.zst")
    damaged.write_bytes(b"?")
    served = elexon.get(f"/{STACK}/1")
    assert served.status_code == 500
    assert damaged.name in served.json()["message"]


def test_an_archive_can_fail_as_a_world_does_but_not_be_changed(archive: Archive, elexon: httpx.Client) -> None:
    keep(archive, answer(f"{STACK}/1", b"{}"))
    faults, world = (str(elexon.base_url.join(f"/twin/{each}")) for each in ("faults", "world"))
    for url, what in ((faults, [{"kind": "mutate"}]), (world, {"days": {DAY: {"published": False}}})):
        refused = httpx.post(url, json=what)
        assert refused.status_code == 400
        assert "an archive is served as it is" in refused.json()["error"]
    assert httpx.post(faults, json=[{"kind": "status", "status": 503}]).status_code == 200
    assert elexon.get(f"/{STACK}/1").status_code == 503


@pytest.mark.system
def test_days_that_are_fetched_from_it_are_those_that_were_archived(tmp_path: Path) -> None:
    with archived_days(tmp_path / "first") as lived, ExitStack() as open_clients:
        twin = open_clients.enter_context(Twin(ArchivedWorld(lived.archive)))
        warehouse = empty_warehouse(tmp_path / "second")
        open_clients.callback(warehouse.close)
        elexon = open_clients.enter_context(SyncClient(ElexonClient(twin.elexon_url, LIMITS)))
        mempool = open_clients.enter_context(SyncClient(MempoolClient(twin.mempool_url, LIMITS)))
        coinbase = open_clients.enter_context(SyncClient(CoinbaseClient(twin.coinbase_url, LIMITS)))
        again = Archive(str(tmp_path / "second" / "archive"))
        dependencies = Dependencies(warehouse, elexon, mempool, coinbase, RULES, Archiving(again))
        list(DayPipeline(dependencies, LOG).run(DAYS, DayRequest(frozenset(DAILY_TABLES))))
        assert_same_tables(tables_in(lived.warehouse), tables_in(warehouse))
        assert len(tables_in(warehouse)["curtailment_records"]) > 0
        objects = [dict(archive.subjects("settlement_stacks")) for archive in (lived.archive, again)]
        assert objects[0] == objects[1]


@pytest.mark.system
def test_it_is_served_by_a_process_of_its_own(archive: Archive, tmp_path: Path) -> None:
    keep(archive, answer(f"{STACK}/1", b'{"data":[1]}'))
    keep(archive, answer(f"{STACK}/1", b'{"data":[2]}', begun=LATER))
    ready = tmp_path / "ready.json"
    command = [*COMMAND, "--archive", str(tmp_path / "archive"), "--as-of", "2025-06-05T12:00"]
    with subprocess.Popen([*command, "--ready-file", str(ready)], stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_for("the twin to be ready", 60, lambda: ready.exists() or None)
            told = json.loads(ready.read_text())
            served = httpx.get(f"{told['elexon_url']}/{STACK}/1").content
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
    assert (process.returncode, served) == (0, b'{"data":[1]}')
    assert f"the archive {archive.address} as of 2025-06-05 12:00:00 UTC" in output


@pytest.mark.system
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--archive", "nonsense://there"], "Protocol not known: nonsense"),
        (["--archive", "/proc/nothing"], "nothing is in the archive file:///proc/nothing"),
        (["--as-of", "2025-06-05"], "--as-of needs --archive"),
    ],
)
def test_what_cannot_be_served_is_refused(arguments: list[str], said: str) -> None:
    ran = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=120, check=False)
    assert ran.returncode == 2
    assert said in ran.stderr
