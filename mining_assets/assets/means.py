"""What the runs of the assets work with."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from mining_assets.chain.series import PriceSources
from mining_assets.domain.healing import HealingPolicy, RetryRule
from mining_assets.domain.wind import WindUnit
from mining_assets.progress import Progress
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.mempool import MempoolClient
from mining_assets.verification.scan import Scope
from mining_assets.warehouse.engine import Warehouse


@dataclass(frozen=True)
class Means:
    """What a run works with: warehouse, sources, whom it tells, the rules it goes by, and what a person gave."""

    warehouse: Warehouse
    elexon: Blocking[ElexonClient]
    mempool: Blocking[MempoolClient]
    coinbase: Blocking[CoinbaseClient]
    progress: Progress
    scope: Scope
    additions: tuple[WindUnit, ...]
    sites: Mapping[str, str]
    halvings: Mapping[int, datetime]
    given_prices: Mapping[date, float]
    policy: HealingPolicy
    retries: RetryRule

    @property
    def prices(self) -> PriceSources:
        """Where the prices of days come from."""
        return PriceSources(self.given_prices, self.mempool, self.coinbase)
