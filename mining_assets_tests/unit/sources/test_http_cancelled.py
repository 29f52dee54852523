"""A request that is cancelled, as its siblings are when a day fails, leaves its connection free for the next."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest

from mining_assets.sources.http import HttpClient, HttpLimits


class SlowToClose(httpx.AsyncByteStream):
    """A body whose closing takes a while."""

    def __init__(self) -> None:
        self.closing, self.may_close, self.closed = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield b"{}"

    async def aclose(self) -> None:
        self.closing.set()
        await self.may_close.wait()
        self.closed.set()


class Transport(httpx.AsyncBaseTransport):
    """Answers every request with one body."""

    def __init__(self, body: httpx.AsyncByteStream) -> None:
        self.body = body

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, stream=self.body)


def test_closing_goes_on_when_the_request_is_cancelled_in_the_middle_of_it() -> None:
    async def cancelled_while_closing() -> None:
        body = SlowToClose()
        limits = HttpLimits(requests_per_second=1000, concurrency=1)
        async with HttpClient("http://127.0.0.1", limits, transport=Transport(body)) as client:
            request = asyncio.create_task(client.get("x", bytes))
            await body.closing.wait()
            request.cancel()
            with pytest.raises(asyncio.CancelledError):
                await request
            body.may_close.set()
            await asyncio.wait_for(body.closed.wait(), timeout=60)

    asyncio.run(cancelled_while_closing())
