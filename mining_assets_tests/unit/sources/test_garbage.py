"""Whatever the body, a parser gives rows or one of its two errors, and a client a ``SourceError``."""

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import date
from typing import Any
from unittest.mock import patch

import httpx
import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from mining_assets.sources import elexon_schema
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.elexon_schema import cashflows_parser, parse_bm_units, stack_parser, volumes_parser
from mining_assets.sources.errors import BrokenBodyError, ImpossibleValueError, SourceError
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient, parse_difficulty_adjustments
from mining_assets_tests.support.bodies import CASHFLOW, ROW, UNIT, VOLUME, rows
from mining_assets_tests.support.chaos.seeds import ROUNDS, SEED
from mining_assets_tests.support.garbage import JSON, damaged
from mining_assets_tests.support.loopback import run

DAY = date(2025, 6, 1)
GOOD: dict[str, tuple[Callable[[bytes], tuple[Any, ...]], Any]] = {
    "stack": (stack_parser(DAY, 3, "bid"), rows({}, {}, of=ROW)),
    "volumes": (volumes_parser(DAY), rows({}, {}, of=VOLUME)),
    "cashflows": (cashflows_parser(DAY), rows({}, {}, of=CASHFLOW)),
    "units": (parse_bm_units, [UNIT, UNIT]),
    "difficulty": (parse_difficulty_adjustments, [[1262152739, 32256, 1.18, 1.18], [1231006505, 0, 1]]),
}

ROWS = ["stack", "volumes", "cashflows"]


def takes(parse: Callable[[bytes], tuple[Any, ...]], body: bytes) -> None:
    try:
        result: object = parse(body)
    except (BrokenBodyError, ImpossibleValueError) as error:
        result = error
    assert isinstance(result, tuple) or 0 < len(str(result)) < 250


def outcome(parse: Callable[[bytes], tuple[Any, ...]], body: bytes) -> str:
    try:
        return repr(parse(body))  # which has 0.0 and -0.0 apart, and 1 and 1.0
    except (BrokenBodyError, ImpossibleValueError) as error:
        return repr(error)


def validated_outcome(parse: Callable[[bytes], tuple[Any, ...]], body: bytes) -> str:
    with patch.object(elexon_schema, "decoded", return_value=None):
        return outcome(parse, body)


@pytest.mark.parametrize("name", GOOD)
@seed(SEED)
@settings(max_examples=150 * ROUNDS, deadline=None)
@given(data=st.data())
def test_damaged_bodies(name: str, data: st.DataObject) -> None:
    parse, good = GOOD[name]
    takes(parse, data.draw(damaged(good)))


@pytest.mark.parametrize("name", ROWS)
@seed(SEED)
@settings(max_examples=150 * ROUNDS, deadline=None)
@given(data=st.data())
def test_rows_are_read_quickly_as_they_are_with_validation(name: str, data: st.DataObject) -> None:
    parse, good = GOOD[name]
    body = data.draw(damaged(good))
    assert outcome(parse, body) == validated_outcome(parse, body)


ODD = [b'"\xff"', b'"\x7f"', rb'"\u0041"', b"NaN", b"-0", b"-0.0", b"1e400", b"9223372036854775808", b"01", b"1.0"]


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("place", [b'"T_MADEUP-1"', b"-12.25", b"-71.5", b"841.9", b"1234", b'["ISPSTACK"]'])
def test_odd_values_are_judged_as_with_validation(name: str, place: bytes) -> None:
    parse, good = GOOD[name]
    for damage in ODD:
        body = json.dumps(good).encode().replace(place, damage)
        assert outcome(parse, body) == validated_outcome(parse, body)


@pytest.mark.parametrize("name", ROWS)
def test_good_rows_need_no_validation(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parse, good = GOOD[name]
    monkeypatch.delattr(elexon_schema, "validated")
    assert len(parse(json.dumps(good).encode())) == 2


@pytest.mark.parametrize("name", GOOD)
@seed(SEED)
@settings(max_examples=50 * ROUNDS, deadline=None)
@given(data=st.data())
def test_any_json_and_any_bytes(name: str, data: st.DataObject) -> None:
    parse, good = GOOD[name]
    takes(parse, data.draw(st.binary(max_size=200)))
    takes(parse, json.dumps(data.draw(JSON)).encode("utf-8", "surrogatepass"))
    whole = json.dumps(good).encode()
    cut = data.draw(st.integers(0, len(whole) - 1))
    with pytest.raises(BrokenBodyError):
        parse(whole[:cut])


@pytest.mark.parametrize("name", GOOD)
@pytest.mark.parametrize(
    "body",
    [
        b"[[0, " + b"9" * 4300 + b", 1]]",
        b"[" * 200_000,
        b'{"data":' * 200_000,
        b"9" * 200_000,
        b'{"data":[' + b"1e9" * 9,
    ],
)
def test_deep_and_long_bodies(name: str, body: bytes) -> None:
    parse, _ = GOOD[name]
    with pytest.raises((BrokenBodyError, ImpossibleValueError)):
        parse(body)


@pytest.mark.parametrize("field", ["settlementDate", "startTime", "createdDateTime", "id"])
def test_long_values_make_short_messages(field: str) -> None:
    parse, _ = GOOD["stack"]
    with pytest.raises(ImpossibleValueError) as caught:
        parse(json.dumps(rows({field: "x" * 1_000_000})).encode())
    assert len(str(caught.value)) < 250


ASKS: list[Callable[[ElexonClient, MempoolClient], Awaitable[object]]] = [
    lambda elexon, _: elexon.stack(DAY, 3, "bid"),
    lambda elexon, _: elexon.accepted_volumes(DAY, "bid"),
    lambda elexon, _: elexon.cashflows(DAY, "bid"),
    lambda elexon, _: elexon.bm_units(),
    lambda _, mempool: mempool.difficulty_adjustments(),
]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.integers(200, 599),
    st.dictionaries(
        st.sampled_from(["Retry-After", "Location", "Content-Encoding"]),
        st.text(st.characters(max_codepoint=126, min_codepoint=32), max_size=20) | st.just("gzip"),
    ),
    st.binary(max_size=100) | st.sampled_from([json.dumps(good).encode() for _, good in GOOD.values()]),
)
def test_clients_raise_nothing_but_source_errors(status: int, headers: dict[str, str], body: bytes) -> None:
    async def no_sleep(_: float) -> None:
        return None

    async def work() -> None:
        transport = httpx.MockTransport(lambda _: httpx.Response(status, headers=headers, content=body))
        limits = HttpLimits(5000, 1, retry_attempts=2, retry_base_seconds=0, retry_max_seconds=0)
        async with (
            ElexonClient("http://elexon.test", limits, transport=transport) as elexon,
            MempoolClient("http://mempool.test", limits, transport=transport) as mempool,
        ):
            elexon._http._sleep = mempool._http._sleep = no_sleep
            for ask in ASKS:
                with suppress(SourceError):
                    await ask(elexon, mempool)

    run(work())
