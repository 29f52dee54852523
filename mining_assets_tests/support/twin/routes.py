"""Which request means what, and the true answer to it.

``parse`` turns a request target into an ``Ask`` or an error; ``Bodies`` builds the undisturbed body of an
ask and keeps what was encoded (and compressed) already. Faults are laid over these answers elsewhere.
"""

import datetime as dt
import gzip
import json
from collections import OrderedDict
from dataclasses import dataclass, field
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mining_assets.domain.settlement import SIDES, Side
from mining_assets_tests.support.twin.world import World

ELEXON = "/bmrs/api/v1"
MEMPOOL = "/api/v1"
COINBASE = "/coinbase"
MAX_PERIOD = 50
MOST_CANDLES, GRANULARITIES = 300, (60, 300, 900, 3600, 21600, 86400)

ROUTES = ("stack", "bmunits", "volumes", "cashflows", "fuelhh", "difficulty", "blocks", "prices", "candles")
FIXED = {
    f"{ELEXON}/reference/bmunits/all": "bmunits",
    f"{ELEXON}/datasets/FUELHH/stream": "fuelhh",
    f"{MEMPOOL}/mining/difficulty-adjustments": "difficulty",
    f"{MEMPOOL}/blocks": "blocks",
    f"{MEMPOOL}/historical-price": "prices",
    f"{COINBASE}/products/BTC-GBP/candles": "candles",
}
# (prefix of the path, route, how many parts follow)
SETTLEMENT = (
    (f"{ELEXON}/balancing/settlement/stack/all/", "stack", 3),
    (f"{ELEXON}/balancing/settlement/indicative/volumes/all/", "volumes", 2),
    (f"{ELEXON}/balancing/settlement/indicative/cashflows/all/", "cashflows", 2),
)
DATASETS = {"volumes": "DISPTAV", "cashflows": "EBOCF"}


@dataclass(frozen=True)
class Ask:
    """A request that was understood: its route and, where they mean something, the rest."""

    route: str
    date: dt.date | None = None
    period: int | None = None
    side: Side | None = None
    params: tuple[tuple[str, str], ...] = ()


class BadRequestError(Exception):
    """What Elexon would answer with 400."""


class UnknownRouteError(Exception):
    """A path that the twin does not serve: 404."""


def parse(target: str) -> Ask:
    """Understand a request target (path and query).

    Raises:
        BadRequestError: the path is served, but its date, period, side or query is malformed.
        UnknownRouteError: the path is not served.
    """
    parts = urlsplit(target)
    params = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    if route := FIXED.get(parts.path):
        if route == "fuelhh":
            first, last = (_date(params.get(name, "")) for name in ("settlementDateFrom", "settlementDateTo"))
            if first > last:
                raise BadRequestError("settlementDateFrom is after settlementDateTo")
        if route == "candles":
            _candles_asked_for(params)
        return Ask(route, _day_of_price(params) if route == "prices" else None, params=tuple(sorted(params.items())))
    height = parts.path.removeprefix(f"{MEMPOOL}/blocks/")
    if height.isascii() and height.isdigit():
        return Ask("blocks", params=(("height", height),))
    for prefix, route, count in SETTLEMENT:
        if parts.path.startswith(prefix):
            return _settlement_ask(route, parts.path.removeprefix(prefix).split("/"), count)
    raise UnknownRouteError(parts.path)


def _settlement_ask(route: str, values: list[str], count: int) -> Ask:
    if len(values) != count:
        raise UnknownRouteError("/".join(values))
    side = next((known for known in SIDES if known == values[0]), None)
    if side is None:
        raise BadRequestError(f"The value '{values[0]}' is not valid for BidOffer.")
    day = _date(values[1])
    if route != "stack":
        return Ask(route, day, None, side)
    if not values[2].isascii() or not values[2].isdigit() or not 1 <= int(values[2]) <= MAX_PERIOD:
        raise BadRequestError(f"Settlement period must be between 1 and {MAX_PERIOD}, not '{values[2]}'.")
    return Ask(route, day, int(values[2]), side)


def _day_of_price(params: dict[str, str]) -> dt.date | None:
    """The UTC date of which a price is asked for, so that a fault can be about it."""
    timestamp = params.get("timestamp")
    return dt.datetime.fromtimestamp(int(timestamp), dt.UTC).date() if timestamp else None


def _candles_asked_for(params: dict[str, str]) -> tuple[int, int, int]:
    """Start, end and length in seconds; refused where there would be more than the source gives at once."""
    try:
        start, end = (int(dt.datetime.fromisoformat(params[name]).timestamp()) for name in ("start", "end"))
        seconds = int(params["granularity"])
    except (KeyError, ValueError):
        raise BadRequestError("start, end and granularity are needed") from None
    if seconds not in GRANULARITIES:
        raise BadRequestError("Unsupported granularity")
    if (end - start) // seconds >= MOST_CANDLES:
        raise BadRequestError("granularity too small for the requested time range")
    return start, end, seconds


def _date(text: str) -> dt.date:
    try:
        return dt.date.fromisoformat(text if len(text) == 10 else "")
    except ValueError:
        raise BadRequestError(f"The value '{text}' is not a valid date (yyyy-MM-dd).") from None


def payload(world: World, ask: Ask) -> Any:
    """The true answer as a JSON value."""
    params = dict(ask.params)
    if ask.route == "bmunits":
        return world.bm_units()
    if ask.route == "difficulty":
        return world.difficulty_adjustments()
    if ask.route == "blocks":
        return world.blocks(int(params["height"]) if params else None)
    if ask.route == "prices":
        rows = world.prices(params.get("currency", "USD"))
        if "timestamp" in params:
            rows = [row for row in rows if row["time"] <= int(params["timestamp"])][:1]
        return {"prices": rows, "exchangeRates": {}}
    if ask.route == "candles":
        return world.candles(*_candles_asked_for(params))
    if ask.route == "fuelhh":
        rows = world.wind_generation(_date(params["settlementDateFrom"]), _date(params["settlementDateTo"]))
        return [row for row in rows if params.get("fuelType", row["fuelType"]) == row["fuelType"]]
    assert ask.date is not None
    assert ask.side is not None
    if ask.route == "stack":
        assert ask.period is not None
        return {"metadata": {"datasets": ["ISPSTACK"]}, "data": world.stack(ask.date, ask.period, ask.side)}
    rows = world.volumes(ask.date, ask.side) if ask.route == "volumes" else world.cashflows(ask.date, ask.side)
    return {"metadata": {"datasets": [DATASETS[ask.route]]}, "data": rows}


def encode(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()


@dataclass
class Bodies:
    """Encoded true bodies, plain or packed, kept up to ``limit`` bytes; the least recently used go first."""

    world: World
    limit: int = 128 * 1024 * 1024
    _kept: "OrderedDict[tuple[Any, ...], bytes]" = field(default_factory=OrderedDict)
    _size: int = 0
    _lock: Lock = field(default_factory=Lock)

    def body(self, ask: Ask, *, compressed: bool) -> bytes:
        """The body of the ask as it is now; compressed with gzip when asked for."""
        if ask.route in ("difficulty", "prices", "candles"):
            state: tuple[int, ...] = (int(self.world.clock().timestamp()) // 3600,)
        else:
            state = self.world.revision(ask.date) if ask.date else ()
        if ask.route in ("fuelhh", "blocks"):  # of days that may change, of the last minutes: small, so made anew
            plain = encode(payload(self.world, ask))
            return gzip.compress(plain, 1) if compressed else plain
        key = (ask, state, compressed)
        with self._lock:
            if (found := self._kept.get(key)) is not None:
                self._kept.move_to_end(key)
                return found
        made = self._made(ask)
        made = gzip.compress(made, 1) if compressed else made
        with self._lock:
            self._kept[key] = made
            self._size += len(made)
            while self._size > self.limit:
                self._size -= len(self._kept.popitem(last=False)[1])
        return made

    def _made(self, ask: Ask) -> bytes:
        if ask.route == "stack" and ask.date and ask.period and ask.side:
            return self.world.stack_json(ask.date, ask.period, ask.side)
        return encode(payload(self.world, ask))
