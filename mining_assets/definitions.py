"""Everything that Dagster loads, assembled."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mining_assets.defs.assets.daily_chain import daily_chain
from mining_assets.defs.assets.references import reference_assets
from mining_assets.defs.assets.report import reconciliation_report
from mining_assets.defs.assets.rollups import roll_ups
from mining_assets.defs.integrity import integrity_job, integrity_schedule
from mining_assets.defs.jobs import ASSET_JOBS
from mining_assets.defs.operator_jobs import operator_jobs
from mining_assets.defs.partitions import partitions_of
from mining_assets.defs.resources import resources
from mining_assets.defs.rollup_checks import roll_up_and_reference_checks
from mining_assets.defs.schedules import daily_reconciliation_schedule, reference_schedule
from mining_assets.defs.sensors.alerts import alert_sensor
from mining_assets.defs.sensors.healing import healing_sensor
from mining_assets.defs.sensors.roll_ups import ROLL_UP_SENSOR
from mining_assets.pipeline.dependencies import rules_of
from mining_assets.progress import NULL_PROGRESS, Progress
from mining_assets.settings import Settings, check_instance


def build_definitions(
    settings: Settings, resource_overrides: Mapping[str, Any] | None = None, progress: Progress = NULL_PROGRESS
) -> dg.Definitions:
    """Return the definitions for some settings.

    Args:
        settings: of the environment, or of a test.
        resource_overrides: what tests use instead of resources, by name.
        progress: hears of each day that a run of these definitions does in this process.
    """
    parts, rules = partitions_of(settings), rules_of(settings)
    scope = rules.scope
    integrity = integrity_job(settings, scope, progress)
    return dg.Definitions(
        assets=[
            *reference_assets(rules),
            daily_chain(parts, rules, settings.docs_url, progress, keeps_answers=settings.archive is not None),
            *roll_ups(parts, scope.date_range),
            reconciliation_report(settings, scope),
        ],
        asset_checks=roll_up_and_reference_checks(parts, scope, settings.docs_url),
        jobs=[*ASSET_JOBS, integrity, *operator_jobs(settings, rules, progress)],
        schedules=[
            integrity_schedule(settings, integrity),
            reference_schedule(),
            daily_reconciliation_schedule(settings),
        ],
        sensors=[ROLL_UP_SENSOR, healing_sensor(settings, scope), alert_sensor(settings)],
        resources={**resources(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """Return the definitions for the settings of the environment, built when Dagster loads them."""
    check_instance()
    return build_definitions(Settings.load())
