"""What one attempt at a request came to, when it brought no body to parse: whether another may help, and why.

The errors in here stay between this module and ``http``, which turns the last of them into a ``SourceError``.
"""

from datetime import datetime
from http import HTTPStatus

import httpx

from mining_assets.sources.address import without_credentials
from mining_assets.sources.body import LONGEST_QUOTE, quoted
from mining_assets.sources.rate_limit import retry_after

# How long a 429 without Retry-After is waited out, and the longest Retry-After that is believed.
_PAUSE_SECONDS = 60.0
_LONGEST_PAUSE_SECONDS = 15 * 60.0


class AttemptError(Exception):
    """One attempt gave no body to parse.

    Attributes:
        reason: what went wrong.
        status: the HTTP status, or None when there was no answer.
    """

    def __init__(self, reason: str, status: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status


class RetryableError(AttemptError):
    """Another attempt may succeed.

    Attributes:
        wait: seconds that the server asked to wait, or None.
    """

    def __init__(self, reason: str, status: int | None = None, wait: float | None = None) -> None:
        super().__init__(reason, status)
        self.wait = wait


class UnresolvedError(RetryableError):
    """The name of a source that this process reached before does not resolve: asked once more, and no oftener."""


class UnreachableError(AttemptError):
    """The source was never reached by this process, for a cause that waiting does not remove."""


class PermanentError(AttemptError):
    """Another attempt would fail in the same way."""


def error_for_status(response: httpx.Response, body: bytes, now: datetime, longest_wait: float) -> AttemptError:
    """Return what an answer with a status other than 200 means.

    Args:
        response: its status and headers.
        body: what could be read of it, to be quoted.
        now: the present instant, in UTC.
        longest_wait: seconds to wait at most after a 429 that says nothing of it.
    """
    status = response.status_code
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        reason = "too many requests" if status == HTTPStatus.TOO_MANY_REQUESTS else "server error"
        return RetryableError(reason + quoted(body), status, _requested_wait(response, now, longest_wait))
    if status >= HTTPStatus.BAD_REQUEST:
        return PermanentError("request refused" + quoted(body), status)
    if status >= HTTPStatus.MULTIPLE_CHOICES:
        target = without_credentials(response.headers.get("Location", "nowhere"))[:LONGEST_QUOTE]
        return PermanentError(f"redirected to {target}, which is not followed", status)
    return RetryableError("an answer that carries no data", status)


def _requested_wait(response: httpx.Response, now: datetime, longest_wait: float) -> float | None:
    """Return the seconds to hold requests back; None leaves it to the growing waits."""
    wait = retry_after(response.headers.get("Retry-After", ""), now)
    if wait is not None and wait > 0:
        return min(wait, _LONGEST_PAUSE_SECONDS)
    if wait is None and response.status_code == HTTPStatus.TOO_MANY_REQUESTS:
        return min(_PAUSE_SECONDS, longest_wait)
    return None
