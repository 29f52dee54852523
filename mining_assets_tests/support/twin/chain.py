"""A generated Bitcoin chain: difficulty retargets and prices in the shape of mempool.space's and Coinbase's answers.

Block times are true at the halvings and in a straight line between them, so that a halving lands in the
right settlement period; difficulties and prices are smooth made-up curves of about the real size.
"""

import math
from bisect import bisect_right
from datetime import UTC, datetime
from typing import Any

RETARGET = 2016
GENESIS_TIME = 1231006505
FIRST_CHANGE = 32256  # the retargets before it changed nothing


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


ANCHORS: list[tuple[int, int]] = [
    (0, GENESIS_TIME),
    (FIRST_CHANGE, _unix("2009-12-30T06:11:04+00:00")),
    (210_000, _unix("2012-11-28T15:24:38+00:00")),
    (420_000, _unix("2016-07-09T16:46:13+00:00")),
    (630_000, _unix("2020-05-11T19:23:43+00:00")),
    (840_000, _unix("2024-04-20T00:09:27+00:00")),
]
BLOCK_SECONDS = 600
TOP_SEARCHED = 3_000_000
TOP_HEIGHT, TOP_EXPONENT = 961_632, math.log10(1.2e14)
FIRST_PRICE_WEEK = _unix("2010-07-22T00:00:00+00:00")
DAILY_PRICES = _unix("2021-09-04T00:00:00+00:00")
FIRST_CANDLE = _unix("2015-05-01T00:00:00+00:00")
POUNDS_PER_DOLLAR = 0.78
DAY, WEEK = 86_400, 7 * 86_400


def block_time(height: int) -> int:
    """When a block was found, in Unix seconds."""
    if height >= ANCHORS[-1][0]:
        return ANCHORS[-1][1] + (height - ANCHORS[-1][0]) * BLOCK_SECONDS
    index = bisect_right(ANCHORS, height, key=lambda anchor: anchor[0])
    (low, start), (high, end) = ANCHORS[index - 1], ANCHORS[index]
    return round(start + (end - start) * (height - low) / (high - low))


def difficulty(height: int) -> float:
    """The difficulty from a retarget on: 1 at the first change, about 1.2e14 in 2026, then growing slowly."""
    share = (height - FIRST_CHANGE) / (TOP_HEIGHT - FIRST_CHANGE)
    beyond = max(0.0, share - 1.0)
    return 10 ** (TOP_EXPONENT * math.sin(math.pi / 2 * min(1.0, share)) + beyond)


def difficulty_adjustments(until: datetime) -> list[list[float]]:
    """Every retarget up to ``until`` as ``[time, height, difficulty, ratio]``, newest first."""
    rows: list[list[float]] = [[GENESIS_TIME, 0, 1.0, 1.0]]
    height = FIRST_CHANGE
    while block_time(height) <= until.timestamp():
        now = max(1.0, difficulty(height))
        rows.append([block_time(height), height, now, round(now / rows[-1][2], 6)])
        height += RETARGET
    return rows[::-1]


def top_height(until: datetime) -> int:
    """The height of the newest block that was found until then."""
    return bisect_right(range(TOP_SEARCHED), until.timestamp(), key=block_time) - 1


def blocks(until: datetime, height: int | None) -> list[dict[str, Any]]:
    """The 15 newest blocks until ``until``, or those at a height and before; above the newest, fewer, as the source."""
    top = top_height(until)
    wanted = top if height is None else height
    return [{"height": at, "timestamp": block_time(at)} for at in range(min(wanted, top), wanted - 15, -1) if at >= 0]


def prices(until: datetime, currency: str) -> list[dict[str, Any]]:
    """Prices up to ``until``, newest first; −1 in a currency other than GBP and USD.

    As the source has them: one a day from ``DAILY_PRICES`` on, before it one a week, stamped with the week's first
    instant though it is the price of the week's end.
    """
    rate = {"GBP": POUNDS_PER_DOLLAR, "USD": 1.0}.get(currency)
    last = int(until.astimezone(UTC).timestamp())
    weekly = range(FIRST_PRICE_WEEK, min(DAILY_PRICES, last + 1), WEEK)
    quoted = [(moment, moment + WEEK) for moment in weekly]
    quoted += [(moment, moment) for moment in range(DAILY_PRICES, last + 1, DAY)]
    return [
        {"time": moment, currency: -1 if rate is None else round(_dollars(of) * rate, 2)}
        for moment, of in reversed(quoted)
    ]


def candles(until: datetime, start: int, end: int, seconds: int) -> list[list[float]]:
    """Trades in £ as ``[time, low, high, open, close, volume]``, newest first: candles that begin from start to end.

    They are of the same curve as the prices, and of those that are over ``until`` then.
    """
    last = min(end, int(until.timestamp()) - seconds)
    begun = range(-(-max(start, FIRST_CANDLE) // seconds) * seconds, last + 1, seconds)
    rows: list[list[float]] = []
    for moment in reversed(begun):
        first, final = (round(_dollars(of) * POUNDS_PER_DOLLAR, 2) for of in (moment, moment + seconds))
        rows.append([moment, min(first, final), max(first, final), first, final, 1.5])
    return rows


def _dollars(moment: int) -> float:
    years = (moment - FIRST_PRICE_WEEK) / (365.25 * DAY)
    return 0.08 * 10 ** (6.1 * math.sin(math.pi / 2 * min(1.0, years / 16)))
