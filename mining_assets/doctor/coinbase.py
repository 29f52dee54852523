"""What the code assumes of Coinbase Exchange, compared with its answer: the candle until noon of a day, in £."""

from datetime import date

from mining_assets.doctor.examination import Examination
from mining_assets.domain.valuation import Candle, prices_of_candles
from mining_assets.domain.wording import count_of
from mining_assets.sources.coinbase import CoinbaseClient

CANDLES = "candles"
OF_CANDLES = ("of a day",)


async def examine_coinbase(client: CoinbaseClient, seen: Examination, day: date) -> float | None:
    """Ask for the candle of a day, and judge the answer.

    Args:
        client: open.
        seen: gets the lines.
        day: whose price is looked up.

    Returns:
        The day's price in £, if there is one.
    """
    answer = await seen.ask(
        CANDLES,
        lambda: client.candles(day, day),
        lambda answer: count_of(len(answer.value), "candle"),
        OF_CANDLES,
        "lists of start, low, high, open, close and volume, on the grid of six hours",
    )
    return _judge_candles(seen, answer.value, day) if answer else None


def _judge_candles(seen: Examination, candles: tuple[Candle, ...], day: date) -> float | None:
    found, reasons = prices_of_candles(candles, [day])
    seen.judge(CANDLES, "of a day", reasons.get(day), f"there is a candle of {day} 06:00 to 12:00 UTC")
    return found[day][1] if day in found else None
