"""Dagster's own processes, and what its webserver is asked by GraphQL. What the product starts is in ``serving``."""

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from mining_assets_tests.support.harness import Environment

LAUNCH = """mutation ($params: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $params) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}"""
PROGRESS = """query ($id: String!) {
  partitionBackfillOrError(backfillId: $id) { __typename ... on PartitionBackfill { status error { message } } }
}"""
RUNS = """{ runsOrError { ... on Runs { results { status jobName tags { key value } } } } }"""


@contextmanager
def running(made: Environment, module: str, *arguments: str) -> Iterator["subprocess.Popen[bytes]"]:
    """A Dagster process and all it starts, until the block ends."""
    log = made.home.parent / f"{module}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments, "-m", "mining_assets.definitions"],
            env=made.of_process(),
            cwd=made.home.parent,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    except BaseException:
        print(f"{module}: {log.read_text()[-5000:]}")
        raise
    finally:
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
            except ProcessLookupError:
                break
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                continue
        process.wait()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def asked(url: str, query: str, **variables: Any) -> dict[str, Any]:
    """The answer of the webserver's GraphQL, as the UI asks it."""
    answer = httpx.post(f"{url}/graphql", json={"query": query, "variables": variables}, timeout=60)
    answer.raise_for_status()
    told: dict[str, Any] = answer.json()
    assert "errors" not in told, told["errors"]
    return told["data"]


def is_up(url: str) -> bool:
    try:
        return httpx.get(f"{url}/server_info", timeout=5).status_code == 200
    except httpx.TransportError:
        return False
