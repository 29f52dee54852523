"""The references: what a fetch adds, and that a wrong answer takes nothing away."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from mining_assets.curated import shipped_sites
from mining_assets.domain.network import NEVER_FETCHED
from mining_assets.domain.settlement import LONDON
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch_references import (
    doubtful_sites,
    known_wind_units,
    reaches,
    refresh_network_epochs,
    refresh_wind_units,
    stored_network_history,
)
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError, SourceRefused
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse import references
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import network_epochs, span_writes, wind_bm_units
from mining_assets_tests.support.changed_references import Rewritten
from mining_assets_tests.support.elexon import elexon_of, forget_bodies, mempool_of
from mining_assets_tests.support.samples import damage, everything, history, rows_of
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.register import UNTYPED_WIND
from mining_assets_tests.support.twin.server import Twin

UNITS = 6


@pytest.fixture
def world() -> Rewritten:
    return Rewritten(3, units=UNITS, light=True)


@pytest.fixture
def elexon(world: Rewritten) -> Iterator[tuple[Twin, SyncClient[ElexonClient]]]:
    with elexon_of(world) as both:
        yield both


@pytest.fixture
def mempool(world: Rewritten) -> Iterator[tuple[Twin, SyncClient[MempoolClient]]]:
    with mempool_of(world) as both:
        yield both


# The wind register.


def test_the_register_and_the_additions_are_stored_once_with_particulars(
    warehouse: Warehouse, elexon: tuple[Twin, SyncClient[ElexonClient]], world: Rewritten
) -> None:
    additions = (WindUnit(UNTYPED_WIND, source="addition"), WindUnit("2__NEW", source="addition"))
    started = datetime.now(UTC)
    counts = refresh_wind_units(warehouse, elexon[1], additions)
    assert (counts["wind units"], counts["new"]) == (UNITS + 2, UNITS + 2)
    assert counts["units in the register"] == len(world.bm_units())
    units = known_wind_units(warehouse, additions)
    assert set(units) == world.wind_unit_ids | {UNTYPED_WIND, "2__NEW"}
    assert units[UNTYPED_WIND].lead_party_name == "Twin Energy Limited"  # from the register, which does not type it
    assert units["2__NEW"] == additions[1]
    assert sum(unit.generation_capacity is None for unit in units.values()) == 2  # one absent, one not registered
    with warehouse.reading() as connection:
        fetched_at = references.last_fetch(connection, wind_bm_units.name)
    assert fetched_at is not None
    assert started <= fetched_at <= datetime.now(UTC)


def test_before_the_register_was_ever_fetched_no_unit_is_known(warehouse: Warehouse) -> None:
    assert known_wind_units(warehouse, [WindUnit("2__NEW", source="addition")]) == {}


def test_an_addition_made_later_is_known_at_once_without_a_fetch(
    warehouse: Warehouse, elexon: tuple[Twin, SyncClient[ElexonClient]]
) -> None:
    refresh_wind_units(warehouse, elexon[1], [])
    addition = WindUnit("2__NEW", source="addition")
    assert known_wind_units(warehouse, [addition])["2__NEW"] == addition
    assert "2__NEW" in known_wind_units(warehouse, [])  # and stays
    assert elexon[0].count(route="bmunits") == 1


def test_a_unit_that_leaves_the_register_stays_a_wind_unit(
    warehouse: Warehouse, elexon: tuple[Twin, SyncClient[ElexonClient]], world: Rewritten
) -> None:
    refresh_wind_units(warehouse, elexon[1], [])
    before = known_wind_units(warehouse, [])
    gone = min(world.wind_unit_ids)
    world.register = [row for row in world.bm_units() if row["elexonBmUnit"] != gone]
    forget_bodies(elexon[0])
    counts = refresh_wind_units(warehouse, elexon[1], [])
    assert counts["absent"] == 1
    assert known_wind_units(warehouse, []) == before


@pytest.mark.parametrize(
    "fault",
    [
        Fault(kind="status", status=500, route="bmunits"),
        Fault(kind="empty", route="bmunits"),
        Fault(kind="html", route="bmunits"),
    ],
    ids=lambda fault: fault.kind,
)
def test_a_register_that_cannot_be_had_leaves_what_is_stored(
    warehouse: Warehouse, elexon: tuple[Twin, SyncClient[ElexonClient]], fault: Fault
) -> None:
    refresh_wind_units(warehouse, elexon[1], [])
    before = everything(warehouse)
    elexon[0].fault(fault)
    with pytest.raises(SourceError):
        refresh_wind_units(warehouse, elexon[1], [])
    assert everything(warehouse) == before


def test_a_register_without_any_wind_is_refused(
    warehouse: Warehouse, elexon: tuple[Twin, SyncClient[ElexonClient]], world: Rewritten
) -> None:
    world.register = [row | {"fuelType": "CCGT"} for row in world.bm_units()]
    with pytest.raises(SourceRefused, match=r"none of the \d+ BM units is typed WIND"):
        refresh_wind_units(warehouse, elexon[1], [WindUnit("2__NEW", source="addition")])
    assert known_wind_units(warehouse, []) == {}


# The network's epochs.


def test_the_difficulties_are_stored_and_known_until_they_were_asked_for(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    assert stored_network_history(warehouse) == NEVER_FETCHED
    started = datetime.now(UTC)
    counts = refresh_network_epochs(warehouse, mempool[1], {}).counts
    known = stored_network_history(warehouse)
    assert counts == {"epochs": len(known.epochs), "new": len(known.epochs)}
    assert len([epoch for epoch in known.epochs if epoch.kind == "retarget"]) == len(world.difficulty_adjustments())
    assert [epoch.height for epoch in known.epochs if epoch.kind == "halving"] == [210_000, 420_000, 630_000, 840_000]
    assert started <= known.known_until <= datetime.now(UTC)
    assert refresh_network_epochs(warehouse, mempool[1], {}).counts["new"] == 0
    assert stored_network_history(warehouse).known_until > known.known_until


def test_a_new_retarget_is_added(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    every = world.difficulty_adjustments()
    world.retargets = every[1:]
    refresh_network_epochs(warehouse, mempool[1], {})
    world.retargets = every
    forget_bodies(mempool[0])
    assert refresh_network_epochs(warehouse, mempool[1], {}).counts["new"] == 1


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda rows: [[*rows[0][:2], 0.0, 0.0], *rows[1:]], "refused: difficulty 0.0 at height"),
        (lambda rows: [[rows[0][0], rows[0][1] + 1, *rows[0][2:]], *rows[1:]], "refused: height .* is not a multiple"),
        (lambda rows: [rows[0], *rows], "refused: height .* appears twice"),
        (lambda rows: [[rows[1][0] - 1, *rows[0][1:]], *rows[1:]], "refused: height .* is not after height"),
        (lambda rows: [[4_000_000_000, *rows[0][1:]], *rows[1:]], "refused: height .* lies in the future"),
        (lambda rows: [rows[0], [*rows[1][:2], rows[1][2] * 1.01, 1.0], *rows[2:]], "contradicts what is stored"),
        (lambda rows: [*rows[:5], *rows[6:]], "contradicts what is stored: height .* the fetched history lacks it"),
    ],
    ids=["zero", "off grid", "twice", "out of order", "future", "other value", "hole"],
)
def test_difficulties_that_cannot_be_true_leave_what_is_stored(
    warehouse: Warehouse,
    mempool: tuple[Twin, SyncClient[MempoolClient]],
    world: Rewritten,
    change: Any,
    reason: str,
) -> None:
    every = world.difficulty_adjustments()
    refresh_network_epochs(warehouse, mempool[1], {})
    before = everything(warehouse)
    world.retargets = change(every)
    forget_bodies(mempool[0])
    with pytest.raises(SourceRefused, match=reason):
        refresh_network_epochs(warehouse, mempool[1], {})
    after = everything(warehouse)
    assert bool(after.pop("reference_refusals")) == ("contradicts" in reason)
    assert after == {name: rows for name, rows in before.items() if name != "reference_refusals"}


def test_epochs_lost_behind_its_back_come_back_with_the_next_fetch(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]]
) -> None:
    refresh_network_epochs(warehouse, mempool[1], {})
    before = stored_network_history(warehouse).epochs
    damage(warehouse, delete(network_epochs).where(network_epochs.c.height > 800_000))
    assert refresh_network_epochs(warehouse, mempool[1], {}).counts["new"] > 10
    assert stored_network_history(warehouse).epochs == before


def listed(twin: Twin, world: Rewritten, rows: list[list[float]]) -> None:
    """Make the source list some adjustments from now on."""
    world.retargets = rows
    forget_bodies(twin)


def test_a_shorter_list_keeps_what_is_stored_and_one_that_lags_is_not_newer(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    every = world.difficulty_adjustments()
    refresh_network_epochs(warehouse, mempool[1], {})
    known = stored_network_history(warehouse)
    listed(mempool[0], world, every[:5])
    assert refresh_network_epochs(warehouse, mempool[1], {}).counts["new"] == 0
    newest = stored_network_history(warehouse)
    assert newest.epochs == known.epochs
    assert newest.known_until > known.known_until
    listed(mempool[0], world, every[2:])
    assert refresh_network_epochs(warehouse, mempool[1], {}).counts["not listed by the source"] == 2
    assert stored_network_history(warehouse) == newest


def test_a_short_list_does_not_replace_a_longer_history_that_was_altered(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    every = world.difficulty_adjustments()
    refresh_network_epochs(warehouse, mempool[1], {})
    damage(warehouse, update(network_epochs).where(network_epochs.c.height == 838_656).values(difficulty=1.0))
    before = rows_of(warehouse, network_epochs)
    listed(mempool[0], world, every[:5])
    with pytest.raises(SourceRefused, match=r"was altered from height 0 on, and the list begins at .*accept-change"):
        refresh_network_epochs(warehouse, mempool[1], {})
    assert rows_of(warehouse, network_epochs) == before
    listed(mempool[0], world, every)
    refresh_network_epochs(warehouse, mempool[1], {})
    assert reaches(stored_network_history(warehouse), [date(2025, 6, 3)])


def test_a_retarget_that_a_lagging_list_lacked_rewrites_the_days_since(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    newest, *older = world.difficulty_adjustments()
    listed(mempool[0], world, older)
    refresh_network_epochs(warehouse, mempool[1], {})
    listed(mempool[0], world, [newest, *older])
    rewritten = refresh_network_epochs(warehouse, mempool[1], {}).rewritten
    assert rewritten[0] == datetime.fromtimestamp(newest[0], LONDON).date()
    assert rewritten[-1] == datetime.now(LONDON).date()
    # Until they are verified they count as not verified, whatever becomes of the run that fetched.
    assert {span for span, _ in rows_of(warehouse, span_writes)} == set(map(str, rewritten))


def test_a_history_that_began_too_late_is_completed(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    every = world.difficulty_adjustments()
    listed(mempool[0], world, every[:5])
    refresh_network_epochs(warehouse, mempool[1], {})
    assert not reaches(stored_network_history(warehouse), [date(2025, 6, 3)])
    listed(mempool[0], world, every)
    refreshed = refresh_network_epochs(warehouse, mempool[1], {})
    assert refreshed.counts["new"] == len(every) - 5 + 4  # and the halvings
    assert refreshed.rewritten == []
    assert reaches(stored_network_history(warehouse), [date(2025, 6, 3)])


def test_a_young_retarget_is_replaced_and_its_day_named(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    newest, *older = world.difficulty_adjustments()
    found = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=5)
    listed(mempool[0], world, [[int(found.timestamp()), *newest[1:]], *older])
    refresh_network_epochs(warehouse, mempool[1], {})
    listed(mempool[0], world, [[int(found.timestamp()) - 37, *newest[1:]], *older])
    rewritten = refresh_network_epochs(warehouse, mempool[1], {}).rewritten
    assert stored_network_history(warehouse).epochs[-1].block_time == found - timedelta(seconds=37)
    assert found.astimezone(LONDON).date() in rewritten
    assert len(rewritten) <= 2


def test_a_contradiction_of_what_is_settled_stands_until_it_is_accepted_or_gone(
    warehouse: Warehouse, mempool: tuple[Twin, SyncClient[MempoolClient]], world: Rewritten
) -> None:
    every = world.difficulty_adjustments()
    refresh_network_epochs(warehouse, mempool[1], {})
    before = stored_network_history(warehouse).epochs
    other = [*every[:9], [every[9][0] - 37, *every[9][1:]], *every[10:]]
    listed(mempool[0], world, other)
    with pytest.raises(SourceRefused, match=r"contradicts what is stored.*difficulty --accept-change"):
        refresh_network_epochs(warehouse, mempool[1], {})
    assert refusal(warehouse).startswith("the difficulty history contradicts what is stored: height")
    assert stored_network_history(warehouse).epochs == before
    listed(mempool[0], world, every)
    refresh_network_epochs(warehouse, mempool[1], {})
    assert refusal(warehouse) == ""
    listed(mempool[0], world, other)
    with pytest.raises(SourceRefused):
        refresh_network_epochs(warehouse, mempool[1], {})
    assert refresh_network_epochs(warehouse, mempool[1], {}, accept_change=True).rewritten
    assert refusal(warehouse) == ""
    assert stored_network_history(warehouse).epochs != before


def refusal(warehouse: Warehouse) -> str:
    with warehouse.reading() as connection:
        found = references.reference_refusal(connection, network_epochs.name)
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("known_until", "reached"),
    [
        (datetime(2025, 6, 20, 22, 30, tzinfo=UTC), False),  # the last period begins at that very instant
        (datetime(2025, 6, 20, 22, 30, 1, tzinfo=UTC), True),
        (datetime(2025, 6, 20, 12, tzinfo=UTC), False),
    ],
)
def test_a_history_reaches_a_day_when_it_covers_the_start_of_its_last_period(
    known_until: datetime, reached: bool
) -> None:
    assert reaches(history(known_until), [date(2025, 6, 20)]) is reached
    assert not reaches(NEVER_FETCHED, [date(2025, 6, 20)])
    assert reaches(history(known_until), [date(2025, 6, 20) - timedelta(days=1)])


def sites(warehouse: Warehouse) -> dict[str, str | None]:
    with warehouse.reading() as connection:
        units = wind_bm_units.c
        return dict(connection.execute(select(units.bm_unit_id, units.site).where(units.is_current)).all())


def test_units_are_stored_with_their_site_and_move_with_the_list(
    warehouse: Warehouse, elexon: tuple[Twin, SyncClient[ElexonClient]]
) -> None:
    refresh_wind_units(warehouse, elexon[1], [])
    by_rule = {f"T_TWA{letter}W-{number}": f"Twin TWA{letter}W" for letter in "ABC" for number in (1, 2)}
    assert sites(warehouse) == by_rule
    told = {"T_TWAAW-2": "Another farm", "T_TWABW-1": "Another farm"}
    hold_command_lock = {"T_TWAAW-1": "Twin TWAAW-1", "T_TWABW-2": "Twin TWABW-2", "2__NEW": "2__NEW"}
    before = rows_of(warehouse, wind_bm_units)
    known_wind_units(warehouse, [WindUnit("2__NEW", source="addition")], told)
    assert sites(warehouse) == by_rule | told | hold_command_lock
    versions = [(*row[:3], row[7]) for row in rows_of(warehouse, wind_bm_units) if row[0] != "2__NEW"]
    assert versions == [(*row[:3], row[7]) for row in before]  # what the register says is no other version for it
    refresh_wind_units(warehouse, elexon[1], [], told)
    assert sites(warehouse) == by_rule | told | hold_command_lock
    known_wind_units(warehouse, [], {})
    assert sites(warehouse) == by_rule | {"2__NEW": "2__NEW"}
    told = {"T_TWAAW-7": "Twin TWAAW", "T_TWABW-1": "Twim TWABW"}
    unit, site = doubtful_sites(warehouse, shipped_sites() | told)
    assert unit.startswith("T_TWAAW-7 is not a known wind BM unit; nearest: T_TWAAW-")
    assert site == "'Twim TWABW' is not a known site; nearest: Twin TWABW"
    assert doubtful_sites(warehouse, shipped_sites()) == []
