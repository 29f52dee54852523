"""When a refetched day may replace the one that is stored.

Settlement runs change a day on the morning after; later changes are rare and never large downwards. An answer that
takes away a good part of a final day is more likely a fault of the source than the truth.
"""

from dataclasses import dataclass
from datetime import date, datetime

from mining_assets.domain.finality import is_final
from mining_assets.domain.wording import count_of

SHRINK_LIMIT = 0.05


@dataclass(frozen=True)
class DayFigures:
    """What a whole day holds: when it was fetched, its content hash, gross MWh, £ and curtailment records."""

    fetched_at: datetime
    content_hash: str
    energy: float
    payment: float
    records: int


class ShrinkRefused(Exception):
    """A fetched day that holds much less than the stored one; the stored one stays."""

    def __init__(self, day: date, before: DayFigures, after: DayFigures, reason: str) -> None:
        self.day, self.before, self.after = day, before, after
        super().__init__(
            f"{day}: {reason}; stored {before.energy:,.3f} MWh in {count_of(before.records, 'record')} "
            f"(fetched {before.fetched_at:%Y-%m-%d %H:%M} UTC), now {after.energy:,.3f} MWh in {after.records:,}. "
            f"The stored day stays. If the new answer is right: `mining-assets date {day} --refetch --accept-shrink`"
        )


def shrinks(day: date, before: DayFigures, after: DayFigures) -> bool:
    """Return whether the fetched day takes more than 5 % off a final day's energy."""
    return is_final(day, before.fetched_at) and after.energy < before.energy * (1 - SHRINK_LIMIT)
