"""Answers of a source, made up, for the archive."""

from datetime import UTC, datetime, timedelta

from mining_assets.sources.received import Received

BASE = "http://twin/bmrs/api/v1"
BEGUN = datetime(2025, 6, 4, 15, 0, tzinfo=UTC)


def answer(
    path: str,
    body: bytes | None,
    *,
    status: int | None = 200,
    reason: str = "",
    seconds: float = 0,
    begun: datetime = BEGUN,
) -> Received:
    """What a source gave so many seconds after the first request of a fetch."""
    return Received(path, f"{BASE}/{path}", begun + timedelta(seconds=seconds), status, body, 1, reason)


def answers(count: int, begun: datetime = BEGUN) -> list[Received]:
    """Several answers, in the order in which they came."""
    return [
        answer(f"stack/bid/2025-06-03/{number}", b'{"data":[%d]}' % number, seconds=number, begun=begun)
        for number in range(count)
    ]
