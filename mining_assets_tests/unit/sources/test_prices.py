"""mempool.space's history of prices: what is read, what is asked for again, and what is refused."""

from datetime import UTC, datetime

import httpx
import pytest

from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.sources.http import Answer
from mining_assets.sources.mempool import MempoolClient, Quotation
from mining_assets_tests.support.loopback import QUICK, run

NOON = 1748779200


def prices(body: str) -> Answer[tuple[Quotation, ...]]:
    async def work() -> Answer[tuple[Quotation, ...]]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with MempoolClient("http://mempool.test/api/v1", QUICK, transport=transport) as client:
            return await client.prices()

    return run(work())


def body(*prices: object, time: object = NOON, **more: object) -> str:
    rows = [{"time": time, "GBP": price, **more} for price in prices]
    return httpx.Response(200, json={"prices": rows, "exchangeRates": {}}).text


def test_the_history_is_asked_for_once_and_read() -> None:
    answer = prices(body(77_000.5, USD=105_000))
    assert answer.value == (Quotation(77_000.5, datetime(2025, 6, 1, 12, tzinfo=UTC)),)
    assert answer.url == "http://mempool.test/api/v1/historical-price?currency=GBP"


@pytest.mark.parametrize("price", [0, -1])
def test_what_stands_for_no_price_spoils_no_other(price: int) -> None:
    assert prices(body(price)).value[0].price == price


@pytest.mark.parametrize(
    "answered", ["", "null", "[]", "{}", '{"prices": null}', '{"prices": [{"time": 1', "<html>", '{"prices": []}']
)
def test_what_is_no_answer_is_asked_for_again_and_then_the_source_is_away(answered: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        prices(answered)
    assert caught.value.attempts == QUICK.retry_attempts


@pytest.mark.parametrize(
    ("answered", "says"),
    [
        (body(None), "GBP is None"),
        (body("77000"), "GBP is '77000'"),
        ('{"prices": [{"time": 1748779200, "USD": 1}]}', "GBP is missing"),
        (body(77_000, time=10**15), "time is 1000000000000000"),
        (body(77_000, time=-1), "time is -1"),
        (body(77_000, time=f"{NOON}"), "time is"),
        (body(77_000, 78_000), "row with index 1: time is 1748779200: occurs more than once"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(answered: str, says: str) -> None:
    with pytest.raises(SourceRefused, match="historical-price") as caught:
        prices(answered)
    assert says in str(caught.value)
    assert caught.value.attempts == 1
