"""The means of the assets: the warehouse and the sources, opened for a run and closed after it."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import dagster as dg
from pyrate_limiter import Limiter

from mining_assets.domain.worth import COINBASE
from mining_assets.healing.plan import ELEXON, MEMPOOL
from mining_assets.progress import Silent
from mining_assets.settings import Settings
from mining_assets.sources.blocking import Blocking
from mining_assets.sources.coinbase import REQUESTS_PER_SECOND, CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.pacing import even_limiter
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.pacing import shared_pace
from mining_assets.warehouse.upgrade import open_warehouse


def resources(settings: Settings) -> dict[str, Any]:
    """The resources by name. They carry no configuration, so no address or password shows in the UI."""
    limits = http_limits(settings)

    @dg.resource(description="The warehouse.")
    def warehouse(_: dg.InitResourceContext) -> Iterator[Warehouse]:
        opened = open_warehouse(settings.warehouse)
        try:
            yield opened
        finally:
            opened.close()

    @dg.resource(description="Elexon Insights, rate limited.")
    def elexon(_: dg.InitResourceContext) -> Iterator[Blocking[ElexonClient]]:
        with (
            _paced(settings, ELEXON) as limiter,
            Blocking(ElexonClient(settings.elexon_url, limits, limiter=limiter)) as client,
        ):
            yield client

    @dg.resource(description="mempool.space, rate limited.")
    def mempool(_: dg.InitResourceContext) -> Iterator[Blocking[MempoolClient]]:
        with (
            _paced(settings, MEMPOOL) as limiter,
            Blocking(MempoolClient(settings.mempool_url, limits, limiter=limiter)) as client,
        ):
            yield client

    @dg.resource(description="Coinbase Exchange, rate limited.")
    def coinbase(_: dg.InitResourceContext) -> Iterator[Blocking[CoinbaseClient]]:
        with (
            _paced(settings, COINBASE, most=REQUESTS_PER_SECOND) as limiter,
            Blocking(CoinbaseClient(settings.coinbase_url, limits, limiter=limiter)) as client,
        ):
            yield client

    clients = {"elexon": elexon, "mempool": mempool, "coinbase": coinbase}
    return {"warehouse": warehouse, **clients, "progress": Silent()}


@contextmanager
def _paced(settings: Settings, source: str, most: float = math.inf) -> Iterator[Limiter]:
    """The limiter that all processes on the warehouse share; never more than ``most`` requests a second."""
    warehouse = Warehouse(settings.warehouse)
    try:
        yield even_limiter(min(settings.requests_per_second, most), shared_pace(warehouse, source))
    finally:
        warehouse.close()


def http_limits(settings: Settings) -> HttpLimits:
    """How hard the sources may be asked."""
    return HttpLimits(
        requests_per_second=settings.requests_per_second,
        concurrency=settings.concurrency,
        retry_attempts=settings.retry_attempts,
        retry_base_seconds=settings.retry_base_seconds,
        retry_max_seconds=settings.retry_max_seconds,
    )
