"""Months and years: each row is the sum of the level below."""

from dataclasses import dataclass

import dagster as dg
import pandas as pd

from mining_assets.defs.assets.conditions import ANY_UPSTREAM_PARTITION_CHANGED
from mining_assets.defs.assets.descriptions import OWNERS, RULES_VERSION, table_metadata
from mining_assets.defs.assets.partition_metadata import Metadata, of_bitcoin, of_summary
from mining_assets.defs.partitions import ALL_AT_ONCE, SPANS_THERE_ARE, Partitions
from mining_assets.domain.periods import DateRange
from mining_assets.domain.rollups import LEVELS
from mining_assets.pipeline.rollups import roll_up
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.names import (
    BITCOIN_DAILY_SUMMARIES,
    BITCOIN_MONTHLY_SUMMARIES,
    BITCOIN_YEARLY_SUMMARIES,
    DAILY_SUMMARIES,
    MONTHLY_SUMMARIES,
    YEARLY_SUMMARIES,
)


@dataclass(frozen=True)
class _Level:
    table: str
    below: str
    group: str
    description: str

    def shown(self, rows: pd.DataFrame) -> Metadata:
        """Return what the UI shows of the row or rows of a period."""
        return of_bitcoin(rows) if self.group == "bitcoin" else of_summary(rows)


_CURTAILMENT = "Energy (MWh), payment (£, positive = paid to the farms), counts and the share of wind curtailed"
_BITCOIN = "Bitcoin (BTC, subsidy only), the energy behind it, its value (£) and what was paid (£) per miner model"
_OF = (
    "{what} of a {span}: the sum of its {parts}. days_complete of days_expected say how much of it is there; share and "
    "value are absent while any of those days lacks generation or price."
)
_MONTHS = (
    _Level(
        MONTHLY_SUMMARIES,
        DAILY_SUMMARIES,
        "curtailment",
        _OF.format(what=_CURTAILMENT, span="month", parts="days"),
    ),
    _Level(
        BITCOIN_MONTHLY_SUMMARIES,
        BITCOIN_DAILY_SUMMARIES,
        "bitcoin",
        _OF.format(what=_BITCOIN, span="month", parts="days"),
    ),
)
_YEARS = (
    _Level(
        YEARLY_SUMMARIES,
        MONTHLY_SUMMARIES,
        "curtailment",
        _OF.format(what=_CURTAILMENT, span="year", parts="months"),
    ),
    _Level(
        BITCOIN_YEARLY_SUMMARIES,
        BITCOIN_MONTHLY_SUMMARIES,
        "bitcoin",
        _OF.format(what=_BITCOIN, span="year", parts="months"),
    ),
)
MONTHLY = tuple(dg.AssetKey(level.table) for level in _MONTHS)
YEARLY = tuple(dg.AssetKey(level.table) for level in _YEARS)


def roll_ups(partitions: Partitions, date_range: DateRange) -> list[dg.AssetsDefinition]:
    """Return the assets of the monthly and yearly summaries."""
    months = [_roll_up(level, partitions.months, date_range) for level in _MONTHS]
    return months + [_roll_up(level, partitions.years, date_range) for level in _YEARS]


def _roll_up(level: _Level, spans: dg.TimeWindowPartitionsDefinition, date_range: DateRange) -> dg.AssetsDefinition:
    parse = LEVELS[level.table].period.parse

    @dg.asset(
        name=level.table,
        deps=[dg.AssetDep(level.below, partition_mapping=SPANS_THERE_ARE)],
        partitions_def=spans,
        backfill_policy=ALL_AT_ONCE,
        retry_policy=dg.RetryPolicy(max_retries=3, delay=5, backoff=dg.Backoff.EXPONENTIAL),
        automation_condition=ANY_UPSTREAM_PARTITION_CHANGED,
        group_name=level.group,
        kinds={"sql", "bitcoin"} if level.group == "bitcoin" else {"sql"},
        owners=OWNERS,
        code_version=RULES_VERSION,
        description=level.description,
        metadata=table_metadata(level.table),
    )
    def summaries(
        context: dg.AssetExecutionContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.MaterializeResult[None]:
        for key in context.partition_keys:
            rows = roll_up(warehouse, level.table, parse(key), date_range)
            context.add_asset_metadata(level.shown(rows), partition_key=key)
        return dg.MaterializeResult()

    return summaries


def summary_metadata(table: str, rows: pd.DataFrame) -> Metadata:
    """Return what the UI shows of the row or rows of a month or a year."""
    (level,) = (level for level in (*_MONTHS, *_YEARS) if level.table == table)
    return level.shown(rows)
