"""The addresses of sources: which are accepted, and how they are shown, which is without credentials."""

import re

import httpx


def address_of(base_url: str) -> str:
    """Return the address of a source as it is stored with what came from it."""
    return without_credentials(str(httpx.URL(base_url)))


def without_credentials(url: str) -> str:
    """Return the address with the user and password before its host masked."""
    return re.sub(r"//[^/?#\s]*@", "//***@", url)


def checked_base_url(base_url: str) -> str:
    """Return the address without a slash at its end.

    Raises:
        ValueError: it is not a plain http or https address.
    """
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ValueError(f"not an address: {without_credentials(base_url)}") from error
    if url.scheme not in ("http", "https") or not url.host or url.query or url.fragment:
        raise ValueError(f"not a plain http or https address: {without_credentials(base_url)}")
    return base_url.rstrip("/")
