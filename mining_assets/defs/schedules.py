"""What runs by the clock, beside the integrity scan."""

from datetime import UTC, datetime, timedelta

import dagster as dg

from mining_assets.defs.jobs import REFERENCE_JOB
from mining_assets.defs.partitions import TIMEZONE
from mining_assets.defs.run_requests import DAILY_JOB, chain_config, range_tags
from mining_assets.domain.finality import refetches_due
from mining_assets.settings import Settings, now
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import noted_days

DAILY_RECONCILIATION_DAYS = 2


def reference_schedule() -> dg.ScheduleDefinition:
    """Return the schedule that fetches the wind register and the difficulty every morning. On by default."""
    return dg.ScheduleDefinition(
        name="reference_refresh",
        job_name=REFERENCE_JOB,
        cron_schedule="30 5 * * *",
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.RUNNING,
        description="Fetches the wind register and the network's difficulty.",
    )


def daily_reconciliation_schedule(settings: Settings) -> dg.ScheduleDefinition:
    """Return the schedule of the last two days, for people who prefer a clock to the sensor. Off by default."""

    @dg.schedule(
        name="daily_reconciliation",
        job_name=DAILY_JOB,
        cron_schedule="30 16 * * *",
        execution_timezone=TIMEZONE,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=(
            f"Checks the last {DAILY_RECONCILIATION_DAYS} days and processes what is missing or due for a refetch. "
            "The healing sensor does so by itself; this is for people who prefer a clock."
        ),
    )
    def schedule(
        context: dg.ScheduleEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.RunRequest | dg.SkipReason:
        last = settings.last_day(now())
        first = max(settings.start_date, last - timedelta(days=DAILY_RECONCILIATION_DAYS - 1))
        if last < first:
            return dg.SkipReason("no day is over yet")
        days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
        with warehouse.reading() as connection:
            fetched_at = noted_days(connection, days)["fetched_at"]
        due = bool(refetches_due(fetched_at, datetime.now(UTC)).any())
        return dg.RunRequest(tags=range_tags(first, last), run_config=chain_config({"refetch": due}))

    return schedule
