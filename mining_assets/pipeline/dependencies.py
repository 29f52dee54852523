"""What the pipeline works with, and the rules that it keeps."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_exponential_jitter

from mining_assets.curated import given_prices, given_sites, halving_times, miner_models, wind_unit_additions
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.archiving import NOT_ARCHIVING, Archiving
from mining_assets.reconciliation.verify import Scope
from mining_assets.settings import Settings
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse, is_transient


@dataclass(frozen=True)
class Rules:
    """What the settings and a person's own files say.

    Attributes:
        scope: the miner models, and the first and last partition.
        additions: wind units that the register does not type as such.
        sites: of BM units by id, where a person corrects them.
        halvings: block times by height, where a person gives them.
        given_prices: £ per BTC by day, from a person's file.
        healing: how often a day is tried.
        retries: how often a database that fails for the moment is tried.
        requests_per_second: the pace of Elexon's requests, by which costs are told.
    """

    scope: Scope
    additions: tuple[WindUnit, ...]
    sites: Mapping[str, str]
    halvings: Mapping[int, datetime]
    given_prices: Mapping[date, float]
    healing: HealingPolicy
    retries: RetryRule
    requests_per_second: float


def rules_of(settings: Settings) -> Rules:
    """Return the rules that the settings and the files that they name say.

    Raises:
        SettingsError: a file cannot be read, or says what cannot be.
    """
    return Rules(
        scope=Scope(miner_models(settings), (settings.start_date, settings.end_date)),
        additions=wind_unit_additions(settings),
        sites=given_sites(settings),
        halvings=halving_times(settings),
        given_prices=given_prices(settings),
        healing=settings.healing,
        retries=settings.retries,
        requests_per_second=settings.requests_per_second,
    )


@dataclass(frozen=True)
class PriceSources:
    """Where prices come from, in the order in which they are taken.

    Attributes:
        given: £ per BTC by day, from a person's own file.
        mempool: has a daily price since about September 2021.
        coinbase: asked for the days of which mempool has none.
    """

    given: Mapping[date, float]
    mempool: SyncClient[MempoolClient]
    coinbase: SyncClient[CoinbaseClient]


@dataclass(frozen=True)
class Dependencies:
    """The warehouse, the sources, the rules, and what keeps the sources' answers."""

    warehouse: Warehouse
    elexon: SyncClient[ElexonClient]
    mempool: SyncClient[MempoolClient]
    coinbase: SyncClient[CoinbaseClient]
    rules: Rules
    archiving: Archiving = NOT_ARCHIVING

    @property
    def prices(self) -> PriceSources:
        """Where the prices of days come from."""
        return PriceSources(self.rules.given_prices, self.mempool, self.coinbase)


def database_retries(rule: RetryRule, log: logging.Logger) -> Retrying:
    """Return what repeats a function while the database is lost or busy; errors of the data are raised at once.

    A function that it repeats returns what it did: nothing may be added up inside.
    """
    return Retrying(
        retry=retry_if_exception(is_transient),
        stop=stop_after_attempt(rule.attempts),
        wait=wait_exponential_jitter(multiplier=rule.base_seconds, max=rule.longest_seconds, jitter=rule.base_seconds),
        before_sleep=lambda state: log.warning(
            f"the database failed, tried again: {state.outcome.exception() if state.outcome else ''}"
        ),
        reraise=True,
    )
