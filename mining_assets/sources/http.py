"""The HTTP client of all sources: paced, with retries, and bounded in time and memory.

Whatever the server does, it returns an answer that was parsed, or raises a ``SourceError`` that says why not. What
one failed attempt means belongs in ``attempt``, what a body means in the module of its source.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from time import monotonic
from types import TracebackType
from typing import Generic, Self, TypeVar

import httpx
from pyrate_limiter import Limiter
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    wait_exponential_jitter,
)

from mining_assets.domain.origin import origin_text
from mining_assets.sources.address import address_of, checked_base_url, without_credentials
from mining_assets.sources.attempt import (
    AttemptError,
    PermanentError,
    RetryableError,
    UnreachableError,
    UnresolvedError,
    error_for_status,
)
from mining_assets.sources.body import UnreadableBodyError, read_body, read_error_body
from mining_assets.sources.errors import BrokenBodyError, ImpossibleValueError, SourceRefused, SourceUnavailable
from mining_assets.sources.rate_limit import even_limiter
from mining_assets.sources.reachability import (
    advice,
    is_unresolved,
    mark_out_of_reach,
    mark_reached,
    was_reached,
)
from mining_assets.sources.received import KEPT_HEADERS, Received, note_received

T = TypeVar("T")

GENERATED_HEADER = "X-Generated-Data"
"""With it a stand-in for a source says that its answers are made up. What it holds does not matter."""


@dataclass(frozen=True)
class HttpLimits:
    """Limits of how hard a source is asked, and of the time and size of its answers.

    Attributes:
        requests_per_second: requests started, retries included; may be a fraction.
        concurrency: requests under way at once.
        retry_attempts: requests made for one answer at most.
        retry_base_seconds: wait before the second attempt, and most that chance adds; doubles each time.
        retry_max_seconds: longest such wait. A ``Retry-After`` may ask for more.
        timeout_seconds: for one request in all, from connecting to the last byte of the body.
        max_body_bytes: largest body after decompression.
    """

    requests_per_second: float = 10
    concurrency: int = 8
    retry_attempts: int = 5
    retry_base_seconds: float = 1
    retry_max_seconds: float = 60
    timeout_seconds: float = 30
    max_body_bytes: int = 64 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in (
            "requests_per_second",
            "concurrency",
            "retry_attempts",
            "timeout_seconds",
            "max_body_bytes",
        ):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be above 0, not {getattr(self, name)}")
        for name in ("retry_base_seconds", "retry_max_seconds"):
            if not getattr(self, name) >= 0:
                raise ValueError(f"{name} must be 0 or more, not {getattr(self, name)}")


@dataclass(frozen=True)
class Answer(Generic[T]):
    """A source's parsed answer.

    Attributes:
        value: the parsed body.
        url: the address asked, without credentials.
        fetched_at: UTC instant at which the request that was answered was sent.
        attempts: how many requests it took.
        bytes: size of the body after decompression.
    """

    value: T
    url: str
    fetched_at: datetime
    attempts: int
    bytes: int


@dataclass
class HttpCounters:
    """Counters of a client. A wait is the time that passed while any request waited, not a sum over requests.

    Attributes:
        requests: requests sent, retries included.
        retries: requests that repeated an earlier one.
        bytes: of answers that were right, after decompression.
        rate_wait_seconds: waited for the rate limiter.
        retry_wait_seconds: waited before retries, and while a 429 held everything back.
    """

    requests: int = 0
    retries: int = 0
    bytes: int = 0
    rate_wait_seconds: float = 0.0
    retry_wait_seconds: float = 0.0


class HttpClient:
    """Client of one source over HTTP; an asynchronous context manager, for one event loop.

    Requests start evenly spaced (see ``even_limiter``), and each attempt counts. While a 429, or a 5xx with
    ``Retry-After``, asks for a pause, no other request of this client starts either.

    Args:
        base_url: http or https; may hold a user and a password, which no message repeats.
        limits: see ``HttpLimits``.
        limiter: used instead of an own one, for instance one shared across processes; then its rates hold,
            ``requests_per_second`` does not.
        address_setting: the variable that holds ``base_url``, named when the source cannot be reached.
        transport: replaces the network, for tests.
        clock: the present instant, in UTC.
        sleep: waits before retries and while everything is held back.

    Raises:
        ValueError: ``base_url`` is not a plain http or https address.
    """

    def __init__(
        self,
        base_url: str,
        limits: HttpLimits | None = None,
        *,
        limiter: Limiter | None = None,
        address_setting: str = "the address",
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.limits = limits or HttpLimits()
        self.counters = HttpCounters()
        self._address_setting = address_setting
        self._limiter = limiter or even_limiter(self.limits.requests_per_second)
        self._waiting: Counter[str] = Counter()
        self._waited_from: dict[str, float] = {}
        self._clock = clock
        self._sleep = sleep
        self._held_until = 0.0  # on the monotonic clock
        self._growing_wait = wait_exponential_jitter(
            multiplier=self.limits.retry_base_seconds,
            max=self.limits.retry_max_seconds,
            jitter=self.limits.retry_base_seconds,
        )
        self._base_url = checked_base_url(base_url)
        self._answers_generated = False
        self._client = httpx.AsyncClient(
            transport=transport,
            verify=_certificates(),
            headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": "mining-assets"},
            follow_redirects=False,
            limits=httpx.Limits(
                max_connections=self.limits.concurrency, max_keepalive_connections=self.limits.concurrency
            ),
            timeout=None,  # one limit for the whole request instead, in _fetch
        )
        # Requests wait here, not in the pool of connections, where waiting would count against their timeout.
        self._slots = asyncio.Semaphore(self.limits.concurrency)

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.__aexit__(kind, error, trace)

    @property
    def origin(self) -> str:
        """The address, without credentials, marked as soon as one of its answers said that it is generated.

        The mark stays as long as the client: one generated answer makes all others doubtful.
        """
        return origin_text(address_of(self._base_url), generated=self._answers_generated)

    async def get(self, path: str, parse: Callable[[bytes], T], params: Mapping[str, str] | None = None) -> Answer[T]:
        """Ask for ``path`` below the base address until the answer is a body that ``parse`` takes.

        Asked again, after growing waits: 429, 5xx, timeouts, connections that fail or break, bodies that end
        early or that ``parse`` rejects with ``BrokenBodyError``. Everything else is not asked again, nor is a source
        that this process never reached if its name does not resolve, it refuses the connection, or its certificate
        is not trusted. One whose name resolved before is asked once more.

        Args:
            path: below the base address.
            parse: makes the value from the body; raises ``BrokenBodyError`` or ``ImpossibleValueError``.
            params: the query.

        Raises:
            SourceUnavailable: the last of ``retry_attempts`` attempts failed as well, or the first showed that there
                is a setting to correct.
            SourceRefused: 4xx, a redirect, a body above the cap, or an impossible value.
        """
        asked = str(httpx.URL(path.lstrip("/"), params=params)) if params else path.lstrip("/")
        request = self._client.build_request("GET", f"{self._base_url}/{asked}")
        url = without_credentials(str(request.url))
        attempts = 0
        fetched_at: datetime | None = None
        body: bytes | None = None
        headers: dict[str, str] = {}

        async def attempt() -> Answer[T]:
            nonlocal attempts, fetched_at, body, headers
            async with self._slots:
                await self._acquire()
                attempts += 1
                self.counters.requests += 1
                if attempts > 1:
                    self.counters.retries += 1
                fetched_at, body, headers = self._clock(), None, {}
                body, headers = await self._fetch(request)
            try:
                value = parse(body)
            except BrokenBodyError as error:
                raise RetryableError(str(error), HTTPStatus.OK) from error
            except ImpossibleValueError as error:
                raise PermanentError(str(error), HTTPStatus.OK) from error
            self.counters.bytes += len(body)
            return Answer(value, url, fetched_at, attempts, len(body))

        # Its state belongs to one call: requests run at the same time and must not share it.
        retrying = AsyncRetrying(
            stop=self._stops,
            retry=retry_if_exception_type(RetryableError),
            wait=self._wait_before_retry,
            sleep=self._counted_sleep,
            reraise=True,
        )
        status: int | None = HTTPStatus.OK
        reason = ""
        try:
            return await retrying(attempt)
        except AttemptError as error:
            status, reason = error.status, error.reason
            failure = SourceRefused if isinstance(error, PermanentError) else SourceUnavailable
            raise failure(reason, url=url, attempts=attempts, status=status) from error
        finally:
            if fetched_at is not None:
                note_received(Received(asked, url, fetched_at, status, body, attempts, reason, headers))

    async def _acquire(self) -> None:
        """Wait until nothing holds requests back and the rate limiter lets one start."""
        waited_for = 0.0
        while True:
            while (until := self._held_until) > max(waited_for, monotonic()):
                waited_for = until
                await self._counted_sleep(until - monotonic())
            with self._wait_counted("rate_wait_seconds"):
                await self._limiter.try_acquire_async("request")
            # Held back in the meantime: wait, then ask the limiter again, or all that waited would start at once.
            if self._held_until <= max(waited_for, monotonic()):
                return

    async def _counted_sleep(self, seconds: float) -> None:
        with self._wait_counted("retry_wait_seconds"):
            await self._sleep(seconds)

    @contextmanager
    def _wait_counted(self, counter: str) -> Iterator[None]:
        """Add the time that passes in this context to a counter, once for all requests that wait together."""
        if not self._waiting[counter]:
            self._waited_from[counter] = monotonic()
        self._waiting[counter] += 1
        try:
            yield
        finally:
            self._waiting[counter] -= 1
            since, self._waited_from[counter] = self._waited_from[counter], monotonic()
            setattr(self.counters, counter, getattr(self.counters, counter) + self._waited_from[counter] - since)

    def _stops(self, state: RetryCallState) -> bool:
        """Return whether no attempt is left. A name that still does not resolve is no server that stumbles."""
        error = state.outcome.exception() if state.outcome is not None else None
        most = 2 if isinstance(error, UnresolvedError) else self.limits.retry_attempts
        return state.attempt_number >= min(most, self.limits.retry_attempts)

    def _wait_before_retry(self, state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        if isinstance(error, RetryableError) and error.wait is not None:
            return error.wait
        return self._growing_wait(state)

    async def _fetch(self, request: httpx.Request) -> tuple[bytes, dict[str, str]]:
        """Send a request once and return body and ``KEPT_HEADERS`` of a 200, within the limits of time and size.

        Raises:
            AttemptError: there was none.
        """
        response: httpx.Response | None = None
        status: int | None = None
        try:
            async with asyncio.timeout(self.limits.timeout_seconds):
                response = await self._client.send(request, stream=True)
                mark_reached(request.url)
                status = response.status_code
                try:
                    if status == HTTPStatus.OK:
                        self._answers_generated |= GENERATED_HEADER in response.headers
                        kept = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
                        return await read_body(response, self.limits.max_body_bytes), kept
                    raise self._error_for_status(response, await read_error_body(response))
                finally:
                    # Cancelled in the middle of closing, the connection would never be free again.
                    await asyncio.shield(response.aclose())
        except TimeoutError as error:
            if response is not None and status != HTTPStatus.OK:
                raise self._error_for_status(response, b"") from error
            reason = f"no complete answer within {self.limits.timeout_seconds:g} s"
            raise RetryableError(reason, status) from error
        except (httpx.RequestError, OSError) as error:
            reason = ": ".join(filter(None, (type(error).__name__, str(error))))
            to_check = advice(error, request.url, self._address_setting)
            if to_check is not None and not was_reached(request.url):
                mark_out_of_reach(request.url)
                raise UnreachableError(f"{reason}; {to_check}") from error
            if is_unresolved(error):
                raise UnresolvedError(f"{reason}; {to_check}") from error
            raise RetryableError(reason, status) from error
        except BrokenBodyError as error:
            raise RetryableError(f"broken body: {error}", HTTPStatus.OK) from error
        except UnreadableBodyError as error:
            raise PermanentError(str(error), HTTPStatus.OK) from error

    def _error_for_status(self, response: httpx.Response, body: bytes) -> AttemptError:
        """Return what an answer other than 200 means, and hold all requests back for as long as it asks."""
        error = error_for_status(response, body, self._clock(), self.limits.retry_max_seconds)
        if isinstance(error, RetryableError) and error.wait is not None:
            self._held_until = max(self._held_until, monotonic() + error.wait)
        return error


@cache
def _certificates() -> ssl.SSLContext:
    """Return the trusted certificates, read once for all clients: reading them takes longer than a request."""
    return httpx.create_ssl_context()
