"""The resources of the assets: the warehouse and the sources, opened for a run and closed after it."""

import math
from collections.abc import Iterator
from typing import Any

import dagster as dg
from pyrate_limiter import Limiter

from mining_assets.archive.store import Archive
from mining_assets.domain.fetch_estimate import slow_pace
from mining_assets.domain.valuation import COINBASE
from mining_assets.pipeline.archiving import NOT_ARCHIVING, Archiving
from mining_assets.reconciliation.plan import ELEXON, MEMPOOL
from mining_assets.settings import Settings
from mining_assets.sources.coinbase import REQUESTS_PER_SECOND, CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.rate_limit import even_limiter
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.pacing import shared_pace
from mining_assets.warehouse.upgrade import open_warehouse

SLOW_TIMEOUT_SECONDS, SLOW_RETRY_FACTOR = 120.0, 2


def resources(settings: Settings) -> dict[str, Any]:
    """Return the resources by name. They carry no configuration, so no address or password shows in the UI."""
    limits = http_limits(settings)

    @dg.resource(description="The warehouse.")
    def warehouse(_: dg.InitResourceContext) -> Iterator[Warehouse]:
        opened = open_warehouse(settings.warehouse)
        try:
            yield opened
        finally:
            opened.close()

    def limiter(context: dg.InitResourceContext, source: str, most: float = math.inf) -> Limiter:
        """Return the limiter that all processes on the warehouse share; never more than ``most`` requests a second."""
        pace = min(settings.requests_per_second, most)
        return even_limiter(pace, shared_pace(context.resources.warehouse, source))

    @dg.resource(required_resource_keys={"warehouse"}, description="Elexon Insights, rate limited.")
    def elexon(context: dg.InitResourceContext) -> Iterator[SyncClient[ElexonClient]]:
        with SyncClient(ElexonClient(settings.elexon_url, limits, limiter=limiter(context, ELEXON))) as client:
            yield client

    @dg.resource(required_resource_keys={"warehouse"}, description="mempool.space, rate limited.")
    def mempool(context: dg.InitResourceContext) -> Iterator[SyncClient[MempoolClient]]:
        with SyncClient(MempoolClient(settings.mempool_url, limits, limiter=limiter(context, MEMPOOL))) as client:
            yield client

    @dg.resource(required_resource_keys={"warehouse"}, description="Coinbase Exchange, rate limited.")
    def coinbase(context: dg.InitResourceContext) -> Iterator[SyncClient[CoinbaseClient]]:
        slow = limiter(context, COINBASE, most=REQUESTS_PER_SECOND)
        with SyncClient(CoinbaseClient(settings.coinbase_url, limits, limiter=slow)) as client:
            yield client

    @dg.resource(description="What keeps the answers of the sources.")
    def archiving(_: dg.InitResourceContext) -> Archiving:
        return open_archiving(settings)

    return {
        "warehouse": warehouse,
        "elexon": elexon,
        "mempool": mempool,
        "coinbase": coinbase,
        "archiving": archiving,
    }


def open_archiving(settings: Settings) -> Archiving:
    """Return what keeps the answers of the sources.

    Raises:
        ArchiveError: the address of the archive is none that an installed driver takes.
    """
    return Archiving(Archive(settings.archive)) if settings.archive else NOT_ARCHIVING


def http_limits(settings: Settings) -> HttpLimits:
    """How hard the sources may be asked."""
    return HttpLimits(
        requests_per_second=settings.requests_per_second,
        concurrency=settings.concurrency,
        retry_attempts=settings.retry_attempts,
        retry_base_seconds=settings.retry_base_seconds,
        retry_max_seconds=settings.retry_max_seconds,
    )


def slow_elexon(settings: Settings, warehouse: Warehouse) -> SyncClient[ElexonClient]:
    """Return a client, not open yet, that asks one request at a time, slowly and with long timeouts."""
    limits = HttpLimits(
        requests_per_second=slow_pace(settings.requests_per_second),
        concurrency=1,
        retry_attempts=settings.retry_attempts * SLOW_RETRY_FACTOR,
        retry_base_seconds=settings.retry_base_seconds,
        retry_max_seconds=settings.retry_max_seconds,
        timeout_seconds=SLOW_TIMEOUT_SECONDS,
    )
    limiter = even_limiter(limits.requests_per_second, shared_pace(warehouse, ELEXON))
    return SyncClient(ElexonClient(settings.elexon_url, limits, limiter=limiter))
