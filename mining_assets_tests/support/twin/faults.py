"""Scripted faults: which request is answered wrongly, and how.

A ``Fault`` matches by route, date, period, side and attempt; what is left out matches anything.
``FaultScript`` picks the first fault that applies to a request. ``spoiled`` makes the answers that are
wrong in what they say; those that are wrong on the wire (``WIRE_KINDS``) are made by ``wire``.
"""

import datetime as dt
import hashlib
import json
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import format_datetime
from functools import lru_cache
from threading import Lock
from typing import Any

from mining_assets.domain.settlement import Side
from mining_assets_tests.support.twin.routes import ROUTES, Ask, encode, payload
from mining_assets_tests.support.twin.world import World

# Wrong in what is said.
BODY_KINDS = (
    "status",  # `status`, with `retry_after` seconds in `retry_after_form` ("seconds" or "date")
    "cut_json",  # well framed, but the JSON ends in the middle
    "blank",  # 200 with an empty body
    "html",  # 200 with a page instead of data
    "no_data",  # 200 without `data`
    "null_data",  # `data: null`
    "empty",  # `data: []` (an empty list where the answer is a bare list)
    "mutate",  # `field` := `value` (removed when `drop`) in `row`: the first "wind" or "first", "all", or a unit's id
    "duplicate",  # every row twice
    "wrong_period",  # the rows of another period
    "wrong_date",  # the rows of the day before
    "redirect",  # 302 to `location`, on another host unless said otherwise
    "gzip_bomb",  # a small body that unpacks to `size` bytes
    "delay",  # the true answer, `seconds` late
)
# Wrong on the wire.
WIRE_KINDS = (
    "reset",  # RST instead of an answer
    "close",  # an orderly end instead of an answer
    "timeout",  # no answer for `seconds`, then the connection ends
    "drip",  # the true body in small pieces over `seconds`
    "truncated",  # a Content-Length that the body does not reach
    "endless",  # a chunked body of up to `size` bytes that does not end
)
SILENT_KINDS = ("reset", "close", "timeout")  # of the latter, those that send nothing
KINDS = BODY_KINDS + WIRE_KINDS
MADE_OF_ROWS = (
    "cut_json",
    "no_data",
    "null_data",
    "empty",
    "mutate",
    "duplicate",
    "wrong_period",
    "wrong_date",
)  # those that need to know the rows
FIELDS = ("route", "date", "period", "side")
CANDLE_FIELDS = ("time", "low", "high", "open", "close", "volume")


@dataclass(frozen=True, kw_only=True)
class Fault:
    """One scripted fault.

    Args:
        kind: one of ``KINDS``.
        attempts: which requests of one URL are hit, counted from 1 since the fault was set; None hits all.
        share: the part of all (URL, attempt) that is hit, chosen by their hash: the same in every run.
    """

    kind: str
    route: str | None = None
    date: dt.date | None = None
    period: int | None = None
    side: Side | None = None
    attempts: int | tuple[int, ...] | None = None
    share: float = 1.0
    status: int = 503
    retry_after: float | None = None
    retry_after_form: str = "seconds"
    seconds: float = 30.0
    size: int = 256 * 1024 * 1024
    field: str = "volume"
    value: Any = None
    row: str = "wind"
    drop: bool = False
    location: str = "http://elsewhere.invalid/"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no fault of the kind {self.kind!r}; there are {', '.join(KINDS)}")
        if self.route is not None and self.route not in ROUTES:
            raise ValueError(f"no route {self.route!r}; there are {', '.join(ROUTES)}")
        if (self.row not in ("wind", "first", "all") and "_" not in self.row) or self.retry_after_form not in (
            "seconds",
            "date",
        ):
            raise ValueError(f"row {self.row!r} or retry_after_form {self.retry_after_form!r} is not known")

    @classmethod
    def from_json(cls, given: Mapping[str, Any]) -> "Fault":
        """A fault from its JSON form: the same names, the date as text, attempts as a number or a list.

        Raises:
            TypeError, ValueError: a name or a value is not known.
        """
        values = dict(given)
        if values.get("date") is not None:
            values["date"] = dt.date.fromisoformat(values["date"])
        if isinstance(values.get("attempts"), list):
            values["attempts"] = tuple(values["attempts"])
        return cls(**values)

    def matches(self, ask: Ask) -> bool:
        """Whether the fault is about such a request, whichever attempt it is."""
        if (
            ask.route in ("prices", "candles") and ask.date is None
        ):  # a history: the date says which of its rows are changed
            return self.route in (None, ask.route) and (self.date is None or self.kind == "mutate")
        return all(getattr(self, name) in (None, getattr(ask, name)) for name in FIELDS)

    def hits(self, url: str, attempt: int) -> bool:
        """Whether the nth matching request of the URL is hit."""
        wanted = (self.attempts,) if isinstance(self.attempts, int) else self.attempts
        if wanted is not None and attempt not in wanted:
            return False
        digest = hashlib.blake2b(f"{url}#{attempt}".encode(), digest_size=4).digest()
        return int.from_bytes(digest, "big") < self.share * 2**32


@dataclass
class FaultScript:
    """The faults in force. Each counts the requests of a URL for itself, from when it was set."""

    _faults: list[tuple[Fault, Counter[str]]] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def add(self, faults: Iterable[Fault]) -> None:
        with self._lock:
            self._faults += [(fault, Counter()) for fault in faults]

    def clear(self) -> None:
        with self._lock:
            self._faults = []

    def pick(self, ask: Ask, url: str) -> Fault | None:
        """The fault that this request meets; every fault that matches counts it."""
        found = None
        with self._lock:
            for fault, counts in self._faults:
                if not fault.matches(ask):
                    continue
                counts[url] += 1
                if found is None and fault.hits(url, counts[url]):
                    found = fault
        return found


@dataclass(frozen=True)
class Answer:
    """A complete answer. ``compressed`` says that the body is gzip already."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()
    compressed: bool = False


def spoiled(fault: Fault, world: World, ask: Ask) -> Answer:
    """The answer that a fault of ``BODY_KINDS`` puts in place of the true one."""
    if fault.kind == "status":
        return Answer(fault.status, b'{"message":"scripted fault"}', headers=_retry_after(fault))
    if fault.kind == "blank":
        return Answer(200, b"")
    if fault.kind == "html":
        return Answer(200, b"<!doctype html><title>Down for maintenance</title>", "text/html")
    if fault.kind == "redirect":
        return Answer(302, b"", headers=(("Location", fault.location),))
    if fault.kind == "gzip_bomb":
        return Answer(200, gzip_bomb(fault.size), compressed=True)
    value = payload(world, _elsewhere(fault, ask))
    if fault.kind == "cut_json":
        body = encode(value)
        return Answer(200, body[: max(1, len(body) * 2 // 3)])
    return Answer(200, encode(_changed(fault, world, value)))


@lru_cache(maxsize=4)
def gzip_bomb(size: int) -> bytes:
    """A gzip body that unpacks to ``size`` bytes of blanks (whole MiB), made without packing them all."""
    block = b" " * 1024 * 1024
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS)
    # After a full flush a block of deflate depends on nothing before it, so it can be repeated.
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    count = -(-size // len(block))
    checksum = 0
    for _ in range(count):
        checksum = zlib.crc32(block, checksum)
    trailer = checksum.to_bytes(4, "little") + (count * len(block) % 2**32).to_bytes(4, "little")
    return b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff" + packed * count + packer.flush(zlib.Z_FINISH) + trailer


def _retry_after(fault: Fault) -> tuple[tuple[str, str], ...]:
    if fault.retry_after is None:
        return ()
    if fault.retry_after_form == "seconds":
        return (("Retry-After", f"{fault.retry_after:g}"),)
    # An HTTP date has whole seconds: rounded up, so that the wait is never shorter than said.
    moment = dt.datetime.now(dt.UTC) + dt.timedelta(seconds=fault.retry_after + 0.999)
    return (("Retry-After", format_datetime(moment.replace(microsecond=0), usegmt=True)),)


def _elsewhere(fault: Fault, ask: Ask) -> Ask:
    if fault.kind == "wrong_date" and ask.date:
        return Ask(ask.route, ask.date - dt.timedelta(days=1), ask.period, ask.side)
    if fault.kind == "wrong_period" and ask.period:
        return Ask(ask.route, ask.date, ask.period - 1 if ask.period > 1 else 2, ask.side)
    return ask


def _changed(fault: Fault, world: World, value: Any) -> Any:
    key = next((name for name in ("data", "prices") if isinstance(value, dict) and name in value), None)
    rows = value if key is None else value[key]
    if fault.kind == "no_data":
        return {name: part for name, part in value.items() if name != key} if key else {}
    if fault.kind == "null_data":
        rows = None
    elif fault.kind == "empty":
        rows = []
    elif fault.kind == "duplicate":
        rows = [row for row in rows for _ in range(2)]
    elif fault.kind == "mutate":
        rows = _mutated(fault, world, rows)
    return rows if key is None else value | {key: rows}


def _mutated(fault: Fault, world: World, rows: list[Any]) -> list[Any]:
    changed: list[Any] = json.loads(json.dumps(rows))  # never the world's own rows
    if rows and isinstance(rows[0], list) and len(rows[0]) == len(CANDLE_FIELDS):
        return _mutated_candles(fault, changed)
    for row in changed:
        if not isinstance(row, dict):
            raise ValueError("mutate needs rows that are objects")
        if fault.date and "time" in row and dt.datetime.fromtimestamp(row["time"], dt.UTC).date() != fault.date:
            continue
        unit = row.get("id", row.get("bmUnit", row.get("elexonBmUnit")))
        is_wind = unit in world.wind_unit_ids or row.get("fuelType") == "WIND"
        if (fault.row == "wind" and not is_wind) or ("_" in fault.row and unit != fault.row):
            continue
        if fault.drop:
            row.pop(fault.field, None)
        else:
            row[fault.field] = fault.value
        if fault.row != "all":
            break
    return changed


def _mutated_candles(fault: Fault, rows: list[list[Any]]) -> list[list[Any]]:
    """Change a figure of the candles of the fault's date (of all without one), or leave those out."""

    def is_meant(row: list[Any]) -> bool:
        return fault.date in (None, dt.datetime.fromtimestamp(row[0], dt.UTC).date())

    if fault.drop:
        return [row for row in rows if not is_meant(row)]
    for row in filter(is_meant, rows):
        row[CANDLE_FIELDS.index(fault.field)] = fault.value
        if fault.row != "all":
            break
    return rows
