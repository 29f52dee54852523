"""Reading a response's body: never more of it in memory than is allowed. What it means, its parser decides."""

import zlib
from contextlib import suppress

import httpx

from mining_assets.sources.errors import BrokenBodyError

# How many bytes of an error's body are quoted, and how many are read for it.
LONGEST_QUOTE = 200
_ERROR_BODY_BYTES = 64 * 1024


class UnreadableBodyError(Exception):
    """The body is larger than allowed, or has an encoding that was not asked for."""


async def read_body(response: httpx.Response, cap: int) -> bytes:
    """Read the whole body, decompressed piece by piece under the cap in bytes; httpx would inflate first, then count.

    Raises:
        BrokenBodyError: the compressed body is damaged, ends early or goes on too long.
        UnreadableBodyError: the body is larger than the cap, or has an encoding that was not asked for.
    """
    encoding = response.headers.get("Content-Encoding", "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise UnreadableBodyError(f"body encoded as {encoding[:LONGEST_QUOTE]!r}, which was not asked for")
    gunzip = None if encoding == "identity" else zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
    pieces: list[bytes] = []
    size = 0
    assert isinstance(response.stream, httpx.AsyncByteStream)  # as every asynchronous transport gives it
    async for received in response.stream:
        if gunzip is not None and gunzip.eof:
            raise BrokenBodyError("data after the end of the compressed body")
        try:
            piece = received if gunzip is None else gunzip.decompress(received, cap - size + 1)
        except zlib.error as error:
            raise BrokenBodyError(str(error)) from error
        size += len(piece)
        if size > cap:
            raise UnreadableBodyError(f"body above {cap} bytes")
        pieces.append(piece)
    if gunzip is not None and not gunzip.eof:
        raise BrokenBodyError("the compressed body ends early")
    return b"".join(pieces)


async def read_error_body(response: httpx.Response) -> bytes:
    """Read what can be read of an error's body: it only explains, so nothing that is wrong with it matters."""
    with suppress(BrokenBodyError, UnreadableBodyError, httpx.RequestError, OSError):
        return await read_body(response, _ERROR_BODY_BYTES)
    return b""


def quoted(body: bytes) -> str:
    """Return the start of an error's body, to be put behind a reason; nothing if it is empty."""
    text = body[:LONGEST_QUOTE].decode("utf-8", "replace").strip()
    return f": {text!a}" if text else ""
