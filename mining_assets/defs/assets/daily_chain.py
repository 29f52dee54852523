"""The daily chain: a day's way from the settlement stacks to its two summaries, with the checks of all its assets.

The daily series belong to the same step: they come first, so that the summaries have them, and nothing waits for
what cannot be had of them; an asset upstream with a step of its own would hold up every day that it lacks.

One step does all assets, because in Dagster a step over many days has one outcome, and a failed step skips what
is downstream of it: good days would stay uncalculated for the sake of a bad one. Here every day commits by itself and
is reported as soon as it has; the step fails at the end and names the days that did not make it. Run for its checks
alone, it verifies the whole history and stores nothing but what it finds.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg

from mining_assets.defs.assets.day_config import DailyRun, day_request
from mining_assets.defs.assets.day_reports import DayReporter
from mining_assets.defs.assets.descriptions import OWNERS, RULES_VERSION, rules_version, table_metadata
from mining_assets.defs.assets.keys import BITCOIN_DAILY, CALCULATIONS, CHAIN_STEP, DAILY, DAILY_CHAIN, RECORDS, STACKS
from mining_assets.defs.assets.references import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.defs.check_evaluations import check_evaluations, check_key, check_results, check_specs
from mining_assets.defs.partitions import MONTH_AT_A_TIME, TIMEZONE, Partitions
from mining_assets.domain.daily_series import DAILY_SERIES, figures_of
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.pipeline.archiving import Archiving
from mining_assets.pipeline.days import DayPipeline
from mining_assets.pipeline.dependencies import Dependencies, Rules, database_retries
from mining_assets.pipeline.verify_archive import NOT_KEPT
from mining_assets.progress import Progress
from mining_assets.reconciliation.attempts import ATTEMPT_TAG, HEALING_TAG, begin_attempt
from mining_assets.reconciliation.checks import ARCHIVE_CHECKS
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse import names
from mining_assets.warehouse.connection import Warehouse

ELEXON_POOL = "elexon_api"
_KEPT = "`mining-assets archive check` verifies all that is kept."
_NOT_KEPT = "Here nothing is kept: MINING_ASSETS_ARCHIVE_URL is none."


# A day settles by 15:00 UTC of the next one; in the evening yesterday must be there. Any materialization counts, so
# this is an alarm for a graph that stands still; which days are there is what the completeness check says.
FRESH_BY_EVENING = dg.FreshnessPolicy.cron(
    deadline_cron="0 20 * * *", lower_bound_delta=timedelta(hours=20), timezone=TIMEZONE
)


def daily_chain(
    partitions: Partitions, rules: Rules, docs_url: str | None, progress: Progress, *, keeps_answers: bool
) -> dg.AssetsDefinition:
    """Return the daily assets as one step over the days of a run.

    Args:
        partitions: of which it has the days.
        rules: by which days are fetched and calculated.
        docs_url: where the documentation of the checks is, if anywhere.
        progress: hears of each day as soon as it is committed, and may stop the run.
        keeps_answers: whether there is an archive.
    """
    _, last = rules.scope.date_range

    @dg.multi_asset(
        name=CHAIN_STEP,
        specs=_specs(
            rules_version(rules.scope.models),
            freshness=FRESH_BY_EVENING if last is None else None,
            keeps_answers=keeps_answers,
        ),
        check_specs=check_specs(key.to_user_string() for key in DAILY_CHAIN),
        can_subset=True,
        partitions_def=partitions.days,
        backfill_policy=MONTH_AT_A_TIME,
        pool=ELEXON_POOL,
    )
    def chain(
        context: dg.AssetExecutionContext,
        config: DailyRun,
        warehouse: dg.ResourceParam[Warehouse],
        elexon: dg.ResourceParam[SyncClient[ElexonClient]],
        mempool: dg.ResourceParam[SyncClient[MempoolClient]],
        coinbase: dg.ResourceParam[SyncClient[CoinbaseClient]],
        archiving: dg.ResourceParam[Archiving],
    ) -> Iterator[dg.AssetCheckResult]:
        one_run = context.has_partition_key or context.has_partition_key_range
        keys = context.partition_keys if one_run else partitions.days.get_partition_keys()
        days = [date.fromisoformat(key) for key in keys]
        dependencies = Dependencies(warehouse, elexon, mempool, coinbase, rules, archiving)
        pipeline = DayPipeline(dependencies, context.log)
        request = day_request(config, context.selected_asset_keys)
        series_only = not request.wants(*names.DAY_TABLES)
        reporter = DayReporter(context, progress, len(days), archiving.archive, series_only=series_only)
        if request.tables:
            try:
                events = pipeline.run(days, request, lambda: progress.stopping)
            except ValueError as error:
                raise dg.Failure(str(error), allow_retries=False) from None
            begin_run(context, warehouse, days, rules)
            progress.watch(elexon.client.counters)
            with progress.stoppable():
                reporter.report(events)
        else:
            reporter.report(pipeline.verify(days))
            if context.selected_asset_check_keys & set(map(check_key, ARCHIVE_CHECKS)):
                reporter.report([pipeline.verify_archive(days)])
        if archiving.archive is None:
            reporter.verification.not_evaluated = dict.fromkeys(ARCHIVE_CHECKS, NOT_KEPT)
        judged = (reporter.verification, warehouse, rules.scope, context.selected_asset_check_keys, docs_url)
        failure = reporter.failure() if request.tables else None
        if failure:
            for evaluation in check_evaluations(*judged):
                context.log_event(evaluation)
            raise failure
        yield from check_results(*judged)

    return chain


def begin_run(context: dg.AssetExecutionContext, warehouse: Warehouse, days: Sequence[date], rules: Rules) -> None:
    """Count the attempt, if healing asked for this run, and mark the run: one that dies before makes days wait."""
    retry, tags = database_retries(rules.retries, context.log), context.run.tags
    retry(begin_attempt, warehouse, tags, days, rules.healing, datetime.now(UTC))
    if HEALING_TAG in tags:
        run_id = context.run.run_id
        context.instance.add_run_tags(run_id, {ATTEMPT_TAG: run_id})


def _specs(bitcoin_version: str, freshness: dg.FreshnessPolicy | None, *, keeps_answers: bool) -> list[dg.AssetSpec]:
    common: dict[str, Any] = {"owners": OWNERS, "skippable": True, "freshness_policy": freshness}
    return [
        dg.AssetSpec(
            STACKS,
            code_version=RULES_VERSION,
            group_name="raw",
            kinds={"elexon", "file"},
            description=(
                "Every answer about a settlement day as it was received, in one compressed object per fetch, kept "
                "before anything is stored from it and named by the ledger of the records. A fetch archives and stores "
                "in one: selected alone, this fetches what curtailment_records would, and stores it. Its table has the "
                f"fetches of all sources. {_KEPT if keeps_answers else _NOT_KEPT}"
            ),
            metadata=table_metadata(names.ARCHIVED_FETCHES),
            **common,
        ),
        dg.AssetSpec(
            RECORDS,
            code_version=RULES_VERSION,
            deps=[WIND_BM_UNITS, STACKS],
            group_name="curtailment",
            kinds={"elexon", "sql"},
            description=(
                "Rows of Elexon's settlement stacks that belong to wind BM units, half hour by half hour, with the "
                "ledger of what was asked and answered. A day is fetched whole or not at all, and replaced in one "
                "transaction. Bids are energy a farm was told not to make (MWh < 0); offers undo earlier bids. "
                f"Payment is £, positive = paid to the farm. {FINAL_MEANS}"
            ),
            metadata=table_metadata(names.CURTAILMENT_RECORDS),
            **common,
        ),
        dg.AssetSpec(
            CALCULATIONS,
            code_version=bitcoin_version,
            deps=[RECORDS, NETWORK_EPOCHS],
            group_name="bitcoin",
            kinds={"bitcoin", "sql"},
            description=(
                "Bitcoin that the curtailed energy of each farm could have mined in each half hour, on each miner "
                "model, at the difficulty and block subsidy in force at the period's start. Subsidy only: no fees, "
                "uptime 1."
            ),
            metadata=table_metadata(names.CALCULATIONS),
            **common,
        ),
        *(
            dg.AssetSpec(
                series.name,
                code_version=RULES_VERSION,
                group_name=series.group,
                kinds=set(series.kinds),
                description=series.description,
                metadata=table_metadata(series.name),
                **common,
            )
            for series in DAILY_SERIES.values()
        ),
        dg.AssetSpec(
            DAILY,
            code_version=RULES_VERSION,
            deps=[RECORDS, *_series_of(DAILY)],
            group_name="curtailment",
            kinds={"sql"},
            description=(
                "Curtailed energy (gross, system-flagged, undone; MWh), payment (£, positive = paid to the farms) and "
                "counts per settlement day, with the share of the available wind that was curtailed. A zero is "
                "certified; a day that is not complete has no row."
            ),
            metadata=table_metadata(names.DAILY_SUMMARIES),
            **common,
        ),
        dg.AssetSpec(
            BITCOIN_DAILY,
            code_version=bitcoin_version,
            deps=[CALCULATIONS, *_series_of(BITCOIN_DAILY)],
            group_name="bitcoin",
            kinds={"bitcoin", "sql"},
            description=(
                "Bitcoin (BTC, subsidy only) and the energy behind it per settlement day and miner model, its value "
                "(£) at the price of that date, what was paid for the energy (£), and the ratio of the two."
            ),
            metadata=table_metadata(names.BITCOIN_DAILY_SUMMARIES),
            **common,
        ),
    ]


def _series_of(summary: dg.AssetKey) -> list[str]:
    """Return the daily series that figures of a summary need."""
    return [name for name, _ in figures_of(summary.to_user_string())]
