"""What a source gave, as it came: collected where somebody wants to keep it, and forgotten otherwise.

What is done with the bodies does not belong here.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus

KEPT_HEADERS = ("content-encoding", "content-type", "date")
"""The headers that say something of an answer's body; others may hold what is nobody's business."""


@dataclass(frozen=True)
class Received:
    """How one request to a source ended, after its last attempt.

    Attributes:
        path: below the source's base address, with the query.
        url: the whole address, without credentials.
        requested_at: UTC instant at which the last attempt was sent.
        status: HTTP status; None when there was no answer.
        body: after decompression; None when none was read.
        attempts: how many requests it took.
        reason: why the answer was not taken; empty when it was.
        headers: those of ``KEPT_HEADERS`` that came with a body, by their lower-case names.
    """

    path: str
    url: str
    requested_at: datetime
    status: int | None
    body: bytes | None
    attempts: int
    reason: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def taken(self) -> bool:
        """Whether the answer was one that its parser took."""
        return self.status == HTTPStatus.OK and not self.reason


_collected: ContextVar[list[Received] | None] = ContextVar("collected", default=None)


@contextmanager
def collect() -> Iterator[list[Received]]:
    """Collect what every client gets in this context, tasks that it starts included, in the order of the answers."""
    received: list[Received] = []
    token = _collected.set(received)
    try:
        yield received
    finally:
        _collected.reset(token)


def note_received(received: Received) -> None:
    """Add to what is collected in this context, if anything is."""
    collected = _collected.get()
    if collected is not None:
        collected.append(received)
