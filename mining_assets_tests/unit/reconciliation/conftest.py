"""Clean warehouses to be damaged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.clean import clean
from mining_assets_tests.support.templates import Templates


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """A clean warehouse of the test's own, on each database in turn."""
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse
