"""What the twin was asked: every request with its time, and how many were under way at once."""

import datetime as dt
from collections import Counter
from dataclasses import asdict, dataclass, field
from threading import Lock
from typing import Any

from mining_assets.domain.settlement import Side


@dataclass(slots=True)
class Request:
    """One request. ``at`` and ``ended`` are Unix seconds; ``status`` is None when no answer was completed."""

    at: float
    method: str
    url: str  # path and query
    route: str | None = None
    date: dt.date | None = None
    period: int | None = None
    side: Side | None = None
    fault: str | None = None
    status: int | None = None
    ended: float | None = None

    def json(self) -> dict[str, Any]:
        return asdict(self) | {"date": self.date.isoformat() if self.date else None}


@dataclass
class Record:
    """All requests since the start or the last ``clear``; control requests are not among them."""

    requests: list[Request] = field(default_factory=list)
    max_in_flight: int = 0
    _in_flight: int = 0
    _lock: Lock = field(default_factory=Lock)

    def begin(self, request: Request) -> None:
        with self._lock:
            self.requests.append(request)
            self._in_flight += 1
            self.max_in_flight = max(self.max_in_flight, self._in_flight)

    def end(self, request: Request, at: float) -> None:
        with self._lock:
            request.ended = at
            self._in_flight -= 1

    def clear(self) -> None:
        with self._lock:
            self.requests = []
            self.max_in_flight = self._in_flight

    def count(self, **wanted: Any) -> int:
        """How many requests have these values; the names are fields of ``Request``."""
        with self._lock:
            return sum(
                all(getattr(request, name) == value for name, value in wanted.items()) for request in self.requests
            )

    def per_url(self) -> Counter[str]:
        with self._lock:
            return Counter(request.url for request in self.requests)

    def json(self, *, detail: bool) -> dict[str, Any]:
        """The record as JSON: total, max_in_flight, counts per URL and, with ``detail``, every request."""
        counts = self.per_url()
        told: dict[str, Any] = {
            "total": counts.total(),
            "max_in_flight": self.max_in_flight,
            "counts": counts,
        }
        if detail:
            with self._lock:
                told["requests"] = [request.json() for request in self.requests]
        return told
