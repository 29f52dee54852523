"""What a person may ask of a run of the daily chain, beside its days and assets."""

from collections.abc import Collection

import dagster as dg
from pydantic import Field

from mining_assets.domain.daily_series import nouns
from mining_assets.pipeline.results import DayRequest


class DailyRun(dg.Config):
    """How the days of a run are fetched."""

    refetch: bool = Field(
        default=False,
        description=f"Fetch days again that are complete, and {nouns()} that are known. Without it they are "
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
    replay: bool = Field(
        default=False,
        description="Make the days of their archived answers, by today's rules and register, and ask no source.",
    )
    repair: bool = Field(
        default=False,
        description="Take a day that is not due to be fetched again from its archived answers, where they are sound, "
        "also with refetch. Healing asks for it.",
    )


def day_request(config: DailyRun, wanted: Collection[dg.AssetKey]) -> DayRequest:
    """Return what a run asks the pipeline for, which checks it.

    Args:
        config: of the run.
        wanted: the assets of the daily chain.
    """
    tables = frozenset(key.to_user_string() for key in wanted)
    return DayRequest(
        tables, config.refetch, tuple(config.accept_empty), config.accept_shrink, config.replay, config.repair
    )
