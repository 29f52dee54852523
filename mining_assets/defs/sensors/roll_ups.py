"""Months and years follow their days by themselves, and the report follows them."""

import dagster as dg

from mining_assets.defs.assets.report import RECONCILIATION_REPORT
from mining_assets.defs.assets.rollups import MONTHLY, YEARLY
from mining_assets.defs.run_requests import ROLL_UP_PRIORITY

ROLL_UP_SENSOR = dg.AutomationConditionSensorDefinition(
    "roll_up_sensor",
    target=dg.AssetSelection.assets(*MONTHLY, *YEARLY, RECONCILIATION_REPORT),
    default_status=dg.DefaultSensorStatus.RUNNING,
    minimum_interval_seconds=30,
    run_tags=ROLL_UP_PRIORITY,
    description="Rebuilds a month or year after any of its days changed, and the report after them.",
)
