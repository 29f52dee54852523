"""The twin and the project's clients on it, fast and without long waits."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date

from mining_assets.pipeline.dependencies import PriceSources
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets_tests.support.twin.routes import Bodies
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.support.twin.world import World

LIMITS = HttpLimits(requests_per_second=1000, retry_attempts=2, retry_base_seconds=0, retry_max_seconds=0)


@contextmanager
def elexon_of(world: World) -> Iterator[tuple[Twin, SyncClient[ElexonClient]]]:
    """A twin that serves the world, and a client of its Elexon side."""
    with Twin(world) as twin, SyncClient(ElexonClient(twin.elexon_url, LIMITS)) as elexon:
        yield twin, elexon


@contextmanager
def mempool_of(world: World) -> Iterator[tuple[Twin, SyncClient[MempoolClient]]]:
    """A twin that serves the world, and a client of its mempool side."""
    with Twin(world) as twin, SyncClient(MempoolClient(twin.mempool_url, LIMITS)) as mempool:
        yield twin, mempool


@contextmanager
def prices_of(world: World, given: Mapping[date, float] | None = None) -> Iterator[tuple[Twin, PriceSources]]:
    """A twin that serves the world, and all that prices come from."""
    with (
        Twin(world) as twin,
        SyncClient(MempoolClient(twin.mempool_url, LIMITS)) as mempool,
        SyncClient(CoinbaseClient(twin.coinbase_url, LIMITS)) as coinbase,
    ):
        yield twin, PriceSources(given or {}, mempool, coinbase)


def forget_bodies(twin: Twin) -> None:
    """Make the twin look at its world again: it keeps the bodies of answers that no day changes."""
    twin._bodies = Bodies(twin.world)
