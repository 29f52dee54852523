"""The twin's server: a small HTTP/1.1 server on loopback, so that faults can be made on the socket itself.

``with Twin(world) as twin:`` runs it in a background thread; ``python -m mining_assets_tests.support.twin`` in the
foreground. Besides the routes of the outside world it answers under ``/twin/``, for tests in another
process: ``POST`` and ``DELETE /twin/faults``, ``GET`` and ``DELETE /twin/requests``, ``POST /twin/world``.
"""

import asyncio
import contextlib
import gzip
import threading
import time
import traceback
from collections.abc import Coroutine
from dataclasses import replace
from types import TracebackType
from typing import Any, Self

import h11

from mining_assets_tests.support.twin import control
from mining_assets_tests.support.twin.archived import ArchivedWorld
from mining_assets_tests.support.twin.faults import (
    MADE_OF_ROWS,
    SILENT_KINDS,
    WIRE_KINDS,
    Answer,
    Fault,
    FaultScript,
    spoiled,
)
from mining_assets_tests.support.twin.record import Record, Request
from mining_assets_tests.support.twin.routes import (
    COINBASE,
    ELEXON,
    MEMPOOL,
    Ask,
    BadRequestError,
    Bodies,
    UnknownRouteError,
    encode,
    parse,
)
from mining_assets_tests.support.twin.wire import Line
from mining_assets_tests.support.twin.world import World

HOST = "127.0.0.1"
DOWN = Fault(kind="reset")


class Twin:
    """A stand-in for Elexon Insights, mempool.space and Coinbase Exchange.

    Args:
        world: what is served; an archive is served as it is, and its days cannot be changed.
        port: 0 picks a free one.
        delay_ms: how long every answer is held back.

    Leaving the ``with`` block raises if the twin itself went wrong, so that its bug is not taken for a fault.
    """

    def __init__(self, world: World | ArchivedWorld, port: int = 0, *, delay_ms: float = 0.0) -> None:
        self.world = world
        self.port = port
        self.delay_ms = delay_ms
        self.record = Record()
        self.script = FaultScript()
        self.errors: list[str] = []
        self._bodies = None if isinstance(world, ArchivedWorld) else Bodies(world)
        self._down = False
        self._lines: dict[Line, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._pause: asyncio.Task[None] | None = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="twin", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        try:
            self._call(self._listen())
        except OSError:  # the port is taken
            self._stop_loop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._call(self._end())
        self._stop_loop()
        if self.errors and error is None:
            raise RuntimeError("the twin went wrong:\n" + "\n".join(self.errors))

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    @property
    def elexon_url(self) -> str:
        return self.url + ELEXON

    @property
    def mempool_url(self) -> str:
        return self.url + MEMPOOL

    @property
    def coinbase_url(self) -> str:
        return self.url + COINBASE

    @property
    def requests(self) -> list[Request]:
        """Every request so far, oldest first."""
        return list(self.record.requests)

    def count(self, **wanted: Any) -> int:
        """How many requests there were, e.g. ``count(route="stack", date=day, side="bid")``."""
        return self.record.count(**wanted)

    def fault(self, *faults: Fault) -> None:
        """Add faults to those in force; of several that apply, the first that was added wins.

        Raises:
            ValueError: it would change rows, which an archive does not have.
        """
        if isinstance(self.world, ArchivedWorld) and any(fault.kind in MADE_OF_ROWS for fault in faults):
            raise ValueError(f"an archive is served as it is: it has no faults of {', '.join(MADE_OF_ROWS)}")
        self.script.add(faults)

    def clear_faults(self) -> None:
        self.script.clear()

    @property
    def down(self) -> bool:
        """While True, every request but the control routes' is answered with a reset."""
        return self._down

    @down.setter
    def down(self, value: bool) -> None:
        self._down = value

    def refuse(self) -> None:
        """Stop listening and drop every connection: connecting is refused until ``accept``."""
        self._call(self._hang_up())

    def accept(self) -> None:
        """Listen again on the same port."""
        self._call(self._listen())

    def refuse_for(self, seconds: float) -> None:
        """``refuse`` now and ``accept`` after ``seconds``; to be called on the server's own loop."""

        async def pause() -> None:
            await asyncio.sleep(0.05)  # lets the answer to the control request out
            await self._hang_up()
            await asyncio.sleep(seconds)
            await self._listen()

        self._pause = self._loop.create_task(pause())

    def _stop_loop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, coroutine: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(timeout=60)

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(self._accept, HOST, self.port, backlog=512)
        self.port = self._server.sockets[0].getsockname()[1]

    async def _hang_up(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        lines = dict(self._lines)
        for line, task in lines.items():
            line.reset()
            task.cancel()
        await asyncio.gather(*lines.values(), return_exceptions=True)
        for line in lines:
            line.writer.close()  # a task that never began could not
        await asyncio.gather(*(line.writer.wait_closed() for line in lines), return_exceptions=True)
        if server is not None:
            await server.wait_closed()

    async def _end(self) -> None:
        if self._pause is not None:
            self._pause.cancel()
        await self._hang_up()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = Line(reader, writer)
        self._lines[line] = self._loop.create_task(self._converse(line))

    async def _converse(self, line: Line) -> None:
        try:
            with contextlib.suppress(ConnectionError, h11.RemoteProtocolError, asyncio.CancelledError):
                while await self._exchange(line):
                    line.state.start_next_cycle()
        except Exception:
            self.errors.append(traceback.format_exc())
        finally:
            self._lines.pop(line, None)
            line.writer.close()

    async def _exchange(self, line: Line) -> bool:
        """One request and its answer; whether the connection can be used again."""
        received = await line.request()
        if received is None:
            return False
        request, body = received
        method, target = request.method.decode(), request.target.decode()
        if target.startswith("/twin/"):
            await line.answer(control.answer(self, method, target, body))
        else:
            await self._serve(line, method, target, b"gzip" in dict(request.headers).get(b"accept-encoding", b""))
        return line.state.our_state is h11.DONE and line.state.their_state is h11.DONE

    async def _serve(self, line: Line, method: str, target: str, packed: bool) -> None:
        entry = Request(time.time(), method, target)
        self.record.begin(entry)
        try:
            await self._respond(line, entry, packed)
        finally:
            self.record.end(entry, time.time())

    async def _respond(self, line: Line, entry: Request, packed: bool) -> None:
        fault, answer = self._answer(entry, packed)
        answer = replace(answer, headers=(*answer.headers, *self.world.headers))
        if self.delay_ms:
            await asyncio.sleep(self.delay_ms / 1000)
        if fault is not None and fault.kind in WIRE_KINDS:
            await line.fail(fault, answer)
            return
        if fault is not None and fault.kind == "delay":
            await asyncio.sleep(fault.seconds)
        entry.status = answer.status
        await line.answer(answer)

    def _answer(self, entry: Request, packed: bool) -> tuple[Fault | None, Answer]:
        try:
            if entry.method != "GET":
                return None, Answer(405, b"")
            ask = parse(entry.url)
            entry.route, entry.date, entry.period, entry.side = ask.route, ask.date, ask.period, ask.side
            fault = DOWN if self._down else self.script.pick(ask, entry.url)
            entry.fault = "down" if fault is DOWN else fault.kind if fault else None
            if fault is not None and fault.kind in SILENT_KINDS:
                return fault, Answer(0, b"")
            if fault is None or fault.kind == "delay" or fault.kind in WIRE_KINDS:
                return fault, self._true_answer(entry.url, ask, packed)
            return fault, spoiled(fault, self.world, ask)
        except (UnknownRouteError, BadRequestError) as error:
            return None, self._not_understood(entry.url, error)
        except Exception:  # a bug of the twin: told at the end of the test, see __exit__
            self.errors.append(traceback.format_exc())
            return None, Answer(500, traceback.format_exc().encode(), "text/plain")

    def _not_understood(self, target: str, error: UnknownRouteError | BadRequestError) -> Answer:
        if isinstance(self.world, ArchivedWorld):
            return self.world.answer(target)
        if isinstance(error, UnknownRouteError):
            return Answer(404, b'{"statusCode":404,"message":"Resource not found"}')
        problem = {"title": "One or more validation errors occurred.", "errors": {"request": [str(error)]}}
        return Answer(400, encode({"status": 400, **problem}))

    def _true_answer(self, target: str, ask: Ask, packed: bool) -> Answer:
        if self._bodies is not None:
            return Answer(200, self._bodies.body(ask, compressed=packed), compressed=packed)
        assert isinstance(self.world, ArchivedWorld)
        answer = self.world.answer(target)
        return replace(answer, body=gzip.compress(answer.body, 1), compressed=True) if packed else answer
