"""What runs by itself while the daemon runs."""

import dagster as dg

from mining_assets.assets.rollups import MONTHLY, YEARLY

SENSORS = (
    dg.AutomationConditionSensorDefinition(
        "roll_up_sensor",
        target=dg.AssetSelection.assets(*MONTHLY, *YEARLY),
        default_status=dg.DefaultSensorStatus.RUNNING,
        minimum_interval_seconds=30,
        description="Rebuilds a month or year after any of its days changed.",
    ),
)
