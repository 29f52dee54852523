"""The daily chain: a day's way from the settlement stacks to its two summaries.

One step does all four assets, because in Dagster a step over many days has one outcome, and a failed step skips what
is downstream of it: good days would stay uncalculated for the sake of a bad one. Here every day commits by itself and
is reported as soon as it has; the step fails at the end and names the days that did not make it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

import dagster as dg
from pydantic import Field

from mining_assets.assets.descriptions import OWNERS, table_metadata
from mining_assets.assets.references import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.chain.derive import DerivedDays, calculate_days, summarize_bitcoin_days, summarize_days
from mining_assets.chain.fetch import DayIncomplete, fetch_day
from mining_assets.chain.references import (
    known_wind_units,
    reaches,
    refresh_network_epochs,
    refresh_wind_units,
    stored_network_history,
)
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NEVER_FETCHED, NetworkHistory
from mining_assets.domain.restatement import ShrinkRefused
from mining_assets.domain.settlement import periods_in
from mining_assets.domain.wind import WindUnit
from mining_assets.partitions import MONTH_AT_A_TIME, Partitions
from mining_assets.progress import DayReport, Progress
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError
from mining_assets.sources.mempool import MempoolClient
from mining_assets.warehouse.days import day_figures, store_day, whole_days
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    curtailment_records,
    daily_summaries,
    historical_bitcoin_calculations,
)

ELEXON_POOL = "elexon_api"
RECORDS = dg.AssetKey(curtailment_records.name)
CALCULATIONS = dg.AssetKey(historical_bitcoin_calculations.name)
DAILY = dg.AssetKey(daily_summaries.name)
BITCOIN_DAILY = dg.AssetKey(bitcoin_daily_summaries.name)
DAILY_CHAIN = (RECORDS, CALCULATIONS, DAILY, BITCOIN_DAILY)


class DailyRun(dg.Config):
    """How the days of a run are fetched."""

    refetch: bool = Field(
        default=False, description="Fetch days again that are whole. Without it they are kept, and only derived anew."
    )
    accept_empty: list[int] = Field(
        default_factory=list,
        description="Settlement periods that a person knows to be truly empty on both sides; for a run of one day.",
    )
    accept_shrink: bool = Field(
        default=False,
        description="Store a fetched day even if it takes more than 5 % off the final one that is stored.",
    )


@dataclass
class _Run:
    """One run of the chain: what is asked, the means, and what became of each day."""

    context: dg.AssetExecutionContext
    config: DailyRun
    warehouse: Warehouse
    elexon: Blocking[ElexonClient]
    progress: Progress
    models: tuple[MinerModel, ...]
    reasons: dict[date, list[str]] = field(default_factory=dict)

    def wants(self, asset: dg.AssetKey) -> bool:
        return asset in self.context.selected_asset_keys

    def materialized(self, asset: dg.AssetKey, day: date, metadata: Mapping[str, Any]) -> None:
        """Report a day that is in place, at once: a run that dies later has not lost it."""
        self.context.log_event(dg.AssetMaterialization(asset, partition=str(day), metadata=metadata))

    def failed(self, day: date, asset: dg.AssetKey, reason: str) -> None:
        self.reasons.setdefault(day, []).append(f"{asset.to_user_string()}: {reason}")
        self.context.log.error(f"{day} {asset.to_user_string()}: {reason}")


def daily_chain(
    cuts: Partitions, models: tuple[MinerModel, ...], additions: tuple[WindUnit, ...]
) -> dg.AssetsDefinition:
    """The four daily assets as one step over the days of a run."""

    @dg.multi_asset(
        name="daily_chain",
        specs=_specs(),
        can_subset=True,
        partitions_def=cuts.days,
        backfill_policy=MONTH_AT_A_TIME,
        pool=ELEXON_POOL,
    )
    def chain(
        context: dg.AssetExecutionContext,
        config: DailyRun,
        warehouse: dg.ResourceParam[Warehouse],
        elexon: dg.ResourceParam[Blocking[ElexonClient]],
        mempool: dg.ResourceParam[Blocking[MempoolClient]],
        progress: dg.ResourceParam[Progress],
    ) -> Iterator[dg.AssetCheckResult]:
        days = [date.fromisoformat(key) for key in context.partition_keys]
        run = _Run(context, config, warehouse, elexon, progress, models)
        _refuse_unfit(config, days)
        units = _wind_units(run, additions) if run.wants(RECORDS) else {}
        history = _network_history(run, mempool, days[-1]) if run.wants(CALCULATIONS) else NEVER_FETCHED
        for batch, fetch in _batches(run, days):
            requests = elexon.client.counters.requests
            outcomes = _fetch_and_store(run, batch, units) if fetch else dict.fromkeys(batch, "kept")
            _derive(run, batch, history)
            _tell(run, outcomes, elexon.client.counters.requests - requests)
        if run.reasons:
            raise _failure(run, len(days))
        yield from ()

    return chain


def _refuse_unfit(config: DailyRun, days: Sequence[date]) -> None:
    if not config.accept_empty:
        return
    if len(days) != 1:
        raise dg.Failure("accept_empty names periods of one day: run it for that day alone", allow_retries=False)
    last = periods_in(days[0])
    if not all(1 <= period <= last for period in config.accept_empty):
        raise dg.Failure(f"accept_empty: {days[0]} has the settlement periods 1 to {last}", allow_retries=False)


def _wind_units(run: _Run, additions: tuple[WindUnit, ...]) -> dict[str, WindUnit]:
    """The wind units known; fetched when they never were, so that a first run needs no preparation."""
    units = known_wind_units(run.warehouse, additions)
    if units:
        return units
    counts = refresh_wind_units(run.warehouse, run.elexon, additions)
    run.context.log_event(dg.AssetMaterialization(WIND_BM_UNITS, metadata=counts))
    return known_wind_units(run.warehouse, additions)


def _network_history(run: _Run, mempool: Blocking[MempoolClient], last: date) -> NetworkHistory:
    """The network's history; fetched when it does not reach the last day. Without it those days stay missing."""
    history = stored_network_history(run.warehouse)
    if reaches(history, last):
        return history
    try:
        counts = refresh_network_epochs(run.warehouse, mempool)
    except SourceError as error:
        run.context.log.warning(f"network_epochs could not be refreshed, what is stored is used: {error}")
        return history
    run.context.log_event(dg.AssetMaterialization(NETWORK_EPOCHS, metadata=counts))
    return stored_network_history(run.warehouse)


def _batches(run: _Run, days: Sequence[date]) -> Iterator[tuple[list[date], bool]]:
    """The days in order, each that has to be fetched by itself, the others as many at a time as stand together."""
    if not run.wants(RECORDS):
        yield list(days), False
        return
    with run.warehouse.reading() as connection:
        whole = {} if run.config.refetch else whole_days(connection, days)
    for kept, group in groupby(days, key=lambda day: day in whole):
        if kept:
            yield list(group), False
        else:
            yield from (([day], True) for day in group)


def _fetch_and_store(run: _Run, batch: Sequence[date], units: Mapping[str, WindUnit]) -> dict[date, str]:
    outcomes = {}
    for day in batch:
        try:
            fetched = run.elexon.run(fetch_day(run.elexon.client, day, units, run.config.accept_empty))
            with run.warehouse.writing(str(day)) as connection:
                outcomes[day] = str(store_day(connection, fetched, accept_shrink=run.config.accept_shrink))
        except (SourceError, DayIncomplete, ShrinkRefused) as error:
            outcomes[day] = "failed"
            run.failed(day, RECORDS, str(error))
            continue
        for warning in fetched.warnings:
            run.context.log.warning(warning)
    return outcomes


def _derive(run: _Run, batch: Sequence[date], history: NetworkHistory) -> None:
    """Bring what is derived from the days in line; a day whose records are not whole has its reason already."""
    with run.warehouse.reading() as connection:
        whole = list(whole_days(connection, batch))
    if run.wants(RECORDS):
        _log_records(run, [day for day in whole if day not in run.reasons])
    ready = whole if run.wants(RECORDS) else batch
    for asset, derived in _derivations(run, ready, history):
        for day, figures in derived.done.items():
            run.materialized(asset, day, figures)
        for day, reason in derived.failed.items():
            run.failed(day, asset, reason)


def _derivations(run: _Run, days: Sequence[date], history: NetworkHistory) -> Iterator[tuple[dg.AssetKey, DerivedDays]]:
    if run.wants(CALCULATIONS):
        yield CALCULATIONS, calculate_days(run.warehouse, days, history, run.models)
    if run.wants(DAILY):
        yield DAILY, summarize_days(run.warehouse, days)
    if run.wants(BITCOIN_DAILY):
        yield BITCOIN_DAILY, summarize_bitcoin_days(run.warehouse, days, run.models)


def _log_records(run: _Run, days: Sequence[date]) -> None:
    with run.warehouse.reading() as connection:
        for day in days:
            figures = day_figures(connection, day)
            assert figures is not None
            run.materialized(
                RECORDS,
                day,
                {
                    "dagster/partition_row_count": figures.records,
                    "curtailed energy (MWh)": figures.energy,
                    "payment (£)": figures.payment,
                    "settlement periods": periods_in(day),
                    "fetched at": dg.MetadataValue.timestamp(figures.fetched_at),
                },
            )


def _tell(run: _Run, outcomes: Mapping[date, str], requests: int) -> None:
    with run.warehouse.reading() as connection:
        for day, outcome in outcomes.items():
            figures = day_figures(connection, day)
            report = DayReport(
                day=day,
                outcome=outcome if run.wants(RECORDS) else "derived",
                records=figures.records if figures else 0,
                energy=figures.energy if figures else 0.0,
                payment=figures.payment if figures else 0.0,
                reasons=tuple(run.reasons.get(day, ())),
                requests=requests if outcome != "kept" else 0,
            )
            run.context.log.info(f"{day}: {report.outcome}, {report.records} records, {report.energy:,.3f} MWh")
            run.progress.day(report)


def _failure(run: _Run, total: int) -> dg.Failure:
    rows = "\n".join(f"| {day} | {'<br>'.join(reasons)} |" for day, reasons in sorted(run.reasons.items()))
    listed = "; ".join(f"{day}: {reasons[0]}" for day, reasons in sorted(run.reasons.items()))
    return dg.Failure(
        f"{len(run.reasons)} of {total} days are not complete, the others are. {listed}",
        metadata={"days that are not complete": dg.MetadataValue.md(f"| day | reason |\n|---|---|\n{rows}")},
        allow_retries=False,
    )


def _specs() -> list[dg.AssetSpec]:
    common: dict[str, Any] = {"owners": OWNERS, "skippable": True}
    return [
        dg.AssetSpec(
            RECORDS,
            deps=[WIND_BM_UNITS],
            group_name="curtailment",
            kinds={"elexon", "sql"},
            description=(
                "Rows of Elexon's settlement stacks that belong to wind farms, half hour by half hour, with the ledger "
                "of what was asked and answered. A day is fetched whole or not at all, and replaced in one "
                "transaction. Bids are energy a farm was told not to make (MWh < 0); offers undo earlier bids. "
                "Payment is £, positive = paid to the farm."
            ),
            metadata=table_metadata(curtailment_records),
            **common,
        ),
        dg.AssetSpec(
            CALCULATIONS,
            deps=[RECORDS, NETWORK_EPOCHS],
            group_name="bitcoin",
            kinds={"bitcoin", "sql"},
            description=(
                "Bitcoin that the curtailed energy of each farm could have mined in each half hour, on each miner "
                "model, at the difficulty and block subsidy in force at the period's start. Subsidy only: no fees, "
                "uptime 1."
            ),
            metadata=table_metadata(historical_bitcoin_calculations),
            **common,
        ),
        dg.AssetSpec(
            DAILY,
            deps=[RECORDS],
            group_name="curtailment",
            kinds={"sql"},
            description=(
                "Curtailed energy (gross, system-flagged, undone; MWh), payment (£, positive = paid to the farms) and "
                "counts per settlement day. A zero is certified; a day that is not whole has no row."
            ),
            metadata=table_metadata(daily_summaries),
            **common,
        ),
        dg.AssetSpec(
            BITCOIN_DAILY,
            deps=[CALCULATIONS],
            group_name="bitcoin",
            kinds={"bitcoin", "sql"},
            description="Bitcoin (BTC, subsidy only) and the energy behind it per settlement day and miner model.",
            metadata=table_metadata(bitcoin_daily_summaries),
            **common,
        ),
    ]
