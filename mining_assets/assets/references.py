"""The reference assets: which units are wind farms, and the Bitcoin network's difficulty and subsidy."""

import dagster as dg

from mining_assets.assets.descriptions import OWNERS, RULES_VERSION, table_metadata
from mining_assets.chain.references import refresh_network_epochs, refresh_wind_units
from mining_assets.domain.wind import WindUnit
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.schema import network_epochs, wind_bm_units

WIND_BM_UNITS = dg.AssetKey(wind_bm_units.name)
NETWORK_EPOCHS = dg.AssetKey(network_epochs.name)
RETRY = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)


def reference_assets(additions: tuple[WindUnit, ...]) -> list[dg.AssetsDefinition]:
    """``wind_bm_units`` and ``network_epochs``."""

    @dg.asset(
        key=WIND_BM_UNITS,
        group_name="reference",
        kinds={"elexon", "sql"},
        owners=OWNERS,
        code_version=RULES_VERSION,
        metadata=table_metadata(wind_bm_units),
        retry_policy=RETRY,
        description=(
            "Every BM unit ever known as a wind farm, with its lead party and registered capacity (MW), versioned. "
            "Read from Elexon's register, which shows only the present: a unit once known as wind stays."
        ),
    )
    def wind_units(
        warehouse: dg.ResourceParam[Warehouse], elexon: dg.ResourceParam[Blocking[ElexonClient]]
    ) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=refresh_wind_units(warehouse, elexon, additions))

    @dg.asset(
        key=NETWORK_EPOCHS,
        group_name="reference",
        kinds={"bitcoin", "sql"},
        owners=OWNERS,
        code_version=RULES_VERSION,
        metadata=table_metadata(network_epochs),
        retry_policy=RETRY,
        description=(
            "Bitcoin difficulty and block subsidy by block time: every retarget and halving, known until the moment "
            "they were last fetched. A history that cannot be true, or contradicts what is stored, is refused."
        ),
    )
    def epochs(
        warehouse: dg.ResourceParam[Warehouse], mempool: dg.ResourceParam[Blocking[MempoolClient]]
    ) -> dg.MaterializeResult[None]:
        return dg.MaterializeResult(metadata=refresh_network_epochs(warehouse, mempool))

    return [wind_units, epochs]
