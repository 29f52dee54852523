"""Prices and generation of the days of a run: what is lacking is fetched, and nothing of it stands in a day's way."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd
from tenacity import Retrying

from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.pipeline.dependencies import Dependencies
from mining_assets.pipeline.fetch_series import (
    SUMMARIES_OF,
    FetchedSeries,
    fetch_generation,
    fetch_prices,
    lacking_days,
    not_to_replace,
    store_and_follow,
)
from mining_assets.pipeline.results import SeriesResult
from mining_assets.warehouse.attempts import record_outage, record_recovery
from mining_assets.warehouse.series import discount_attempts, fetched_rows, record_failures, series_origins


def update_series(
    name: str, days: Sequence[date], dependencies: Dependencies, retry: Retrying, *, refetch: bool
) -> SeriesResult:
    """Fetch what is lacking of a series, and store it with the summaries that it is part of.

    Each step on the database is repeated by itself: what an earlier one did is not lost with a later one.
    """
    warehouse, rules = dependencies.warehouse, dependencies.rules
    given, now = rules.given_prices, datetime.now(UTC)
    lacking = days if refetch else retry(lacking_days, warehouse, name, days, now, given)
    fetched = _fetch(name, lacking, dependencies, retry) if lacking else FetchedSeries()
    summaries = retry(store_and_follow, warehouse, name, fetched, rules.scope.models)
    known, origins = retry(_known, dependencies, name, days)
    retry(_note, dependencies, name, fetched)
    failed = {
        day: f"{reason}; what was stored before stays" if day in known else reason
        for day, reason in fetched.failed.items()
    }
    return SeriesResult(name, known, origins, (SUMMARIES_OF[name], summaries), failed)


def _fetch(name: str, days: Sequence[date], dependencies: Dependencies, retry: Retrying) -> FetchedSeries:
    if name == BITCOIN_PRICE:
        return fetch_prices(dependencies.prices, days, retry(not_to_replace, dependencies.warehouse, days))
    return fetch_generation(dependencies.elexon, days)


def _known(
    dependencies: Dependencies, name: str, days: Sequence[date]
) -> tuple[dict[date, pd.DataFrame], dict[date, str | None]]:
    with dependencies.warehouse.reading() as connection:
        rows = dict(iter(fetched_rows(connection, name, days).groupby("settlement_date")))
        return rows, series_origins(connection, name, days)


def _note(dependencies: Dependencies, name: str, fetched: FetchedSeries) -> None:
    """Keep the account: days are not to blame for a source that gives nothing at all."""
    with dependencies.warehouse.writing(name) as connection:
        if fetched.away:
            record_outage(connection, name, fetched.away, dependencies.rules.healing, datetime.now(UTC))
            discount_attempts(connection, name, list(fetched.failed))
        elif fetched.fetched_at or fetched.failed:
            if fetched.answered:
                record_recovery(connection, name)
            record_failures(connection, name, fetched.failed)
