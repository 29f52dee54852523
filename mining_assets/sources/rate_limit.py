"""The rate limiter of a client, and the pauses that a server asks for. Where shared state is kept, callers say."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from pyrate_limiter import Limiter, Rate, SingleBucketFactory, StateBucket
from pyrate_limiter.abstracts.store import StateStore


def even_limiter(requests_per_second: float, shared: StateStore | None = None) -> Limiter:
    """Return a limiter that spaces requests evenly: of this process, or of all that share its state.

    It is a leaky bucket (GCRA), not a window: a window of one second would let a whole second's requests go at once
    at its start, and connections that open slowly would push two such bursts together. Here no second, wherever it
    begins, sees more than ``requests_per_second`` requests start (a fraction rounded up). Below 50 a second no two
    start at once; above, bursts of 2 % of the rate may, since the bucket's clock ticks in milliseconds.
    """
    burst = 1 + int(requests_per_second / 50)
    # A leaky bucket lets up to burst + rate × t through in t seconds: the burst comes out of the rate.
    per_1000_seconds = max(1, int((requests_per_second - burst + 1) * 1000))
    bucket = StateBucket([Rate(per_1000_seconds, 1_000_000, burst=burst)], store=shared)
    # One number of state needs no leak thread; a buffer would add its milliseconds to every single wait.
    return Limiter(SingleBucketFactory(bucket, schedule_leak=False), buffer_ms=0)


def retry_after(header: str, now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for (RFC 9110, 10.2.3), or None if it cannot be read."""
    header = header.strip()
    if header.isascii() and header.isdigit():
        return float(header[:12])
    try:
        moment = parsedate_to_datetime(header)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
