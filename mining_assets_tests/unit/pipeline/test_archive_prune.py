"""Pruning removes orphans alone, and vintages that are named; never what anybody needs, whenever it is interrupted."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.pipeline.archive_check import check_archive
from mining_assets.pipeline.archive_prune import InUse, plan_pruning, prune
from mining_assets.warehouse.archived import note_archived, noted_fetches
from mining_assets.warehouse.schema import settlement_ledger
from mining_assets_tests.support.answers import BEGUN, answers
from mining_assets_tests.support.archived import FIRST, SECOND, aged, archived_days, the_object
from mining_assets_tests.support.ground import Ground

OLD, NEW = 3, 4


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with archived_days(tmp_path) as opened:
        aged(tmp_path)
        yield opened


def archive(ground: Ground) -> Archive:
    assert ground.archive
    return ground.archive


def pruned(ground: Ground, *vintages: str) -> set[tuple[str, str, datetime | None]]:
    planned = plan_pruning(ground.warehouse, archive(ground), vintages)
    removed = prune(ground.warehouse, archive(ground), planned, vintages)
    return {(each.subject, each.object, each.fetched_at) for each in removed}


def assert_right(ground: Ground) -> None:
    checked = check_archive(ground.warehouse, archive(ground))
    assert (checked.problems, checked.orphans) == ([], [])


def vintage(ground: Ground, *, committed: bool = True) -> ArchivedFetch:
    """A fetch of the first day that the ledger does not name any more, or never did."""
    kept = archive(ground).keep(SETTLEMENT_STACKS, str(FIRST), answers(OLD))
    archive(ground).record(kept)
    if committed:
        with ground.warehouse.writing("test") as connection:
            note_archived(connection, [kept.model_dump()])
    return kept


def test_nothing_is_removed_of_what_was_committed(ground: Ground) -> None:
    vintage(ground)
    assert pruned(ground) == set()
    assert_right(ground)


def test_orphans_are_removed_and_nothing_else(ground: Ground, tmp_path: Path) -> None:
    line = vintage(ground, committed=False)
    unnamed = archive(ground).keep(SETTLEMENT_STACKS, "2025-06-09", answers(NEW))
    aged(tmp_path)
    planned = plan_pruning(ground.warehouse, archive(ground))
    assert planned.bytes == line.object_bytes + unnamed.object_bytes
    assert len(check_archive(ground.warehouse, archive(ground)).orphans) == 3  # a plan removes nothing
    assert pruned(ground) == {
        (str(FIRST), line.object, None),
        (str(FIRST), line.object, line.fetched_at),
        ("2025-06-09", unnamed.object, None),
    }
    assert_right(ground)


def test_what_a_fetch_under_way_may_name_is_kept(ground: Ground) -> None:
    young = vintage(ground, committed=False)
    planned = plan_pruning(ground.warehouse, archive(ground))
    assert planned.removed == []
    assert {each.object for each in planned.kept} == {young.object}
    assert pruned(ground) == set()


def test_what_became_needed_after_the_plan_stays(ground: Ground, tmp_path: Path) -> None:
    kept = vintage(ground, committed=False)
    again = archive(ground).keep(SETTLEMENT_STACKS, str(SECOND), answers(NEW))
    aged(tmp_path)
    planned = plan_pruning(ground.warehouse, archive(ground))
    assert len(planned.removed) == 3
    with ground.warehouse.writing("test") as connection:
        note_archived(connection, [kept.model_dump()])  # one was committed, and the other is kept again by a fetch
    archive(ground).keep(SETTLEMENT_STACKS, str(SECOND), answers(NEW))
    assert prune(ground.warehouse, archive(ground), planned) == []
    assert archive(ground).answers(kept)
    assert archive(ground).answers(again)


def test_a_vintage_is_removed_when_it_is_named(ground: Ground, tmp_path: Path) -> None:
    old = vintage(ground)
    aged(tmp_path)
    assert pruned(ground, old.object) == {(str(FIRST), old.object, None), (str(FIRST), old.object, old.fetched_at)}
    assert_right(ground)


def test_what_stored_data_was_made_of_is_never_removed(ground: Ground, tmp_path: Path) -> None:
    used = the_object(tmp_path, SETTLEMENT_STACKS, str(FIRST)).name.split(".")[0]
    with pytest.raises(InUse, match=used):
        plan_pruning(ground.warehouse, archive(ground), [used])
    with pytest.raises(InUse, match="no committed fetch has the object 000"):
        plan_pruning(ground.warehouse, archive(ground), ["000"])


def test_a_vintage_that_is_stored_again_after_the_plan_stays(ground: Ground, tmp_path: Path) -> None:
    old = vintage(ground)
    aged(tmp_path)
    planned = plan_pruning(ground.warehouse, archive(ground), [old.object])
    with ground.warehouse.writing("test") as connection:
        of_day = update(settlement_ledger).where(settlement_ledger.c.settlement_date == FIRST)
        connection.execute(of_day.values(archive_object=old.object))
    with pytest.raises(InUse):
        prune(ground.warehouse, archive(ground), planned, [old.object])
    assert archive(ground).answers(old)
    assert old in archive(ground).fetches(SETTLEMENT_STACKS, str(FIRST))


def test_an_archive_that_is_lost_midway_leaves_orphans_at_most(
    ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = vintage(ground)
    aged(tmp_path)
    planned = plan_pruning(ground.warehouse, archive(ground), [old.object])

    def lost(*_: object) -> None:
        raise ArchiveUnavailable("s3://bucket", "no route to host")

    with monkeypatch.context() as patched:
        patched.setattr(Archive, "remove", lost)
        with pytest.raises(ArchiveUnavailable):
            prune(ground.warehouse, archive(ground), planned, [old.object])
    checked = check_archive(ground.warehouse, archive(ground))
    assert checked.problems == []
    assert [each.object for each in checked.orphans] == [old.object]
    assert pruned(ground) == {(str(FIRST), old.object, None)}
    with ground.warehouse.reading() as connection:
        assert old.object not in set(noted_fetches(connection, SETTLEMENT_STACKS)["object"])


def test_a_line_of_a_month_is_struck_while_the_others_stay(ground: Ground, tmp_path: Path) -> None:
    month = the_object(tmp_path, "bitcoin_price").parent.name
    before = archive(ground).fetches("bitcoin_price", month)
    late = archive(ground).keep("bitcoin_price", month, answers(1, begun=BEGUN + timedelta(days=1)))
    archive(ground).record(late)
    aged(tmp_path)
    assert pruned(ground) == {(month, late.object, None), (month, late.object, late.fetched_at)}
    assert archive(ground).fetches("bitcoin_price", month) == before
