"""Pruning removes orphans, and vintages that are named or old; never what anybody needs, whenever it is interrupted."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.pipeline.archive_check import check_archive
from mining_assets.pipeline.archive_prune import InUse, plan_pruning, prune
from mining_assets.warehouse.archived import archived_names, note_archived, noted_fetches, objects_of_days
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


def run_of(ground: Ground, day: int, number: int, at: datetime = BEGUN, **details: Any) -> ArchivedFetch:
    """A committed fetch of the first day, with the settlement run of a day of June 2020 in it."""
    details["vintage"] = datetime(2020, 6, day, 1, tzinfo=UTC)
    kept = archive(ground).keep(SETTLEMENT_STACKS, str(FIRST), answers(number, at), **details)
    archive(ground).record(kept)
    with ground.warehouse.writing("test") as connection:
        note_archived(connection, [kept.model_dump() | {"refused": kept.refused or None}])
    return kept


def pruned_before(ground: Ground, before: datetime) -> set[str]:
    planned = plan_pruning(ground.warehouse, archive(ground), before=before)
    removed = prune(ground.warehouse, archive(ground), planned)
    return {each.object for each in removed}


def test_superseded_vintages_are_removed_up_to_an_instant(ground: Ground, tmp_path: Path) -> None:
    first, second, third = (run_of(ground, day, day) for day in (2, 3, 4))
    aged(tmp_path)
    assert pruned_before(ground, datetime(2020, 6, 1, tzinfo=UTC)) == set()
    assert pruned_before(ground, datetime(2020, 6, 4, tzinfo=UTC)) == {first.object, second.object}
    assert third in archive(ground).fetches(SETTLEMENT_STACKS, str(FIRST))
    assert archive(ground).answers(third)
    assert_right(ground)


def test_whatever_the_instant_what_ledgers_name_and_other_answers_stay(ground: Ground, tmp_path: Path) -> None:
    run_of(ground, 2, 2)
    aged(tmp_path)
    with ground.warehouse.reading() as connection:
        named = {name for _, name in objects_of_days(connection, FIRST, SECOND)}
        before = {name: len(noted_fetches(connection, name)) for name in archived_names(connection)}
    assert len(pruned_before(ground, datetime(2999, 1, 1, tzinfo=UTC))) == 1
    with ground.warehouse.reading() as connection:
        after = {name: len(noted_fetches(connection, name)) for name in archived_names(connection)}
    assert after == before | {SETTLEMENT_STACKS: before[SETTLEMENT_STACKS] - 1}
    assert len(named) == 2
    assert_right(ground)


def test_what_was_refused_after_the_stored_answer_is_no_superseded_one(ground: Ground, tmp_path: Path) -> None:
    run_of(ground, 2, 2, refused="smaller", at=datetime(2999, 1, 1, tzinfo=UTC))
    aged(tmp_path)
    assert pruned_before(ground, datetime(2999, 1, 1, tzinfo=UTC)) == set()


def use_for_period(ground: Ground, fetch: ArchivedFetch) -> None:
    """Let the ledger of a settlement period name a fetch."""
    of_period = update(settlement_ledger).where(
        settlement_ledger.c.settlement_date == FIRST,
        settlement_ledger.c.settlement_period == fetch.settlement_period,
    )
    with ground.warehouse.writing("test") as connection:
        connection.execute(of_period.values(archive_object=fetch.object))


def test_a_single_period_takes_the_place_of_that_period_alone(ground: Ground, tmp_path: Path) -> None:
    later = [datetime(2999, 1, day, tzinfo=UTC) for day in range(1, 7)]
    run_of(ground, 2, 2, at=later[0], refused="smaller")
    run_of(ground, 3, 3, at=later[1])  # of the whole day
    same = run_of(ground, 4, 4, at=later[2], settlement_period=5)
    run_of(ground, 5, 5, at=later[3], settlement_period=5, refused="smaller")
    run_of(ground, 6, 6, at=later[4], settlement_period=6)
    use_for_period(ground, run_of(ground, 7, 7, at=later[5], settlement_period=5))
    aged(tmp_path)
    assert pruned_before(ground, datetime(2999, 2, 1, tzinfo=UTC)) == {same.object}


def test_a_whole_day_takes_the_place_of_all_before_it(ground: Ground, tmp_path: Path) -> None:
    old = [run_of(ground, 2, 2, refused="smaller"), run_of(ground, 3, 3, settlement_period=5)]
    old.append(run_of(ground, 4, 4, settlement_period=6, refused="smaller"))
    aged(tmp_path)
    assert pruned_before(ground, datetime(2999, 1, 1, tzinfo=UTC)) == {each.object for each in old}


def test_a_day_whose_ledger_names_nothing_archived_keeps_its_vintages(ground: Ground, tmp_path: Path) -> None:
    run_of(ground, 2, 2)
    aged(tmp_path)
    with ground.warehouse.writing("test") as connection:
        connection.execute(update(settlement_ledger).values(archive_object=None))
    assert pruned_before(ground, datetime(2999, 1, 1, tzinfo=UTC)) == set()


def test_a_superseded_vintage_that_is_stored_again_after_the_plan_stays(ground: Ground, tmp_path: Path) -> None:
    old, other = run_of(ground, 2, 2), run_of(ground, 3, 3)
    aged(tmp_path)
    planned = plan_pruning(ground.warehouse, archive(ground), before=datetime(2999, 1, 1, tzinfo=UTC))
    assert planned.superseded == {old.object, other.object}
    with ground.warehouse.writing("test") as connection:
        of_day = update(settlement_ledger).where(settlement_ledger.c.settlement_date == FIRST)
        connection.execute(of_day.values(archive_object=old.object))
    assert {each.object for each in prune(ground.warehouse, archive(ground), planned)} == {other.object}
    assert old in archive(ground).fetches(SETTLEMENT_STACKS, str(FIRST))
    assert archive(ground).answers(old)
