"""An environment that holds six days across a month's end and a clock change, right, and copies of it to damage."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from mining_assets_tests.support.harness import Environment, Tables, environment, run_cli, tables
from mining_assets_tests.support.operator_days import DAYS, FIRST, LAST
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin


@pytest.fixture(scope="session")
def world() -> GeneratedWorld:
    return GeneratedWorld(seed=21, light=True, windy_days=DAYS)


@pytest.fixture(scope="session")
def twin(world: GeneratedWorld) -> Iterator[Twin]:
    with Twin(world) as served:
        yield served


@pytest.fixture(scope="session")
def filled(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that holds all days, right."""
    made = environment(tmp_path_factory.mktemp("filled"), twin, start_date=FIRST, end_date=LAST)
    ran = run_cli(made, "range", FIRST, LAST)
    assert ran.returncode == 0, ran.stderr
    return made


@pytest.fixture
def made(filled: Environment, twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    """A copy of the filled warehouse in an environment of its own."""
    copy = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    (copy.home / "data").mkdir(parents=True)
    copied = copy.home / "data" / "warehouse.sqlite"
    with filled.warehouse() as source, closing(sqlite3.connect(str(source.url.database))) as connection:
        connection.execute("VACUUM INTO ?", (str(copied),))
    twin.record.clear()
    yield copy
    twin.clear_faults()


@pytest.fixture(scope="session")
def clean(filled: Environment) -> Tables:
    return tables(filled)
