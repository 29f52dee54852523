"""What is in this folder belongs to the system lane, and says by its folder what it needs."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent
NEEDS = {"browser": pytest.mark.browser, "daemon": pytest.mark.daemon, "chaos": pytest.mark.chaos}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests of this folder, among all that were collected."""
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.system)
            if (folder := item.path.relative_to(HERE).parts[0]) in NEEDS:
                item.add_marker(NEEDS[folder])
