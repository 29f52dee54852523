"""Elexon's answers: what is read, and each check at the edge with an answer that fails it."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from math import copysign
from typing import Any

import pytest
from msgspec.structs import asdict

from mining_assets.domain.settlement import SIDES, Side, period_start, periods_in
from mining_assets.sources.elexon import ElexonClient, StackAnswer
from mining_assets.sources.elexon_schema import AcceptedVolume, Cashflow
from mining_assets.sources.errors import SourceError, SourceRefused, SourceUnavailable
from mining_assets.sources.http import HttpLimits
from mining_assets_tests.support.bodies import CASHFLOW, ROW, VOLUME, asked, rows, without
from mining_assets_tests.support.loopback import QUICK, Loopback, Request, in_turn, response, run

DAY = date(2025, 6, 1)
CREATED = datetime(2025, 6, 2, 6, 44, 27, tzinfo=UTC)


def stack(body: object, side: Side = "bid", day: date = DAY, period: int = 3) -> StackAnswer:
    return asked(body, lambda client: client.stack(day, period, side))


# The stack


def test_row_is_read_with_its_units_and_instants() -> None:
    answer = stack(rows({}))
    assert (answer.day, answer.period, answer.side, answer.attempts) == (DAY, 3, "bid", 1)
    assert answer.url == "http://elexon.test/api/balancing/settlement/stack/all/bid/2025-06-01/3"
    (row,) = answer.rows
    assert asdict(row) == {
        "settlement_date": "2025-06-01",
        "settlement_period": 3,
        "start": "2025-06-01T00:00:00Z",
        "created": "2025-06-02T06:44:27Z",
        "sequence_number": 1,
        "bm_unit_id": "T_MADEUP-1",
        "acceptance_id": 1234,
        "bid_offer_pair_id": -1,
        "so_flag": True,
        "cadl_flag": None,
        "original_price": -71.5,
        "final_price": None,
        "volume": -12.25,
        "transmission_loss_multiplier": 0.9612,
    }
    assert (row.created_at, row.created_at.tzinfo) == (CREATED, UTC)


def test_order_and_every_row_are_kept() -> None:
    answer = stack(rows(*({"acceptanceId": number // 2} for number in range(400))))
    assert [row.sequence_number for row in answer.rows] == list(range(1, 401))


def test_trade_has_no_acceptance_and_perhaps_no_unit() -> None:
    nulls = {"acceptanceId": None, "bidOfferPairId": None, "soFlag": None, "transmissionLossMultiplier": None}
    first, second = stack(rows(nulls | {"id": None}, nulls | {"id": "40"})).rows
    assert (first.bm_unit_id, second.bm_unit_id) == (None, "40")
    assert (first.acceptance_id, first.bid_offer_pair_id, first.so_flag) == (None, None, None)


def test_whole_numbers_are_taken_for_fractions_and_negative_zero_is_zero() -> None:
    body = rows({"volume": -3, "originalPrice": 70, "finalPrice": -0.0}, {"volume": -0.0, "originalPrice": -0.0})
    first, second = stack(body).rows
    assert [type(number) for number in (first.volume, first.original_price)] == [float, float]
    for number in (second.volume, second.original_price, first.final_price):
        assert number == 0
        assert copysign(1, number) == 1


def test_every_field_that_may_be_null_at_the_source_may_be_null() -> None:
    names = ("id", "acceptanceId", "bidOfferPairId", "soFlag", "cadlFlag", "originalPrice", "finalPrice")
    (row,) = stack(rows(dict.fromkeys([*names, "createdDateTime"]))).rows
    assert (row.created_at, row.original_price, row.final_price, row.bm_unit_id) == (None, None, None, None)
    assert (row.acceptance_id, row.bid_offer_pair_id, row.so_flag, row.cadl_flag) == (None, None, None, None)


def test_empty_stack_is_an_answer() -> None:
    assert stack({"data": []}).rows == ()


def test_loss_multiplier_may_be_absent() -> None:
    assert stack(without("transmissionLossMultiplier")).rows[0].transmission_loss_multiplier is None


def test_same_instant_in_another_spelling_is_the_same() -> None:
    body = rows({"startTime": "2025-06-01T01:00:00+01:00", "createdDateTime": "2025-06-02T07:44:27.500+01:00"})
    (row,) = stack(body).rows
    assert row.created_at == CREATED + timedelta(milliseconds=500)
    assert row.created_at.tzinfo is UTC


IMPOSSIBLE: list[tuple[Side, dict[str, Any], str]] = [
    ("bid", {"settlementDate": "2025-05-31"}, "sequence number 2: settlementDate is '2025-05-31'"),
    ("bid", {"settlementDate": 20250601}, "index 1: settlementDate is 20250601"),
    ("bid", {"settlementPeriod": 4}, "sequence number 2: settlementPeriod is 4"),
    ("bid", {"settlementPeriod": "3"}, "index 1: settlementPeriod is '3'"),
    ("bid", {"settlementPeriod": None}, "index 1: settlementPeriod is None"),
    ("bid", {"startTime": "2025-06-01T01:00:00Z"}, "sequence number 2: startTime is '2025-06-01T01:00:00Z'"),
    ("bid", {"startTime": "2025-06-01T00:00:00"}, "startTime is '2025-06-01T00:00:00': no time zone"),
    ("bid", {"startTime": "midnight"}, "startTime is 'midnight'"),
    ("bid", {"startTime": 1748736000}, "index 1: startTime is 1748736000"),
    ("bid", {"createdDateTime": "2025-06-02"}, "createdDateTime is '2025-06-02': no time zone"),
    ("bid", {"createdDateTime": "1748736000"}, "createdDateTime is '1748736000'"),
    ("bid", {"createdDateTime": "0001-01-01T00:00:00+14:00"}, "createdDateTime is '0001-01-01T00:00:00+14:00'"),
    ("bid", {"sequenceNumber": 1}, "sequence number 1: sequenceNumber is 1: occurs more than once"),
    ("bid", {"sequenceNumber": None}, "index 1: sequenceNumber is None"),
    ("bid", {"sequenceNumber": 1.5}, "index 1: sequenceNumber is 1.5"),
    ("bid", {"sequenceNumber": 2**31}, "index 1: sequenceNumber is 2147483648"),
    ("bid", {"volume": 0.001}, "sequence number 2: volume is 0.001: has the wrong sign for a bid"),
    ("offer", {"volume": -0.001}, "sequence number 2: volume is -0.001: has the wrong sign for a offer"),
    ("bid", {"volume": None}, "index 1: volume is None"),
    ("bid", {"volume": "-3.5"}, "index 1: volume is '-3.5'"),
    ("bid", {"volume": True}, "index 1: volume is True"),
    ("bid", {"volume": float("nan")}, "index 1: volume is nan"),
    ("bid", {"volume": float("-inf")}, "index 1: volume is -inf"),
    ("bid", {"originalPrice": float("inf")}, "index 1: originalPrice is inf"),
    ("bid", {"finalPrice": "1"}, "index 1: finalPrice is '1'"),
    ("bid", {"transmissionLossMultiplier": float("nan")}, "index 1: transmissionLossMultiplier is nan"),
    ("bid", {"id": ""}, "index 1: id is ''"),
    ("bid", {"id": "T" * 33}, "index 1: id is 'TTT"),
    ("bid", {"id": "T_\u0000-1"}, "index 1: id is "),
    ("bid", {"id": 40}, "index 1: id is 40"),
    ("bid", {"acceptanceId": "1234"}, "index 1: acceptanceId is '1234'"),
    ("bid", {"acceptanceId": 2**63}, "index 1: acceptanceId is 9223372036854775808"),
    ("bid", {"bidOfferPairId": 0.5}, "index 1: bidOfferPairId is 0.5"),
    ("bid", {"soFlag": "true"}, "index 1: soFlag is 'true'"),
    ("bid", {"soFlag": 1}, "index 1: soFlag is 1"),
    ("bid", {"cadlFlag": "no"}, "index 1: cadlFlag is 'no'"),
]


@pytest.mark.parametrize(("side", "change", "message"), IMPOSSIBLE, ids=[message for *_, message in IMPOSSIBLE])
def test_impossible_row_is_refused_by_name(side: Side, change: dict[str, Any], message: str) -> None:
    sound = {} if side == "bid" else {"volume": 12.25, "bidOfferPairId": 1}
    assert len(stack(rows(sound, sound), side).rows) == 2
    with pytest.raises(SourceRefused) as caught:
        stack(rows(sound, sound | change), side)
    assert message in caught.value.reason
    assert caught.value.attempts == 1
    assert f"http://elexon.test/api/balancing/settlement/stack/all/{side}/2025-06-01/3" in str(caught.value)


@pytest.mark.parametrize("field", [name for name in ROW if name in IMPOSSIBLE[0][1] or name[0] in "icovf"])
def test_rows_may_lack_only_what_is_not_used(field: str) -> None:
    used = {
        "id",
        "acceptanceId",
        "cadlFlag",
        "createdDateTime",
        "originalPrice",
        "volume",
        "finalPrice",
        "settlementDate",
    }
    if field in used:
        with pytest.raises(SourceRefused, match=f"{field} is missing"):
            stack(without(field))
    else:
        assert len(stack(without(field)).rows) == 1


@pytest.mark.parametrize("row", [None, 1, [], "row"])
def test_row_that_is_no_object_is_refused(row: object) -> None:
    with pytest.raises(SourceRefused, match="index 0: it is"):
        stack({"data": [row]})


BROKEN = [b"", b"{", b"[]", b"null", b'{"data": null}', b'{"data": {}}', b'{"metadata": {}}', b"\xff\xfe", b"<html/>"]


@pytest.mark.parametrize("body", BROKEN)
def test_body_without_its_list_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        stack(body)
    assert (caught.value.attempts, caught.value.status) == (QUICK.retry_attempts, 200)


@pytest.mark.parametrize(
    ("day", "period", "start"),
    [
        (date(2025, 3, 30), 3, "2025-03-30T01:00:00Z"),
        (date(2025, 3, 30), 46, "2025-03-30T22:30:00Z"),
        (date(2025, 10, 26), 3, "2025-10-26T00:00:00Z"),
        (date(2025, 10, 26), 50, "2025-10-26T23:30:00Z"),
    ],
)
def test_starts_on_days_when_the_clocks_change(day: date, period: int, start: str) -> None:
    body = rows({"settlementDate": day.isoformat(), "settlementPeriod": period, "startTime": start})
    assert len(stack(body, "bid", day, period).rows) == 1


@pytest.mark.parametrize(("day", "period"), [(date(2025, 3, 30), 47), (date(2025, 10, 26), 51), (DAY, 49), (DAY, 0)])
def test_period_that_does_not_exist_is_not_asked_for(day: date, period: int) -> None:
    with pytest.raises(ValueError, match="has the settlement periods"):
        stack({"data": []}, "bid", day, period)


# Whole days


def served(request: Request) -> bytes:
    *_, side, day_text, period_text = request.target.split("/")
    day, period = date.fromisoformat(day_text), int(period_text)
    row = {
        "settlementDate": day_text,
        "settlementPeriod": period,
        "startTime": period_start(day, period).isoformat(),
        "volume": -period if side == "bid" else period,
    }
    return response(rows(row), zipped=True)


@pytest.mark.parametrize("day", [DAY, date(2025, 3, 30), date(2025, 10, 26)])
def test_day_is_asked_for_period_by_period(day: date) -> None:
    async def script(request: Request, _: asyncio.StreamWriter) -> bytes:
        return served(request)

    async def work() -> tuple[dict[tuple[int, Side], StackAnswer], Loopback]:
        async with Loopback(script) as server, ElexonClient(server.url, HttpLimits(5000)) as client:
            answers = await client.day_stacks(day)
            assert client.counters.requests == len(answers)
            return answers, server

    answers, server = run(work())
    expected = [(period, side) for period in range(1, periods_in(day) + 1) for side in SIDES]
    assert list(answers) == expected
    for (period, side), answer in answers.items():
        assert (answer.day, answer.period, answer.side) == (day, period, side)
        assert answer.rows[0].volume == (-period if side == "bid" else period)
    assert len(server.requests) == len(expected)
    assert server.most_at_once <= 8


def test_first_failure_of_a_day_stops_the_rest_and_is_raised_as_itself() -> None:
    async def script(request: Request, _: asyncio.StreamWriter) -> bytes:
        if request.target.endswith("/bid/2025-06-01/2"):
            return response("no", 400)
        await asyncio.sleep(0.05)
        return served(request)

    async def work() -> tuple[SourceError, Loopback]:
        async with Loopback(script) as server, ElexonClient(server.url, HttpLimits(5000, 4)) as client:
            with pytest.raises(SourceRefused, match="request refused") as caught:
                await client.day_stacks(DAY)
            assert (await client.stack(DAY, 3, "bid")).rows  # the client is usable afterwards
            return caught.value, server

    error, server = run(work())
    assert error.url.endswith("/bid/2025-06-01/2")
    assert len(server.requests) <= 10


def test_cancelling_a_day_is_a_cancellation() -> None:
    async def script(_: Request, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(60)

    async def work() -> None:
        async with Loopback(script) as server, ElexonClient(server.url, QUICK) as client:
            async with asyncio.timeout(0.1):
                await client.day_stacks(DAY)

    with pytest.raises(TimeoutError):
        run(work())


# Whole-day reports


def test_accepted_volumes_are_those_of_type_original() -> None:
    body = rows(
        {}, {"dataType": "Tagged", "totalVolumeAccepted": None}, {"dataType": None}, {"bmUnit": None}, of=VOLUME
    )
    volumes = asked(body, lambda client: client.accepted_volumes(DAY, "bid"))
    assert volumes == (
        AcceptedVolume("T_MADEUP-1", 3, -12.25),
        AcceptedVolume(None, 3, -12.25),
    )


def test_cashflows_are_read() -> None:
    body = rows({}, {"totalCashflow": -0.0}, of=CASHFLOW)
    flows = asked(body, lambda client: client.cashflows(DAY, "bid"))
    assert flows == (Cashflow("T_MADEUP-1", 3, 841.9), Cashflow("T_MADEUP-1", 3, 0.0))
    assert copysign(1, flows[1].cashflow) == 1


def test_reports_have_the_addresses_of_the_description() -> None:
    async def work() -> list[str]:
        async with Loopback(in_turn(response({"data": []}))) as server, ElexonClient(server.url, QUICK) as client:
            assert await client.accepted_volumes(DAY, "offer") == ()
            assert await client.cashflows(DAY, "bid") == ()
            return [request.target for request in server.requests]

    assert run(work()) == [
        "/base/balancing/settlement/indicative/volumes/all/offer/2025-06-01",
        "/base/balancing/settlement/indicative/cashflows/all/bid/2025-06-01",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"settlementDate": "2025-06-02"},
        {"settlementPeriod": 0},
        {"settlementPeriod": 49},
        {"settlementPeriod": None},
        {"bmUnit": ""},
        {"bmUnit": 5},
        {"totalVolumeAccepted": None, "totalCashflow": None},
        {"totalVolumeAccepted": "1", "totalCashflow": "1"},
        {"totalVolumeAccepted": float("inf"), "totalCashflow": float("inf")},
    ],
)
def test_impossible_report_rows_are_refused_by_name(change: dict[str, Any]) -> None:
    with pytest.raises(SourceRefused, match=r"row with index 1: \w+ is .*volumes/all/bid"):
        asked(rows({}, change, of=VOLUME), lambda client: client.accepted_volumes(DAY, "bid"))
    with pytest.raises(SourceRefused, match=r"row with index 1: \w+ is .*cashflows/all/bid"):
        asked(rows({}, change, of=CASHFLOW), lambda client: client.cashflows(DAY, "bid"))


@pytest.mark.parametrize("body", BROKEN)
def test_report_without_its_list_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        asked(body, lambda client: client.accepted_volumes(DAY, "bid"))
    with pytest.raises(SourceUnavailable):
        asked(body, lambda client: client.cashflows(DAY, "bid"))
