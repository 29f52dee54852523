"""Which sources this process has reached, and what to check when one cannot be. Judged by types, never by texts."""

import socket
import ssl
from collections.abc import Iterator

import httpx

# Scheme, host and port of all that answered once: what was reachable a moment ago is worth waiting for.
_reached: set[tuple[str, str, int | None]] = set()
# Those that were asked, and never reached for a cause that waiting does not remove.
_out_of_reach: set[tuple[str, str, int | None]] = set()


def mark_reached(url: httpx.URL) -> None:
    """Record that the server of this address answered this process, whatever the answer was."""
    _reached.add(_origin(url))
    _out_of_reach.discard(_origin(url))


def mark_out_of_reach(url: httpx.URL) -> None:
    """Record that the server of this address cannot be reached, for a cause that waiting does not remove."""
    _out_of_reach.add(_origin(url))


def is_out_of_reach(base_url: str) -> bool:
    """Return whether the server of this address was asked by this process, and could not be reached at all so far."""
    return _origin(httpx.URL(base_url)) in _out_of_reach


def was_reached(url: httpx.URL) -> bool:
    """Return whether the server of this address ever answered this process."""
    return _origin(url) in _reached


def forget_reached() -> None:
    """Forget every server that answered, as in a new process."""
    _reached.clear()
    _out_of_reach.clear()


def advice(error: BaseException, url: httpx.URL, address_setting: str) -> str | None:
    """Return what to check when a connection failed for a cause that waiting does not remove; None for any other."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return f"the certificate of {url.host} is not trusted: check {address_setting}, proxy and SSL_CERT_FILE"
    if is_unresolved(error):
        return f"a name does not resolve: check {address_setting} ({url.host}), DNS and proxy"
    # A host of several addresses refused only if each of them did.
    if causes and all(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return f"the connection is refused: check {address_setting} ({url.netloc.decode()}) and proxy"
    return None


def is_unresolved(error: BaseException) -> bool:
    """Return whether a connection failed because a name does not resolve."""
    return any(isinstance(cause, socket.gaierror) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield what the error began with: one cause, or one for each of the addresses tried."""
    if isinstance(error, BaseExceptionGroup):
        for member in error.exceptions:
            yield from _causes(member)
        return
    # httpcore raises its errors `from None`, which leaves the cause in their context only. The context of an OSError
    # is whatever was handled when it was raised, and no cause.
    before = error.__cause__ or (None if isinstance(error, OSError) else error.__context__)
    if before is None:
        yield error
    else:
        yield from _causes(before)


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host, url.port
