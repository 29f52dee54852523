"""The checks of months, years and references: a step after their assets, or alone over the whole history."""

from collections.abc import Callable, Iterator, Sequence

import dagster as dg

from mining_assets.defs.assets.references import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.defs.assets.rollups import MONTHLY, YEARLY
from mining_assets.defs.check_evaluations import check_results, check_specs
from mining_assets.defs.partitions import Partitions
from mining_assets.domain.periods import Month, Year
from mining_assets.reconciliation.verify import (
    Scope,
    verify_and_store_periods,
    verify_and_store_references,
)
from mining_assets.warehouse.connection import Warehouse


def roll_up_and_reference_checks(
    partitions: Partitions, scope: Scope, docs_url: str | None
) -> list[dg.AssetChecksDefinition]:
    """Return the checks that are not part of the daily chain."""
    return [
        _period_checks("monthly_checks", MONTHLY, partitions.months, Month.parse, scope, docs_url),
        _period_checks("yearly_checks", YEARLY, partitions.years, Year.parse, scope, docs_url),
        _reference_checks(scope, docs_url),
    ]


def _period_checks(
    name: str,
    assets: Sequence[dg.AssetKey],
    partitions: dg.TimeWindowPartitionsDefinition,
    parse: Callable[[str], Month | Year],
    scope: Scope,
    docs_url: str | None,
) -> dg.AssetChecksDefinition:
    @dg.multi_asset_check(name=name, specs=check_specs(key.to_user_string() for key in assets), can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        one_run = context.has_partition_key or context.has_partition_key_range
        keys = context.partition_keys if one_run else partitions.get_partition_keys()
        verification = verify_and_store_periods(warehouse, [parse(key) for key in keys], scope)
        yield from check_results(verification, warehouse, scope, context.selected_asset_check_keys, docs_url)

    return checks


def _reference_checks(scope: Scope, docs_url: str | None) -> dg.AssetChecksDefinition:
    tables = [key.to_user_string() for key in (WIND_BM_UNITS, NETWORK_EPOCHS)]

    @dg.multi_asset_check(name="reference_checks", specs=check_specs(tables), can_subset=True)
    def checks(
        context: dg.AssetCheckExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> Iterator[dg.AssetCheckResult]:
        verification = verify_and_store_references(warehouse)
        yield from check_results(verification, warehouse, scope, context.selected_asset_check_keys, docs_url)

    return checks
