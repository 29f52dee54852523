"""Another warehouse out of the archive equals the one that lived through it, as it stands and as it stood."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import delete

from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.pipeline import other_processes
from mining_assets.pipeline.dependencies import Rules, database_retries
from mining_assets.pipeline.fetch_references import refresh_wind_units
from mining_assets.pipeline.repair import Repairs
from mining_assets.pipeline.replay import Replay, committed_fetches, fetches_until
from mining_assets.pipeline.results import DayRequest
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import records_of
from mining_assets.warehouse.schema import curtailment_records
from mining_assets.warehouse.series import series_origins
from mining_assets_tests.support.ground import LOG, Ground
from mining_assets_tests.support.harness import Tables, tables_in
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.world import Row

FIRST, SECOND = DAYS = [date(2025, 6, 2), date(2025, 6, 3)]
RULES = Rules(
    Scope(MODELS, (FIRST, SECOND)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2, base_seconds=0.001), 1000
)
# When it was derived and stored.
OF_ITS_OWN = frozenset({"calculated_at", "restated_at"})
AGAIN = DayRequest(frozenset(DAILY_TABLES), refetch=True, accept_shrink=True)


class Smaller(GeneratedWorld):
    """A world whose register lacks a wind unit at first, and where only Coinbase has a price of the second day."""

    lacks = 0

    def bm_units(self) -> list[Row]:
        wind = [row for row in super().bm_units() if row["fuelType"] == "WIND" and row["elexonBmUnit"]]
        hidden = [row["elexonBmUnit"] for row in wind[: self.lacks]]
        return [row for row in super().bm_units() if row["elexonBmUnit"] not in hidden]

    def prices(self, currency: str) -> list[Row]:
        rows = super().prices(currency)
        return [row for row in rows if datetime.fromtimestamp(row["time"], UTC).date() != SECOND]


def world(seed: int, lacks: int = 0) -> Smaller:
    made = Smaller(seed=seed, units=4, light=True, windy_days=DAYS)
    made.lacks = lacks
    return made


class Lived:
    """A warehouse that lived through all that may happen to two days, and how it stood in between."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground
        ground.world = world(5, lacks=1)
        ground.run(DAYS)
        self.before, self.early = datetime.now(UTC), tables_in(ground.warehouse, OF_ITS_OWN)
        ground.world = world(5)  # the register learns of a unit
        refresh_wind_units(ground.warehouse, ground.elexon, [], archiving=ground.dependencies.archiving)
        list(ground.pipeline.run(DAYS, DayRequest(frozenset(DAILY_TABLES), refetch=True, repair=True)))
        ground.world = world(6)  # restated
        list(ground.pipeline.run([SECOND], AGAIN))
        ground.world = world(7)
        with ground.warehouse.reading() as connection:
            unit = str(records_of(connection, [FIRST])["farm_id"].iloc[0])
        list(Repairs(ground.dependencies, LOG).fix_period(FIRST, 20, unit, accept_shrink=True))
        with ground.warehouse.writing("damage") as connection:
            connection.execute(delete(curtailment_records).where(curtailment_records.c.settlement_date == SECOND))
        list(ground.pipeline.run([SECOND], DayRequest(frozenset(DAILY_TABLES))))
        self.now = tables_in(ground.warehouse, OF_ITS_OWN)


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    with Ground(world(5), RULES, tmp_path_factory.mktemp("lived")).open() as ground:
        yield Lived(ground)


def replayed(lived: Lived, target: Warehouse, as_of: datetime | None = None) -> Tables:
    archive = lived.ground.archive
    assert archive is not None
    lived.ground.requests = 0
    with lived.ground.warehouse.reading() as connection:
        fetches = fetches_until(archive, DAYS, as_of, committed_fetches(connection))
    replay = Replay(archive, target, RULES, (FIRST, SECOND), database_retries(RULES.retries, LOG))
    assert [each.reason for each in replay.take(fetches) if each.reason] == []
    assert [finding for verification in replay.derive() for finding in verification.errors] == []
    assert lived.ground.requests == 0
    return tables_in(target, OF_ITS_OWN)


def test_it_equals_the_one_that_lived_through_it(lived: Lived, warehouse: Warehouse) -> None:
    assert_equal(replayed(lived, warehouse), lived.now)


def test_each_price_has_the_origin_that_it_had(lived: Lived, warehouse: Warehouse) -> None:
    replayed(lived, warehouse)
    origins = []
    for each in (lived.ground.warehouse, warehouse):
        with each.reading() as connection:
            origins.append(series_origins(connection, BITCOIN_PRICE, DAYS))
    assert origins[1] == origins[0]
    assert origins[0] == {FIRST: "http://twin/api/v1", SECOND: "http://twin/coinbase"}


def test_it_is_as_it_stood_at_an_instant(lived: Lived, warehouse: Warehouse) -> None:
    assert_equal(replayed(lived, warehouse, lived.before), lived.early)


@pytest.mark.system
def test_it_is_the_same_with_days_composed_in_other_processes(
    lived: Lived, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_processes, "FEWEST", 1)
    monkeypatch.setattr(other_processes, "processors", lambda: 2)
    assert_equal(replayed(lived, warehouse), lived.now)


def assert_equal(left: Tables, right: Tables) -> None:
    """What is stored is the same; what was derived in other sets of days may differ in the last bit of a sum."""
    for name, frame in _of_days(left).items():
        derived = name not in ("curtailment_records", "settlement_ledger", "wind_bm_units", "network_epochs")
        how = {"rtol": 1e-12, "check_exact": False} if derived else {"check_exact": True}
        pd.testing.assert_frame_equal(frame, right[name], obj=name, **how)


def _of_days(tables: Tables) -> Tables:
    """Without months and years, which nobody summed up where days were processed alone."""
    return {name: frame for name, frame in tables.items() if "monthly" not in name and "yearly" not in name}


def test_an_answer_that_is_lost_is_named_and_stops_no_other(lived: Lived, warehouse: Warehouse, tmp_path: Path) -> None:
    archive = lived.ground.archive
    assert archive is not None
    with lived.ground.warehouse.reading() as connection:
        fetches = fetches_until(archive, DAYS, None, committed_fetches(connection))
    lost = next(fetch for fetch in fetches if fetch.subject == str(FIRST)).model_copy(update={"object": "0" * 64})
    some = [lost if fetch.fetched_at == lost.fetched_at and fetch.name == lost.name else fetch for fetch in fetches]
    replay = Replay(archive, warehouse, RULES, (FIRST, SECOND), database_retries(RULES.retries, LOG))
    failed = [each for each in replay.take(some) if each.reason]
    assert [each.fetch for each in failed][:1] == [lost]
    assert "there is no such object" in failed[0].reason
    list(replay.derive())
    assert len(tables_in(warehouse)["daily_summaries"]) >= 1


def test_what_no_warehouse_committed_is_not_taken(lived: Lived) -> None:
    archive = lived.ground.archive
    assert archive is not None
    assert fetches_until(archive, DAYS, None, frozenset()) == []
    assert len(fetches_until(archive, DAYS, None, None)) >= 6
