"""Another warehouse out of the archive of one that lived, and the comparison of the two."""

from collections.abc import Collection
from datetime import datetime

import pandas as pd

from mining_assets.pipeline.dependencies import database_retries
from mining_assets.pipeline.replay import Replay, committed_fetches, fetches_until
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.ground import LOG, Ground
from mining_assets_tests.support.harness import Tables, days_between, tables_in

# When it was derived and stored.
OF_ITS_OWN = frozenset({"calculated_at", "restated_at"})
FETCHED = ("curtailment_records", "settlement_ledger", "wind_bm_units", "network_epochs")


def replayed(ground: Ground, target: Warehouse, as_of: datetime | None = None) -> Tables:
    """Build an empty warehouse out of a ground's archive; every fetch is taken, and no source is asked."""
    archive, rules, before = ground.archive, ground.rules, ground.requests
    assert archive is not None
    first, last = rules.scope.date_range
    assert last is not None
    with ground.warehouse.reading() as connection:
        fetches = fetches_until(archive, days_between(first, last), as_of, committed_fetches(connection))
    replay = Replay(archive, target, rules, (first, last), database_retries(rules.retries, LOG))
    assert [each.reason for each in replay.take(fetches) if each.reason] == []
    assert [finding for verification in replay.derive() for finding in verification.errors] == []
    assert ground.requests == before
    return tables_in(target, OF_ITS_OWN)


def assert_equal_but_for_sums(left: Tables, right: Tables, but: Collection[str] = ()) -> None:
    """What is stored is the same; what was derived in other sets of days may differ in the last bit of a sum.

    Args:
        left, right: the tables of both.
        but: names of tables that are not compared.
    """
    assert left.keys() == right.keys()
    for name, frame in left.items():
        if name in but:
            continue
        how = {"check_exact": True} if name in FETCHED else {"rtol": 1e-12, "check_exact": False}
        pd.testing.assert_frame_equal(frame, right[name], obj=name, **how)


def of_days(tables: Tables) -> Tables:
    """Leave out months and years, which nobody summed up where days were processed alone."""
    return {name: frame for name, frame in tables.items() if "monthly" not in name and "yearly" not in name}
