"""What the code assumes of mempool.space, compared with its answers: difficulty, blocks, and prices."""

from datetime import date, datetime, timedelta

from mining_assets.doctor.examination import Examination, body_of, out_of_order, unknown_keys
from mining_assets.domain.network import (
    KNOWN_HALVINGS,
    RETARGET_INTERVAL,
    SHORT_SOURCE,
    NetworkHistoryRefused,
    Retarget,
    network_history,
)
from mining_assets.domain.valuation import prices_of_days
from mining_assets.domain.wording import count_of
from mining_assets.sources.mempool import Block, DifficultyAdjustment, MempoolClient, Quotation

DIFFICULTY, BLOCKS, BLOCK, PRICES = "difficulty", "blocks, newest", "blocks, of a halving", "prices"
OF_DIFFICULTY = ("order", "history")
OF_BLOCKS = ("order", "age", "height")
OF_PRICES = ("of a day", "age", "whole")

_LONGEST_BETWEEN_BLOCKS = timedelta(hours=6)
_FARTHEST_AHEAD = timedelta(hours=2)  # a block's time may be so far in the future
_OLDEST_PRICE = timedelta(days=2)


async def examine_mempool(client: MempoolClient, seen: Examination, day: date, now: datetime) -> float | None:
    """Ask every endpoint, and judge the answers.

    Args:
        client: open.
        seen: gets the lines.
        day: whose price is looked up.
        now: the present instant, in UTC.

    Returns:
        The day's price in £, if there is one.
    """
    blocks = await seen.ask(
        BLOCKS,
        client.blocks,
        lambda answer: f"{count_of(len(answer.value), 'block')}, the newest at {max(answer.value).height:,}",
        OF_BLOCKS,
    )
    difficulty = await seen.ask(
        DIFFICULTY,
        client.difficulty_adjustments,
        lambda answer: f"{count_of(len(answer.value), 'retarget')}, the newest at {_newest(answer.value).height:,}",
        OF_DIFFICULTY,
    )
    if difficulty:
        _judge_difficulty(seen, difficulty.value, now)
    if blocks:
        _judge_blocks(seen, blocks.value, difficulty.value if difficulty else (), now, blocks.url)
    height = max(KNOWN_HALVINGS)
    old = await seen.ask(
        BLOCK, lambda: client.blocks(height), lambda answer: count_of(len(answer.value), "block"), ("time",)
    )
    if old:
        _judge_halving(seen, old.value, height)
    prices = await seen.ask(
        PRICES, client.prices, lambda answer: f"{count_of(len(answer.value), 'quotation')} in £", OF_PRICES
    )
    price = _judge_prices(seen, prices.value, day, now) if prices else None
    seen.judge_compression()
    return price


def _newest(adjustments: tuple[DifficultyAdjustment, ...]) -> DifficultyAdjustment:
    return max(adjustments, key=lambda each: each.height)


def _judge_difficulty(seen: Examination, adjustments: tuple[DifficultyAdjustment, ...], now: datetime) -> None:
    order = out_of_order([each.height for each in adjustments], descending=True)
    seen.judge(DIFFICULTY, "order", order and f"height: {order}", "newest first")
    retargets = [Retarget(each.time, each.height, each.difficulty) for each in adjustments]
    try:
        history = network_history(retargets, now)
        holes = [reason for *_, reason in history.holes]
        late = min(each.height for each in adjustments) > 0
        problem = (
            f"the list {holes[0]}" if holes else f"the first block is not in the list; {SHORT_SOURCE}" if late else None
        )
    except NetworkHistoryRefused as refused:
        problem = f"the history would be refused: {refused}"
    seen.judge(DIFFICULTY, "history", problem, "every retarget since the first block, none refused")


def _judge_blocks(
    seen: Examination,
    blocks: tuple[Block, ...],
    adjustments: tuple[DifficultyAdjustment, ...],
    now: datetime,
    url: str,
) -> None:
    heights = [block.height for block in blocks]
    order = out_of_order([float(height) for height in heights], descending=True)
    seen.judge(BLOCKS, "order", order and f"height: {order}", "newest first", url)
    top = max(blocks)
    age = now - top.time
    problem = None
    if not -_FARTHEST_AHEAD <= age <= _LONGEST_BETWEEN_BLOCKS:
        problem = f"the newest block is of {top.time:%Y-%m-%d %H:%M} UTC"
    seen.judge(BLOCKS, "age", problem, "the newest block is a few minutes old", url)
    if not adjustments:
        seen.skip(BLOCKS, "height")
        return
    retarget = _newest(adjustments).height
    beside = 0 <= top.height - retarget < RETARGET_INTERVAL + len(blocks)
    problem = None if beside else f"the newest block is at {top.height:,}, the newest retarget at {retarget:,}"
    seen.judge(BLOCKS, "height", problem, "within one interval of the newest retarget", url)


def _judge_halving(seen: Examination, blocks: tuple[Block, ...], height: int) -> None:
    times = {block.height: block.time for block in blocks}
    problem = None
    if height not in times:
        problem = f"block {height:,} is not among those from {min(times):,} to {max(times):,}"
    elif times[height] != KNOWN_HALVINGS[height]:
        problem = f"block {height:,} is of {times[height]}, not of {KNOWN_HALVINGS[height]}"
    seen.judge(BLOCK, "time", problem, f"the halving block {height:,} has its known time")


def _judge_prices(seen: Examination, quotations: tuple[Quotation, ...], day: date, now: datetime) -> float | None:
    found, reasons = prices_of_days({quoted.quoted_at: quoted.price for quoted in quotations}, [day])
    seen.judge(PRICES, "of a day", reasons.get(day), f"a daily quotation above 0 for {day}, until noon UTC")
    newest = max(quoted.quoted_at for quoted in quotations)
    problem = None if now - newest <= _OLDEST_PRICE else f"the newest quotation is of {newest:%Y-%m-%d %H:%M} UTC"
    seen.judge(PRICES, "age", problem, f"the newest quotation is no older than {count_of(_OLDEST_PRICE.days, 'day')}")
    keys = unknown_keys(body_of(seen.received[-1]), {"prices", "exchangeRates"})
    seen.judge(PRICES, "whole", keys, "one answer has the whole history")
    return found[day][1] if day in found else None
