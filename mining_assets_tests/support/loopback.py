"""A small HTTP server on a loopback socket that does what a test tells it, mistakes included."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from http import HTTPStatus
from types import TracebackType
from typing import Self, TypeVar

from mining_assets.sources.http import HttpLimits

T = TypeVar("T")

QUICK = HttpLimits(
    requests_per_second=1000, retry_attempts=3, retry_base_seconds=0.001, retry_max_seconds=0.01, timeout_seconds=60
)


@dataclass(frozen=True)
class Request:
    """What a client asked: the how-manieth request it is (from 1), its target, its headers, and when."""

    number: int
    target: str
    headers: dict[str, str]
    at: float


# Gives the whole response, or None after it has written one by itself: then the connection ends.
Script = Callable[[Request, asyncio.StreamWriter], Awaitable[bytes | None]]


def response(
    body: bytes | str | object = b"[]",
    status: int = 200,
    headers: dict[str, str] | None = None,
    *,
    zipped: bool = False,
) -> bytes:
    """A whole response as bytes; what is neither text nor bytes becomes JSON."""
    text = body if isinstance(body, str) else None if isinstance(body, bytes) else json.dumps(body)
    content = body if isinstance(body, bytes) else str(text).encode()
    lines = {"Content-Type": "application/json"} | (headers or {})
    if zipped:
        content = gzip.compress(content)
        lines["Content-Encoding"] = "gzip"
    lines.setdefault("Content-Length", str(len(content)))
    head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{head}\r\n".encode() + content


class Loopback:
    """The server; an asynchronous context manager. ``requests`` holds what came, ``most_at_once`` how much together."""

    def __init__(self, script: Script) -> None:
        self._script = script
        self._handlers: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []
        self.requests: list[Request] = []
        self.connections = 0
        self.most_at_once = 0
        self._at_once = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/base"
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for handler in self._handlers:
            handler.cancel()
        await asyncio.gather(*self._handlers, return_exceptions=True)
        for writer in self._writers:
            writer.close()  # a handler that never began could not
        await asyncio.gather(*(writer.wait_closed() for writer in self._writers), return_exceptions=True)

    def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        handler = asyncio.get_running_loop().create_task(self._converse(reader, writer))
        self._handlers.add(handler)
        handler.add_done_callback(self._handlers.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
                first, *lines = head.strip().split("\r\n")
                headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
                now = asyncio.get_running_loop().time()
                request = Request(len(self.requests) + 1, first.split(" ")[1], headers, now)
                self.requests.append(request)
                self._at_once += 1
                self.most_at_once = max(self.most_at_once, self._at_once)
                try:
                    content = await self._script(request, writer)
                finally:
                    self._at_once -= 1
                if content is None:
                    return
                writer.write(content)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


def in_turn(*responses: bytes) -> Script:
    """A script that answers the requests one after the other, and with the last one from there on."""

    async def script(request: Request, _: asyncio.StreamWriter) -> bytes:
        return responses[min(request.number, len(responses)) - 1]

    return script


def run(work: Coroutine[None, None, T]) -> T:
    """Run a test's coroutine; a hanging one fails."""

    async def bounded() -> T:
        async with asyncio.timeout(20):
            return await work

    return asyncio.run(bounded())
