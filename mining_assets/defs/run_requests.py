"""Requests for runs: which job and assets a kind of work selects, with which step's config and tags; stated once.

Sensors and schedules hand them to Dagster, commands run them in their own process. What a day needs is decided by
``reconciliation.plan``, and when a sensor asks for it by the sensor.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

import dagster as dg

from mining_assets.defs.assets.keys import CHAIN_STEP
from mining_assets.domain.periods import Month, Period, Year
from mining_assets.reconciliation.attempts import HEALING_TAG, ROLL_UP
from mining_assets.reconciliation.plan import Work, tables_for

DAILY_JOB, MONTHLY_JOB, YEARLY_JOB = "daily", "monthly", "yearly"
# Queued runs begin in this order: what a person or the clock asks for (0), what follows changed days, what heals.
ROLL_UP_PRIORITY, HEALING_PRIORITY = {"dagster/priority": "-1"}, {"dagster/priority": "-2"}
PARTITION, RANGE_START, RANGE_END = (
    "dagster/partition",
    "dagster/asset_partition_range_start",
    "dagster/asset_partition_range_end",
)


def range_tags(first: Period, last: Period) -> dict[str, str]:
    """Return the tags of a run over the partitions from the first to the last."""
    return {RANGE_START: str(first), RANGE_END: str(last)}


def selection(kinds: Iterable[str]) -> list[dg.AssetKey]:
    """Return the assets that kinds of work select, as ``plan.tables_for`` says of each."""
    return [dg.AssetKey(table) for kind in kinds for table in tables_for(kind)]


def chain_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the run config with which the daily chain gets this one, of ``day_config.DailyRun``."""
    return {"ops": {CHAIN_STEP: {"config": dict(config)}}}


def days_request(first: date, last: date, kinds: Sequence[str], config: Mapping[str, Any]) -> dg.RunRequest:
    """Return the request for a run of the daily chain over a range of days.

    Args:
        first: the first day.
        last: the last day.
        kinds: of work, as ``plan.tables_for`` knows them.
        config: of ``day_config.DailyRun``.
    """
    return dg.RunRequest(
        job_name=DAILY_JOB,
        asset_selection=selection(kinds),
        run_config=chain_config(config),
        tags=range_tags(first, last),
    )


def roll_up_request(first: Month | Year, last: Month | Year) -> dg.RunRequest:
    """Return the request for a run over a range of months or of years."""
    job = MONTHLY_JOB if isinstance(first, Month) else YEARLY_JOB
    return dg.RunRequest(job_name=job, tags=range_tags(first, last))


def healing_request(work: Work) -> dg.RunRequest:
    """Return the request for the run by which healing does a piece of the plan."""
    config = {"refetch": work.refetch} | ({"repair": True} if work.refetch else {})
    request = days_request(*work.days, [work.kind], config)
    return request.with_replaced_attrs(tags={**request.tags, HEALING_TAG: work.kind, **HEALING_PRIORITY})


def healing_roll_up_request(first: Month | Year, last: Month | Year) -> dg.RunRequest:
    """Return the request for the run by which healing sums up months or years that do not follow from their days."""
    request = roll_up_request(first, last)
    return request.with_replaced_attrs(tags={**request.tags, HEALING_TAG: ROLL_UP, **ROLL_UP_PRIORITY})
