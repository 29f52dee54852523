"""Elexon's FUELHH: what is read of it, and what is refused."""

import json
from datetime import UTC, date, datetime
from typing import Any

import httpx
import pytest

from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.elexon_schema import WindGeneration
from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.sources.http import Answer
from mining_assets_tests.support.loopback import QUICK, run

FIRST, LAST = date(2025, 6, 1), date(2025, 6, 2)
ROW = {
    "dataset": "FUELHH",
    "publishTime": "2025-05-31T23:30:00Z",
    "startTime": "2025-05-31T23:00:00Z",
    "settlementDate": "2025-06-01",
    "settlementPeriod": 1,
    "fuelType": "WIND",
    "generation": 10141,
}


def generation(body: str) -> Answer[tuple[WindGeneration, ...]]:
    async def work() -> Answer[tuple[WindGeneration, ...]]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with ElexonClient("http://elexon.test", QUICK, transport=transport) as client:
            return await client.wind_generation(FIRST, LAST)

    return run(work())


def test_wind_is_read_in_megawatts_and_other_fuels_are_passed_over() -> None:
    rows = [ROW | {"fuelType": "CCGT"}, ROW, ROW | {"settlementDate": "2025-06-02", "generation": 0}]
    answer = generation(json.dumps(rows))
    start = datetime(2025, 5, 31, 23, tzinfo=UTC)
    assert answer.value == (WindGeneration(FIRST, 1, start, 10141.0), WindGeneration(LAST, 1, start, 0.0))
    query = "settlementDateFrom=2025-06-01&settlementDateTo=2025-06-02&fuelType=WIND"
    assert answer.url == f"http://elexon.test/datasets/FUELHH/stream?{query}"


def test_no_rows_are_no_rows() -> None:
    assert generation("[]").value == ()


@pytest.mark.parametrize("body", ["", "null", "{}", '{"data": []}', "[{", "<html>"])
def test_no_list_is_asked_for_again(body: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        generation(body)
    assert caught.value.attempts == QUICK.retry_attempts


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"settlementDate": "2025-06-03"}, "settlementDate is '2025-06-03': asked for 2025-06-01 to 2025-06-02"),
        ({"settlementDate": "2025-05-31", "fuelType": "CCGT"}, "settlementDate is '2025-05-31'"),
        ({"settlementPeriod": "1"}, "settlementPeriod is '1'"),
        ({"startTime": "2025-05-31T23:00:00"}, "startTime is '2025-05-31T23:00:00'"),
        ({"generation": "10141"}, "generation is '10141'"),
        ({"fuelType": None}, "fuelType is None"),
    ],
)
def test_a_row_that_cannot_be_right_spoils_the_answer(change: dict[str, Any], says: str) -> None:
    with pytest.raises(SourceRefused, match="FUELHH") as caught:
        generation(json.dumps([ROW, ROW | change]))
    assert says in str(caught.value)
