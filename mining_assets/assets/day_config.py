"""What a person may ask of a run of the daily chain, beside its days and assets."""

from collections.abc import Sequence
from datetime import date

import dagster as dg
from pydantic import Field

from mining_assets.domain.settlement import periods_in


class DailyRun(dg.Config):
    """How the days of a run are fetched."""

    refetch: bool = Field(
        default=False,
        description="Fetch days again that are whole, and prices and generation that are known. Without it they are "
        "kept, and only derived anew.",
    )
    accept_empty: list[int] = Field(
        default_factory=list,
        description="Settlement periods that a person knows to be truly empty on both sides; for a run of one day.",
    )
    accept_shrink: bool = Field(
        default=False,
        description="Store a fetched day even if it takes more than 5 % off the final one that is stored.",
    )


def refuse_unfit(config: DailyRun, days: Sequence[date]) -> None:
    """Refuse a config that does not fit the days.

    Raises:
        Failure: saying what does not.
    """
    if not config.accept_empty:
        return
    if len(days) != 1:
        raise dg.Failure("accept_empty names periods of one day: run it for that day alone", allow_retries=False)
    last = periods_in(days[0])
    if not all(1 <= period <= last for period in config.accept_empty):
        raise dg.Failure(f"accept_empty: {days[0]} has the settlement periods 1 to {last}", allow_retries=False)
