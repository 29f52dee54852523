"""Days out of the archive: repaired and derived anew without a request, and fetched where the archive is damaged."""

from collections.abc import Callable, Iterator, Sequence
from datetime import date
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest
from sqlalchemy import delete, update

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.pipeline import days, other_processes
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.repair import Repairs
from mining_assets.pipeline.results import DayRequest, DayResult, Event
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import ledger_of, records_of
from mining_assets.warehouse.names import CURTAILMENT_RECORDS
from mining_assets.warehouse.schema import (
    curtailment_records,
    settlement_days,
    settlement_ledger,
)
from mining_assets_tests.support.ground import LOG, Ground
from mining_assets_tests.support.samples import MODELS, everything
from mining_assets_tests.support.twin.generated import GeneratedWorld

FIRST, SECOND = DAYS = [date(2025, 6, 2), date(2025, 6, 3)]
RULES = Rules(
    Scope(MODELS, (FIRST, SECOND)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2, base_seconds=0.001), 1000
)
# What is derived from records is made of them whichever way they came.
OF_RECORDS = frozenset({CURTAILMENT_RECORDS})
REPLAY = DayRequest(OF_RECORDS, replay=True)
HEAL = DayRequest(OF_RECORDS, refetch=True, repair=True)


WORLD = GeneratedWorld(seed=5, units=4, light=True, windy_days=DAYS)


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse and the archive of its days."""
    folder = tmp_path_factory.mktemp("fetched")
    with Ground(WORLD, RULES, folder).open() as opened:
        opened.run(DAYS)
    return folder


@pytest.fixture
def ground(fetched: Path, tmp_path: Path) -> Iterator[Ground]:
    copytree(fetched, tmp_path, dirs_exist_ok=True)
    with Ground(WORLD, RULES, tmp_path).open() as opened:
        yield opened


def ask(ground: Ground, request: DayRequest, days: Sequence[date] = (FIRST,)) -> dict[date, DayResult]:
    events: list[Event] = list(ground.pipeline.run(days, request))
    return {each.day: each for each in events if isinstance(each, DayResult)}


def stored(warehouse: Warehouse) -> list[pd.DataFrame]:
    with warehouse.reading() as connection:
        return [records_of(connection, DAYS), *(ledger_of(connection, day) for day in DAYS)]


def same(before: list[pd.DataFrame], after: list[pd.DataFrame]) -> bool:
    for one, other in zip(before, after, strict=True):
        pd.testing.assert_frame_equal(one, other)
    return True


def _altered(warehouse: Warehouse) -> None:
    records = curtailment_records
    with warehouse.writing("damage") as connection:
        connection.execute(update(records).where(records.c.settlement_date == FIRST).values(original_price=-1.0))


def _lost_records(warehouse: Warehouse) -> None:
    with warehouse.writing("damage") as connection:
        connection.execute(delete(curtailment_records).where(curtailment_records.c.settlement_date == FIRST))


def _lost_ledger(warehouse: Warehouse) -> None:
    ledger = settlement_ledger
    with warehouse.writing("damage") as connection:
        connection.execute(delete(ledger).where(ledger.c.settlement_date == FIRST, ledger.c.settlement_period == 5))


def _lost_day(warehouse: Warehouse) -> None:
    with warehouse.writing("damage") as connection:
        for table in (curtailment_records, settlement_ledger, settlement_days):
            connection.execute(delete(table).where(table.c.settlement_date == FIRST))


Damage = Callable[[Warehouse], None]


@pytest.mark.parametrize(
    ("damage", "request_"),
    [
        pytest.param(_altered, HEAL, id="altered, healed"),
        pytest.param(_altered, REPLAY, id="altered, replayed"),
        pytest.param(_lost_records, HEAL, id="lost records, healed"),
        pytest.param(_lost_ledger, DayRequest(OF_RECORDS), id="lost ledger, by a backfill"),
        pytest.param(_lost_day, HEAL, id="lost day, healed"),
        pytest.param(_lost_day, DayRequest(OF_RECORDS), id="lost day, by a backfill"),
    ],
)
def test_damage_is_repaired_without_a_request(ground: Ground, damage: Damage, request_: DayRequest) -> None:
    before = stored(ground.warehouse)
    damage(ground.warehouse)
    results = ask(ground, request_)
    assert not results[FIRST].failures
    assert ground.requests == 0
    assert same(before, stored(ground.warehouse))


def test_a_person_who_asks_for_a_refetch_gets_one(ground: Ground) -> None:
    ask(ground, DayRequest(OF_RECORDS, refetch=True))
    assert ground.requests > 0


def _objects(tmp_path: Path) -> list[Path]:
    return [path for path in (tmp_path / "archive" / SETTLEMENT_STACKS).rglob("*.tar.zst") if str(FIRST) in str(path)]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def _lose_line(path: Path) -> None:
    path.with_name("manifest.jsonl").write_text("")


FAULTS = [
    pytest.param(Path.unlink, "there is no such object", id="missing"),
    pytest.param(_cut, "cannot be read", id="cut"),
    pytest.param(_lose_line, "has no sound line of the fetch", id="without its line"),
]


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_day_whose_archive_is_damaged_too_is_fetched(
    ground: Ground, tmp_path: Path, fault: Callable[[Path], None], reason: str
) -> None:
    before = stored(ground.warehouse)[0]
    _altered(ground.warehouse)
    (path,) = _objects(tmp_path)
    fault(path)
    results = ask(ground, HEAL)
    assert not results[FIRST].failures
    assert ground.requests == results[FIRST].requests > 0
    pd.testing.assert_frame_equal(stored(ground.warehouse)[0], before)
    ground.requests = 0
    _altered(ground.warehouse)  # what was fetched is in the archive again
    assert not ask(ground, HEAL)[FIRST].failures
    assert ground.requests == 0


@pytest.mark.parametrize(("fault", "reason"), FAULTS)
def test_a_replay_alone_says_what_is_damaged_and_asks_nobody(
    ground: Ground, tmp_path: Path, fault: Callable[[Path], None], reason: str
) -> None:
    before = stored(ground.warehouse)
    (path,) = _objects(tmp_path)
    fault(path)
    results = ask(ground, REPLAY, DAYS)
    (failure,) = (each for each in results[FIRST].failures if each.table == CURTAILMENT_RECORDS)
    assert f"{FIRST} cannot be replayed: " in failure.reason
    assert reason in failure.reason
    assert not results[SECOND].failures
    assert ground.requests == 0
    assert same(before, stored(ground.warehouse))


def test_a_damaged_line_beside_that_of_the_day_is_no_hindrance(ground: Ground, tmp_path: Path) -> None:
    before = stored(ground.warehouse)
    manifest = _objects(tmp_path)[0].with_name("manifest.jsonl")
    manifest.write_text("{" + manifest.read_text() + manifest.read_text())
    _altered(ground.warehouse)
    assert not ask(ground, REPLAY)[FIRST].failures
    assert same(before, stored(ground.warehouse))


def test_a_day_stored_while_nothing_was_archived_is_not_replayed(ground: Ground) -> None:
    archive, ground.archive = ground.archive, None
    ground.world = GeneratedWorld(seed=6, units=4, light=True, windy_days=DAYS)
    ask(ground, DayRequest(OF_RECORDS, refetch=True, accept_shrink=True))
    before = stored(ground.warehouse)
    ground.archive, ground.requests = archive, 0
    (failure,) = (each for each in ask(ground, REPLAY)[FIRST].failures if each.table == CURTAILMENT_RECORDS)
    assert "the archive lacks answers that it is made of" in failure.reason
    assert same(before, stored(ground.warehouse))
    assert not ask(ground, HEAL)[FIRST].failures
    assert ground.requests > 0


def test_a_day_that_is_due_is_fetched_not_repaired(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "mining_assets.pipeline.days.refetches_due", lambda fetched_at, _: pd.Series(True, index=fetched_at.index)
    )
    ask(ground, HEAL)
    assert ground.requests > 0


def test_a_period_that_was_fixed_alone_is_part_of_the_day(ground: Ground) -> None:
    ground.world = GeneratedWorld(seed=6, units=4, light=True, windy_days=DAYS)
    unit = str(stored(ground.warehouse)[0]["farm_id"].iloc[0])
    list(Repairs(ground.dependencies, LOG).fix_period(FIRST, 20, unit, accept_shrink=True))
    before = stored(ground.warehouse)
    ground.requests = 0
    _lost_day(ground.warehouse)
    assert not ask(ground, REPLAY)[FIRST].failures
    assert ground.requests == 0
    assert same(before, stored(ground.warehouse))


def test_replay_goes_with_no_refetch() -> None:
    with pytest.raises(ValueError, match="replay asks no source"):
        DayRequest(OF_RECORDS, refetch=True, replay=True).check(DAYS)


@pytest.mark.system
def test_days_of_other_processes_are_the_same_and_fail_the_same(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    next((tmp_path / "archive" / SETTLEMENT_STACKS).rglob(f"{FIRST}/*.tar.zst")).write_bytes(b"damaged")
    here = ask(ground, REPLAY, DAYS)
    assert (here[FIRST].outcome, here[SECOND].outcome) == ("failed", "unchanged")
    monkeypatch.setattr(other_processes, "FEWEST", 1)
    monkeypatch.setattr(other_processes, "processors", lambda: 2)
    there = ask(ground, REPLAY, DAYS)
    for day in DAYS:
        assert (there[day].outcome, there[day].failures) == (here[day].outcome, here[day].failures)


def test_a_wish_to_stop_is_heard_between_days(ground: Ground) -> None:
    heard: list[bool] = [False, False, True]
    events = list(ground.pipeline.run(DAYS, REPLAY, lambda: heard.pop(0) if heard else True))
    assert [event.day for event in events if isinstance(event, DayResult)] == [FIRST]


def test_a_newer_answer_that_was_refused_stays_noted(ground: Ground) -> None:
    ground.world = GeneratedWorld(seed=5, units=4, light=True, windy_days=DAYS)
    ground.world.restate(FIRST, 0.5)
    ground.run([FIRST], refetch=True)
    noted = everything(ground.warehouse)["refused_answers"]
    assert [row[0] for row in noted] == [FIRST]
    assert ask(ground, REPLAY)[FIRST].failures == ()
    assert everything(ground.warehouse)["refused_answers"] == noted


def test_a_replay_that_would_shrink_the_day_is_refused_and_noted_nowhere(
    ground: Ground, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No newer answer was refused: the next replay by the right register leaves nothing behind."""
    known = days.known_wind_units
    with monkeypatch.context() as fewer:
        fewer.setattr(days, "known_wind_units", lambda *a, **k: dict(list(known(*a, **k).items())[:1]))
        refused = ask(ground, REPLAY)[FIRST]
    assert "The stored day stays" in refused.failures[0].reason
    assert everything(ground.warehouse)["refused_answers"] == []
    assert ask(ground, REPLAY)[FIRST].failures == ()
