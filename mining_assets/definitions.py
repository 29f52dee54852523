"""Everything that Dagster loads, assembled."""

import warnings
from collections.abc import Mapping
from typing import Any

import dagster as dg

# backfill_policy and allow_nonexistent_upstream_partitions are beta; their use here is deliberate and tested.
warnings.filterwarnings("ignore", category=dg.BetaWarning)

from mining_assets.assets.daily_chain import daily_chain  # noqa: E402
from mining_assets.assets.references import reference_assets  # noqa: E402
from mining_assets.assets.rollups import roll_ups  # noqa: E402
from mining_assets.automation.jobs import JOBS  # noqa: E402
from mining_assets.automation.sensors import SENSORS  # noqa: E402
from mining_assets.curated import miner_models, wind_unit_additions  # noqa: E402
from mining_assets.partitions import partitions  # noqa: E402
from mining_assets.resources import resources  # noqa: E402
from mining_assets.settings import Settings  # noqa: E402


def build_definitions(settings: Settings, resource_overrides: Mapping[str, Any] | None = None) -> dg.Definitions:
    """The definitions for some settings; tests and commands may swap resources by name."""
    cuts = partitions(settings)
    additions = wind_unit_additions(settings)
    return dg.Definitions(
        assets=[
            *reference_assets(additions),
            daily_chain(cuts, miner_models(settings), additions),
            *roll_ups(cuts, (settings.start_date, settings.end_date)),
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
