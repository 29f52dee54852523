"""A warehouse with the project's own clients on a generated world, all in this process: no server, no Dagster."""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import httpx

from mining_assets.archive.store import Archive
from mining_assets.pipeline.archiving import Archiving
from mining_assets.pipeline.days import DayPipeline
from mining_assets.pipeline.dependencies import Dependencies, Rules
from mining_assets.pipeline.results import DayRequest, Event, StopAsked, never
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.empty import empty_warehouse
from mining_assets_tests.support.twin.routes import encode, parse, payload
from mining_assets_tests.support.twin.world import World

LOG = logging.getLogger("ground")
LIMITS = HttpLimits(requests_per_second=1000, concurrency=1, retry_attempts=1)


class Ground:
    """Runs the pipeline on a world, on a given warehouse or an empty one in a folder.

    Attributes:
        requests: how many were made.
        unavailable: whether the sources answer nothing but 503.
        failing: days, or their periods like 2025-06-01/5, whose stacks alone answer so.
        refused: days whose stacks are answered with 400.
        without_volumes: whether the whole-day volumes alone answer 503.
        archive: what keeps the answers; None keeps none.
    """

    def __init__(self, world: World, rules: Rules, folder: Path, warehouse: Warehouse | None = None) -> None:
        self.world, self.rules = world, rules
        self.requests = 0
        self.unavailable = False
        self.failing: set[date | str] = set()
        self.refused: set[date] = set()
        self.without_volumes = False
        self.warehouse = warehouse or empty_warehouse(folder)
        self.archive: Archive | None = Archive(str(folder / "archive"))
        transport = httpx.MockTransport(self._answer)
        self.elexon = SyncClient(ElexonClient("http://twin/bmrs/api/v1", LIMITS, transport=transport))
        self.mempool = SyncClient(MempoolClient("http://twin/api/v1", LIMITS, transport=transport))
        self.coinbase = SyncClient(CoinbaseClient("http://twin/coinbase", LIMITS, transport=transport))

    @contextmanager
    def open(self) -> Iterator["Ground"]:
        """Open the clients and close everything in the end."""
        with self.elexon, self.mempool, self.coinbase:
            yield self
        self.warehouse.close()

    @property
    def dependencies(self) -> Dependencies:
        """What the product's own pipeline and repairs work with here."""
        archiving = Archiving(self.archive)
        return Dependencies(self.warehouse, self.elexon, self.mempool, self.coinbase, self.rules, archiving)

    @property
    def pipeline(self) -> DayPipeline:
        """The product's own."""
        return DayPipeline(self.dependencies, LOG)

    def run(
        self,
        days: Sequence[date],
        tables: Sequence[str] = DAILY_TABLES,
        *,
        refetch: bool = False,
        should_stop: StopAsked = never,
    ) -> list[Event]:
        """Process days, and return everything that is told of them."""
        return list(self.pipeline.run(days, DayRequest(frozenset(tables), refetch), should_stop))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        asked = request.url.path
        if self.unavailable or self._is_stack(asked, self.failing) or (self.without_volumes and "/volumes/" in asked):
            return httpx.Response(503)
        if self._is_stack(asked, self.refused):
            return httpx.Response(400)
        body = encode(payload(self.world, parse(request.url.raw_path.decode())))
        return httpx.Response(200, content=body)

    @staticmethod
    def _is_stack(asked: str, of: Collection[date | str]) -> bool:
        return any("/stack/" in asked and f"/{each}/" in f"{asked}/" for each in of)
