"""The archive in a folder: what is written when, what is found again, and what its faults say."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mining_assets.archive.errors import ArchiveError, ArchiveUnavailable, ObjectDamaged, ObjectMissing
from mining_assets.archive.manifest import ArchivedFetch
from mining_assets.archive.store import MANIFEST, Archive
from mining_assets_tests.support.answers import BASE, BEGUN, answers

DAY = "2025-06-03"
STACKS = "settlement_stacks"
LATER = BEGUN + timedelta(days=1)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(str(tmp_path / "archive"))


def keep(archive: Archive, count: int = 3, begun: datetime = BEGUN, **details: object) -> ArchivedFetch:
    fetch = archive.keep(STACKS, DAY, answers(count, begun), **details)
    archive.record(fetch)
    return fetch


def files(tmp_path: Path) -> list[str]:
    folder = tmp_path / "archive"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_fetch_is_found_again_with_its_answers_and_instants(archive: Archive) -> None:
    fetch = keep(archive, vintage=datetime(2025, 6, 4, 1, tzinfo=UTC), origin=BASE, accept_empty=(3,))
    (found,) = archive.fetches(STACKS, DAY)
    assert found == fetch
    assert (found.base, found.answers, found.fetched_at) == (BASE, 3, BEGUN)
    assert found.requested_at == [each.requested_at for each in answers(3)]
    assert [each.body for each in archive.answers(found)] == [each.body for each in answers(3)]


def test_a_day_has_a_folder_of_its_own(archive: Archive, tmp_path: Path) -> None:
    fetch = keep(archive)
    folder = f"{STACKS}/2025/2025-06/{DAY}"
    assert files(tmp_path) == [f"{folder}/{fetch.object}.tar.zst", f"{folder}/{MANIFEST}"]


def test_same_content_adds_a_line_and_no_object(archive: Archive, tmp_path: Path) -> None:
    keep(archive)
    keep(archive, begun=LATER)
    assert len(files(tmp_path)) == 2
    assert [each.fetched_at for each in archive.fetches(STACKS, DAY)] == [BEGUN, LATER]
    keep(archive, count=4, begun=LATER + timedelta(days=1))
    assert len(files(tmp_path)) == 3


def test_a_line_is_written_once_however_often_it_is_recorded(archive: Archive) -> None:
    archive.record(keep(archive))
    assert len(archive.fetches(STACKS, DAY)) == 1


def test_nobody_knows_of_an_object_that_was_not_recorded(archive: Archive, tmp_path: Path) -> None:
    archive.keep(STACKS, DAY, answers(3))
    assert len(files(tmp_path)) == 1
    assert archive.fetches(STACKS, DAY) == []


def test_people_can_read_a_manifest(archive: Archive, tmp_path: Path) -> None:
    keep(archive)
    (manifest,) = (tmp_path / "archive").rglob(MANIFEST)
    (line,) = manifest.read_text().splitlines()
    assert json.loads(line)["fetched_at"] == "2025-06-04T15:00:00Z"
    assert "refused" not in line


@pytest.mark.parametrize("damage", [lambda data: data[:-3], lambda data: data[:-3] + b"???"], ids=["cut", "altered"])
def test_a_damaged_object_is_written_again_by_the_next_fetch(
    archive: Archive, damage: Callable[[bytes], bytes]
) -> None:
    fetch = keep(archive)
    path = Path(archive.location_of(fetch.name, fetch.subject, fetch.object).removeprefix("file://"))
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ObjectDamaged, match=fetch.object):
        archive.answers(fetch)
    keep(archive, begun=LATER)
    assert len(archive.answers(fetch)) == 3


def test_an_object_that_is_lost_is_named(archive: Archive) -> None:
    fetch = keep(archive)
    archive.remove(STACKS, DAY, fetch.object)
    with pytest.raises(ObjectMissing, match=f"{fetch.object}.tar.zst: there is no such object"):
        archive.answers(fetch)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda line: line[: len(line) // 2], id="cut"),
        pytest.param(lambda line: line.replace('"answers":3', '"answers":"many"'), id="of another type"),
        pytest.param(lambda line: line.replace('"name"', '"nahme"'), id="with another name"),
    ],
)
def test_a_damaged_manifest_is_named_with_its_line(
    archive: Archive, tmp_path: Path, damage: Callable[[str], str]
) -> None:
    keep(archive)
    (manifest,) = (tmp_path / "archive").rglob(MANIFEST)
    good = manifest.read_text()
    manifest.write_text(good + damage(good.strip()) + "\n")
    with pytest.raises(ObjectDamaged, match=rf"{MANIFEST}: line 2: "):
        archive.fetches(STACKS, DAY)
    keep(archive, begun=LATER)
    assert manifest.read_text().startswith(good)
    assert [fetch.fetched_at for fetch in archive.fetches(STACKS, DAY, sound_only=True)] == [BEGUN, LATER]


def test_a_line_goes_below_one_that_was_cut(archive: Archive, tmp_path: Path) -> None:
    keep(archive)
    (manifest,) = (tmp_path / "archive").rglob(MANIFEST)
    manifest.write_text(manifest.read_text() + '{"name":')
    keep(archive, begun=LATER)
    assert [fetch.fetched_at for fetch in archive.fetches(STACKS, DAY, sound_only=True)] == [BEGUN, LATER]


def test_what_cannot_be_written_is_an_error_that_names_the_object(tmp_path: Path) -> None:
    (tmp_path / "archive").write_text("a file where the folder should be")
    with pytest.raises(ArchiveUnavailable, match=r"archive: file:///.*/settlement_stacks/2025/2025-06/.*: "):
        keep(Archive(str(tmp_path / "archive")))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_an_archive_that_may_not_be_written_is_an_error(archive: Archive, tmp_path: Path) -> None:
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive").chmod(0o500)
    with pytest.raises(ArchiveUnavailable, match="Permission denied"):
        keep(archive)


def test_subjects_are_listed_with_their_objects(archive: Archive) -> None:
    first = keep(archive)
    archive.keep(STACKS, "2025-06-05", answers(2))
    month = archive.keep("bitcoin_price", "2025-06", answers(1))
    assert list(archive.subjects(STACKS)) == [(DAY, [first.object]), ("2025-06-05", [answers_object(archive, 2)])]
    assert list(archive.subjects("bitcoin_price")) == [("2025-06", [month.object])]
    assert list(archive.subjects("network_epochs")) == []


def answers_object(archive: Archive, count: int) -> str:
    return archive.keep(STACKS, "2020-01-01", answers(count)).object


def test_an_address_that_no_driver_takes_is_refused() -> None:
    with pytest.raises(ArchiveError, match="nonsense"):
        Archive("nonsense://there/archive")


def test_an_object_that_is_kept_again_is_as_young_as_a_new_one(archive: Archive) -> None:
    fetch = keep(archive)
    os.utime(archive.location_of(fetch.name, fetch.subject, fetch.object).removeprefix("file://"), (0, 0))
    assert archive.written_at(STACKS, DAY, fetch.object) == datetime(1970, 1, 1, tzinfo=UTC)
    archive.keep(STACKS, DAY, answers(3))
    assert datetime.now(UTC) - archive.written_at(STACKS, DAY, fetch.object) < timedelta(minutes=30)


def test_lines_are_struck_one_by_one_and_an_empty_manifest_leaves(archive: Archive, tmp_path: Path) -> None:
    first, second = keep(archive), keep(archive, begun=LATER)
    archive.strike(STACKS, DAY, {(first.object, first.fetched_at)})
    assert archive.fetches(STACKS, DAY) == [second]
    archive.strike(STACKS, DAY, {(second.object, second.fetched_at)})
    assert archive.fetches(STACKS, DAY) == []
    assert len(files(tmp_path)) == 1


def test_a_store_that_does_not_answer_is_no_empty_one(tmp_path: Path) -> None:
    archive = Archive(str(tmp_path / "archive"))
    archive.reach()
    (tmp_path / "archive").symlink_to(tmp_path / "archive")
    with pytest.raises(ArchiveUnavailable, match="symbolic links"):
        archive.reach()
