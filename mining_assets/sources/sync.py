"""Asynchronous clients for synchronous callers: an event loop in its own thread, and the client open on it."""

from collections.abc import Coroutine
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, ExitStack
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from anyio.from_thread import BlockingPortal, start_blocking_portal

Client = TypeVar("Client", bound=AbstractAsyncContextManager[Any])
Result = TypeVar("Result")


class SyncClient(Generic[Client]):
    """Synchronous access to a client, which it opens and closes; a context manager.

    >>> with SyncClient(MempoolClient(url)) as mempool:
    ...     answer = mempool.run(mempool.client.difficulty_adjustments())
    """

    _portal: BlockingPortal
    _opened: ExitStack

    def __init__(self, client: Client) -> None:
        self.client = client

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._portal = opening.enter_context(start_blocking_portal("asyncio"))
            opening.enter_context(self._portal.wrap_async_context_manager(self.client))
            self._opened = opening.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._opened.__exit__(kind, error, trace)

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Run a coroutine on the client's event loop and return its result; an interruption here cancels it there."""
        begun = self.begin(work)
        try:
            return begun.result()
        finally:
            begun.cancel()

    def begin(self, work: Coroutine[Any, Any, Result]) -> "Future[Result]":
        """Start a coroutine on the client's event loop and return its future; cancelling that cancels the coroutine."""
        return self._portal.start_task_soon(_awaited, work)


async def _awaited(work: Coroutine[Any, Any, Result]) -> Result:
    return await work
