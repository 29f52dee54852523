"""Collecting what a source gave: bodies as they came, failures with their reason, and nothing unasked."""

import asyncio
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from mining_assets.sources.errors import ImpossibleValueError, SourceError, SourceRefused
from mining_assets.sources.http import HttpClient
from mining_assets.sources.received import Received, collect
from mining_assets_tests.support.loopback import QUICK, Loopback, Script, in_turn, response, run


def parse(body: bytes) -> Any:
    value = json.loads(body)
    if value == "impossible":
        raise ImpossibleValueError("the value is 'impossible'")
    return value


async def _collected(script: Script, times: int = 1) -> list[Received]:
    async with Loopback(script) as server, HttpClient(server.url, QUICK) as client:
        with collect() as received:
            work = (client.get("list", parse, {"of": "day", "n": str(number)}) for number in range(times))
            await asyncio.gather(*work, return_exceptions=True)
        await asyncio.gather(client.get("list", parse), return_exceptions=True)  # outside: nobody collects it
        return received


def test_bodies_are_kept_as_they_came() -> None:
    before = datetime.now(UTC)
    (received,) = run(_collected(in_turn(response(b'[1,  "\xc3\xa9"]'), response([3]))))
    assert (received.path, received.status, received.reason) == ("list?of=day&n=0", 200, "")
    assert received.body == b'[1,  "\xc3\xa9"]'
    assert received.url.endswith("/base/list?of=day&n=0")
    assert before <= received.requested_at <= datetime.now(UTC)
    assert received.taken


def test_headers_that_say_something_of_the_body_are_kept() -> None:
    sent = {"Date": "Sat, 28 Nov 2026 12:00:00 GMT", "Set-Cookie": "session=secret"}
    (received,) = run(_collected(in_turn(response([1], headers=sent, zipped=True))))
    assert received.headers == {
        "content-encoding": "gzip",
        "content-type": "application/json",
        "date": "Sat, 28 Nov 2026 12:00:00 GMT",
    }


def test_only_the_last_attempt_is_kept() -> None:
    (received,) = run(_collected(in_turn(response(status=500), response([1]), response([3]))))
    assert (received.status, received.body, received.attempts) == (200, b"[1]", 2)


def test_every_task_of_the_context_is_collected() -> None:
    assert len(run(_collected(in_turn(*[response([1])] * 6), times=5))) == 5


@pytest.mark.parametrize(
    ("answer", "status", "body"),
    [
        pytest.param(response(b'"impossible"'), 200, b'"impossible"', id="refused by its parser"),
        pytest.param(response(status=404), 404, None, id="no body to parse"),
    ],
)
def test_answer_that_is_not_taken_is_kept_with_its_reason(answer: bytes, status: int, body: bytes | None) -> None:
    (received,) = run(_collected(in_turn(answer, answer)))
    assert not received.taken
    assert (received.status, received.body) == (status, body)
    assert received.reason


def test_reason_is_that_of_the_error() -> None:
    async def both() -> tuple[Received, SourceError]:
        async with Loopback(in_turn(response(status=404))) as server, HttpClient(server.url, QUICK) as client:
            with collect() as received, pytest.raises(SourceRefused) as caught:
                await client.get("list", parse)
            return received[0], caught.value

    received, error = run(both())
    assert (received.reason, received.status, received.attempts) == (error.reason, error.status, error.attempts)
