"""Clean warehouses to be damaged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mining_assets.warehouse.engine import Warehouse
from mining_assets_tests.templates import Templates
from mining_assets_tests.verification.clean import clean


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """A clean warehouse of the test's own, on each database in turn."""
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse
