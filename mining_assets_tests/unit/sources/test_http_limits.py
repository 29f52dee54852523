"""The client's bounds: pace, concurrency, pauses, time and size."""

import asyncio
import time
import zlib
from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from math import ceil
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyrate_limiter import InMemoryBucket, Limiter, Rate, SingleBucketFactory

from mining_assets.sources.errors import SourceError, SourceRefused, SourceUnavailable
from mining_assets.sources.http import HttpClient, HttpCounters, HttpLimits
from mining_assets.sources.rate_limit import even_limiter, retry_after
from mining_assets_tests.support.loopback import QUICK, Loopback, Request, Script, in_turn, response, run

NOW = datetime(2025, 6, 1, 12, tzinfo=UTC)


def whole(body: bytes) -> bytes:
    return body


async def many(
    script: Script, limits: HttpLimits, count: int, limiter: Limiter | None = None
) -> tuple[Loopback, HttpCounters]:
    async with Loopback(script) as server, HttpClient(server.url, limits, limiter=limiter) as client:
        await asyncio.gather(*(client.get(f"{number}", whole) for number in range(count)))
        return server, client.counters


# Pace


def test_the_rate_is_kept() -> None:
    """How even it is, and that none of it is wasted, the bucket itself shows below: a busy machine adds delays."""
    started = time.monotonic()
    server, counters = run(many(in_turn(response()), HttpLimits(requests_per_second=20), 21))
    assert time.monotonic() - started >= 0.95  # 20 gaps of 50 ms
    assert len(server.requests) == 21
    assert counters.rate_wait_seconds > 0


def test_retries_count_against_the_rate() -> None:
    limits = HttpLimits(
        requests_per_second=20, retry_attempts=11, retry_base_seconds=0.001, retry_max_seconds=0.001, timeout_seconds=60
    )

    async def work() -> Loopback:
        async with Loopback(in_turn(response("", 500))) as server, HttpClient(server.url, limits) as client:
            with pytest.raises(SourceUnavailable):
                await client.get("list", whole)
            return server

    started = time.monotonic()
    server = run(work())
    assert len(server.requests) == 11
    assert time.monotonic() - started >= 0.45


@pytest.mark.parametrize("rate", [0.5, 1, 2.5, 10, 49.9, 99.9, 200, 333, 1000, 4321])
def test_no_second_sees_more_than_the_rate(rate: float) -> None:
    """Taken from the bucket itself, as fast as its own clock of milliseconds lets it."""
    limiter = even_limiter(rate)
    (bucket,) = limiter.bucket_factory.owned_buckets()
    span = int(max(3000, 4000 / rate))
    admitted: list[int] = []
    for now in range(0, span, 1 if rate > 1 else 7):
        while len(admitted) < 100_000:
            item = limiter.bucket_factory.wrap_item("request")
            item.timestamp = 1_000_000 + now  # type: ignore[union-attr]
            if not bucket.put(item):  # type: ignore[arg-type]
                break
            admitted.append(now)
    most = max(bisect_left(admitted, start + 1000) - bisect_left(admitted, start) for start in {*admitted})
    assert most <= ceil(rate)
    assert len(admitted) >= rate * (span / 1000) * 0.95 - 1  # and does not fall behind it either


def test_event_loop_is_not_blocked_while_waiting_for_the_rate() -> None:
    async def work() -> int:
        turns = 0

        async def count_turns() -> None:
            nonlocal turns
            while True:
                await asyncio.sleep(0.005)
                turns += 1

        counting = asyncio.create_task(count_turns())
        await many(in_turn(response()), HttpLimits(requests_per_second=1), 2)
        counting.cancel()
        return turns

    # The wait takes a second: room for 200 turns. A loop that sleeps itself has only those of the two requests.
    assert run(work()) > 20


def test_limiter_over_another_bucket_is_used_instead() -> None:
    bucket = InMemoryBucket([Rate(2, 300)])
    limiter = Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=1)
    started = time.monotonic()
    run(many(in_turn(response()), HttpLimits(requests_per_second=1000), 5, limiter))
    assert time.monotonic() - started >= 0.55
    assert bucket.count() == 5


# Concurrency


def test_concurrency_is_bounded_and_used() -> None:
    async def work() -> Loopback:
        three_are_there = asyncio.Event()

        async def held(request: Request, _: asyncio.StreamWriter) -> bytes:
            if request.number >= 3:
                three_are_there.set()
            await three_are_there.wait()
            return response()

        server, _ = await many(held, HttpLimits(requests_per_second=5000, concurrency=3), 20)
        return server

    server = run(work())
    assert server.most_at_once == 3
    assert server.connections == 3


def test_cancelled_requests_give_their_places_back() -> None:
    async def stall(request: Request, writer: asyncio.StreamWriter) -> bytes:
        if request.number <= 4:
            await asyncio.sleep(60)
        return response([7])

    async def work() -> bytes:
        limits = HttpLimits(requests_per_second=5000, concurrency=2)
        async with Loopback(stall) as server, HttpClient(server.url, limits) as client:
            for turn in (1, 2):
                tasks = [asyncio.create_task(client.get("x", whole)) for _ in range(4)]
                while len(server.requests) < 2 * turn:
                    await asyncio.sleep(0.005)
                for task in tasks:
                    task.cancel()
                assert all(
                    isinstance(result, asyncio.CancelledError)
                    for result in await asyncio.gather(*tasks, return_exceptions=True)
                )
            return (await client.get("x", whole)).value

    assert run(work()) == b"[7]"


# Pauses


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_in_seconds_is_waited_for(status: int) -> None:
    async def work() -> tuple[Loopback, HttpCounters]:
        script = in_turn(response("", status, {"Retry-After": "1"}), response())
        async with Loopback(script) as server, HttpClient(server.url, QUICK) as client:
            await client.get("list", whole)
            return server, client.counters

    server, counters = run(work())
    first, second = server.requests
    assert second.at - first.at >= 1
    assert counters.retry_wait_seconds >= 1


def test_retry_after_as_a_date_is_waited_for() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> None:
        at = format_datetime(NOW + timedelta(seconds=90), usegmt=True)
        script = in_turn(response("", 429, {"Retry-After": at}), response())
        async with (
            Loopback(script) as server,
            HttpClient(server.url, QUICK, clock=lambda: NOW, sleep=sleep) as client,
        ):
            await client.get("list", whole)

    run(work())
    assert waits[0] == 90


@pytest.mark.parametrize(
    ("header", "longest", "expected"),
    [
        (None, 60, 60),
        (None, 5, 5),
        ("soon", 60, 60),
        ("-3", 300, 60),
        ("86400", 60, 900),
        ("9" * 5000, 60, 900),
        ("7", 5, 7),  # asked for by the server, so above the client's own longest wait
    ],
)
def test_wait_after_429(header: str | None, longest: float, expected: float) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> None:
        headers = {} if header is None else {"Retry-After": header}
        limits = HttpLimits(requests_per_second=1000, retry_max_seconds=longest)
        async with (
            Loopback(in_turn(response("", 429, headers), response())) as server,
            HttpClient(server.url, limits, sleep=sleep) as client,
        ):
            await client.get("list", whole)

    run(work())
    assert waits[0] == expected


def test_retry_after_zero_leaves_it_to_the_growing_waits() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def work() -> None:
        script = in_turn(response("", 429, {"Retry-After": "0"}), response())
        async with Loopback(script) as server, HttpClient(server.url, sleep=sleep) as client:
            await client.get("list", whole)

    run(work())
    assert 1 <= waits[0] <= 2


def test_429_holds_back_every_other_request() -> None:
    async def script(request: Request, _: asyncio.StreamWriter) -> bytes:
        await asyncio.sleep(0.01)
        return response("", 429, {"Retry-After": "1"}) if request.number == 1 else response()

    started = time.monotonic()
    server, counters = run(many(script, HttpLimits(requests_per_second=40, concurrency=4), 12))
    took = time.monotonic() - started
    first = server.requests[0].at
    # What was on its way when the 429 came is there, and perhaps its followers; all else waits for a second.
    held = [request for request in server.requests if request.at >= first + 1]
    assert len(held) >= 5
    assert 1 <= counters.retry_wait_seconds <= took  # all who wait at once are counted once


@given(st.text(max_size=40))
def test_any_retry_after_is_read_or_ignored(header: str) -> None:
    seconds = retry_after(header, NOW)
    assert seconds is None or seconds >= 0


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("Sun, 01 Jun 2025 12:00:30 GMT", 30),
        ("Sun, 01 Jun 2025 13:00:30 +0100", 30),
        ("Sun, 01 Jun 2025 12:00:30 -0000", 30),
        ("Sun, 01 Jun 2025 11:00:00 GMT", 0),
        ("", None),
        ("1.5", None),
        ("²", None),
    ],
)
def test_retry_after_forms(header: str, seconds: float | None) -> None:
    assert retry_after(header, NOW) == seconds


# Time and size


async def refused(script: Script, limits: HttpLimits) -> SourceError:
    async with Loopback(script) as server, HttpClient(server.url, limits) as client:
        with pytest.raises(SourceError) as caught:
            await client.get("list", whole)
        return caught.value


SMALL = HttpLimits(requests_per_second=1000, max_body_bytes=100_000, timeout_seconds=60)


async def endless(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        writer.write(b"1000\r\n" + b"[" * 4096 + b"\r\n")
        await writer.drain()


def test_endless_body_is_cut_at_the_cap() -> None:
    error = run(refused(endless, SMALL))
    assert isinstance(error, SourceRefused)
    assert (error.reason, error.status, error.attempts) == ("body above 100000 bytes", 200, 1)


def test_body_at_the_cap_is_taken_and_one_above_is_not() -> None:
    async def work(size: int, zipped: bool) -> int:
        script = in_turn(response(b"x" * size, zipped=zipped))
        async with Loopback(script) as server, HttpClient(server.url, SMALL) as client:
            return (await client.get("list", whole)).bytes

    for zipped in (False, True):
        assert run(work(100_000, zipped)) == 100_000
        with pytest.raises(SourceRefused, match="above 100000 bytes"):
            run(work(100_001, zipped))


def test_gzip_bomb_is_not_inflated() -> None:
    packer = zlib.compressobj(wbits=31)
    megabyte = bytes(1024 * 1024)
    bomb = b"".join(packer.compress(megabyte) for _ in range(200)) + packer.flush()
    assert len(bomb) < 300_000
    inflated: list[int] = []
    real = zlib.decompressobj

    class Watched:
        def __init__(self, wbits: int) -> None:
            self._real = real(wbits)

        def decompress(self, data: bytes, limit: int) -> bytes:
            piece = self._real.decompress(data, limit)
            inflated.append(len(piece))
            return piece

        def __getattr__(self, name: str) -> Any:
            return getattr(self._real, name)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(zlib, "decompressobj", Watched)
        error = run(refused(in_turn(response(bomb, headers={"Content-Encoding": "gzip"})), SMALL))
    assert isinstance(error, SourceRefused)
    assert error.reason == "body above 100000 bytes"
    assert sum(inflated) == 100_001


def test_data_after_a_zipped_body_does_not_pile_up() -> None:
    async def trailing(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1000000000\r\n\r\n")
        packer = zlib.compressobj(wbits=31)
        writer.write(packer.compress(b"[]") + packer.flush())
        while True:
            await writer.drain()
            await asyncio.sleep(0.001)
            writer.write(bytes(4096))

    error = run(refused(trailing, QUICK))
    assert isinstance(error, SourceUnavailable)
    assert "after the end" in error.reason


@pytest.mark.system
def test_slow_headers_and_slow_errors_end_in_time() -> None:
    async def slow_head(_: Request, writer: asyncio.StreamWriter) -> None:
        for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
            writer.write(bytes([byte]))
            await writer.drain()
            await asyncio.sleep(0.01)

    async def slow_error(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 1000\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(60)

    limits = HttpLimits(requests_per_second=1000, retry_attempts=1, timeout_seconds=2)
    head = run(refused(slow_head, limits))
    body = run(refused(slow_error, limits))
    assert (head.status, head.reason) == (None, "no complete answer within 2 s")
    assert (body.status, body.reason) == (500, "server error")
