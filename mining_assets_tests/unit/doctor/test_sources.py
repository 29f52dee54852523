"""Each thing that the doctor says of a source's answers: an altered answer makes exactly that line differ."""

import asyncio
import socket
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from mining_assets.doctor import examination
from mining_assets.doctor.sources import COINBASE, ELEXON, MEMPOOL, PRICES
from mining_assets.sources.reachability import forget_reached
from mining_assets_tests.support.doctored import DAY, NOW, Alter, Transport, examined, lines_of
from mining_assets_tests.support.twin.routes import Ask

Rows = list[Any]


def of(route: str, change: Callable[[Any], Any], **wanted: Any) -> Alter:
    """Alter the answers of a route."""

    def alter(ask: Ask, value: Any) -> Any:
        fits = ask.route == route and all(getattr(ask, name) == wish for name, wish in wanted.items())
        return change(value) if fits else value

    return alter


def data(change: Callable[[Rows], Rows | None], key: str = "data") -> Callable[[Any], Any]:
    """Change the rows of an answer that is an object; in place, unless others are returned."""

    def changed(value: Any) -> Any:
        rows = change(value[key])
        return value | {key: value[key] if rows is None else rows}

    return changed


def each(field: str, value: Any, where: Callable[[Any], bool] = lambda row: True) -> Callable[[Rows], Rows]:
    """Set a field of all rows that fit, or what a function makes of it."""

    def changed(rows: Rows) -> Rows:
        for row in filter(where, rows):
            row[field] = value(row[field]) if callable(value) else value
        return rows

    return changed


def one(field: str, value: Any, where: Callable[[Any], bool] = lambda row: True) -> Callable[[Rows], Rows]:
    """Set a field of the first row that fits, or what a function makes of it."""

    def changed(rows: Rows) -> Rows:
        for row in list(filter(where, rows))[:1]:
            row[field] = value(row[field]) if callable(value) else value
        return rows

    return changed


def with_next(value: Any) -> Any:
    return value | {"links": [{"rel": "next"}]}


def other(row: Any) -> bool:
    """Whether a row is of a unit that is not wind and not a trade."""
    unit = row.get("id", row.get("bmUnit", row.get("elexonBmUnit")))
    return unit is not None and "_" in unit and "W-" not in unit and "TWINW" not in unit


def original(row: Any) -> bool:
    return other(row) and row["dataType"] == "Original"


def is_wind(row: Any) -> bool:
    return "W-" in (row.get("id") or row.get("bmUnit") or "")


def without_three_days(rows: Rows) -> Rows:
    return [row for row in rows if row["time"] <= (NOW - timedelta(days=3)).timestamp()]


def is_of_day(row: Any) -> bool:
    return datetime.fromtimestamp(row["time"], UTC).date() == DAY


def doubled(value: float) -> float:
    return 2 * value


def negative(value: float) -> float:
    return -value


def with_pages(value: Any) -> Any:
    return value | {"totalPages": 3} if value["data"] else value


def until_period_30(rows: Rows) -> Rows:
    return [row for row in rows if row["settlementPeriod"] <= 30]


def with_one_twice(where: Callable[[Any], bool]) -> Callable[[Rows], Rows]:
    return lambda rows: [*rows, next(filter(where, rows))]


HALVING = (("height", "840000"),)
FUTURE = "2027-01-01T00:00:00Z"
# By section and line: what is altered so that it differs. Of some there are several.
CASES: list[tuple[str, str, Alter]] = [
    (ELEXON, "register", of("bmunits", one("elexonBmUnit", 5))),
    (ELEXON, "register: wind", of("bmunits", each("fuelType", "CCGT"))),
    (ELEXON, "register: nulls", of("bmunits", each("elexonBmUnit", None, other))),
    (ELEXON, "register: units", of("bmunits", each("generationCapacity", "99000.000", other))),
    (ELEXON, "cashflows, bid", of("cashflows", data(one("totalCashflow", "12.3")))),
    (ELEXON, "cashflows, bid: rows", of("cashflows", data(lambda rows: []))),
    (ELEXON, "cashflows, bid: nulls", of("cashflows", data(each("bmUnit", None, other)))),
    (ELEXON, "cashflows, bid: keys", of("cashflows", data(with_one_twice(other)))),
    (ELEXON, "cashflows, bid: whole", of("cashflows", with_next)),
    (ELEXON, "stack, bid", of("stack", data(one("volume", 1.0)), side="bid")),
    (ELEXON, "stack, bid: rows", of("stack", data(lambda rows: []), side="bid")),
    (ELEXON, "stack, offer", of("stack", data(one("startTime", FUTURE)), side="offer")),
    (ELEXON, "stack, offer: rows", of("stack", data(lambda rows: []), side="offer")),
    (ELEXON, "stack, bid: units", of("stack", data(one("originalPrice", 9000.0, is_wind)), side="bid")),
    (ELEXON, "stack, bid: nulls", of("stack", data(one("originalPrice", None, is_wind)), side="bid")),
    (ELEXON, "stack, offer: units", of("stack", data(each("originalPrice", lambda price: 100 * price)), side="offer")),
    (ELEXON, "stack, no such period", lambda ask, value: {"data": None} if ask.period == 49 else value),
    (
        ELEXON,
        "stack, no such period: rows",
        lambda ask, value: {"data": [STACK_ROW]} if ask.period == 49 else value,
    ),
    (
        ELEXON,
        "bids of a period: agreement",
        of("volumes", data(each("totalVolumeAccepted", doubled, is_wind)), side="bid"),
    ),
    (ELEXON, "bids of a period: agreement", of("cashflows", data(each("totalCashflow", negative, is_wind)))),
    (ELEXON, "generation", of("fuelhh", one("generation", "many"))),
    (ELEXON, "generation: half hours", of("fuelhh", lambda rows: rows[1:])),
    (ELEXON, "generation: half hours", of("fuelhh", lambda rows: [])),
    (ELEXON, "generation: units", of("fuelhh", each("generation", lambda power: power * 1000))),
    (MEMPOOL, "blocks, newest", of("blocks", one("timestamp", "now"), params=())),
    (MEMPOOL, "blocks, newest: order", of("blocks", lambda rows: rows[::-1], params=())),
    (MEMPOOL, "blocks, newest: age", of("blocks", each("timestamp", lambda at: at - 86_400), params=())),
    (MEMPOOL, "blocks, newest: height", of("difficulty", lambda rows: rows[2:])),
    (MEMPOOL, "difficulty", of("difficulty", lambda rows: [["now", 1, 2.0, 1.0]])),
    (MEMPOOL, "difficulty: order", of("difficulty", lambda rows: rows[::-1])),
    (MEMPOOL, "difficulty: history", of("difficulty", lambda rows: rows[:10])),
    (MEMPOOL, "difficulty: history", of("difficulty", lambda rows: rows[:10] + rows[11:])),
    (MEMPOOL, "difficulty: history", of("difficulty", lambda rows: [[*rows[0][:2], 0.0, 1.0], *rows[1:]])),
    (MEMPOOL, "blocks, of a halving", of("blocks", one("height", -1), params=HALVING)),
    (MEMPOOL, "blocks, of a halving: time", of("blocks", lambda rows: rows[1:], params=HALVING)),
    (MEMPOOL, "blocks, of a halving: time", of("blocks", each("timestamp", lambda at: at + 1), params=HALVING)),
    (MEMPOOL, "prices", of("prices", lambda value: {"prices": []})),
    (MEMPOOL, "prices: of a day", of("prices", data(each("GBP", -1, is_of_day), "prices"))),
    (MEMPOOL, "prices: age", of("prices", data(without_three_days, "prices"))),
    (MEMPOOL, "prices: whole", of("prices", with_next)),
    (COINBASE, "candles", of("candles", lambda rows: [[*rows[0][:3], "1", 1, 1], *rows[1:]])),
    (COINBASE, "candles: of a day", of("candles", lambda rows: [])),
    (PRICES, "of both sources", of("prices", data(each("GBP", lambda price: price * 1.28), "prices"))),
]
for side in ("bid", "offer"):
    CASES += [
        (ELEXON, f"volumes, {side}", of("volumes", data(one("settlementDate", "2026-01-01", original)), side=side)),
        (ELEXON, f"volumes, {side}: types", of("volumes", data(each("dataType", "Accepted")), side=side)),
        (ELEXON, f"volumes, {side}: rows", of("volumes", data(lambda rows: []), side=side)),
        (ELEXON, f"volumes, {side}: nulls", of("volumes", data(each("bmUnit", None, original)), side=side)),
        (
            ELEXON,
            f"volumes, {side}: signs",
            of("volumes", data(one("totalVolumeAccepted", negative, original)), side=side),
        ),
        (ELEXON, f"volumes, {side}: keys", of("volumes", data(with_one_twice(original)), side=side)),
        (ELEXON, f"volumes, {side}: whole", of("volumes", with_next, side=side)),
        (ELEXON, f"volumes, {side}: whole", of("volumes", data(until_period_30), side=side)),
        (ELEXON, f"stack, {side}: order", of("stack", data(lambda rows: rows[::-1]), side=side)),
        (ELEXON, f"stack, {side}: nulls", of("stack", data(each("createdDateTime", None)), side=side)),
        (ELEXON, f"stack, {side}: nulls", of("stack", data(each("originalPrice", None, other)), side=side)),
        (ELEXON, f"stack, {side}: vintage", of("stack", data(one("createdDateTime", FUTURE)), side=side)),
        (ELEXON, f"stack, {side}: whole", of("stack", with_pages, side=side)),
    ]
STACK_ROW = {
    "settlementDate": "2026-11-16",
    "settlementPeriod": 48,
    "startTime": "2026-11-16T23:30:00Z",
    "createdDateTime": "2026-11-17T12:44:27Z",
    "sequenceNumber": 1,
    "id": "T_TWGAS-1",
    "acceptanceId": 1,
    "bidOfferPairId": -1,
    "soFlag": True,
    "cadlFlag": None,
    "originalPrice": 1.0,
    "finalPrice": 1.0,
    "volume": -1.0,
}
COMPRESSION = {(ELEXON, "answers: compression"), (MEMPOOL, "answers: compression")}


@pytest.fixture(autouse=True)
def new_process() -> None:
    forget_reached()


def test_answers_as_assumed_pass() -> None:
    transport = Transport()
    found = examined(transport)
    assert {line.status for line in lines_of(found.sections).values()} == {"pass"}
    assert [name for section in found.sections for name in section.not_examined] == []
    assert len(found.received) == len(transport.asked) == 13
    assert all(line.found for line in lines_of(found.sections).values())


def test_every_line_has_an_answer_that_makes_it_differ() -> None:
    assert {(section, name) for section, name, _ in CASES} | COMPRESSION == set(
        lines_of(examined(Transport()).sections)
    )


@pytest.mark.parametrize(
    ("section", "name", "alter"), [pytest.param(*case, id=f"{case[0]} {case[1]}") for case in CASES]
)
def test_exactly_that_line_differs(section: str, name: str, alter: Alter) -> None:
    lines = lines_of(examined(Transport(alter)).sections)
    differing = {key: line for key, line in lines.items() if line.status != "pass"}
    assert list(differing) == [(section, name)], differing
    (line,) = differing.values()
    assert line.status == "differs"
    assert section == PRICES or str(line.url).startswith("http://twin/")


def test_more_energy_than_the_units_can_make_differs() -> None:
    kilowatts = each("generationCapacity", "0.100", lambda row: row["fuelType"] == "WIND")
    line = lines_of(examined(Transport(of("bmunits", kilowatts))).sections)[ELEXON, "stack, bid: units"]
    assert line.status == "differs"
    assert "MWh, their capacities allow 0." in line.found


def test_bodies_that_are_not_compressed_differ() -> None:
    lines = lines_of(examined(Transport(zipped=False)).sections)
    assert {key for key, line in lines.items() if line.status != "pass"} == COMPRESSION


def test_a_source_that_does_not_resolve_is_asked_once() -> None:
    def unknown(request: httpx.Request, _: httpx.Response) -> httpx.Response:
        if "/bmrs/" in request.url.path:
            raise httpx.ConnectError("no") from socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return _

    transport = Transport(answer=unknown)
    found = examined(transport)
    assert sum("/bmrs/" in asked for asked in transport.asked) == 1
    elexon, *others = found.sections
    assert {line.status for line in elexon.lines} == {"unreachable"}
    assert len(elexon.lines) == 8
    assert "check MINING_ASSETS_ELEXON_URL (twin)" in elexon.lines[0].found
    assert "stack, bid: order" in elexon.not_examined
    assert {line.status for section in others for line in section.lines} == {"pass"}


def test_all_sources_are_asked_at_once() -> None:
    class Together(Transport):
        """Answers nobody until all three sources are asked."""

        def __post_init__(self) -> None:
            super().__post_init__()
            self.all_are_asked = asyncio.Event()

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            answer = await super().handle_async_request(request)
            if len(self.asked) >= 3:
                self.all_are_asked.set()
            await self.all_are_asked.wait()
            return answer

    lines = lines_of(examined(Together()).sections)
    assert {line.status for line in lines.values()} == {"pass"}


def test_a_source_that_keeps_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    class Silent(Transport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            await asyncio.Event().wait()
            raise AssertionError("nobody sets it")

    monkeypatch.setattr(examination, "FIRST_ANSWER_SECONDS", 0.01)
    found = examined(Silent())
    assert {line.status for line in lines_of(found.sections).values()} == {"unreachable"}
    assert found.sections[0].lines[0].found == "no answer within 0.01 s"
    assert found.sections[0].lines[1].found == "not asked, since Elexon does not answer"


def test_an_endpoint_that_fails_does_not_hide_the_others() -> None:
    def failing(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(503) if "/volumes/" in request.url.path else answer

    transport = Transport(answer=failing)
    lines = lines_of(examined(transport).sections)
    wrong = {name: line.status for (_, name), line in lines.items() if line.status != "pass"}
    assert wrong == {"volumes, bid": "unreachable", "volumes, offer": "unreachable"}
    assert sum("/volumes/" in asked for asked in transport.asked) == 4  # each asked once more
    assert lines[ELEXON, "stack, bid: order"].status == "pass"


def test_an_answer_that_nobody_foresaw_ends_no_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("surprise")

    monkeypatch.setattr("mining_assets.doctor.elexon._judge_generation", fail)
    lines = lines_of(examined(Transport()).sections)
    assert lines[ELEXON, "answers"].found == "could not be judged: KeyError: 'surprise'"
    assert lines[MEMPOOL, "prices"].status == "pass"


def test_the_day_is_within_the_partitions() -> None:
    transport = Transport()
    examined(transport, end_date="2026-11-10")
    assert any("/stack/all/bid/2026-11-10/" in asked for asked in transport.asked)
