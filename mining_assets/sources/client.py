"""The common part of the clients of all sources: what gives them answers, opened and closed with them."""

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import ClassVar, Protocol, Self, TypeVar

import httpx
from pyrate_limiter import Limiter

from mining_assets.sources.http import Answer, HttpClient, HttpCounters, HttpLimits

T = TypeVar("T")


class Http(Protocol):
    """What a client asks: ``HttpClient``, or the archived answers of a fetch."""

    @property
    def origin(self) -> str:
        """Where answers come from, as ``domain.origin`` writes it."""

    @property
    def counters(self) -> HttpCounters:
        """What was asked and answered so far."""

    async def __aenter__(self) -> Self: ...

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    async def get(self, path: str, parse: Callable[[bytes], T], params: Mapping[str, str] | None = None) -> Answer[T]:
        """Return an answer, as ``HttpClient.get`` does."""


class SourceClient:
    """Client of one source; an asynchronous context manager, for one event loop.

    Every method of a source raises ``SourceUnavailable`` when all attempts failed, and ``SourceRefused`` when the
    request was refused or the answer cannot be right; see ``HttpClient.get``. The arguments are ``HttpClient``'s.
    """

    base_url: ClassVar[str]
    """Where the source is, unless another address is given."""
    address_setting: ClassVar[str]
    """The variable that holds its address."""

    def __init__(
        self,
        base_url: str | None = None,
        limits: HttpLimits | None = None,
        *,
        limiter: Limiter | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http: Http = HttpClient(
            self.base_url if base_url is None else base_url,
            limits,
            limiter=limiter,
            address_setting=self.address_setting,
            transport=transport,
        )

    @classmethod
    def on(cls, http: Http) -> Self:
        """Return a client that asks something else than a source over HTTP."""
        client = cls.__new__(cls)
        client._http = http
        return client

    async def __aenter__(self) -> Self:
        await self._http.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._http.__aexit__(kind, error, trace)

    @property
    def origin(self) -> str:
        """The origin of this client's answers, as ``domain.origin`` writes it: to be read after an answer."""
        return self._http.origin

    @property
    def counters(self) -> HttpCounters:
        """The counters of this client; always one object."""
        return self._http.counters
