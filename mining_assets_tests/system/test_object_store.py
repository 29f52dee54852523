"""The archive in a bucket, over HTTP, by the product's own processes.

The driver and the server are installed where only this test finds them: `make test-s3`.
"""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import httpx
import pytest

from mining_assets_tests.support.dagster_processes import free_port
from mining_assets_tests.support.harness import COMMAND, Environment, environment
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DRIVER = Path(sys.prefix) / "s3"
DAY = date(2025, 6, 3)
# Of any signature the server believes that it is right; without one it lets nobody write.
SCOPE = "key/20250603/eu-west-2/s3/aws4_request"
SIGNED = {"Authorization": f"AWS4-HMAC-SHA256 Credential={SCOPE}, SignedHeaders=host, Signature=0"}
OBJECT = rf"archive/settlement_stacks/2025/2025-06/{DAY}/([0-9a-f]{{64}})\.tar\.zst"

pytestmark = [
    pytest.mark.system,
    pytest.mark.skipif(not DRIVER.is_dir(), reason="needs s3fs and moto: played by make test-s3"),
]


@dataclass
class Store:
    """An S3-compatible server with one bucket, and a home whose archive is in it."""

    address: str
    made: Environment
    process: "subprocess.Popen[bytes]"

    @property
    def variables(self) -> Mapping[str, str]:
        return {
            "PYTHONPATH": str(DRIVER),
            "AWS_ENDPOINT_URL": self.address,
            "AWS_ACCESS_KEY_ID": "key",
            "AWS_SECRET_ACCESS_KEY": "s3cret-of-the-store",
            "AWS_REGION": "eu-west-2",
            "AWS_MAX_ATTEMPTS": "1",
        }

    def run(self, *arguments: object) -> "subprocess.CompletedProcess[str]":
        """`mining-assets` with some arguments, as a process that has the driver."""
        command = [*COMMAND, *map(str, arguments)]
        variables = {**self.made.of_process(), **self.variables}
        folder = self.made.home.parent
        return subprocess.run(
            command, env=variables, cwd=folder, check=False, capture_output=True, text=True, timeout=1200
        )

    def check(self) -> tuple[int, dict[str, Any]]:
        """The exit code and the report of `archive check`."""
        ran = self.run("archive", "check", "--json")
        assert ran.stdout, ran.stderr
        report: dict[str, Any] = json.loads(ran.stdout)
        return ran.returncode, report

    def doctor(self) -> dict[str, Any]:
        """What `doctor` finds of the archive, by name."""
        ran = self.run("doctor", "--json")
        assert ran.stdout, ran.stderr
        sections = json.loads(ran.stdout)["sections"]
        return {line["name"]: line for each in sections if each["section"] == "Archive" for line in each["lines"]}

    def listed(self) -> list[str]:
        """Everything in the bucket."""
        return re.findall("<Key>([^<]*)</Key>", self.ask("GET", "?list-type=2").text)

    def ask(self, method: str, path: str, content: bytes | None = None) -> httpx.Response:
        """Ask the server for something in the bucket, past the product."""
        answer = httpx.request(method, f"{self.address}/bucket{path}", headers=SIGNED, content=content)
        return answer.raise_for_status()

    def the_object(self) -> str:
        """The key of the day's only object."""
        (key,) = [key for key in self.listed() if re.fullmatch(OBJECT, key)]
        return key


@contextmanager
def served(port: int) -> Iterator["subprocess.Popen[bytes]"]:
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    process = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONPATH": str(DRIVER)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def wait_for(address: str) -> None:
    until = time.monotonic() + 120
    while True:
        try:
            assert httpx.put(f"{address}/bucket").status_code == 200
        except httpx.TransportError:
            assert time.monotonic() < until, "the server does not start"
            time.sleep(0.1)
        else:
            return


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    world = GeneratedWorld(seed=5, units=4, light=True, windy_days=[DAY])
    with Twin(world) as twin, served(port) as process:
        wait_for(address)
        yield Store(address, environment(tmp_path, twin, archive_url="s3://bucket/archive"), process)


def test_a_day_is_archived_checked_damaged_and_missed_in_a_bucket(store: Store) -> None:
    fetched = store.run("date", DAY)
    assert fetched.returncode == 0, fetched.stderr
    key = store.the_object()
    assert f"archive/settlement_stacks/2025/2025-06/{DAY}/manifest.jsonl" in store.listed()
    code, report = store.check()
    assert (code, report["address"], report["problems"], report["orphans"]) == (0, "s3://bucket/archive", [], [])
    assert report["objects"] == sum(key.endswith(".tar.zst") for key in store.listed())

    # A fetch with the same content adds a line and no object.
    before = store.listed()
    assert store.run("date", DAY, "--refetch").returncode == 0
    assert store.listed() == before
    assert store.check()[1]["fetches"] > report["fetches"]

    # The doctor writes, reads and removes, and leaves nothing.
    examined = store.doctor()
    assert {name: line["result"] for name, line in examined.items()} == {"archive": "pass", "archive content": "pass"}
    assert store.listed() == before

    # What is damaged and what is lost is named; fetched again, the object is right again.
    right = store.ask("GET", f"/{key}").content
    store.ask("PUT", f"/{key}", right[:-7])
    code, report = store.check()
    assert (code, [each["object"] for each in report["problems"]]) == (1, [re.fullmatch(OBJECT, key)[1]])  # type: ignore[index]
    assert f"s3://bucket/{key}: cannot be read" in report["problems"][0]["reason"]
    store.ask("DELETE", f"/{key}")
    code, report = store.check()
    assert (code, report["problems"][0]["reason"]) == (1, f"archive: s3://bucket/{key}: there is no such object")
    assert store.run("date", DAY, "--refetch").returncode == 0
    assert store.check()[0] == 0
    assert store.ask("GET", f"/{key}").content == right

    # What nobody names is listed, and too young to be removed.
    orphan = key.replace(re.fullmatch(OBJECT, key)[1], "0" * 64)  # type: ignore[index]
    store.ask("PUT", f"/{orphan}", b"?")
    code, report = store.check()
    assert (code, [each["object"] for each in report["orphans"]]) == (0, ["0" * 64])
    pruned = json.loads(store.run("archive", "prune", "--yes", "--json").stdout)
    assert (pruned["removed"], [each["object"] for each in pruned["kept"]]) == ([], ["0" * 64])

    # Without the store nothing can be said of what is in it, and no day is stored.
    store.process.kill()
    store.process.wait()
    checked = store.run("archive", "check")
    assert checked.returncode == 3
    assert store.doctor()["archive"]["result"] == "unreachable"
    assert "mining-assets: archive: s3://bucket/" in checked.stderr
    other = store.run("date", "2025-06-04")
    assert other.returncode == 3, other.stderr
    assert "could not be archived: archive: s3://bucket/archive/" in re.sub(r"\s+", " ", other.stderr + other.stdout)
    status = json.loads(store.run("status", "--from", DAY, "--to", "2025-06-04", "--json").stdout)
    assert (status["states"]["final"], status["states"]["missing"]) == (1, 1)
    assert "s3cret-of-the-store" not in checked.stderr + other.stderr + other.stdout
