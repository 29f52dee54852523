"""Prices and generation of the days of a run: what is lacking is fetched, and nothing of it stands in a day's way."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg
import pandas as pd
from tenacity import Retrying

from mining_assets.assets.means import Means
from mining_assets.assets.partition_metadata import labelled, of_series
from mining_assets.chain.series import (
    FetchedSeries,
    fetch_generation,
    fetch_prices,
    lacking_days,
    not_to_replace,
    store_and_follow,
)
from mining_assets.domain.wording import count_of
from mining_assets.domain.worth import BITCOIN_PRICE, SERIES, WIND_GENERATION
from mining_assets.warehouse.healing import note_source_away, note_source_back
from mining_assets.warehouse.schema import bitcoin_daily_summaries, daily_summaries
from mining_assets.warehouse.series import fetched_rows, note_blameless, note_failed, series_origins

SERIES_ASSETS = PRICE, GENERATION = tuple(dg.AssetKey(name) for name in SERIES)
# What is summarized again when a day of a series becomes known.
FOLLOWERS = {
    BITCOIN_PRICE: dg.AssetKey(bitcoin_daily_summaries.name),
    WIND_GENERATION: dg.AssetKey(daily_summaries.name),
}


@dataclass(frozen=True)
class BroughtSeries:
    """What one attempt at a series came to.

    Attributes:
        known: the rows of each day that is known now.
        followed: the figures of the summaries that were made anew.
        failed: why days could not be had. They are as they were before.
        origins: where the rows of each day that is known came from; None where that is unknown.
    """

    known: dict[date, pd.DataFrame]
    followed: dict[date, dict[str, float]]
    failed: dict[date, str]
    origins: dict[date, str | None]


class SeriesRun:
    """Brings the wanted series of some days in line, before the days themselves."""

    def __init__(
        self,
        context: dg.AssetExecutionContext | dg.OpExecutionContext,
        wanted: Collection[dg.AssetKey],
        means: Means,
        *,
        refetch: bool,
        attempts: Callable[[], Retrying],
    ) -> None:
        self.context, self.wanted, self.means, self.refetch = context, wanted, means, refetch
        self.attempts = attempts

    @property
    def names(self) -> list[str]:
        """The series that are wanted."""
        return [name for name in SERIES if dg.AssetKey(name) in self.wanted]

    def bring(self, name: str, days: Sequence[date]) -> BroughtSeries:
        """Fetch what is lacking, and store it with the summaries that follow from it; tells nobody.

        Each step on the database is repeated by itself: what an earlier one came to is not lost with a later one.
        """
        attempts, warehouse = self.attempts, self.means.warehouse
        given, now = self.means.given_prices, datetime.now(UTC)
        lacking = days if self.refetch else attempts()(lacking_days, warehouse, name, days, now, given)
        fetched = self._fetch(name, lacking) if lacking else FetchedSeries()
        followed = attempts()(store_and_follow, warehouse, name, fetched, self.means.scope.models)
        known, origins = attempts()(self._known, name, days)
        attempts()(self._note, name, fetched)
        failed = {
            day: f"{reason}; what was stored before stays" if day in known else reason
            for day, reason in fetched.failed.items()
        }
        return BroughtSeries(known, followed, failed, origins)

    def report(self, name: str, brought: BroughtSeries, total: int) -> None:
        """Tell what an attempt came to, once it has, of so many days."""
        for day, rows in brought.known.items():
            self._materialized(dg.AssetKey(name), day, of_series(name, rows, brought.origins[day]))
        follower = FOLLOWERS[name]
        if follower not in self.wanted:  # else it is reported when the day is
            for day, figures in brought.followed.items():
                self._materialized(follower, day, labelled(figures))
        self._warn(name, brought.failed, total)

    def _fetch(self, name: str, days: Sequence[date]) -> FetchedSeries:
        if name == BITCOIN_PRICE:
            keep = self.attempts()(not_to_replace, self.means.warehouse, days)
            return fetch_prices(self.means.prices, days, keep)
        return fetch_generation(self.means.elexon, days)

    def _known(self, name: str, days: Sequence[date]) -> tuple[dict[date, pd.DataFrame], dict[date, str | None]]:
        with self.means.warehouse.reading() as connection:
            rows = dict(iter(fetched_rows(connection, name, days).groupby("settlement_date")))
            return rows, series_origins(connection, name, days)

    def _note(self, name: str, fetched: FetchedSeries) -> None:
        """Keep the account: days are not to blame for a source that gives nothing at all."""
        with self.means.warehouse.writing(name) as connection:
            if fetched.away:
                note_source_away(connection, name, fetched.away, self.means.policy, datetime.now(UTC))
                note_blameless(connection, name, list(fetched.failed))
            elif fetched.fetched_at or fetched.failed:
                if fetched.answered:
                    note_source_back(connection, name)
                note_failed(connection, name, fetched.failed)

    def _materialized(self, asset: dg.AssetKey, day: date, metadata: Mapping[str, Any]) -> None:
        self.context.log_event(dg.AssetMaterialization(asset, partition=str(day), metadata=metadata))

    def _warn(self, name: str, failed: Mapping[date, str], total: int) -> None:
        if not failed:
            return
        first = min(failed)
        text = f"{name}: {len(failed)} of {count_of(total, 'day')} could not be had, first {first}: {failed[first]}"
        self.context.log.warning(text)
        self.means.progress.say(f"warning: {text}")
