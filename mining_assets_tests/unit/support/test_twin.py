"""The stand-in for the outside world: its routes, its control, and that every fault is real on the wire.

What it serves is tested beside the worlds, in ``twin/test_worlds.py``.
"""

import gzip
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mining_assets_tests.support.harness import wait_for
from mining_assets_tests.support.twin.faults import Fault, gzip_bomb
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 3, 8)
STACK = f"/balancing/settlement/stack/all/bid/{DAY}/24"


@pytest.fixture
def world() -> GeneratedWorld:
    return GeneratedWorld(7, light=True, windy_days=[DAY])


@pytest.fixture
def twin(world: GeneratedWorld) -> Iterator[Twin]:
    with Twin(world) as running:
        yield running


@pytest.fixture
def elexon(twin: Twin) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=twin.elexon_url, timeout=60) as client:
        yield client


# The server.


def test_routes(twin: Twin, elexon: httpx.Client, world: GeneratedWorld) -> None:
    assert elexon.get(STACK).json()["data"] == world.stack(DAY, 24, "bid")
    assert elexon.get("/reference/bmunits/all").json() == world.bm_units()
    for kind, rows in (("volumes", world.volumes(DAY, "bid")), ("cashflows", world.cashflows(DAY, "bid"))):
        answer = elexon.get(f"/balancing/settlement/indicative/{kind}/all/bid/{DAY}")
        assert answer.json()["data"] == rows
    span = {"settlementDateFrom": str(DAY), "settlementDateTo": str(DAY + timedelta(days=1))}
    generation = elexon.get("/datasets/FUELHH/stream", params=span | {"fuelType": "WIND"}).json()
    assert len(generation) == 96
    with httpx.Client(base_url=twin.mempool_url) as mempool:
        assert mempool.get("/mining/difficulty-adjustments").json()[-1][1] == 0
        prices = mempool.get("/historical-price", params={"currency": "GBP"}).json()
        assert prices["exchangeRates"] == {}
        assert prices["prices"][0].keys() == {"time", "GBP"}
    asked = {"granularity": "21600", "start": f"{DAY}T06:00:00Z", "end": f"{DAY}T12:00:00Z"}
    candles = httpx.get(twin.coinbase_url + "/products/BTC-GBP/candles", params=asked).json()
    assert [candle[0] for candle in candles] == sorted((candle[0] for candle in candles), reverse=True)
    assert [len(candle) for candle in candles] == [6, 6]


@pytest.mark.parametrize(
    ("path", "status", "rows"),
    [
        (f"stack/all/bid/{DAY}/49", 200, 0),
        (f"stack/all/bid/{DAY}/50", 200, 0),
        ("stack/all/bid/2999-01-01/1", 200, 0),
        (f"stack/all/bid/{DAY}/51", 400, None),
        (f"stack/all/bid/{DAY}/0", 400, None),
        (f"stack/all/bid/{DAY}/x", 400, None),
        ("stack/all/bid/2025-02-30/1", 400, None),
        ("stack/all/bid/20250228/1", 400, None),
        (f"stack/all/bids/{DAY}/1", 400, None),
        (f"stack/all/bid/{DAY}", 404, None),
        ("elsewhere", 404, None),
    ],
)
def test_odd_paths(elexon: httpx.Client, path: str, status: int, rows: int | None) -> None:
    answer = elexon.get(f"/balancing/settlement/{path}")
    assert answer.status_code == status
    if rows is not None:
        assert len(answer.json()["data"]) == rows


def test_keep_alive_gzip_and_record(twin: Twin, elexon: httpx.Client) -> None:
    packed = elexon.get(STACK)
    plain = elexon.get(STACK, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert packed.content == plain.content
    assert packed.extensions["network_stream"] is not None
    assert twin.count(route="stack", date=DAY, period=24, side="bid", status=200) == 2
    assert twin.record.per_url() == {f"/bmrs/api/v1{STACK}": 2}
    assert twin.record.max_in_flight == 1
    twin.delay_ms = 1000
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: httpx.get(twin.elexon_url + STACK), range(4)))
    assert 2 <= twin.record.max_in_flight <= 4


# Faults, each as a client sees it.


def test_statuses_and_retry_after(twin: Twin, elexon: httpx.Client) -> None:
    late = {"kind": "status", "status": 429, "retry_after": 2}
    twin.fault(
        Fault(kind="status", status=429, attempts=1),
        Fault.from_json({**late, "attempts": [2]}),
        Fault.from_json({**late, "attempts": [3], "retry_after_form": "date"}),
        Fault(kind="status", status=500, attempts=4),
        Fault(kind="status", status=400, attempts=5),
    )
    answers = [elexon.get(STACK) for _ in range(6)]
    assert [answer.status_code for answer in answers] == [429, 429, 429, 500, 400, 200]
    assert "retry-after" not in answers[0].headers
    assert answers[1].headers["retry-after"] == "2"
    wait = parsedate_to_datetime(answers[2].headers["retry-after"]) - datetime.now(UTC)
    assert timedelta(seconds=1) < wait <= timedelta(seconds=3)


def test_faults_hit_what_they_name(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="status", route="stack", date=DAY, period=24, side="bid"))
    assert elexon.get(STACK).status_code == 503
    for other in (
        STACK.replace("bid", "offer"),
        STACK.replace("/24", "/23"),
        STACK.replace(str(DAY), "2025-03-07"),
    ):
        assert elexon.get(other).status_code == 200
    assert elexon.get("/reference/bmunits/all").status_code == 200
    twin.clear_faults()
    assert elexon.get(STACK).status_code == 200


def test_faults_on_a_share_of_requests(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="status", share=0.3))
    paths = [STACK.replace("/24", f"/{period}") for period in range(1, 49)]
    first = [elexon.get(path).status_code for path in paths]
    assert 5 <= first.count(503) <= 25
    twin.clear_faults()
    twin.fault(Fault(kind="status", share=0.3))
    assert [elexon.get(path).status_code for path in paths] == first


def raw(twin: Twin) -> socket.socket:
    sock = socket.create_connection(("127.0.0.1", twin.port), timeout=60)
    sock.sendall(f"GET /bmrs/api/v1{STACK} HTTP/1.1\r\nHost: twin\r\n\r\n".encode())
    return sock


def test_reset_is_an_rst(twin: Twin) -> None:
    twin.fault(Fault(kind="reset"))
    with raw(twin) as sock, pytest.raises(ConnectionResetError):
        sock.recv(100)
    with pytest.raises(httpx.ReadError):
        httpx.get(twin.elexon_url + STACK)


def test_close_is_an_orderly_end(twin: Twin) -> None:
    twin.fault(Fault(kind="close"))
    with raw(twin) as sock:
        assert sock.recv(100) == b""
    with pytest.raises(httpx.RemoteProtocolError):
        httpx.get(twin.elexon_url + STACK)


def test_timeout(twin: Twin) -> None:
    twin.fault(Fault(kind="timeout", seconds=60, attempts=1), Fault(kind="timeout", seconds=0.3, attempts=2))
    with pytest.raises(httpx.ReadTimeout):
        httpx.get(twin.elexon_url + STACK, timeout=0.1)
    start = time.monotonic()
    with raw(twin) as sock:
        assert sock.recv(100) == b"", "the wait is bounded"
    assert time.monotonic() - start >= 0.3


def test_drip(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="drip", seconds=0.4, attempts=1))
    start = time.monotonic()
    with elexon.stream("GET", STACK) as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 3
    assert time.monotonic() - start > 0.3
    assert gzip.decompress(b"".join(pieces)) == elexon.get(STACK).content


def test_truncated(twin: Twin) -> None:
    twin.fault(Fault(kind="truncated"))
    with pytest.raises(httpx.RemoteProtocolError, match="complete message body"):
        httpx.get(twin.elexon_url + STACK)


def test_endless_body(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="endless"))
    seen = 0
    with elexon.stream("GET", STACK) as answer:
        assert "content-length" not in answer.headers
        for piece in answer.iter_bytes():
            seen += len(piece)
            if seen > 4_000_000:
                break
    assert seen > 4_000_000


def test_gzip_bomb(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="gzip_bomb", size=64 * 1024 * 1024))
    seen = 0
    with elexon.stream("GET", STACK) as answer:
        assert int(answer.headers["content-length"]) < 200_000
        for piece in answer.iter_bytes():
            seen += len(piece)
    assert seen == 64 * 1024 * 1024
    assert gzip.decompress(gzip_bomb(2_000_000)).count(b" ") == 2 * 1024 * 1024


def test_wrong_bodies(twin: Twin, elexon: httpx.Client, world: GeneratedWorld) -> None:
    kinds = ["cut_json", "html", "no_data", "null_data", "empty", "duplicate", "redirect"]
    twin.fault(*(Fault(kind=kind, attempts=number) for number, kind in enumerate(kinds, 1)))
    cut, html, no_data, null, empty, double, redirect = (elexon.get(STACK) for _ in kinds)
    assert cut.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        cut.json()
    assert html.headers["content-type"] == "text/html"
    assert html.status_code == 200
    assert "data" not in no_data.json()
    assert null.json()["data"] is None
    assert empty.json()["data"] == []
    assert len(double.json()["data"]) == 2 * len(world.stack(DAY, 24, "bid"))
    assert redirect.status_code == 302
    assert "127.0.0.1" not in redirect.headers["location"]


def test_rows_of_somewhere_else(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="wrong_period", attempts=1), Fault(kind="wrong_date", attempts=2))
    assert {row["settlementPeriod"] for row in elexon.get(STACK).json()["data"]} == {23}
    assert {row["settlementDate"] for row in elexon.get(STACK).json()["data"]} == {"2025-03-07"}


@pytest.mark.parametrize("value", ["12", None, True, [], {}, 1e9, float("nan")])
def test_mutated_rows(twin: Twin, elexon: httpx.Client, world: GeneratedWorld, value: Any) -> None:
    period = max(range(1, 49), key=lambda number: len(world.stack(DAY, number, "bid")))
    path = STACK.replace("/24", f"/{period}")
    twin.fault(
        Fault(kind="mutate", field="volume", value=value, attempts=1),
        Fault(kind="mutate", field="originalPrice", value=value, row="all", attempts=2),
        Fault(kind="mutate", field="startTime", row="first", drop=True, attempts=3),
    )
    wind, every, first = (elexon.get(path).json()["data"] for _ in range(3))
    true = world.stack(DAY, period, "bid")
    hit = [row["id"] for row, was in zip(wind, true, strict=True) if repr(row) != repr(was)]
    assert len(hit) == 1
    assert hit[0] in world.wind_unit_ids
    assert {repr(row["originalPrice"]) for row in every} == {repr(value)}
    assert "startTime" not in first[0]
    assert first[1:] == true[1:]


def test_mutated_unit_of_the_register(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="mutate", route="bmunits", field="fuelType", value=None, row="T_TWABW-2"))
    rows = elexon.get("/reference/bmunits/all").json()
    assert {row["fuelType"] for row in rows if row["elexonBmUnit"] == "T_TWABW-2"} == {None}
    assert {row["fuelType"] for row in rows if row["elexonBmUnit"] == "T_TWABW-1"} == {"WIND"}


def test_a_taken_port_is_an_error(twin: Twin, world: GeneratedWorld) -> None:
    with pytest.raises(OSError, match="in use"), Twin(world, twin.port):
        pass


def test_a_bug_of_the_twin_fails_the_test(world: GeneratedWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(world, "bm_units", lambda: 1 / 0)
    twin = Twin(world)
    with pytest.raises(RuntimeError, match="ZeroDivisionError"), twin:
        assert httpx.get(twin.elexon_url + "/reference/bmunits/all").status_code == 500


def test_delay(twin: Twin, elexon: httpx.Client) -> None:
    twin.fault(Fault(kind="delay", seconds=0.2))
    start = time.monotonic()
    assert elexon.get(STACK).status_code == 200
    assert time.monotonic() - start >= 0.2


def test_down_and_refused(twin: Twin) -> None:
    twin.down = True
    with pytest.raises(httpx.ReadError):
        httpx.get(twin.elexon_url + STACK)
    assert twin.count(route="stack", fault="down", status=None) == 1
    twin.down = False
    assert httpx.get(twin.elexon_url + STACK).status_code == 200
    twin.refuse()
    with pytest.raises(httpx.ConnectError):
        httpx.get(twin.elexon_url + STACK)
    twin.accept()
    assert httpx.get(twin.elexon_url + STACK).status_code == 200


def test_unknown_faults_are_refused() -> None:
    for wrong in (
        {"kind": "nonsense"},
        {"kind": "reset", "route": "nowhere"},
        {"kind": "mutate", "row": "x"},
    ):
        with pytest.raises(ValueError, match=r"no fault|no route|not known"):
            Fault.from_json(wrong)
    with pytest.raises(TypeError):
        Fault.from_json({"kind": "reset", "atempts": 1})


# As a process of its own.


@pytest.mark.system
def test_control_routes(twin: Twin, elexon: httpx.Client) -> None:
    whole = len(elexon.get(STACK).json()["data"])
    control = httpx.Client(base_url=twin.url + "/twin")
    with control:
        script = [{"kind": "status", "status": 500, "date": str(DAY), "attempts": [1]}]
        assert control.post("/faults", json=script).json() == {"added": 1}
        assert elexon.get(STACK).status_code == 500
        assert elexon.get(STACK).status_code == 200
        control.delete("/faults")
        extra = [{"period": 24, "side": "bid", "id": "T_TWAAW-1", "volume": -9, "originalPrice": -70}]
        control.post("/world", json={"days": {str(DAY): {"restate": {"scale": 1.1, "extra": extra}}}})
        assert len(elexon.get(STACK).json()["data"]) == whole + 1
        control.post("/world", json={"days": {str(DAY): {"published": False}}})
        assert elexon.get(STACK).json()["data"] == []
        control.post("/world", json={"days": {str(DAY): {"reset": True, "withhold": [[24, "bid"]]}}})
        assert elexon.get(STACK).json()["data"] == []
        control.post("/world", json={"reset": True, "down": True})
        with pytest.raises(httpx.TransportError):
            elexon.get(STACK)
        assert control.post("/world", json={"down": False, "delay_ms": 1}).status_code == 200
        told = control.get("/requests").json()
        assert told["total"] == len(told["requests"]) == 7
        assert told["counts"] == {f"/bmrs/api/v1{STACK}": 7}
        assert told["requests"][1]["fault"] == "status"
        assert told["requests"][0]["at"] <= told["requests"][0]["ended"]
        assert "requests" not in control.get("/requests?detail=0").json()
        control.delete("/requests")
        assert control.get("/requests").json()["total"] == 0
        assert control.post("/faults", json=[{"kind": "nonsense"}]).status_code == 400
        assert control.post("/world", json={"dwon": True}).status_code == 400
        control.post("/world", json={"refuse_seconds": 3})
    wait_for("the port to be closed", 60, lambda: not is_listening(twin) or None)
    wait_for("the port to be open again", 60, lambda: is_listening(twin) or None)


def is_listening(twin: Twin) -> bool:
    try:
        return httpx.get(twin.url + "/twin/requests").status_code == 200
    except httpx.ConnectError:
        return False


@pytest.mark.system
def test_foreground_process(tmp_path: Path) -> None:
    ready = tmp_path / "ready.json"
    command = [
        sys.executable,
        "-m",
        "mining_assets_tests.support.twin",
        "--seed",
        "7",
        "--light",
        "--ready-file",
        str(ready),
    ]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            wait_for("the twin to be ready", 60, lambda: ready.exists() or None)
            told = json.loads(ready.read_text())
            served = httpx.get(told["elexon_url"] + STACK).content
        finally:
            process.send_signal(signal.SIGTERM)
            output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert served == GeneratedWorld(7, light=True).stack_json(DAY, 24, "bid")
    assert told["elexon_url"] in output
    assert told["mempool_url"] in output
    assert "generated data, not real" in output
