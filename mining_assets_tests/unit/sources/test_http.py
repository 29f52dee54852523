"""The client against a server that misbehaves: what is asked again, what is not, and what the errors say."""

import asyncio
import json
import socket
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from mining_assets.sources.address import without_credentials
from mining_assets.sources.errors import (
    BrokenBodyError,
    ImpossibleValueError,
    SourceError,
    SourceRefused,
    SourceUnavailable,
)
from mining_assets.sources.http import Answer, HttpClient, HttpCounters, HttpLimits
from mining_assets_tests.support.loopback import QUICK, Loopback, Request, Script, in_turn, response, run

GOOD = response([1, 2])
# Waited for in vain.
STALLED_SECONDS = 2
STALLED = f"no complete answer within {STALLED_SECONDS} s"


def parse(body: bytes) -> Any:
    try:
        value = json.loads(body)
    except ValueError as error:
        raise BrokenBodyError(f"not JSON: {error}") from None
    if value == "impossible":
        raise ImpossibleValueError("the value is 'impossible'")
    return value


async def ask(
    script: Script, limits: HttpLimits = QUICK, path: str = "/list"
) -> tuple[Answer[Any], HttpCounters, Loopback]:
    async with Loopback(script) as server, HttpClient(server.url, limits) as client:
        return await client.get(path, parse, {"of": "day"}), client.counters, server


async def fail(script: Script, limits: HttpLimits = QUICK) -> tuple[SourceError, Loopback]:
    async with Loopback(script) as server, HttpClient(server.url, limits) as client:
        with pytest.raises(SourceError) as caught:
            await client.get("list", parse)
        return caught.value, server


def test_answer_says_where_when_and_how() -> None:
    before = datetime.now(UTC)
    answer, counters, server = run(ask(in_turn(GOOD)))
    assert answer.value == [1, 2]
    assert answer.url == f"{server.url}/list?of=day"
    assert before <= answer.fetched_at <= datetime.now(UTC)
    assert answer.fetched_at.tzinfo is UTC
    assert (answer.attempts, answer.bytes) == (1, 6)
    assert (counters.requests, counters.retries, counters.bytes, counters.retry_wait_seconds) == (1, 0, 6, 0)
    (request,) = server.requests
    assert request.target == "/base/list?of=day"
    assert request.headers["accept-encoding"] == "gzip"


def test_fetched_at_is_when_the_answered_request_was_sent() -> None:
    instants = [datetime(2025, 1, 1, 0, minute, tzinfo=UTC) for minute in range(4)]
    clock = iter(instants)

    async def work() -> Answer[Any]:
        async with (
            Loopback(in_turn(response(status=500), GOOD)) as server,
            HttpClient(server.url, QUICK, clock=lambda: next(clock)) as client,
        ):
            return await client.get("list", parse)

    answer = run(work())
    assert answer.attempts == 2
    # The first attempt reads the clock when sent and when it looks for a Retry-After.
    assert answer.fetched_at == instants[2]


def test_gzip_is_asked_for_and_read() -> None:
    answer, counters, _ = run(ask(in_turn(response(list(range(5000)), zipped=True))))
    assert answer.value == list(range(5000))
    assert counters.bytes == answer.bytes == len(json.dumps(list(range(5000))))


def test_connections_are_reused() -> None:
    async def work() -> int:
        async with Loopback(in_turn(GOOD)) as server, HttpClient(server.url, QUICK) as client:
            for _ in range(10):
                await client.get("list", parse)
            return server.connections

    assert run(work()) == 1


async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    writer.transport.abort()


async def hang_up(_: Request, writer: asyncio.StreamWriter) -> None:
    return None


async def reset_within_body(request: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD[:-2])
    await writer.drain()
    await reset(request, writer)


async def cut_body(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(GOOD[:-2])
    await writer.drain()


async def cut_chunked_body(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n[1,\r\n")
    await writer.drain()


async def not_http(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
    await writer.drain()


async def silence(_: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.sleep(60)


async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b"[")
        await writer.drain()
        await asyncio.sleep(0.02)


ZIPPED = response(list(range(5000)), zipped=True)
TRANSIENT: dict[str, tuple[Script, str, int | None]] = {
    "429": (in_turn(response("slow down", 429)), "too many requests: 'slow down'", 429),
    "500": (in_turn(response("oops", 500)), "server error: 'oops'", 500),
    "502": (in_turn(response("<html>" + "x" * 200_000, 502)), "server error", 502),
    "503": (in_turn(response("", 503)), "server error", 503),
    "504 with a broken body": (in_turn(response(b"\x1f\x8bx", 504, {"Content-Encoding": "gzip"})), "server error", 504),
    "204": (in_turn(b"HTTP/1.1 204 No Content\r\n\r\n"), "carries no data", 204),
    "reset": (reset, "ReadError", None),
    "reset within the body": (reset_within_body, "Re", 200),
    "hang-up": (hang_up, "RemoteProtocolError", None),
    "truncated": (cut_body, "RemoteProtocolError", 200),
    "truncated chunks": (cut_chunked_body, "RemoteProtocolError", 200),
    "not HTTP": (not_http, "RemoteProtocolError", None),
    "silence": (silence, STALLED, None),
    "slow drip": (drip, STALLED, 200),
    "not JSON": (in_turn(response("<html>sorry</html>")), "not JSON", 200),
    "empty": (in_turn(response("")), "not JSON", 200),
    "empty, said to be zipped": (in_turn(response("", headers={"Content-Encoding": "gzip"})), "ends early", 200),
    "not gzip": (in_turn(response("[1]", headers={"Content-Encoding": "gzip"})), "broken body", 200),
    "cut gzip": (in_turn(response(ZIPPED[-900:-9], headers={"Content-Encoding": "gzip"})), "broken body", 200),
}


WAITED_FOR = ("silence", "slow drip")  # with a timeout


@pytest.mark.parametrize("name", TRANSIENT)
def test_what_may_pass_is_asked_again_until_the_attempts_are_used_up(name: str) -> None:
    script, reason, status = TRANSIENT[name]
    limits = HttpLimits(
        requests_per_second=1000,
        retry_attempts=2,
        retry_base_seconds=0.001,
        retry_max_seconds=0.002,
        timeout_seconds=STALLED_SECONDS if reason == STALLED else 60,
    )
    error, server = run(fail(script, limits))
    assert isinstance(error, SourceUnavailable)
    assert reason in error.reason
    assert (error.status, error.attempts) == (status, 2)
    assert error.url == f"{server.url}/list"
    assert len(server.requests) == 2
    assert "2 attempts" in str(error)
    assert error.url in str(error)


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.system if name in WAITED_FOR else ()) for name in TRANSIENT]
)
def test_what_passed_leaves_a_good_answer(name: str) -> None:
    script, reason, _ = TRANSIENT[name]

    client: HttpClient

    async def once(request: Request, writer: asyncio.StreamWriter) -> bytes | None:
        client.limits = replace(limits, timeout_seconds=60)  # for the good answer, however busy the machine is
        return await script(request, writer) if request.number == 1 else GOOD

    async def work() -> tuple[Answer[Any], list[Request]]:
        nonlocal client
        async with Loopback(once) as server, HttpClient(server.url, limits) as client:
            return await client.get("list", parse), server.requests

    limits = HttpLimits(
        requests_per_second=1000,
        concurrency=1,  # the failed request's connection must be usable again, or replaced
        retry_base_seconds=0.001,
        retry_max_seconds=0.002,
        timeout_seconds=STALLED_SECONDS if reason == STALLED else 60,
    )
    answer, requests = run(work())
    assert (answer.value, answer.attempts) == ([1, 2], 2)
    assert (client.counters.requests, client.counters.retries) == (2, 1)
    assert client.counters.retry_wait_seconds > 0
    assert len(requests) == 2


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    async def work() -> None:
        async with HttpClient(f"http://127.0.0.1:{port}", QUICK) as client:
            await client.get("list", parse)

    with pytest.raises(SourceUnavailable, match="ConnectError") as caught:
        run(work())
    assert (caught.value.status, caught.value.attempts) == (None, 1)  # never reached: told at once


PERMANENT: dict[str, tuple[Script, str, int]] = {
    "400": (in_turn(response('{"title": "bad period"}', 400)), 'request refused: \'{"title": "bad period"}\'', 400),
    "401": (in_turn(response("", 401)), "request refused", 401),
    "404": (in_turn(response("no such thing", 404)), "request refused: 'no such thing'", 404),
    "408": (in_turn(response("", 408)), "request refused", 408),
    "impossible value": (in_turn(response('"impossible"')), "the value is 'impossible'", 200),
    "unknown encoding": (in_turn(response("x", headers={"Content-Encoding": "br"})), "encoded as 'br'", 200),
    "doubly zipped": (in_turn(response("x", headers={"Content-Encoding": "gzip, gzip"})), "encoded as", 200),
}


@pytest.mark.parametrize("name", PERMANENT)
def test_what_will_not_pass_is_refused_at_once(name: str) -> None:
    script, reason, status = PERMANENT[name]
    error, server = run(fail(script))
    assert isinstance(error, SourceRefused)
    assert reason in error.reason
    assert (error.status, error.attempts, len(server.requests)) == (status, 1, 1)
    assert error.url in str(error)


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_refused_and_name_their_target(status: int) -> None:
    target = "http://user:secret@127.0.0.1:1/elsewhere"
    error, server = run(fail(in_turn(response("", status, {"Location": target}))))
    assert isinstance(error, SourceRefused)
    assert "redirected to http://***@127.0.0.1:1/elsewhere" in error.reason
    assert error.status == status
    assert len(server.requests) == 1


def test_refusal_after_a_retry_counts_both() -> None:
    error, _ = run(fail(in_turn(response("", 500), response("", 400))))
    assert isinstance(error, SourceRefused)
    assert (error.status, error.attempts) == (400, 2)


def test_credentials_are_sent_and_never_shown() -> None:
    async def work() -> tuple[SourceError, Loopback]:
        async with Loopback(in_turn(response("", 503))) as server:
            url = f"http://user:top%40secret@127.0.0.1:{server.port}/base"
            async with HttpClient(url, QUICK) as client:
                with pytest.raises(SourceError) as caught:
                    await client.get("list", parse)
            return caught.value, server

    error, server = run(work())
    assert server.requests[0].headers["authorization"].startswith("Basic ")
    assert error.url == f"http://***@127.0.0.1:{server.port}/base/list"
    shown: BaseException | None = error
    while shown is not None:
        assert "secret" not in f"{shown} {shown!r}"
        shown = shown.__cause__


@pytest.mark.parametrize(
    ("url", "masked"),
    [
        ("http://u:p@h/x", "http://***@h/x"),
        ("https://u@h", "https://***@h"),
        ("http://u:p@ss@h/x@y", "http://***@h/x@y"),
        ("http://h/x@y?a=b@c", "http://h/x@y?a=b@c"),
    ],
)
def test_masking(url: str, masked: str) -> None:
    assert without_credentials(url) == masked


@pytest.mark.parametrize(
    "url", ["", "example.org", "ftp://example.org", "file:///etc/hosts", "http://", "http://h/?key=1", "http://[::1"]
)
def test_base_url_must_be_http(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        HttpClient(url)


def test_base_url_error_masks_credentials() -> None:
    with pytest.raises(ValueError, match="not a plain") as caught:
        HttpClient("ftp://user:secret@example.org")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "make",
    [
        lambda: HttpLimits(requests_per_second=0),
        lambda: HttpLimits(concurrency=0),
        lambda: HttpLimits(retry_attempts=0),
        lambda: HttpLimits(retry_base_seconds=-1),
        lambda: HttpLimits(timeout_seconds=float("nan")),
    ],
)
def test_limits_must_make_sense(make: Callable[[], HttpLimits]) -> None:
    with pytest.raises(ValueError, match=r"must be"):
        make()


def test_a_bug_in_a_parser_is_not_taken_for_the_source() -> None:
    def broken(body: bytes) -> None:
        raise KeyError("bug")

    async def work() -> None:
        async with HttpClient(
            "http://x", transport=httpx.MockTransport(lambda request: httpx.Response(200, json=[]))
        ) as client:
            await client.get("list", broken)

    with pytest.raises(KeyError, match="bug"):
        run(work())


def test_waits_double_up_to_the_longest() -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    limits = HttpLimits(requests_per_second=1000, retry_attempts=7, retry_base_seconds=1, retry_max_seconds=10)

    async def work() -> None:
        async with (
            Loopback(in_turn(response("", 500))) as server,
            HttpClient(server.url, limits, sleep=sleep) as client,
        ):
            with pytest.raises(SourceUnavailable):
                await client.get("list", parse)

    run(work())
    assert len(waits) == 6
    for wait, floor in zip(waits, [1, 2, 4, 8, 10, 10], strict=True):
        assert floor <= wait <= min(floor + 1, 10)
