"""The pace that processes share: never above the rate together, no second wasted, and nothing lost with a process."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyrate_limiter import Limiter
from sqlalchemy import text

from mining_assets.sources.pacing import even_limiter
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.pacing import LONGEST_AHEAD_SECONDS, FilePace, shared_pace

RATE, SECONDS, PROCESSES = 50, 4.0, 2
POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

# As a client does: eight at a time, each noted when it may go.
ASKS = """
import asyncio, sys, time
from sqlalchemy import make_url
from mining_assets.sources.pacing import even_limiter
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.pacing import shared_pace

warehouse = Warehouse(make_url(sys.argv[1]))
rate, until = float(sys.argv[2]), float(sys.argv[3])

async def worker(limiter):
    while time.monotonic() < until:
        await limiter.try_acquire_async("request")
        print(time.monotonic(), flush=True)

async def main():
    limiter = even_limiter(rate, shared_pace(warehouse, "elexon"))
    await asyncio.gather(*(worker(limiter) for _ in range(8)))

asyncio.run(main())
warehouse.close()
"""


def started(warehouse: Warehouse, until: float) -> "subprocess.Popen[str]":
    address = warehouse.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ASKS, address, str(RATE), str(until)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def admitted(limiter: Limiter, now: int) -> bool:
    """Whether one more request may start at an instant, in ms of the bucket's clock."""
    (bucket,) = limiter.bucket_factory.owned_buckets()
    item = limiter.bucket_factory.wrap_item("request")
    item.timestamp = now  # type: ignore[union-attr]
    return bool(bucket.put(item))  # type: ignore[arg-type]


def test_two_processes_together_keep_the_rate_and_use_it(warehouse: Warehouse) -> None:
    until = time.monotonic() + 3 + SECONDS  # they start within the first three
    processes = [started(warehouse, until) for _ in range(PROCESSES)]
    by_process = [[float(line) for line in process.communicate(timeout=60)[0].splitlines()] for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert all(len(instants) > RATE for instants in by_process), "both have their part"
    together_from = max(instants[0] for instants in by_process)
    instants = sorted(instant for each in by_process for instant in each if instant >= together_from)
    most = max(sum(start <= instant < start + 1 for instant in instants) for start in instants)
    # Noted when the process got round to it: a busy machine moves some past the next. To the last one, see below.
    assert most <= RATE + 5
    span = until - together_from
    assert len(instants) <= RATE * span + 16  # the last of each worker
    assert len(instants) >= 0.8 * RATE * span  # 0.98 when the machine is idle


@pytest.mark.parametrize("rate", [0.5, 10, 50, 333])
def test_no_second_sees_more_than_the_rate_whoever_asks(tmp_path: Path, rate: float) -> None:
    limiters = [even_limiter(rate, FilePace(tmp_path / "pace")) for _ in range(3)]
    granted = [now for now in range(0, 8000, 1) if admitted(limiters[now % 3], 1_000_000 + now)]
    assert max(sum(start <= now < start + 1000 for now in granted) for start in granted) <= max(1, rate)
    assert len(granted) >= 0.95 * (max(1, rate - 1)) * 8 if rate >= 1 else len(granted) >= 4


@SQLITE
def test_sources_do_not_share_with_one_another(warehouse: Warehouse) -> None:
    first, second = (even_limiter(1, shared_pace(warehouse, source)) for source in ("elexon", "mempool"))
    assert admitted(first, 5000)
    assert not admitted(first, 5001)
    assert admitted(second, 5001)


@pytest.mark.parametrize("content", ["", "garbage", "-5", "99999999999999999999"])
def test_a_file_that_cannot_be_right_holds_nobody_up(tmp_path: Path, content: str) -> None:
    path = tmp_path / "pace"
    path.write_text(content)
    limiter = even_limiter(10, FilePace(path))
    assert admitted(limiter, 5000)
    assert not admitted(limiter, 5001), "and counts from then on"


def test_what_was_written_before_the_clock_began_anew_is_forgotten(tmp_path: Path) -> None:
    before = even_limiter(10, FilePace(tmp_path / "pace"))
    assert admitted(before, 9_000_000)
    after = even_limiter(10, FilePace(tmp_path / "pace"))
    assert admitted(after, 1000)
    assert admitted(after, 1000 + 200)


@POSTGRESQL
def test_a_row_that_cannot_be_right_holds_nobody_up(warehouse: Warehouse) -> None:
    limiter = even_limiter(10, shared_pace(warehouse, "elexon"))
    asyncio.run(asyncio.wait_for(acquired(limiter), 5))
    far = int((time.time() + 10 * LONGEST_AHEAD_SECONDS) * 1_000_000)
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE request_pacing SET due = :far"), {"far": far})
    asyncio.run(asyncio.wait_for(acquired(limiter), 5))


async def acquired(limiter: Limiter) -> None:
    assert await limiter.try_acquire_async("request")
