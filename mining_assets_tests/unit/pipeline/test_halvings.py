"""The halving of 2028: asked for when the history may have passed it, and never guessed."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine

from mining_assets.domain.network import Epoch, NetworkHistory
from mining_assets.pipeline.fetch_references import refresh_network_epochs, stored_network_history
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.check_references import verify_network_epochs
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.references import store_network_history
from mining_assets_tests.support.elexon import forget_bodies, mempool_of
from mining_assets_tests.support.moved_blocks import FOUND, HEIGHT, Moved
from mining_assets_tests.support.twin import chain
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.server import Twin

BEFORE, AFTER = (datetime.fromtimestamp(chain.block_time(height), UTC) for height in (1_048_320, 1_050_336))


@dataclass
class Chain:
    """A warehouse, its source, and the clock."""

    warehouse: Warehouse
    world: Moved
    twin: Twin
    mempool: SyncClient[MempoolClient]
    clock: time_machine.Traveller
    rewritten: list[date] = field(default_factory=list)

    def fetch(self, at: datetime, given: dict[int, datetime] | None = None) -> list[int]:
        """Fetch at an instant; returns how often the difficulty and blocks were asked for."""
        self.clock.move_to(at)
        forget_bodies(self.twin)
        already = len(self.twin.requests)
        self.rewritten = refresh_network_epochs(self.warehouse, self.mempool, given or {}).rewritten
        asked = [request.route for request in self.twin.requests[already:]]
        return [asked.count("difficulty"), asked.count("blocks")]

    def halving(self) -> Epoch | None:
        epochs = stored_network_history(self.warehouse).epochs
        return next((epoch for epoch in epochs if (epoch.height, epoch.kind) == (HEIGHT, "halving")), None)

    def halving_time(self) -> datetime | None:
        stored = self.halving()
        return stored.block_time if stored else None

    def known_until(self) -> datetime:
        return stored_network_history(self.warehouse).known_until

    def found(self) -> list[str]:
        """What the check on halvings says; the other rules of the chain hold."""
        with self.warehouse.reading() as connection:
            verified = verify_network_epochs(connection, datetime.now(UTC))
        assert verified.found(checks.EPOCHS_VALID) == []
        return [each.example for each in verified.found(checks.EPOCHS_HALVINGS)]


@pytest.fixture
def of_2028(warehouse: Warehouse) -> Iterator[Chain]:
    world = Moved(3, units=2, light=True)
    with time_machine.travel(BEFORE, tick=False) as clock, mempool_of(world) as (twin, mempool):
        yield Chain(warehouse, world, twin, mempool, clock)


def test_the_source_is_asked_only_when_the_halving_may_have_been_found(of_2028: Chain) -> None:
    assert of_2028.fetch(BEFORE - timedelta(minutes=1)) == [1, 0]
    assert of_2028.fetch(BEFORE + timedelta(minutes=1)) == [1, 1]
    assert of_2028.fetch(FOUND + timedelta(days=2)) == [1, 2]  # the newest blocks, then the halving's
    assert of_2028.fetch(AFTER + timedelta(days=2)) == [1, 0]  # it is settled


def test_before_it_is_found_the_history_holds_until_the_newest_block(of_2028: Chain) -> None:
    of_2028.fetch(FOUND - timedelta(minutes=14))
    newest = datetime.fromtimestamp(chain.block_time(HEIGHT - 2), UTC)
    assert (of_2028.halving(), of_2028.known_until(), of_2028.found()) == (None, newest, [])


def test_a_source_that_lags_tells_no_more_than_it_knows(of_2028: Chain) -> None:
    of_2028.world.top = HEIGHT - 100
    of_2028.fetch(FOUND + timedelta(days=1))
    assert of_2028.halving() is None
    assert of_2028.known_until() == datetime.fromtimestamp(chain.block_time(HEIGHT - 100), UTC)
    of_2028.world.top = None
    of_2028.fetch(FOUND + timedelta(days=1, hours=1))
    assert of_2028.halving_time() == FOUND
    assert of_2028.known_until() == FOUND + timedelta(days=1, hours=1)


def test_the_halving_is_stored_with_the_epochs(of_2028: Chain) -> None:
    of_2028.fetch(FOUND + timedelta(hours=1))
    assert of_2028.halving() == Epoch(FOUND, HEIGHT, chain.difficulty(1_048_320), 1.5625, "halving")
    assert of_2028.known_until() == FOUND + timedelta(hours=1)
    assert of_2028.found() == []


@pytest.mark.parametrize("wrong", [BEFORE - timedelta(seconds=1), AFTER + timedelta(seconds=1)])
def test_a_time_that_does_not_fit_is_refused_and_nothing_is_known_around_it(of_2028: Chain, wrong: datetime) -> None:
    of_2028.world.moved = {HEIGHT: wrong}
    of_2028.fetch(AFTER + timedelta(days=1))
    assert of_2028.halving() is None
    history = stored_network_history(of_2028.warehouse)
    assert history.known_until == AFTER + timedelta(days=1)  # from the retarget after it everything is known again
    assert [(before.height, after.height) for before, after, _ in history.holes] == [(1_048_320, 1_050_336)]
    assert "the halving block 1050000" in history.why_unknown(FOUND)
    assert ["does not fit between its retargets" in told for told in of_2028.found()] == [True]
    of_2028.world.moved = {}
    of_2028.fetch(AFTER + timedelta(days=1, hours=1))
    assert of_2028.halving_time() == FOUND
    assert of_2028.found() == []


def test_a_source_that_does_not_tell_leaves_what_follows_the_retarget_unknown(of_2028: Chain) -> None:
    of_2028.twin.fault(Fault(kind="status", route="blocks"))
    of_2028.fetch(FOUND + timedelta(hours=3))
    assert (of_2028.halving(), of_2028.known_until()) == (None, BEFORE)
    assert "MINING_ASSETS_HALVINGS may tell it" in stored_network_history(of_2028.warehouse).why_unknown(FOUND)
    assert ["/blocks" in told for told in of_2028.found()] == [True]
    of_2028.twin.clear_faults()
    of_2028.fetch(FOUND + timedelta(hours=4))
    assert of_2028.found() == []


def test_a_young_halving_is_asked_for_again_and_kept_when_the_source_fails(of_2028: Chain) -> None:
    of_2028.fetch(FOUND + timedelta(hours=1))
    of_2028.twin.fault(Fault(kind="status", route="blocks"))
    of_2028.fetch(FOUND + timedelta(hours=2))
    assert of_2028.halving_time() == FOUND
    assert of_2028.known_until() == FOUND + timedelta(hours=2)
    of_2028.twin.clear_faults()
    of_2028.world.moved = {HEIGHT: FOUND - timedelta(seconds=37)}
    of_2028.fetch(FOUND + timedelta(hours=3))
    assert of_2028.halving_time() == FOUND - timedelta(seconds=37)
    assert of_2028.rewritten == [FOUND.date()]


def test_a_file_overrides_what_the_source_said(of_2028: Chain) -> None:
    of_2028.fetch(FOUND + timedelta(days=2))
    told = FOUND + timedelta(minutes=5)
    assert of_2028.fetch(FOUND + timedelta(days=2, hours=1), {HEIGHT: told}) == [1, 0]
    assert of_2028.halving_time() == told
    assert of_2028.rewritten == [FOUND.date()]


def test_a_file_whose_time_does_not_fit_is_named(of_2028: Chain) -> None:
    of_2028.fetch(AFTER + timedelta(days=1), {HEIGHT: AFTER})
    assert of_2028.halving() is None
    by_file = "does not fit between its retargets (as MINING_ASSETS_HALVINGS tells it)"
    assert [by_file in told for told in of_2028.found()] == [True]


def test_what_a_file_told_once_is_given_up_by_name_only(of_2028: Chain) -> None:
    told = FOUND + timedelta(minutes=30)
    of_2028.fetch(FOUND + timedelta(days=2), {HEIGHT: told})
    assert of_2028.fetch(FOUND + timedelta(days=9)) == [1, 0]
    assert of_2028.halving_time() == told
    of_2028.clock.move_to(FOUND + timedelta(days=10))
    rewritten = refresh_network_epochs(of_2028.warehouse, of_2028.mempool, {}, accept_change=True).rewritten
    assert of_2028.halving_time() == FOUND
    assert rewritten == [FOUND.date()]


def test_a_halving_that_the_code_knows_is_what_it_is_whatever_is_stored(of_2028: Chain) -> None:
    of_2028.fetch(AFTER + timedelta(days=1))
    known = stored_network_history(of_2028.warehouse)
    moved = [
        replace(epoch, block_time=epoch.block_time + timedelta(hours=5)) if epoch.height == 840_000 else epoch
        for epoch in known.epochs
    ]
    with of_2028.warehouse.writing("harm") as connection:
        store_network_history(connection, NetworkHistory(tuple(moved), known.known_until))
    with of_2028.warehouse.reading() as connection:
        (wrong,) = verify_network_epochs(connection, datetime.now(UTC)).found(checks.EPOCHS_VALID)
    assert "height 840000: the halving is not as it must be" in wrong.example
    of_2028.fetch(AFTER + timedelta(days=2))
    assert of_2028.found() == []


def test_a_halving_that_comes_late_rewrites_what_was_taken_for_known(of_2028: Chain) -> None:
    of_2028.world.moved = {HEIGHT - 1: FOUND + timedelta(minutes=40)}  # times of headers need not be in order
    of_2028.world.top = HEIGHT - 1
    of_2028.fetch(FOUND + timedelta(hours=1))
    assert of_2028.known_until() == FOUND + timedelta(minutes=40)
    of_2028.world.top = None
    of_2028.fetch(FOUND + timedelta(hours=2))
    assert of_2028.halving_time() == FOUND
    assert of_2028.rewritten == [FOUND.date()]
