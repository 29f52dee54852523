"""The twin's control routes under ``/twin/``: the same switches as in process, as JSON over HTTP."""

import json
from datetime import date, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from mining_assets_tests.support.twin.archived import ArchivedWorld
from mining_assets_tests.support.twin.faults import Answer, Fault
from mining_assets_tests.support.twin.routes import encode
from mining_assets_tests.support.twin.world import World

if TYPE_CHECKING:
    from mining_assets_tests.support.twin.server import Twin

DAY_SWITCHES = ("reset", "published", "periods", "empty", "withhold", "restate")


def answer(twin: "Twin", method: str, target: str, body: bytes) -> Answer:
    """Carry out a control request. What is not understood is a 400 that says why."""
    parts = urlsplit(target)
    try:
        return Answer(200, encode(_act(twin, method, parts.path, parse_qs(parts.query), body)))
    except (KeyError, TypeError, ValueError) as error:
        return Answer(400, encode({"error": f"{type(error).__name__}: {error}"}))


def _act(twin: "Twin", method: str, path: str, query: dict[str, list[str]], body: bytes) -> Any:
    match method, path:
        case "POST", "/twin/faults":
            faults = [Fault.from_json(given) for given in json.loads(body)]
            twin.fault(*faults)
            return {"added": len(faults)}
        case "DELETE", "/twin/faults":
            twin.clear_faults()
            return {}
        case "GET", "/twin/requests":
            return twin.record.json(detail=query.get("detail", ["1"])[-1] != "0")
        case "DELETE", "/twin/requests":
            twin.record.clear()
            return {}
        case "POST", "/twin/world":
            return _switch(twin, json.loads(body))
    raise ValueError(f"no control route {method} {path}")


def _switch(twin: "Twin", switches: dict[str, Any]) -> Any:
    """Keys: ``down``, ``refuse_seconds``, ``delay_ms``, ``reset`` (all days), ``days`` (by date)."""
    unknown = set(switches) - {"down", "refuse_seconds", "delay_ms", "reset", "days"}
    if unknown:
        raise ValueError(f"no switch {', '.join(sorted(unknown))}")
    if isinstance(twin.world, ArchivedWorld) and switches.keys() & {"reset", "days"}:
        raise ValueError("an archive is served as it is: its days cannot be changed")
    if switches.get("reset"):
        twin.world.reset()
    for text, wanted in switches.get("days", {}).items():
        _switch_day(twin.world, date.fromisoformat(text), wanted)
    if "delay_ms" in switches:
        twin.delay_ms = float(switches["delay_ms"])
    if "down" in switches:
        twin.down = bool(switches["down"])
    if "refuse_seconds" in switches:
        twin.refuse_for(float(switches["refuse_seconds"]))
    return {"down": twin.down, "delay_ms": twin.delay_ms}


def _switch_day(world: World, day: date, wanted: dict[str, Any]) -> None:
    """One day: ``reset``, ``published``, ``periods`` (only the first k), ``empty`` and ``withhold`` (lists of
    ``[period or null, side or null]``), ``restate`` (``{"scale", "extra", "at"}``)."""
    unknown = set(wanted) - set(DAY_SWITCHES)
    if unknown:
        raise ValueError(f"no switch {', '.join(sorted(unknown))} for a day; there are {', '.join(DAY_SWITCHES)}")
    if wanted.get("reset"):
        world.reset(day)
    if wanted.get("published") is False:
        world.unpublish(day)
    elif "published" in wanted or "periods" in wanted:
        world.publish(day, wanted.get("periods"))
    for period, side in wanted.get("empty", []):
        world.empty(day, period, side)
    for period, side in wanted.get("withhold", []):
        world.withhold(day, period, side)
    if "restate" in wanted:
        restated = dict(wanted["restate"])
        at = datetime.fromisoformat(restated["at"]) if restated.get("at") else None
        world.restate(day, restated.get("scale", 1.0), restated.get("extra", ()), at)
