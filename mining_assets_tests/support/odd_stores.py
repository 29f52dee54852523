"""Object stores in memory that fail in one way each, by addresses like ``full://bucket/folder``."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any, ClassVar

import fsspec
from fsspec.implementations.memory import MemoryFileSystem


class _Store(MemoryFileSystem):  # type: ignore[misc]
    store: ClassVar[dict[str, Any]] = {}
    pseudo_dirs: ClassVar[list[str]] = [""]


class ReadOnly(_Store):
    protocol = "readonly"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        raise PermissionError("Access Denied")


class Full(_Store):
    protocol = "full"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")


class OutOfReach(_Store):
    protocol = "outofreach"

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")


class Forgetful(_Store):
    protocol = "forgetful"

    def cat_file(self, path: str, start: int | None = None, end: int | None = None, **_: Any) -> bytes:
        return b"something else"


class Keeping(_Store):
    protocol = "keeping"

    def rm_file(self, path: str) -> None:
        raise PermissionError("Access Denied")


class Silent(_Store):
    protocol = "silent"
    over = Event()

    def pipe_file(self, path: str, value: bytes, mode: str = "overwrite", **_: Any) -> None:
        self.over.wait(60)


class Sound(_Store):
    protocol = "sound"


STORES: tuple[type[_Store], ...] = (ReadOnly, Full, OutOfReach, Forgetful, Keeping, Silent, Sound)


@contextmanager
def odd_stores() -> Iterator[dict[str, Any]]:
    """Let fsspec know all of them, and give what is stored in them, by path."""
    for each in STORES:
        fsspec.register_implementation(each.protocol, each, clobber=True)
    Silent.over.clear()
    try:
        yield _Store.store
    finally:
        Silent.over.set()
        _Store.store.clear()
