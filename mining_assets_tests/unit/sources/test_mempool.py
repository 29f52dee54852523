"""mempool.space's difficulty adjustments: what is read and what is not."""

from datetime import UTC, datetime

import httpx
import pytest

from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.sources.http import Answer
from mining_assets.sources.mempool import Block, DifficultyAdjustment, MempoolClient
from mining_assets_tests.support.loopback import QUICK, run


def adjustments(body: str | bytes) -> Answer[tuple[DifficultyAdjustment, ...]]:
    async def work() -> Answer[tuple[DifficultyAdjustment, ...]]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with MempoolClient("http://mempool.test/api/v1", QUICK, transport=transport) as client:
            return await client.difficulty_adjustments()

    return run(work())


def test_adjustments_are_read_in_their_order() -> None:
    answer = adjustments("[[1262152739, 32256, 1.18, 1.18], [1231006505, 0, 1]]")
    assert answer.value == (
        DifficultyAdjustment(datetime(2009, 12, 30, 5, 58, 59, tzinfo=UTC), 32256, 1.18),
        DifficultyAdjustment(datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC), 0, 1.0),
    )
    assert isinstance(answer.value[1].difficulty, float)
    assert all(adjustment.time.tzinfo is UTC for adjustment in answer.value)
    assert answer.url == "http://mempool.test/api/v1/mining/difficulty-adjustments"
    assert answer.fetched_at.tzinfo is UTC


def test_rules_of_the_series_are_left_to_the_domain() -> None:
    body = "[[1231006505, 5, 0, 1], [1231006505, 5, -1, 1], [1731006505, 7, 1e300, 1]]"
    assert [adjustment.difficulty for adjustment in adjustments(body).value] == [0, -1, 1e300]


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", "0", '{"data": []}', "[[1231006505, 0, 1, 1]", "<html>"])
def test_no_list_is_asked_for_again(body: str) -> None:
    with pytest.raises(SourceUnavailable) as caught:
        adjustments(body)
    assert (caught.value.attempts, caught.value.status) == (QUICK.retry_attempts, 200)


@pytest.mark.parametrize(
    "entry",
    [
        "1",
        "null",
        "{}",
        "[]",
        "[1231006505, 0]",
        "[1231006505, 0, 1, 1, 1]",
        '["1231006505", 0, 1, 1]',
        "[1231006505.0, 0, 1, 1]",
        "[1231006505, 0.5, 1, 1]",
        "[1231006505, 0, null, 1]",
        '[1231006505, 0, "1", 1]',
        "[true, 0, 1, 1]",
        "[1231006505, false, 1, 1]",
        "[1231006505, 0, true, 1]",
        "[1231006505, 0, NaN, 1]",
        "[1231006505, 0, 1e400, 1]",
        "[1231006505, 0, 1, Infinity]",
        "[-1, 0, 1, 1]",
        "[253402300800, 0, 1, 1]",
        "[1231006505, -1, 1, 1]",
        "[1231006505, 2147483648, 1, 1]",
        f"[1231006505, 0, {'9' * 400}, 1]",
    ],
)
def test_entries_of_another_kind_are_refused(entry: str) -> None:
    with pytest.raises(SourceRefused, match="row with index 1") as caught:
        adjustments(f"[[1231006505, 0, 1, 1], {entry}]")
    assert caught.value.attempts == 1


def blocks(body: str, height: int | None = None) -> Answer[tuple[Block, ...]]:
    async def work() -> Answer[tuple[Block, ...]]:
        transport = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
        async with MempoolClient("http://mempool.test/api/v1", QUICK, transport=transport) as client:
            return await client.blocks(height)

    return run(work())


def test_blocks_are_read_with_their_time_and_nothing_else() -> None:
    body = '[{"id": "00", "height": 840000, "timestamp": 1713571767, "extras": {}}, {"height": 839999, "timestamp": 5}]'
    answer = blocks(body, 840_000)
    assert answer.url == "http://mempool.test/api/v1/blocks/840000"
    assert answer.value[0] == Block(840_000, datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC))
    assert blocks(body).url == "http://mempool.test/api/v1/blocks"


@pytest.mark.parametrize("body", ["", "[]", "{}", "null", '{"data": []}'])
def test_no_list_of_blocks_is_asked_for_again(body: str) -> None:
    with pytest.raises(SourceUnavailable):
        blocks(body)


@pytest.mark.parametrize(
    "block",
    [
        "1",
        "{}",
        '{"height": 1}',
        '{"height": "1", "timestamp": 5}',
        '{"height": 1, "timestamp": 5.5}',
        '{"height": -1, "timestamp": 5}',
        '{"height": 1, "timestamp": -5}',
        '{"height": 1, "timestamp": 253402300800}',
    ],
)
def test_blocks_of_another_kind_are_refused(block: str) -> None:
    with pytest.raises(SourceRefused, match="row with index 1"):
        blocks(f'[{{"height": 2, "timestamp": 5}}, {block}]')
