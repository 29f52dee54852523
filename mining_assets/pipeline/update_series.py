"""Updating a daily series: fetch the days that need it, store them, summarize again what depends on them.

Nothing of it is needed for a day to be complete. What cannot be fetched stays absent; what was stored before stays.
How days are fetched stands in ``fetch_series``.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import pandas as pd
from tenacity import Retrying

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import ArchivedFetch
from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NEVER_FETCHED
from mining_assets.domain.origin import GIVEN, joined_origins
from mining_assets.pipeline.archiving import NOT_ARCHIVING, Archiving
from mining_assets.pipeline.dependencies import Dependencies
from mining_assets.pipeline.derive import derive
from mining_assets.pipeline.fetch_series import FETCH, FetchedSeries
from mining_assets.pipeline.results import SeriesResult
from mining_assets.reconciliation.plan import series_days_needed
from mining_assets.sources.received import Received, collect
from mining_assets.warehouse.attempts import discount_attempts, record_failures, record_outage, record_recovery
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.series import (
    fetched_rows,
    series_origins,
    series_states,
    store_series,
)


def update_series(
    name: str,
    days: Sequence[date],
    dependencies: Dependencies,
    retry: Retrying,
    *,
    refetch: bool,
    stored_only: bool = False,
) -> SeriesResult:
    """Fetch the days of a series that need it, and store them with the summaries that depend on them.

    With ``stored_only`` no source is asked: what is stored is reported.

    Each step on the database is repeated by itself: what an earlier one did is not lost with a later one.
    """
    warehouse, rules = dependencies.warehouse, dependencies.rules
    needed, stored = retry(_needed, warehouse, name, days, rules.given_prices)
    fetched, summaries = FetchedSeries(), {}
    if not stored_only and (refetch or needed):
        asked = days if refetch else needed
        with collect() as received:
            fetched = FETCH[name](dependencies, asked, stored)
        archiving = dependencies.archiving
        try:
            kept = keep_series(archiving, name, fetched, received, asked)
            summaries = retry(store_and_summarize, warehouse, name, fetched, rules.scope.models, archiving, kept)
        except ArchiveError as error:
            reason = f"not stored, since the answer could not be archived: {error}"
            fetched = FetchedSeries(failed=dict.fromkeys(asked, reason), unavailable=reason)
    known, origins = retry(_known, dependencies, name, days)
    retry(_record, dependencies, name, fetched)
    failed = {
        day: f"{reason}; what was stored before stays" if day in known else reason
        for day, reason in fetched.failed.items()
    }
    return SeriesResult(name, known, origins, summaries, failed)


def _needed(
    warehouse: Warehouse, name: str, days: Sequence[date], given: Mapping[date, float]
) -> tuple[list[date], pd.DataFrame]:
    """Return the days that have to be fetched, and the rows of all days that are stored as they were fetched."""
    with warehouse.reading() as connection:
        states = series_states(connection, name, days[0], days[-1], given)
        stored = fetched_rows(connection, name, days)
    needed = set(series_days_needed(name, states, datetime.now(UTC), trusted=set(stored["settlement_date"])))
    return [day for day in days if day in needed], stored


def store_and_summarize(
    warehouse: Warehouse,
    name: str,
    fetched: FetchedSeries,
    models: tuple[MinerModel, ...],
    archiving: Archiving = NOT_ARCHIVING,
    kept: ArchivedFetch | None = None,
) -> dict[str, dict[date, dict[str, float]]]:
    """Store what was fetched and summarize those days again, in one transaction.

    Args:
        warehouse: open.
        name: of the daily series.
        fetched: what was fetched of it.
        models: the miner models.
        archiving: what keeps the answers.
        kept: the answers that it was fetched from.

    Returns:
        By the summary that depends on the series, the figures of those days that have a row there; the others get
        theirs when they are derived. Empty where nothing depends on it.
    """
    figures, days = DAILY_SERIES[name].figures, sorted(fetched.fetched_at)
    with warehouse.writing(*map(str, days), name) as connection:  # the name: whose manifest is written
        if not days:
            archiving.record(connection, kept)
            return {}
        store_series(
            connection,
            name,
            pd.concat(fetched.rows),
            fetched.fetched_at,
            fetched.origins,
            archive_objects=_objects(fetched, kept),
        )
        summaries: dict[str, dict[date, dict[str, float]]] = {}
        if figures is not None:
            derived = derive(connection, days, NEVER_FETCHED, models, [figures.table])
            summaries[figures.table] = derived[figures.table].done
        archiving.record(connection, kept)
        return summaries


def keep_series(
    archiving: Archiving, name: str, fetched: FetchedSeries, received: Sequence[Received], days: Sequence[date]
) -> ArchivedFetch | None:
    """Keep the answers that days of a series were fetched from.

    Raises:
        ArchiveUnavailable: they could not be kept.
    """
    origins = [origin for origin in fetched.origins.values() if origin != GIVEN]
    refused = "" if fetched.fetched_at else "; ".join(sorted(set(fetched.failed.values())))
    ranges = tuple(f"{first}/{last}" for first, last in day_ranges(days, longest=len(days)))
    return archiving.keep(name, received, origin=joined_origins(sorted(set(origins))), days=ranges, refused=refused)


def _objects(fetched: FetchedSeries, kept: ArchivedFetch | None) -> dict[date, str]:
    """Return the archived object that each day came from; what a person gave is in none."""
    return {day: kept.object for day in fetched.fetched_at if kept and fetched.origins.get(day) != GIVEN}


def _known(
    dependencies: Dependencies, name: str, days: Sequence[date]
) -> tuple[dict[date, pd.DataFrame], dict[date, str | None]]:
    with dependencies.warehouse.reading() as connection:
        rows = dict(iter(fetched_rows(connection, name, days).groupby("settlement_date")))
        return rows, series_origins(connection, name, days)


def _record(dependencies: Dependencies, name: str, fetched: FetchedSeries) -> None:
    """Record outages and failures; an attempt does not count for a day when its source is unavailable."""
    with dependencies.warehouse.writing(name) as connection:
        if fetched.unavailable:
            record_outage(connection, name, fetched.unavailable, dependencies.rules.healing, datetime.now(UTC))
            discount_attempts(connection, name, list(fetched.failed))
        elif fetched.fetched_at or fetched.failed:
            if fetched.answered:
                record_recovery(connection, name)
            record_failures(connection, name, fetched.failed, dependencies.rules.healing, datetime.now(UTC))
