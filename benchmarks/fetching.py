"""Fetching: the product's client against bare httpx, against latency, and against a limit."""

import asyncio
import json
import subprocess
import sys
import time
from bisect import bisect_left
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import httpx

from benchmarks.databases import empty
from benchmarks.measure import Figure, Setting, medians
from benchmarks.paced_fetch import LIMIT
from mining_assets.domain.settlement import SIDES, periods_in
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade

FIRST = date(2025, 6, 3)
CONCURRENCY = 8
DELAY_SECONDS = 0.05
WINDOW_SECONDS = 10.0
UNLIMITED = 1_000_000.0


def twin(setting: Setting) -> str:
    """Start a twin in its own process and return its address."""
    return str(setting.once("twin", lambda: _started(setting)))


def bare_httpx(setting: Setting) -> list[Figure]:
    """Fetch and parse days; bare httpx only reads the same bodies with as many requests at a time."""
    url, days = twin(setting), _days(max(1, round(12 * setting.scale)))
    count = sum(2 * periods_in(day) for day in days)
    bare, product = medians(
        setting.repetitions,
        lambda: asyncio.run(_read_only(url, days)),
        lambda: asyncio.run(_fetch(url, days, UNLIMITED)),
    )
    detail = {"requests": count, "seconds": product, "seconds_bare": bare, "requests_per_second": count / product}
    against = "requests/s of a bare httpx loop that reads the same bodies and parses nothing"
    return [Figure("fetch and parse, no delay", bare / product, 0.7, "more", against, detail)]


def latency(setting: Setting) -> list[Figure]:
    """Fetch days whose answers take 50 ms each; the detail says what bare httpx reaches."""
    url, days = twin(setting), _days(max(1, round(8 * setting.scale)))
    count = sum(2 * periods_in(day) for day in days)
    _switch(url, delay_ms=DELAY_SECONDS * 1000)
    try:
        bare, seconds = medians(
            min(setting.repetitions, 3),
            lambda: asyncio.run(_read_only(url, days)),
            lambda: asyncio.run(_fetch(url, days, UNLIMITED)),
        )
    finally:
        _switch(url, delay_ms=0)
    most = CONCURRENCY / DELAY_SECONDS
    rate, bare_rate = count / seconds / most, count / bare / most
    detail = {"requests": count, "seconds": seconds, "requests_per_second": count / seconds, "ratio_of_bare": bare_rate}
    return [Figure("fetch, 50 ms per answer, 8 at a time", rate, 0.9, "more", "8 / 0.05 s", detail)]


def limit(setting: Setting) -> list[Figure]:
    """Fetch by two processes on one warehouse, under a limit of 50 requests/s together, as the server counts them."""
    return [figure for backend in setting.backends for figure in _limit(setting, backend)]


def _limit(setting: Setting, backend: str) -> list[Figure]:
    url, count = twin(setting), max(1, round(6 * setting.scale))
    warehouse = Warehouse(empty(setting, backend, "limit"))
    upgrade(warehouse)
    warehouse.close()
    address = warehouse.url.render_as_string(hide_password=False)
    httpx.delete(f"{_root(url)}/twin/requests").raise_for_status()
    processes = [
        subprocess.Popen([sys.executable, "-m", "benchmarks.paced_fetch", url, address, str(first), str(count)])
        for first in (FIRST, FIRST + timedelta(days=100))
    ]
    codes = [process.wait() for process in processes]
    if any(codes):
        raise RuntimeError("a process that fetches under the limit failed")
    starts = sorted(request["at"] for request in _requests(url))
    rate = (len(starts) - 1) / (starts[-1] - starts[0])
    most = max(bisect_left(starts, start + WINDOW_SECONDS) - at for at, start in enumerate(starts))
    detail = {"requests": len(starts), "processes": len(processes), "requests_per_second": rate, "most_in_10_s": most}
    named = f"two processes under 50 requests/s, {backend}"
    window = f"{LIMIT * WINDOW_SECONDS:.0f} requests in any {WINDOW_SECONDS:.0f} s"
    return [
        Figure(named, rate / LIMIT, 0.97, "more", f"{LIMIT:.0f} requests/s", detail),
        Figure(f"{named}, fullest 10 s", most / (LIMIT * WINDOW_SECONDS), 1.0, "less", window, detail),
    ]


async def _fetch(url: str, days: Sequence[date], rate: float) -> None:
    limits = HttpLimits(requests_per_second=rate, concurrency=CONCURRENCY)
    async with ElexonClient(url, limits) as elexon:
        for day in days:
            stacks = await elexon.day_stacks(day)
            assert all(answer.rows for answer in stacks.values())


async def _read_only(url: str, days: Sequence[date]) -> None:
    """Run the simplest loop: a worker per simultaneous request, each reading one body after the other."""
    paths = iter(
        f"{url}/balancing/settlement/stack/all/{side}/{day}/{period}"
        for day in days
        for period in range(1, periods_in(day) + 1)
        for side in SIDES
    )
    async with httpx.AsyncClient() as client:

        async def work() -> None:
            for path in paths:
                answer = await client.get(path)
                assert answer.content

        await asyncio.gather(*(work() for _ in range(CONCURRENCY)))


def _days(count: int) -> list[date]:
    return [FIRST + timedelta(days=offset) for offset in range(count)]


def _started(setting: Setting) -> str:
    ready = setting.folder / "twin.json"
    ready.unlink(missing_ok=True)
    command = [sys.executable, "-m", "mining_assets_tests.support.twin", "--ready-file", str(ready)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    setting.stack.callback(process.wait)
    setting.stack.callback(process.terminate)
    while not ready.exists():
        if process.poll() is not None:
            raise RuntimeError("the twin does not start")
        time.sleep(0.05)
    return str(json.loads(ready.read_text())["elexon_url"])


def _switch(url: str, **switches: Any) -> None:
    httpx.post(f"{_root(url)}/twin/world", json=switches).raise_for_status()


def _requests(url: str) -> list[dict[str, Any]]:
    answer: Any = httpx.get(f"{_root(url)}/twin/requests").json()
    return list(answer["requests"])


def _root(url: str) -> str:
    return str(httpx.URL(url).copy_with(path="/")).rstrip("/")
