"""Coinbase's candles: what is asked for and read, what is asked for again, and what is refused."""

from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from mining_assets.domain.valuation import Candle
from mining_assets.sources.coinbase import MOST_DAYS, CoinbaseClient
from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.sources.http import Answer
from mining_assets_tests.support.loopback import QUICK, run
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2017, 7, 1), date(2017, 7, 13)
SIX = 1499925600  # 2017-07-13, 06:00 UTC
GOOD = [SIX, 1800, 1820.5, 1801, 1816.25, 12.5]


def candles(body: object) -> Answer[tuple[Candle, ...]]:
    async def work() -> Answer[tuple[Candle, ...]]:
        answered = httpx.Response(200, content=body) if isinstance(body, str) else httpx.Response(200, json=body)
        transport = httpx.MockTransport(lambda _: answered)
        async with CoinbaseClient("http://coinbase.test", QUICK, transport=transport) as client:
            return await client.candles(FIRST, LAST)

    return run(work())


def test_the_six_hours_until_noon_of_each_day_are_asked_for_and_read() -> None:
    answer = candles([GOOD, [SIX - 21600, 1, 2, 1, 2, 0]])
    assert answer.value == (
        Candle(datetime(2017, 7, 13, 6, tzinfo=UTC), 1816.25),
        Candle(datetime(2017, 7, 13, tzinfo=UTC), 2.0),
    )
    assert answer.url == (
        "http://coinbase.test/products/BTC-GBP/candles?granularity=21600"
        "&start=2017-07-01T06%3A00%3A00Z&end=2017-07-13T12%3A00%3A00Z"
    )


def test_nothing_traded_is_an_answer() -> None:
    assert candles([]).value == ()


@pytest.mark.parametrize("answered", ["", "null", "{}", '{"message": "x"}', "[[1499925600, 1", "<html>"])
def test_what_is_no_answer_is_asked_for_again_and_then_the_source_is_away(answered: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        candles(answered)
    assert caught.value.attempts == QUICK.retry_attempts


@pytest.mark.parametrize(
    ("index", "value", "says"),
    [
        (0, SIX + 1, "time is 1499925601: not the start of six hours"),
        (0, float(SIX), "time is 1499925600.0: not the start"),
        (0, -21600, "time is -21600"),
        (0, 10**15, "time is 1000000000000000"),
        (0, f"{SIX}", "is '1499925600'"),
        (1, -1, "low is -1"),
        (1, 1802, "open is 1801: outside of low 1802 to high 1820.5"),
        (2, 1810, "close is 1816.25: outside of low 1800 to high 1810"),
        (2, None, "is None"),
        (3, 1799.5, "open is 1799.5: outside of"),
        (4, 1821, "close is 1821: outside of"),
        (4, True, "is True"),
        (5, -0.5, "volume is -0.5"),
    ],
)
def test_what_cannot_be_right_is_refused_by_name(index: int, value: object, says: str) -> None:
    wrong = [*GOOD[:index], value, *GOOD[index + 1 :]]
    with pytest.raises(SourceRefused, match="BTC-GBP/candles") as caught:
        candles([wrong])
    assert str(caught.value).startswith("row with index 0: ")
    assert says in str(caught.value)
    assert caught.value.attempts == 1


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([GOOD, GOOD], "row with index 1: time is 1499925600: occurs more than once"),
        ([GOOD[:5]], "row with index 0"),
        ([[*GOOD, 1]], "row with index 0"),
        ([{"time": SIX}], "row with index 0"),
        ("[[1499925600, 1, NaN, 1, 1, 1]]", "2.int is nan"),
        (f"[[{SIX}, 1, {10**400}, 1, {10**399}, 1]]", "close is 1000"),
    ],
)
def test_what_is_no_candle_is_refused(rows: object, says: str) -> None:
    with pytest.raises(SourceRefused, match=says):
        candles(rows)


def test_as_many_days_as_fit_are_one_request_and_more_are_a_mistake() -> None:
    last = FIRST + timedelta(days=MOST_DAYS - 1)

    async def work(twin: Twin) -> Answer[tuple[Candle, ...]]:
        async with CoinbaseClient(twin.coinbase_url, QUICK) as client:
            with pytest.raises(ValueError, match="more than 75 days"):
                await client.candles(FIRST, last + timedelta(days=1))
            return await client.candles(FIRST, last)

    with Twin(GeneratedWorld(seed=1, units=6, light=True)) as twin:
        answer = run(work(twin))
        assert twin.count(route="candles", status=200) == 1
    assert len(answer.value) == 4 * (MOST_DAYS - 1) + 2
