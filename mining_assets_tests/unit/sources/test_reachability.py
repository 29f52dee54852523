"""A source that was never reached is told at once, with what to check; one that was is waited for."""

import asyncio
import socket
import ssl
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from mining_assets.sources.errors import SourceUnavailable
from mining_assets.sources.http import HttpClient
from mining_assets.sources.reachability import advice, is_out_of_reach, mark_out_of_reach
from mining_assets_tests.support.loopback import QUICK, Loopback, in_turn, response, run

SETTING = "MINING_ASSETS_ELEXON_URL"
RESOLVED = httpx.URL("http://node.example:8080/list")


@pytest.fixture
def refusing() -> Iterator[str]:
    """An address whose port is held by a socket that does not listen."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{held.getsockname()[1]}"


async def fail(url: str) -> SourceUnavailable:
    async with HttpClient(url, QUICK, address_setting=SETTING) as client:
        with pytest.raises(SourceUnavailable) as caught:
            await client.get("list", bytes)
        return caught.value


def chained(*causes: BaseException) -> BaseException:
    """An error as httpx raises it, that comes from these causes in turn."""
    error: BaseException = httpx.ConnectError("no connection")
    for cause in reversed(causes):
        cause.__cause__, error.__cause__ = error.__cause__, cause
    return error


def test_a_name_that_does_not_resolve_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", unknown)
    error = run(fail("http://elexon.example"))
    assert error.attempts == 1
    assert f"check {SETTING} (elexon.example), DNS and proxy" in str(error)


def test_what_was_never_reached_is_out_of_reach_until_it_answers(refusing: str) -> None:
    async def work() -> None:
        async with Loopback(in_turn(response([1]))) as server:
            mark_out_of_reach(httpx.URL(server.url))
            assert is_out_of_reach(server.url)
            async with HttpClient(server.url, QUICK) as client:
                await client.get("list", bytes)
            assert not is_out_of_reach(server.url)

    assert not is_out_of_reach(refusing)
    run(fail(refusing))
    assert is_out_of_reach(f"{refusing}/another/path")
    run(work())


def by_name(server: Loopback) -> str:
    return server.url.replace("127.0.0.1", "localhost")


def test_a_name_that_resolves_no_more_is_asked_once_more(monkeypatch: pytest.MonkeyPatch) -> None:
    lookups = []

    async def unknown(*_: object, **__: object) -> None:
        lookups.append(1)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    async def work() -> SourceUnavailable:
        async with Loopback(in_turn(response([1]))) as server:
            async with HttpClient(by_name(server), QUICK) as client:
                await client.get("list", bytes)
            monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", unknown)
            return await fail(by_name(server))

    error = run(work())
    assert (error.attempts, len(lookups)) == (2, 2)
    assert QUICK.retry_attempts > 2
    assert f"check {SETTING} (localhost), DNS and proxy" in str(error)


def test_a_name_that_resolves_again_is_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    resolve = asyncio.BaseEventLoop.getaddrinfo
    lookups = []

    async def unknown_once(*arguments: Any, **named: Any) -> Any:
        lookups.append(1)
        if len(lookups) == 1:
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return await resolve(*arguments, **named)

    async def work() -> int:
        async with Loopback(in_turn(response([1]))) as server:
            async with HttpClient(by_name(server), QUICK) as client:
                await client.get("list", bytes)
            monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", unknown_once)
            async with HttpClient(by_name(server), QUICK) as client:
                return (await client.get("list", bytes)).attempts

    assert run(work()) == 2


def test_a_connection_refused_at_first_is_asked_once(refusing: str) -> None:
    error = run(fail(refusing))
    assert error.attempts == 1
    assert f"the connection is refused: check {SETTING} ({refusing.removeprefix('http://')}) and proxy" in str(error)


def test_what_was_reachable_is_asked_again() -> None:
    async def work() -> SourceUnavailable:
        async with Loopback(in_turn(response([1]))) as server, HttpClient(server.url, QUICK) as client:
            await client.get("list", bytes)
            url = server.url
        return await fail(url)  # another client of the same process

    assert run(work()).attempts == QUICK.retry_attempts


def test_an_error_of_the_server_is_asked_again_although_it_is_the_first_answer() -> None:
    async def work() -> SourceUnavailable:
        async with Loopback(in_turn(response(status=503))) as server:
            return await fail(server.url)

    assert run(work()).attempts == QUICK.retry_attempts


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "try again"), "DNS and proxy"),
        (ssl.SSLCertVerificationError("self-signed"), "SSL_CERT_FILE"),
        (ConnectionRefusedError(), "(node.example:8080) and proxy"),
        (ExceptionGroup("all failed", [ConnectionRefusedError(), ConnectionRefusedError()]), "is refused"),
    ],
)
def test_what_to_check_is_judged_by_the_cause(cause: BaseException, said: str) -> None:
    assert said in str(advice(chained(OSError("all failed"), cause), RESOLVED, SETTING))


@pytest.mark.parametrize(
    "cause",
    [
        ConnectionResetError(),
        ssl.SSLError("certificate verify failed"),
        OSError("Connection refused"),
        ExceptionGroup("all failed", [ConnectionRefusedError(), OSError("network unreachable")]),
    ],
)
def test_any_other_cause_may_pass(cause: BaseException) -> None:
    assert advice(chained(OSError("all failed"), cause), RESOLVED, SETTING) is None
