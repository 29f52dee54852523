"""Each check of the archive fails on its own damage and names it; what cannot be evaluated is said, not guessed."""

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, insert, update

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.store import Archive
from mining_assets.pipeline import verify_archive
from mining_assets.pipeline.repair import Repairs
from mining_assets.pipeline.results import DayRequest
from mining_assets.pipeline.verify_archive import (
    NEWEST_DAYS,
    NOT_KEPT,
    SCAN,
    SLICES,
    Depth,
    days_due,
    verify_and_store_archive,
)
from mining_assets.reconciliation.checks import ARCHIVE_AGREEMENT, ARCHIVE_CHECKS, ARCHIVED, Check
from mining_assets.reconciliation.findings import Verification, stored_findings
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.reconciliation.verify import verify_and_store_days, verify_snapshot
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.schema import (
    archived_fetches,
    reference_fetches,
    settlement_ledger,
    unknown_wind_units,
    wind_bm_units,
)
from mining_assets.warehouse.verifications import last_scans
from mining_assets_tests.support.archive_cases import ARCHIVE_CASES, ArchiveCase, Harm, lose, without_a_row
from mining_assets_tests.support.archived import (
    DAYS,
    FIRST,
    RULES,
    SECOND,
    archived_days,
    place_archive,
    with_archived_days,
)
from mining_assets_tests.support.ground import LOG
from mining_assets_tests.support.samples import damage
from mining_assets_tests.support.templates import Templates

ALL = frozenset(DAILY_TABLES)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return place_archive(tmp_path)


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    with templates.copy(backend, with_archived_days, tmp_path) as warehouse:
        yield warehouse


def verified(warehouse: Warehouse, archive: Archive | None, depth: Depth = Depth.ALL) -> Verification:
    return verify_and_store_archive(warehouse, archive, RULES.scope, (FIRST, SECOND), depth)


def open_now(warehouse: Warehouse) -> set[tuple[Check, object]]:
    with warehouse.reading() as connection:
        found = stored_findings(connection, FIRST, SECOND)
    return {(each.check, each.span) for each in found if each.check in ARCHIVE_CHECKS}


def failing(warehouse: Warehouse) -> set[Check]:
    with warehouse.reading() as connection:
        return {finding.check for finding in verify_snapshot(connection, [FIRST], RULES.scope).errors}


def test_right_days_give_no_finding(ground: Warehouse, archive: Archive) -> None:
    found = verified(ground, archive)
    assert (found.findings, found.not_evaluated) == ([], {})
    assert found.archived == {ARCHIVED: set(DAYS), ARCHIVE_AGREEMENT: set(DAYS)}
    assert found.counts[ARCHIVED] == {"days": 2, "objects": 2, "days_read": 2}
    assert found.counts[ARCHIVE_AGREEMENT] == {"days_compared": 2}


FIRST_OF_EACH = list({case.check: case for case in reversed(ARCHIVE_CASES)}.values())


def parametrized(cases: Iterable[ArchiveCase]) -> list[Any]:
    """The first case of each check is quick enough for every run of the tests, the others are not."""
    return [
        pytest.param(case, id=case.about, marks=() if case in FIRST_OF_EACH else pytest.mark.system) for case in cases
    ]


@pytest.mark.parametrize("case", parametrized(ARCHIVE_CASES))
def test_damage_makes_just_its_check_fail_and_is_named(
    case: ArchiveCase, ground: Warehouse, archive: Archive, tmp_path: Path
) -> None:
    case.harm(ground, tmp_path)
    (found,) = verified(ground, archive).findings
    assert (found.check, found.span) == (case.check, FIRST)
    for part in case.says:
        assert part in found.example
    assert (failing(ground) >= set(case.also)) if case.also else (failing(ground) == set())
    assert open_now(ground) == {(case.check, FIRST)}


def test_every_check_of_the_archive_has_damage_that_makes_it_fail_alone() -> None:
    assert {case.check for case in ARCHIVE_CASES if not case.also} == set(ARCHIVE_CHECKS)


@pytest.mark.parametrize("case", parametrized(case for case in ARCHIVE_CASES if case.check is ARCHIVED))
def test_what_listing_shows_is_found_on_days_that_are_not_due(
    case: ArchiveCase, ground: Warehouse, archive: Archive, tmp_path: Path
) -> None:
    case.harm(ground, tmp_path)
    assert bool(verified(ground, archive, Depth.OPEN).findings) == case.by_listing


@pytest.mark.parametrize("harm", [lose, without_a_row], ids=["archive", "records"])
def test_a_finding_changes_no_state_of_its_day(harm: Harm, ground: Warehouse, archive: Archive, tmp_path: Path) -> None:
    harm(ground, tmp_path)
    verify_and_store_days(ground, DAYS, RULES.scope)

    def states() -> list[object]:
        with ground.reading() as connection:
            columns = ["state", "inconsistent", "quarantined"]
            return day_states(connection, FIRST, SECOND, RULES.scope.models)[columns].to_dict("records")

    before = states()
    assert verified(ground, archive).findings
    assert states() == before


def test_an_object_of_another_size_is_judged_by_its_content(ground: Warehouse, archive: Archive) -> None:
    damage(ground, update(archived_fetches).values(object_bytes=archived_fetches.c.object_bytes + 1))
    found = verified(ground, archive, Depth.OPEN)
    assert (found.findings, found.counts[ARCHIVED]["days_read"]) == ([], 2)


def test_a_finding_stays_until_its_day_is_right(ground: Warehouse, archive: Archive, tmp_path: Path) -> None:
    path = next((tmp_path / "archive" / "settlement_stacks").rglob(f"{FIRST}/*.tar.zst"))
    data = path.read_bytes()
    path.write_bytes(data[:-5] + b"12345")  # as long as it was
    assert verified(ground, archive).findings
    assert verified(ground, archive, Depth.OPEN).findings  # of all days those alone are read
    path.write_bytes(data)
    assert verified(ground, archive, Depth.OPEN).findings == []
    assert open_now(ground) == set()


def test_a_day_that_was_written_meanwhile_is_left_to_the_next_scan(
    ground: Warehouse, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(ground, tmp_path)
    monkeypatch.setattr(verify_archive, "written_since", lambda *_: {FIRST})
    found = verified(ground, archive)
    assert (found.findings, found.archived[ARCHIVED]) == ([], {SECOND})
    assert open_now(ground) == set()


def test_a_unit_known_as_wind_since_then_is_left_to_healing(
    ground: Warehouse, archive: Archive, tmp_path: Path
) -> None:
    without_a_row(ground, tmp_path)
    with ground.reading() as connection:
        unit = connection.execute(wind_bm_units.select()).first().bm_unit_id  # type: ignore[union-attr]
    row = {"settlement_date": FIRST, "bm_unit_id": unit, "rows": 1, "bid_mwh": -1.0}
    damage(ground, insert(unknown_wind_units).values(**row))
    assert verified(ground, archive).findings == []


def test_days_without_archived_answers_are_counted_and_not_compared(ground: Warehouse, archive: Archive) -> None:
    damage(ground, update(settlement_ledger).values(archive_object=None))
    found = verified(ground, archive)
    assert (found.findings, found.counts[ARCHIVE_AGREEMENT]) == ([], {"days_not_archived": 2})


def test_nothing_is_compared_without_a_register(ground: Warehouse, archive: Archive) -> None:
    damage(ground, delete(reference_fetches).where(reference_fetches.c.name == "wind_bm_units"))
    found = verified(ground, archive)
    assert found.findings == []
    assert found.not_evaluated[ARCHIVE_AGREEMENT].is_fault
    assert found.archived[ARCHIVE_AGREEMENT] == set()


def test_without_an_archive_nothing_is_open_and_that_is_said(
    ground: Warehouse, archive: Archive, tmp_path: Path
) -> None:
    lose(ground, tmp_path)
    assert verified(ground, archive).findings
    found = verified(ground, None)
    assert found.not_evaluated == dict.fromkeys(ARCHIVE_CHECKS, NOT_KEPT)
    assert open_now(ground) == set()


@pytest.mark.parametrize("method", ["reach", "read"])
def test_a_store_out_of_reach_is_no_finding_and_leaves_what_is_known(
    method: str, ground: Warehouse, archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lose(ground, tmp_path)
    verified(ground, archive, Depth.OPEN)

    def fail(*_: object) -> None:
        raise ArchiveUnavailable("s3://bucket", "no route to host")

    monkeypatch.setattr(Archive, method, fail)
    if method == "read":
        reached = iter([None])
        monkeypatch.setattr(Archive, "reach", lambda *_: next(reached) if reached.__length_hint__() else fail())
    found = verified(ground, archive)
    assert found.findings == []
    assert {each.is_fault for each in found.not_evaluated.values()} == {True}
    assert "archive: s3://bucket: no route to host" in found.not_evaluated[ARCHIVED].reason
    assert open_now(ground) == {(ARCHIVED, FIRST)}
    with ground.reading() as connection:
        assert SCAN not in last_scans(connection)


def test_a_scan_that_read_its_slice_is_noted(ground: Warehouse, archive: Archive) -> None:
    assert verified(ground, archive, Depth.SLICE).counts[ARCHIVED]["days_read"] == 2  # both are of the newest
    with ground.reading() as connection:
        assert datetime.now(UTC) - last_scans(connection)[SCAN] < timedelta(minutes=10)
    assert verified(ground, archive, Depth.SLICE).counts[ARCHIVED]["days_read"] == 0


START = date(2024, 1, 1)
HISTORY = [START + timedelta(days=each) for each in range(400)]
TODAY = date(2025, 3, 1)


def test_thirty_daily_scans_read_every_day_and_each_the_newest() -> None:
    dates = [TODAY + timedelta(days=each) for each in range(SLICES)]
    read = [days_due(HISTORY, each - timedelta(days=1), each) for each in dates]
    assert set().union(*read) == set(HISTORY)
    assert all(set(HISTORY[-NEWEST_DAYS:]) <= each for each in read)
    assert max(map(len, read)) <= len(HISTORY) / SLICES + 1 + NEWEST_DAYS


def test_scans_that_were_not_made_are_made_up_for() -> None:
    yesterday, today = (days_due(HISTORY, each - timedelta(days=1), each) for each in (TODAY - timedelta(1), TODAY))
    assert days_due(HISTORY, TODAY - timedelta(days=2), TODAY) == yesterday | today
    assert days_due(HISTORY, TODAY - timedelta(days=200), TODAY) == set(HISTORY)
    assert days_due(HISTORY, None, TODAY) == today
    assert days_due(HISTORY, TODAY, TODAY) == set()


@pytest.mark.system
@pytest.mark.parametrize(
    "request_", [DayRequest(ALL, replay=True), DayRequest(ALL, refetch=True)], ids=["replay", "fetch"]
)
@pytest.mark.parametrize("harm", [lose, without_a_row], ids=["archive", "records"])
def test_a_run_of_an_open_day_closes_what_it_repaired(harm: Harm, request_: DayRequest, tmp_path: Path) -> None:
    with archived_days(tmp_path) as ground:
        harm(ground.warehouse, tmp_path)
        (found,) = verified(ground.warehouse, ground.archive).findings
        list(ground.pipeline.run(DAYS, request_))
        repaired = harm is without_a_row or request_.refetch
        assert open_now(ground.warehouse) == (set() if repaired else {(found.check, FIRST)})


def test_a_run_leaves_days_alone_on_which_nothing_is_open(tmp_path: Path) -> None:
    with archived_days(tmp_path) as ground:
        lose(ground.warehouse, tmp_path)
        list(ground.pipeline.run(DAYS, DayRequest(ALL)))
        assert open_now(ground.warehouse) == set()


@pytest.mark.system
def test_a_day_that_is_replaced_is_judged_anew(tmp_path: Path) -> None:
    with archived_days(tmp_path) as ground:
        lose(ground.warehouse, tmp_path)
        assert verified(ground.warehouse, ground.archive).findings
        list(Repairs(ground.dependencies, LOG).replace_day(FIRST, ground.elexon, tmp_path, accept_shrink=False))
        assert open_now(ground.warehouse) == set()
