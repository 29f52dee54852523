"""What the tests of automation share: a clean warehouse, a Dagster instance, and looks through the sensors."""

from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import pytest

from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.clean import SHORT, WINDY, clean
from mining_assets_tests.support.dagster_storage import QUIET, place_storage
from mining_assets_tests.support.looking import Looking
from mining_assets_tests.support.templates import Templates


@pytest.fixture
def ground(templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """A clean warehouse of the test's own."""
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        yield warehouse


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    """A Dagster instance with storage of its own."""
    folder = tmp_path / "instance"
    place_storage(folder)
    with dg.DagsterInstance.local_temp(str(folder), overrides=QUIET) as made:
        yield made


@pytest.fixture
def looking(ground: Warehouse, instance: dg.DagsterInstance, tmp_path: Path) -> Looking:
    """The sensors over the three clean days."""
    return Looking(Settings(home=tmp_path, start_date=SHORT, end_date=WINDY), ground, instance)
