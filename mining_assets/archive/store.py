"""Where objects and manifests are kept: a folder, or a bucket of an object store, by whatever address fsspec takes.

An object has a name made of its content, and is there before anybody names it. A manifest is
replaced whole, so a reader finds it as it was or as it is. What is in them belongs in ``objects`` and ``manifest``.
"""

import errno
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import fsspec
from fsspec.implementations.local import LocalFileSystem

from mining_assets.archive.errors import ArchiveError, ArchiveUnavailable, ObjectMissing
from mining_assets.archive.manifest import ArchivedFetch, parse_manifest, requested_after
from mining_assets.archive.objects import SUFFIX, KeptAnswer, pack, unpack
from mining_assets.files import atomic_write
from mining_assets.sources.received import Received

MANIFEST = "manifest.jsonl"


class Archive:
    """The answers of every fetch.

    Every method raises ``ArchiveUnavailable`` when the store cannot be used, naming what it was at.

    Args:
        address: of a folder: ``file:///…``, ``s3://bucket/folder``, ``gs://…``, ``az://…``, or a path.
        options: for fsspec's driver, such as the address of an S3-compatible server.

    Raises:
        ArchiveError: the address is none that an installed driver takes.
    """

    def __init__(self, address: str, **options: Any) -> None:
        try:
            self._files, self._root = fsspec.core.url_to_fs(address, **options)
        except (ImportError, ValueError) as error:
            raise ArchiveError(address, f"{error}") from None
        self._local = isinstance(self._files, LocalFileSystem)
        # Another process writes here too: what was listed once is old.
        self._files.use_listings_cache = False

    @property
    def address(self) -> str:
        """The folder, as a person may be shown it."""
        return str(self._files.unstrip_protocol(self._root))

    @property
    def folder(self) -> Path | None:
        """The folder, where it is one of this machine."""
        return Path(self._root) if self._local else None

    def keep(self, name: str, subject: str, received: Sequence[Received], **details: Any) -> ArchivedFetch:
        """Keep the answers of a fetch as an object, and return what names it.

        Nobody knows of it until :meth:`record` was called. One that the archive has is written again: that mends what
        was damaged, and tells by its age whether a fetch may be about to name it.

        Args:
            name: what was fetched, as ``ArchivedFetch.name``.
            subject: as ``ArchivedFetch.subject``.
            received: the answers, at least one.
            details: other fields of ``ArchivedFetch``.
        """
        packed = pack(received)
        fetched_at, after = requested_after(packed)
        bases = tuple(map(_base, packed.answers))
        fetch = ArchivedFetch(
            name=name,
            subject=subject,
            fetched_at=fetched_at,
            object=packed.sha256,
            object_bytes=len(packed.data),
            answers=len(packed.answers),
            body_bytes=packed.body_bytes,
            base=bases[0],
            bases=bases if len(set(bases)) > 1 else (),
            requested_after=after,
            **details,
        )
        path = self._path(name, subject, packed.sha256)
        with self._reaching(path):
            self._write(path, packed.data)
        return fetch

    def record(self, fetch: ArchivedFetch) -> None:
        """Add a fetch to the manifest of its subject, once; to be called while nobody else writes the subject."""
        path, line = self._manifest(fetch.name, fetch.subject), fetch.line().encode()
        written = self._manifest_bytes(path)
        # Not parsed: a line that somebody damaged keeps no other fetch from being named.
        if line in written.splitlines(keepends=True):
            return
        if written and not written.endswith(b"\n"):
            written += b"\n"
        with self._reaching(path):
            self._write(path, written + line)

    def strike(self, name: str, subject: str, lines: Collection[tuple[str, datetime | None]]) -> None:
        """Take lines out of a manifest, by object and instant; to be called while nobody else writes the subject."""
        known = self.fetches(name, subject)
        left = [fetch for fetch in known if (fetch.object, fetch.fetched_at) not in lines]
        if len(left) < len(known):
            self._rewrite(self._manifest(name, subject), left)

    def fetches(self, name: str, subject: str, *, sound_only: bool = False) -> list[ArchivedFetch]:
        """Return the fetches that a manifest names, oldest first; none where there is no manifest.

        Args:
            name: what was fetched.
            subject: of the manifest.
            sound_only: leave out lines that are damaged, for who looks for one that is not.

        Raises:
            ObjectDamaged: the manifest is not one that was written.
        """
        path = self._manifest(name, subject)
        lines = parse_manifest(self._manifest_bytes(path), self._shown(path), sound_only=sound_only)
        return sorted(lines, key=lambda fetch: fetch.fetched_at)

    def answers(self, fetch: ArchivedFetch) -> tuple[KeptAnswer, ...]:
        """Read the answers of a fetch, in the order of its object.

        Raises:
            ObjectMissing, ObjectDamaged: it is not there, or not what was written.
        """
        return self.read(fetch.name, fetch.subject, fetch.object)

    def read(self, name: str, subject: str, sha256: str) -> tuple[KeptAnswer, ...]:
        """Read the answers of an object, in its order.

        Raises:
            ObjectMissing, ObjectDamaged: it is not there, or not what was written.
        """
        path = self._path(name, subject, sha256)
        with self._reaching(path):
            try:
                data = self._files.cat_file(path)
            except FileNotFoundError:
                raise ObjectMissing(self._shown(path), "there is no such object") from None
        return unpack(data, sha256, self._shown(path))

    def location_of(self, name: str, subject: str, sha256: str) -> str:
        """Return the address of an object."""
        return self._shown(self._path(name, subject, sha256))

    def manifest_location(self, name: str, subject: str) -> str:
        """Return the address of a subject's manifest."""
        return self._shown(self._manifest(name, subject))

    def reach(self) -> None:
        """See that the store answers; the folder itself is made by the first object."""
        with self._reaching(self._root), suppress(FileNotFoundError):
            self._files.info(self._root)

    def probe(self) -> None:
        """Write a small file beside the objects, read it back and remove it.

        A folder that is not there yet is not made: the nearest one above it is tried in its place.

        Raises:
            ArchiveUnavailable: one of the three failed; a file that cannot be removed is named.
        """
        folder = self._root
        while self._local and not os.path.lexists(folder) and folder != os.path.dirname(folder):
            folder = os.path.dirname(folder)
        path, data = f"{folder.rstrip('/')}/probe-{uuid4().hex}", b"written by mining-assets doctor"
        with self._reaching(path):
            if self._local and not os.path.isdir(folder):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            self._write(path, data)
            try:
                found = self._files.cat_file(path)
            finally:
                self._files.rm_file(path)
        if found != data:
            raise ArchiveUnavailable(self._shown(path), "what was read is not what was written")

    def subjects(self, name: str) -> Iterator[tuple[str, list[str]]]:
        """Yield each subject that has anything of a name, in order, with the names of its objects."""
        folder = f"{self._root}/{name}"
        with self._reaching(folder):
            if not self._files.exists(folder):
                return
            found: dict[str, list[str]] = {}
            for path in sorted(self._files.find(folder)):
                *_, subject, file = path.split("/")
                objects = found.setdefault(subject, [])
                if file.endswith(SUFFIX):
                    objects.append(file.removesuffix(SUFFIX))
        yield from sorted(found.items())

    def sizes(self, name: str) -> dict[str, dict[str, int]]:
        """Return the bytes of each object of a name as it is stored, by subject and SHA-256, by listing alone."""
        folder = f"{self._root}/{name}"
        found: dict[str, dict[str, int]] = {}
        with self._reaching(folder):
            listed = self._files.find(folder, detail=True) if self._files.exists(folder) else {}
            for path, info in listed.items():
                *_, subject, file = path.split("/")
                if file.endswith(SUFFIX):
                    found.setdefault(subject, {})[file.removesuffix(SUFFIX)] = int(info["size"])
        return found

    def size(self, name: str, subject: str, sha256: str) -> int:
        """Return the bytes of an object as it is stored."""
        path = self._path(name, subject, sha256)
        with self._reaching(path):
            return int(self._files.size(path))

    def written_at(self, name: str, subject: str, sha256: str) -> datetime:
        """Return when an object was last written, by the store's clock, UTC."""
        path = self._path(name, subject, sha256)
        with self._reaching(path):
            written: datetime = self._files.modified(path)
        return written

    def remove(self, name: str, subject: str, sha256: str) -> None:
        """Remove an object; whoever names it has lost it."""
        path = self._path(name, subject, sha256)
        with self._reaching(path):
            self._files.rm_file(path)

    def _folder(self, name: str, subject: str) -> str:
        year, *rest = subject.split("-")
        month = f"/{year}-{rest[0]}" if len(rest) > 1 else ""
        return f"{self._root}/{name}/{year}{month}/{subject}"

    def _path(self, name: str, subject: str, sha256: str) -> str:
        return f"{self._folder(name, subject)}/{sha256}{SUFFIX}"

    def _manifest(self, name: str, subject: str) -> str:
        return f"{self._folder(name, subject)}/{MANIFEST}"

    def _shown(self, path: str) -> str:
        return str(self._files.unstrip_protocol(path))

    def _manifest_bytes(self, path: str) -> bytes:
        """Read a manifest; empty where there is none."""
        with self._reaching(path):
            try:
                written: bytes = self._files.cat_file(path)
            except FileNotFoundError:
                return b""
        return written

    def _rewrite(self, manifest: str, fetches: Sequence[ArchivedFetch]) -> None:
        with self._reaching(manifest):
            if fetches:
                self._write(manifest, "".join(each.line() for each in fetches).encode())
            else:
                self._files.rm_file(manifest)

    def _write(self, path: str, data: bytes) -> None:
        """Write a file that a reader finds whole: an object store does so by itself."""
        if self._local:
            with atomic_write(Path(path)) as file:
                file.write(data)
        else:
            self._files.pipe_file(path, data)

    @contextmanager
    def _reaching(self, path: str) -> Iterator[None]:
        try:
            yield
        except ArchiveError:
            raise
        except Exception as error:  # each driver has errors of its own
            reason = getattr(error, "strerror", None) or f"{type(error).__name__}: {error}"
            raise ArchiveUnavailable(self._shown(path), reason) from error


def _base(answer: Received) -> str:
    return answer.url.removesuffix(answer.path).rstrip("/")
