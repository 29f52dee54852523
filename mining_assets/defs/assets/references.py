"""The reference assets: which units are wind farms, and the Bitcoin network's difficulty and subsidy."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from pydantic import Field

from mining_assets.archive.errors import ArchiveError
from mining_assets.defs.assets.descriptions import OWNERS, RULES_VERSION, table_metadata
from mining_assets.defs.assets.partition_metadata import Metadata, of_origin
from mining_assets.pipeline.archiving import Archiving
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.ensure_references import verify_rewritten
from mining_assets.pipeline.fetch_references import doubtful_sites, refresh_network_epochs, refresh_wind_units
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError, SourceUnavailable
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse import names
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.references import stored_origin

WIND_BM_UNITS = dg.AssetKey(names.WIND_BM_UNITS)
NETWORK_EPOCHS = dg.AssetKey(names.NETWORK_EPOCHS)
# Of what may pass by itself; a refusal is raised as a failure that allows no retry.
RETRY = dg.RetryPolicy(max_retries=2, delay=30, backoff=dg.Backoff.EXPONENTIAL)


class EpochsRun(dg.Config):
    """How the network's epochs are fetched."""

    accept_change: bool = Field(
        default=False,
        description="Store the fetched history even where it says something else of a settled retarget than what is "
        "stored.",
    )
    retry_unavailable: bool = Field(
        default=True,
        description="Whether the step is retried, after half a minute and after one, when the source cannot be "
        "reached.",
    )


@contextmanager
def _in_vain_not_retried(*, retry_unavailable: bool = True) -> Iterator[None]:
    """End the step at once where another try would not help: a refusal, or something that a person has to set right."""
    try:
        yield
    except ArchiveError as error:
        raise dg.Failure(f"nothing was stored, since the answer could not be archived: {error}") from error
    except SourceError as error:
        if retry_unavailable and isinstance(error, SourceUnavailable) and error.attempts > 1:
            raise
        raise dg.Failure(str(error), allow_retries=False) from error


def _origin(warehouse: Warehouse, name: str) -> Metadata:
    """Show where a reference came from, unless it is from the live source."""
    with warehouse.reading() as connection:
        return of_origin(stored_origin(connection, name))


def reference_assets(rules: Rules) -> list[dg.AssetsDefinition]:
    """``wind_bm_units`` and ``network_epochs``."""

    @dg.asset(
        key=WIND_BM_UNITS,
        group_name="reference",
        kinds={"elexon", "sql"},
        owners=OWNERS,
        code_version=RULES_VERSION,
        metadata=table_metadata(names.WIND_BM_UNITS),
        retry_policy=RETRY,
        description=(
            "Every BM unit ever known as a wind farm, with its lead party and registered capacity (MW), versioned. "
            "Read from Elexon's register, which shows only the present: a unit once known as wind stays."
        ),
    )
    def wind_units(
        context: dg.AssetExecutionContext,
        warehouse: dg.ResourceParam[Warehouse],
        elexon: dg.ResourceParam[SyncClient[ElexonClient]],
        archiving: dg.ResourceParam[Archiving],
    ) -> dg.MaterializeResult[None]:
        with _in_vain_not_retried():
            counts = refresh_wind_units(warehouse, elexon, rules.additions, rules.sites, archiving)
        for doubt in doubtful_sites(warehouse, rules.sites):
            context.log.warning(f"MINING_ASSETS_SITES: {doubt}")
        return dg.MaterializeResult(metadata={**counts, **_origin(warehouse, names.WIND_BM_UNITS)})

    @dg.asset(
        key=NETWORK_EPOCHS,
        group_name="reference",
        kinds={"bitcoin", "sql"},
        owners=OWNERS,
        code_version=RULES_VERSION,
        metadata=table_metadata(names.NETWORK_EPOCHS),
        retry_policy=RETRY,
        description=(
            "Bitcoin difficulty and block subsidy by block time: every retarget and halving, known until the moment "
            "they were last fetched. A history that cannot be true, or contradicts a settled retarget that is stored, "
            "is refused; `accept_change` takes the latter."
        ),
    )
    def epochs(
        config: EpochsRun,
        warehouse: dg.ResourceParam[Warehouse],
        mempool: dg.ResourceParam[SyncClient[MempoolClient]],
        archiving: dg.ResourceParam[Archiving],
    ) -> dg.MaterializeResult[None]:
        with _in_vain_not_retried(retry_unavailable=config.retry_unavailable):
            refreshed = refresh_network_epochs(
                warehouse, mempool, rules.halvings, accept_change=config.accept_change, archiving=archiving
            )
        verify_rewritten(warehouse, refreshed, rules.scope)
        return dg.MaterializeResult(metadata={**refreshed.shown(), **_origin(warehouse, names.NETWORK_EPOCHS)})

    return [wind_units, epochs]
