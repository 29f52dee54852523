"""Everything that Dagster loads, assembled."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from mining_assets.assets.daily_chain import daily_chain
from mining_assets.assets.references import reference_assets
from mining_assets.assets.rollups import roll_ups
from mining_assets.automation.jobs import JOBS
from mining_assets.automation.sensors import SENSORS
from mining_assets.curated import miner_models, wind_unit_additions
from mining_assets.partitions import partitions
from mining_assets.resources import resources
from mining_assets.settings import Settings
from mining_assets.verification.scan import Scope


def build_definitions(settings: Settings, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions for some settings; tests and commands may swap resources by name."""
    cuts = partitions(settings)
    additions = wind_unit_additions(settings)
    bounds = (settings.start_date, settings.end_date)
    scope = Scope(miner_models(settings), bounds)
    return dg.Definitions(
        assets=[
            *reference_assets(additions),
            daily_chain(cuts, scope, additions, settings.healing),
            *roll_ups(cuts, bounds),
        ],
        jobs=JOBS,
        sensors=SENSORS,
        resources={**resources(settings), **(resource_overrides or {})},
        executor=dg.in_process_executor,
    )


@dg.definitions
def defs() -> dg.Definitions:
    """The definitions for the settings of the environment, built when Dagster loads them."""
    return build_definitions(Settings.load())
