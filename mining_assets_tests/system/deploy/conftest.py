"""A PostgreSQL for the deployment's roles and databases."""

from collections.abc import Iterator

import pytest

from mining_assets_tests.support.postgres import Cluster, cluster_or_skip


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A cluster that no other worker shares: roles and the deployment's names of databases are the whole cluster's."""
    with cluster_or_skip() as cluster:
        yield cluster
