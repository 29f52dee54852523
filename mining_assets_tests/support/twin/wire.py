"""One connection of the twin, and the faults that happen on the wire rather than in what is said."""

import asyncio
import contextlib
import socket
import struct
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from email.utils import format_datetime

import h11

from mining_assets_tests.support.twin.faults import Answer, Fault

READ_SIZE = 64 * 1024
DRIP_PIECES = 20


@dataclass(eq=False)
class Line:
    """A connection: h11's state of it and asyncio's streams."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: h11.Connection = field(default_factory=lambda: h11.Connection(h11.SERVER))

    async def request(self) -> tuple[h11.Request, bytes] | None:
        """The next request with its body; None when the client has gone."""
        request, body = None, b""
        while True:
            event = self.state.next_event()
            if event is h11.NEED_DATA:
                self.state.receive_data(await self.reader.read(READ_SIZE))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += event.data
            elif isinstance(event, h11.EndOfMessage) and request is not None:
                return request, body
            else:
                return None

    async def answer(self, answer: Answer) -> None:
        """Send a complete, correctly framed answer."""
        head = self._head(answer, ("Content-Length", str(len(answer.body))))
        parts = [
            self.state.send(head),
            self.state.send(h11.Data(answer.body)),
            self.state.send(h11.EndOfMessage()),
        ]
        self.writer.write(b"".join(part for part in parts if part))
        await self.writer.drain()

    def reset(self) -> None:
        """End the connection with RST: the client sees a reset, not an end."""
        sock = self.writer.get_extra_info("socket")
        if sock is not None and sock.fileno() >= 0:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    async def fail(self, fault: Fault, answer: Answer) -> None:
        """Answer as a fault of ``WIRE_KINDS`` says; only after ``drip`` can the connection be used again."""
        if fault.kind == "reset":
            self.reset()
        elif fault.kind == "timeout":
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.reader.read(1), fault.seconds)
        elif fault.kind == "drip":
            await self._drip(answer, fault.seconds)
        elif fault.kind == "truncated":
            self._send(self._head(answer, ("Content-Length", str(len(answer.body) + 1000))))
            self._send(h11.Data(answer.body[: len(answer.body) // 2]))
            await self.writer.drain()
        elif fault.kind == "endless":
            await self._endless(answer, fault.size)

    async def _drip(self, answer: Answer, seconds: float) -> None:
        self._send(self._head(answer, ("Content-Length", str(len(answer.body)))))
        step = -(-len(answer.body) // DRIP_PIECES)
        for start in range(0, len(answer.body), step):
            self._send(h11.Data(answer.body[start : start + step]))
            await self.writer.drain()
            await asyncio.sleep(seconds / DRIP_PIECES)
        self._send(h11.EndOfMessage())

    async def _endless(self, answer: Answer, size: int) -> None:
        """A JSON body that goes on and on. The size is a backstop only: the client is meant to give up."""
        self._send(self._head(replace(answer, compressed=False), ("Transfer-Encoding", "chunked")))
        piece = b'{"data":[' + b" " * READ_SIZE
        for _ in range(-(-size // len(piece))):
            self._send(h11.Data(piece))
            await self.writer.drain()
            piece = b" " * READ_SIZE

    def _head(self, answer: Answer, framing: tuple[str, str]) -> h11.Response:
        date = ("Date", format_datetime(datetime.now(UTC), usegmt=True))
        headers = [("Content-Type", answer.content_type), framing, date, *answer.headers]
        if answer.compressed:
            headers.append(("Content-Encoding", "gzip"))
        return h11.Response(status_code=answer.status, headers=headers)

    def _send(self, event: h11.Event) -> None:
        self.writer.write(self.state.send(event) or b"")
