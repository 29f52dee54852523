"""mempool.space's price of a day: what is read, what is asked for again, and what is no price."""

from datetime import UTC, date, datetime

import httpx
import pytest

from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.sources.http import Answer
from mining_assets.sources.mempool import MempoolClient, Quotation
from mining_assets_tests.sources.loopback import QUICK, run

DAY = date(2025, 6, 1)
NOON = 1748779200


def price(body: str) -> Answer[Quotation]:
    async def work() -> Answer[Quotation]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with MempoolClient("http://mempool.test/api/v1", QUICK, transport=transport) as client:
            return await client.price(DAY)

    return run(work())


def body(price: object = 77_000.5, time: object = NOON, **more: object) -> str:
    return httpx.Response(200, json={"prices": [{"time": time, "GBP": price, **more}], "exchangeRates": {}}).text


def test_the_price_of_noon_is_asked_for_and_read() -> None:
    answer = price(body(USD=105_000))
    assert answer.value == Quotation(77_000.5, datetime(2025, 6, 1, 12, tzinfo=UTC))
    assert answer.url == f"http://mempool.test/api/v1/historical-price?currency=GBP&timestamp={NOON}"


def test_a_price_of_midnight_is_one_of_the_date() -> None:
    assert price(body(77_000, NOON - 12 * 3600)).value.quoted_at == datetime(2025, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize("answered", ["", "null", "[]", "{}", '{"prices": null}', '{"prices": [{"time": 1', "<html>"])
def test_what_is_no_answer_is_asked_for_again_and_then_the_source_is_away(answered: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        price(answered)
    assert caught.value.attempts == QUICK.retry_attempts


@pytest.mark.parametrize(
    ("answered", "says"),
    [
        (body(0), "GBP is 0.0: the price of 2025-06-01 is not known"),
        (body(-1), "GBP is -1.0: the price of 2025-06-01 is not known"),
        (body(None), "GBP is None"),
        (body("77000"), "GBP is '77000'"),
        ('{"prices": [{"time": 1748779200, "USD": 1}]}', "GBP is missing"),
        (body(77_000, NOON - 13 * 3600), "not of 2025-06-01"),
        (body(77_000, NOON + 12 * 3600), "not of 2025-06-01"),
        (body(77_000, 0), "time is 0: not of 2025-06-01"),
        (body(77_000, 10**15), "not of 2025-06-01"),
        (body(77_000, f"{NOON}"), "time is"),
        ('{"prices": []}', "0 prices where one was asked for"),
    ],
)
def test_what_is_no_price_of_the_day_is_refused_by_name(answered: str, says: str) -> None:
    with pytest.raises(SourceRefused, match="historical-price") as caught:
        price(answered)
    assert says in str(caught.value)
    assert caught.value.attempts == 1
