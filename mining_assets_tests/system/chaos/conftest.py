"""A twin, what an undisturbed run makes of it, and warehouses to be disturbed."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.chaos.seeds import ROUNDS, SEED
from mining_assets_tests.support.chaos.state import dumped
from mining_assets_tests.support.harness import Environment, Tables, days_between, environment, run_range
from mining_assets_tests.support.postgres import Cluster, temporary_cluster
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

# On both sides of a month's end.
FIRST, LAST = date(2025, 6, 30), date(2025, 7, 2)
DAYS = days_between(FIRST, LAST)
STACKS_OF_A_DAY = 96
STACKS = STACKS_OF_A_DAY * len(DAYS)


@dataclass
class Scene:
    """What a scenario plays on.

    Attributes:
        expected: the tables of a run that nothing disturbed.
        database: the name of the warehouse's database in the cluster; None for SQLite.
    """

    twin: Twin
    made: Environment
    expected: Tables
    database: str | None = None


@pytest.fixture(autouse=True)
def _seed_is_told() -> None:
    print(f"CHAOS_SEED={SEED} CHAOS_ROUNDS={ROUNDS}")


@pytest.fixture(scope="session")
def chaos_twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=7, units=12, light=True, windy_days=DAYS)) as started:
        yield started


@pytest.fixture(scope="session")
def undisturbed(chaos_twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables after a run that nothing disturbed."""
    made = environment(tmp_path_factory.mktemp("undisturbed"), chaos_twin, start_date=FIRST, end_date=LAST)
    for first, last in ((FIRST, FIRST), (DAYS[1], LAST)):
        assert run_range(made, first, last).errors == []
    return dumped(made)


@pytest.fixture
def twin(chaos_twin: Twin) -> Iterator[Twin]:
    yield chaos_twin
    chaos_twin.clear_faults()
    chaos_twin.delay_ms = 0
    chaos_twin.record.clear()


@pytest.fixture
def on_sqlite(twin: Twin, undisturbed: Tables, tmp_path: Path) -> Scene:
    """An empty SQLite warehouse."""
    made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    made.home.mkdir()
    return Scene(twin, made, undisturbed)


@pytest.fixture
def on_postgresql(twin: Twin, undisturbed: Tables, postgresql: Cluster, tmp_path: Path) -> Iterator[Scene]:
    """An empty PostgreSQL warehouse."""
    name = postgresql.create()
    yield Scene(twin, at_database(postgresql, name, twin, tmp_path), undisturbed, name)
    postgresql.drop(name)


@pytest.fixture(scope="session")
def own_cluster() -> Iterator[Cluster]:
    """One that scenarios may stop and fill. What it said was committed has to outlive that."""
    with temporary_cluster(synchronous_commit="on", max_connections="24") as cluster:
        yield cluster


@pytest.fixture
def on_own_cluster(
    own_cluster: Cluster, postgresql: Cluster, twin: Twin, undisturbed: Tables, tmp_path: Path
) -> Iterator[Scene]:
    """An empty warehouse there, with retries for half a minute. Skipped, like all others, without PostgreSQL."""
    name = own_cluster.create()
    retries = {"retry_attempts": 8, "retry_base_seconds": 0.2, "retry_max_seconds": 5}
    yield Scene(twin, at_database(own_cluster, name, twin, tmp_path).but(**retries), undisturbed, name)
    own_cluster.drop(name)


def at_database(cluster: Cluster, name: str, twin: Twin, folder: Path, port: int = 0, **query: str) -> Environment:
    """An environment on a database, upgraded; through another port of loopback if one is given."""
    address = cluster.address(name)
    warehouse = Warehouse(address)
    upgrade(warehouse)
    warehouse.close()
    url = address.set(port=port or address.port).update_query_dict(query)
    made = environment(
        folder, twin, start_date=FIRST, end_date=LAST, warehouse_url=url.render_as_string(hide_password=False)
    )
    made.home.mkdir(exist_ok=True)
    return made
