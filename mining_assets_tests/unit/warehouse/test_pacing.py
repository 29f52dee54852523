"""The pace that processes share: never above the rate together, no second wasted, and nothing lost with a process."""

import asyncio
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyrate_limiter import Limiter
from sqlalchemy import text

from mining_assets.sources.rate_limit import even_limiter
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.pacing import LONGEST_AHEAD_SECONDS, FilePace, shared_pace

RATE, COUNT, PROCESSES, WORKERS = 50, 100, 2, 8
POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
SQLITE = pytest.mark.parametrize("backend", ["sqlite"], indirect=True)

# As a client does: several at a time, each noted when it may go; begins when it is told to.
ASKS = """
import asyncio, sys, time
from sqlalchemy import make_url
from mining_assets.sources.rate_limit import even_limiter
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.pacing import shared_pace

warehouse = Warehouse(make_url(sys.argv[1]))
rate, count, workers = float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])

async def worker(limiter, requests):
    for _ in requests:
        await limiter.try_acquire_async("request")
        print(time.monotonic(), flush=True)

async def main():
    limiter, requests = even_limiter(rate, shared_pace(warehouse, "elexon")), iter(range(count))
    await asyncio.gather(*(worker(limiter, requests) for _ in range(workers)))

print("ready", flush=True)
sys.stdin.readline()
asyncio.run(main())
warehouse.close()
"""


def started(warehouse: Warehouse) -> "subprocess.Popen[str]":
    address = warehouse.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", ASKS, address, str(RATE), str(COUNT), str(WORKERS)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def admitted(limiter: Limiter, now: int) -> bool:
    """Whether one more request may start at an instant, in ms of the bucket's clock."""
    (bucket,) = limiter.bucket_factory.owned_buckets()
    item = limiter.bucket_factory.wrap_item("request")
    item.timestamp = now  # type: ignore[union-attr]
    return bool(bucket.put(item))  # type: ignore[arg-type]


@pytest.mark.system
def test_two_processes_together_keep_the_rate(warehouse: Warehouse) -> None:
    """That they waste none of it the bucket itself shows below: a busy machine adds delays."""
    processes = [started(warehouse) for _ in range(PROCESSES)]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    told = [process.communicate(timeout=120)[0].splitlines() for process in processes]
    assert [process.returncode for process in processes] == [0] * PROCESSES
    assert [len(lines) for lines in told] == [COUNT] * PROCESSES
    instants = sorted(float(line) for lines in told for line in lines)
    most = max(sum(start <= instant < start + 1 for instant in instants) for start in instants)
    # Noted when the process got round to it: each worker may note one that it was granted earlier.
    assert most <= RATE + PROCESSES * WORKERS
    assert instants[-1] - instants[0] >= (PROCESSES * (COUNT - WORKERS) - 1) / RATE


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
    asyncio.run(asyncio.wait_for(acquired(limiter), 60))
    far = int((time.time() + 10 * LONGEST_AHEAD_SECONDS) * 1_000_000)
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE request_pacing SET due = :far"), {"far": far})
    asyncio.run(asyncio.wait_for(acquired(limiter), 60))


async def acquired(limiter: Limiter) -> None:
    assert await limiter.try_acquire_async("request")
