"""Fixtures for all tests: warehouses on both databases, and an environment without the caller's settings."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from hypothesis import settings as hypothesis_settings
from sqlalchemy import URL

from mining_assets.cli import phase, terminal
from mining_assets.cli.main import main
from mining_assets.settings import PREFIX
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.harness import Environment, Here
from mining_assets_tests.support.mixed import FIRST, LAST, mixed
from mining_assets_tests.support.postgres import Cluster, NotInstalled, cluster_or_skip, joined, temporary_cluster
from mining_assets_tests.support.templates import Templates
from mining_assets_tests.support.twin.recorded import VARIABLE as RECORDED_DATA

# No deadline: how long one example takes says more about the machine than about the code.
hypothesis_settings.register_profile("quick", deadline=None, max_examples=50)
hypothesis_settings.load_profile("quick")


CLUSTER = pytest.StashKey[str]()
WAREHOUSE = Path(__file__).parent / "unit" / "warehouse"
# Whose SQL differs by database, or which test what a database itself does: locks, types, the schema, rows that
# are replaced. The other modules of the warehouse leave all of that to these.
DIFFERS_BY_DATABASE = frozenset(
    {
        "test_attempts",
        "test_connection",
        "test_copy",
        "test_day_states",
        "test_days",
        "test_inspection",
        "test_pacing",
        "test_pgbouncer",
        "test_schema",
        "test_strict",
        "test_upgrade",
        "test_views",
    }
)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Start one PostgreSQL for all workers of xdist; where it is not installed, their fixture says so."""
    config: pytest.Config = node.config
    if CLUSTER not in config.stash:
        until_the_end = ExitStack()
        config.add_cleanup(until_the_end.close)
        with suppress(NotInstalled):
            config.stash[CLUSTER] = until_the_end.enter_context(temporary_cluster(max_connections="150")).shared()
    node.workerinput["cluster"] = config.stash.get(CLUSTER, None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs PostgreSQL, by its fixtures and parameters.

    SQL stands in the warehouse alone, and where it differs by database its tests play on PostgreSQL in ``make test``
    too. All others do in ``make test-system`` only.
    """
    for item in items:
        if isinstance(item, pytest.Function):
            played_on = item.callspec.params.values() if hasattr(item, "callspec") else ()
            if "postgresql" in item.fixturenames or "postgresql" in map(str, played_on):
                item.add_marker(pytest.mark.postgresql)
                if item.path.parent != WAREHOUSE or item.path.stem not in DIFFERS_BY_DATABASE:
                    item.add_marker(pytest.mark.system)


@pytest.fixture(autouse=True, scope="session")
def _migrations_are_read_once() -> Iterator[None]:
    """Dagster reads the files of its migrations for each database that it opens, ours are read for each upgrade."""
    read: Callable[[Config], ScriptDirectory] = ScriptDirectory.from_config
    known: dict[str | None, ScriptDirectory] = {}

    def known_or_read(config: Config) -> ScriptDirectory:
        folder = config.get_main_option("script_location")
        if folder not in known:
            known[folder] = read(config)
        return known[folder]

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(ScriptDirectory, "from_config", known_or_read)
        yield


@pytest.fixture(autouse=True)
def _no_settings_of_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is set in the caller's shell must not decide how a test ends."""
    for name in os.environ:
        if name.startswith(PREFIX) and name != RECORDED_DATA:
            monkeypatch.delenv(name)
    monkeypatch.delenv("DAGSTER_HOME", raising=False)


@pytest.fixture(autouse=True)
def _no_word_of_how_long_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine a short command would say that it is still at work, where a test counts the lines."""
    monkeypatch.setattr(phase, "BEAT_SECONDS", 3600.0)
    monkeypatch.setattr(terminal, "BEAT_SECONDS", 3600.0)


@pytest.fixture(scope="session")
def postgresql(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A temporary PostgreSQL cluster, one for all workers; without PostgreSQL the test is skipped, in CI it fails."""
    worker = getattr(request.config, "workerinput", {})
    if shared := worker.get("cluster"):
        yield joined(shared, worker["workerid"])
        return
    with cluster_or_skip() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def templates(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Templates:
    """Prepared databases, to be copied."""
    return Templates(tmp_path_factory.mktemp("templates"), lambda: request.getfixturevalue("postgresql"))


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def backend(request: pytest.FixtureRequest) -> str:
    """Each database in turn."""
    name: str = request.param
    return name


@pytest.fixture
def empty_address(backend: str, templates: Templates, tmp_path: Path) -> Iterator[URL]:
    """The address of a database without any table."""
    with templates.empty(backend, tmp_path) as address:
        yield address


@pytest.fixture
def warehouse(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """An upgraded, empty warehouse, on each database in turn."""
    with templates.copy(backend, upgrade, tmp_path) as copied:
        yield copied


@pytest.fixture(scope="module")
def mixed_days(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """A home whose warehouse holds days of every kind."""
    folder = tmp_path_factory.mktemp("made")
    with templates.copy("sqlite", mixed, folder) as warehouse:
        address = warehouse.url.render_as_string()
        yield Environment(folder / "home", {}).but(warehouse_url=address, start_date=FIRST, end_date=LAST)


@pytest.fixture
def here(mixed_days: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Here:
    """The command line in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("os.environ", mixed_days.of_process())
        monkeypatch.setattr("sys.argv", ["mining-assets", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
