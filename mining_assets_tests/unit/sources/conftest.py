"""Each test of a source begins as a new process does."""

from collections.abc import Iterator

import pytest

from mining_assets.sources.http import _certificates
from mining_assets.sources.reachability import forget_reached


@pytest.fixture(autouse=True)
def new_process() -> Iterator[None]:
    """Forget the certificates that were read and the servers that answered."""
    _certificates.cache_clear()
    forget_reached()
    yield
    _certificates.cache_clear()
    forget_reached()
