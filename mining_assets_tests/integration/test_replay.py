"""Another warehouse out of the archive equals the one that lived through it, as it stands and as it stood."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete

from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.pipeline import other_processes, replay
from mining_assets.pipeline.dependencies import Rules, database_retries
from mining_assets.pipeline.fetch_references import refresh_wind_units
from mining_assets.pipeline.repair import Repairs
from mining_assets.pipeline.replay import Replay, committed_fetches, fetches_until
from mining_assets.pipeline.results import DayRequest, DayResult
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import records_of
from mining_assets.warehouse.schema import curtailment_records
from mining_assets.warehouse.series import series_origins
from mining_assets_tests.support.ground import LOG, Ground
from mining_assets_tests.support.harness import tables_in
from mining_assets_tests.support.replayed import OF_ITS_OWN, assert_equal_but_for_sums, of_days, replayed
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.twin.registers import ChangingRegister
from mining_assets_tests.support.twin.world import Row

FIRST, SECOND = DAYS = [date(2025, 6, 2), date(2025, 6, 3)]
RULES = Rules(
    Scope(MODELS, (FIRST, SECOND)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2, base_seconds=0.001), 1000
)
AGAIN = DayRequest(frozenset(DAILY_TABLES), refetch=True, accept_shrink=True)


class Priced(ChangingRegister):
    """A world where only Coinbase has a price of the second day."""

    def prices(self, currency: str) -> list[Row]:
        rows = super().prices(currency)
        return [row for row in rows if datetime.fromtimestamp(row["time"], UTC).date() != SECOND]


def world(seed: int, lacks: int = 0) -> Priced:
    made = Priced(seed=seed, units=4, light=True, windy_days=DAYS)
    made.absent = set(made.wind_ids[:lacks])
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


def test_it_equals_the_one_that_lived_through_it(lived: Lived, warehouse: Warehouse) -> None:
    assert_equal_but_for_sums(of_days(replayed(lived.ground, warehouse)), of_days(lived.now))
    origins = []
    for each in (lived.ground.warehouse, warehouse):
        with each.reading() as connection:
            origins.append(series_origins(connection, BITCOIN_PRICE, DAYS))
    assert origins[1] == origins[0]
    assert origins[0] == {FIRST: "http://twin/api/v1", SECOND: "http://twin/coinbase"}


@pytest.mark.system
def test_it_is_as_it_stood_at_an_instant(lived: Lived, warehouse: Warehouse) -> None:
    assert_equal_but_for_sums(of_days(replayed(lived.ground, warehouse, lived.before)), of_days(lived.early))


@pytest.mark.system
def test_it_is_the_same_with_days_composed_in_other_processes(
    lived: Lived, warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(other_processes, "FEWEST", 1)
    monkeypatch.setattr(replay, "FEWEST_MONTHS", 1)
    monkeypatch.setattr(other_processes, "processors", lambda: 2)
    assert_equal_but_for_sums(of_days(replayed(lived.ground, warehouse)), of_days(lived.now))


@pytest.mark.system
def test_an_answer_that_was_taken_is_taken_again(warehouse: Warehouse, tmp_path: Path) -> None:
    """It was smaller than the day with the unit that the register had learned of, and not than the stored one."""
    with Ground(world(5, lacks=1), RULES, tmp_path / "lived").open() as ground:
        ground.run([FIRST])
        ground.world = world(5)
        refresh_wind_units(ground.warehouse, ground.elexon, [], archiving=ground.dependencies.archiving)
        ground.world.restate(FIRST, 0.9)
        (result,) = (event for event in ground.run([FIRST], refetch=True) if isinstance(event, DayResult))
        assert (result.outcome, result.failures) == ("restated", ())
        built, stored = replayed(ground, warehouse), tables_in(ground.warehouse, OF_ITS_OWN)
        assert_equal_but_for_sums(of_days(built), of_days(stored), but=("restatements",))


@pytest.mark.system
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
