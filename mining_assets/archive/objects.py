"""What an object holds: the answers of one fetch, a tar file compressed with Zstandard.

Its first member is ``index.jsonl`` with a line for each answer; the others are the bodies as they were received. An
object has no instants in it and its answers are in the order of their paths, so the same answers make the same object,
whenever they were asked for. It is named by the SHA-256 of its index, which has that of every body: whatever compressed
it, the name says what is in it. Where objects are kept belongs in ``store``.
"""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import zstandard

from mining_assets.archive.errors import ObjectDamaged
from mining_assets.sources.received import Received

SUFFIX = ".tar.zst"
LEVEL = 3
"""Of Zstandard: at 6 a day's answers are a fifth smaller and take half as long again; see docs/archive.md."""
_INDEX = "index.jsonl"
# A day's answers are some megabytes; nothing that a source may send comes near this.
_MOST_BYTES = 1 << 30


@dataclass(frozen=True)
class KeptAnswer:
    """An answer in an object.

    Attributes:
        path: below the source's base address, with the query.
        status: HTTP status; None when there was no answer.
        reason: why it was not taken then; empty when it was.
        body: as received; None when none was read.
    """

    path: str
    status: int | None
    reason: str
    body: bytes | None


@dataclass(frozen=True)
class Packed:
    """Answers as an object.

    Attributes:
        sha256: of the index, in hexadecimal.
        data: the compressed tar file.
        answers: in the order of the object.
        body_bytes: of all bodies together.
    """

    sha256: str
    data: bytes
    answers: tuple[Received, ...]
    body_bytes: int


def pack(received: Sequence[Received]) -> Packed:
    """Pack the answers of a fetch, in any order."""
    answers = sorted(received, key=lambda answer: (answer.path, answer.requested_at))
    index = "".join(f"{json.dumps(_entry(*each), ensure_ascii=False)}\n" for each in enumerate(answers)).encode()
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        _add(tar, _INDEX, index)
        for number, answer in enumerate(answers):
            if answer.body is not None:
                _add(tar, _member(number), answer.body)
    compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True)
    return Packed(
        sha256=hashlib.sha256(index).hexdigest(),
        data=compressor.compress(file.getbuffer()),
        answers=tuple(answers),
        body_bytes=sum(len(answer.body or b"") for answer in answers),
    )


def _entry(number: int, answer: Received) -> dict[str, object]:
    entry: dict[str, object] = {"path": answer.path, "status": answer.status}
    if answer.reason:
        entry["reason"] = answer.reason
    if answer.body is not None:
        digest = hashlib.sha256(answer.body).hexdigest()
        entry |= {"member": _member(number), "bytes": len(answer.body), "sha256": digest}
    return entry


def _member(number: int) -> str:
    return f"{number:04}.json"


def _add(tar: tarfile.TarFile, name: str, body: bytes) -> None:
    member = tarfile.TarInfo(name)
    member.size = len(body)
    tar.addfile(member, io.BytesIO(body))


def unpack(data: bytes, sha256: str, location: str) -> tuple[KeptAnswer, ...]:
    """Return the answers of an object, in its order.

    Args:
        data: the object.
        sha256: that its index must have.
        location: named in an error.

    Raises:
        ObjectDamaged: the object is not what was written.
    """
    try:
        content = zstandard.ZstdDecompressor().decompress(data, max_output_size=_MOST_BYTES)
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as tar:
            members = {member.name: content[member.offset_data : member.offset_data + member.size] for member in tar}
    except (zstandard.ZstdError, tarfile.TarError) as error:
        raise ObjectDamaged(location, f"cannot be read: {error}") from None
    index = members.get(_INDEX, b"")
    if (found := hashlib.sha256(index).hexdigest()) != sha256:
        raise ObjectDamaged(location, f"its index has the SHA-256 {found}, not {sha256}")
    # From here on the index is what was written: its hash says so.
    return tuple(_answer(json.loads(line), members, location) for line in index.splitlines())


def _answer(entry: dict[str, Any], members: Mapping[str, bytes], location: str) -> KeptAnswer:
    body = None
    if "member" in entry:
        body = members.get(entry["member"])
        if body is None or hashlib.sha256(body).hexdigest() != entry["sha256"]:
            raise ObjectDamaged(location, f"the body of {entry['path']} is not the one that was received")
    return KeptAnswer(entry["path"], entry["status"], entry.get("reason", ""), body)
