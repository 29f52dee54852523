"""Fixtures for all tests: warehouses on both databases, and an environment without the caller's settings."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings
from sqlalchemy import URL

from mining_assets.cli import phase, terminal
from mining_assets.cli.main import main
from mining_assets.settings import PREFIX
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.harness import Environment, Here
from mining_assets_tests.support.mixed import FIRST, LAST, mixed
from mining_assets_tests.support.postgres import Cluster, NotInstalled, temporary_cluster
from mining_assets_tests.support.templates import Templates
from mining_assets_tests.support.twin.recorded import VARIABLE as RECORDED_DATA

# No deadline: how long one example takes says more about the machine than about the code.
hypothesis_settings.register_profile("quick", deadline=None, max_examples=50)
hypothesis_settings.load_profile("quick")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave PostgreSQL to ``make test-system``: it needs a server, and the same tests play on SQLite."""
    for item in items:
        if isinstance(item, pytest.Function):
            played_on = item.callspec.params.values() if hasattr(item, "callspec") else ()
            if "postgresql" in item.fixturenames or "postgresql" in map(str, played_on):
                item.add_marker(pytest.mark.system)


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
def postgresql() -> Iterator[Cluster]:
    """A temporary PostgreSQL cluster; without PostgreSQL the test is skipped, in CI it fails."""
    try:
        with temporary_cluster() as cluster:
            yield cluster
    except NotInstalled as absent:
        if os.environ.get("CI") == "true":
            pytest.fail(f"{absent}; in CI nothing is skipped for that")
        pytest.skip(str(absent))


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
