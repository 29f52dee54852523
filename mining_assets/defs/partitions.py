"""When: the day, month and year slices by which every partitioned asset is cut.

A settlement day is a London calendar day, so all three are cut in London time. Months and years hold the one in
progress as well (``end_offset=1``): it is summarized from the days there are.
"""

import warnings
from dataclasses import dataclass
from datetime import timedelta

import dagster as dg

from mining_assets.domain.periods import Month, Year
from mining_assets.settings import Settings

# backfill_policy and allow_nonexistent_upstream_partitions are beta; their use is deliberate and tested. Every module
# that uses them imports this one first.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

TIMEZONE = "Europe/London"

# One run fetches at most a month: about 3,000 requests, bounded memory, and little to repeat when a run is lost.
MONTH_AT_A_TIME = dg.BackfillPolicy.multi_run(max_partitions_per_run=31)
ALL_AT_ONCE = dg.BackfillPolicy.single_run()

# The first and the current span have parts that do not exist; without this a backfill over them is refused whole.
SPANS_THERE_ARE = dg.TimeWindowPartitionMapping(allow_nonexistent_upstream_partitions=True)


@dataclass(frozen=True)
class Partitions:
    """The partitions of the project."""

    days: dg.DailyPartitionsDefinition
    months: dg.MonthlyPartitionsDefinition
    years: dg.TimeWindowPartitionsDefinition


def partitions_of(settings: Settings) -> Partitions:
    """Return the partitions from the settings' first day to their last; keys are 2025-06-01, 2025-06 and 2025."""
    start, end = settings.start_date, settings.end_date
    return Partitions(
        days=dg.DailyPartitionsDefinition(
            start_date=start.isoformat(),
            end_date=(end + timedelta(days=1)).isoformat() if end else None,
            timezone=TIMEZONE,
        ),
        months=dg.MonthlyPartitionsDefinition(
            start_date=str(Month.of(start)),
            end_date=str(Month.of(end).following) if end else None,
            fmt="%Y-%m",
            timezone=TIMEZONE,
            end_offset=1,
        ),
        years=dg.TimeWindowPartitionsDefinition(
            start=str(Year.of(start)),
            end=str(Year.of(end).following) if end else None,
            fmt="%Y",
            cron_schedule="0 0 1 1 *",
            timezone=TIMEZONE,
            end_offset=1,
        ),
    )
