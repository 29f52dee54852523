"""The common part of the clients of all sources: one HTTP client, opened and closed with them."""

from types import TracebackType
from typing import ClassVar, Self

import httpx
from pyrate_limiter import Limiter

from mining_assets.sources.http import HttpClient, HttpCounters, HttpLimits


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
        self._http = HttpClient(
            self.base_url if base_url is None else base_url,
            limits,
            limiter=limiter,
            address_setting=self.address_setting,
            transport=transport,
        )

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
