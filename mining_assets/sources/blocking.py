"""The asynchronous clients for synchronous callers: one event loop and its connections for as long as they are open."""

import asyncio
from collections.abc import Coroutine
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Client = TypeVar("Client", bound=AbstractAsyncContextManager[Any])
Result = TypeVar("Result")


class Blocking(Generic[Client]):
    """Keeps a client open; a context manager.

    >>> with Blocking(MempoolClient(url)) as mempool:
    ...     answer = mempool.run(mempool.client.difficulty_adjustments())
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        self._runner = asyncio.Runner()

    def __enter__(self) -> Self:
        self._runner.run(self.client.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._runner.run(self.client.__aexit__(kind, error, trace))
        finally:
            self._runner.close()

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        """Do the work on the client's event loop and return its result."""
        return self._runner.run(work)
