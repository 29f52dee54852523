"""The check of the archive: it finds each damage by name, and what nobody names, and reads all that is right."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, update

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.archive.store import MANIFEST, Archive
from mining_assets.domain.valuation import BITCOIN_PRICE, WIND_GENERATION
from mining_assets.pipeline.archive_check import ArchiveCheck, check_archive
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.warehouse.schema import archived_fetches, day_fetches
from mining_assets_tests.support.answers import answers
from mining_assets_tests.support.archived import FIRST, SECOND, archived_days, the_object
from mining_assets_tests.support.ground import Ground


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with archived_days(tmp_path) as opened:
        yield opened


def check(ground: Ground, days: tuple[date, date] | None = None) -> ArchiveCheck:
    assert ground.archive
    return check_archive(ground.warehouse, ground.archive, days)


def test_all_that_was_fetched_is_read_and_right(ground: Ground, tmp_path: Path) -> None:
    found = check(ground)
    assert (found.problems, found.orphans) == ([], [])
    files = list((tmp_path / "archive").rglob("*.tar.zst"))
    assert found.objects == found.fetches == len(files) == 6
    assert found.bytes == sum(file.stat().st_size for file in files)


def test_a_range_is_of_its_settlement_days_alone(ground: Ground, tmp_path: Path) -> None:
    the_object(tmp_path, SETTLEMENT_STACKS, str(FIRST)).unlink()
    the_object(tmp_path, NETWORK_EPOCHS).unlink()
    assert check(ground, (SECOND, SECOND)).objects == 1
    assert check(ground, (SECOND, SECOND)).problems == []
    assert len(check(ground, (FIRST, SECOND)).problems) == 1
    assert len(check(ground).problems) == 2


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def _alter(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0x55
    path.write_bytes(data)


@pytest.mark.parametrize("name", [SETTLEMENT_STACKS, BITCOIN_PRICE, WIND_GENERATION, WIND_BM_UNITS, NETWORK_EPOCHS])
@pytest.mark.parametrize(
    ("damage", "said"),
    [(Path.unlink, "no such object"), (_cut, "cannot be read"), (_alter, "cannot be read|its index|the body of")],
    ids=["lost", "cut", "altered"],
)
def test_each_object_that_is_not_right_is_named(
    ground: Ground, tmp_path: Path, name: str, damage: Callable[[Path], Any], said: str
) -> None:
    path = the_object(tmp_path, name, str(FIRST) if name == SETTLEMENT_STACKS else "*")
    damage(path)
    (problem,) = check(ground).problems
    assert (problem.name, problem.object) == (name, path.name.split(".")[0])
    assert str(path) in problem.reason
    assert any(each in problem.reason for each in said.split("|"))


def test_what_was_never_committed_is_an_orphan_and_no_problem(ground: Ground) -> None:
    assert ground.archive
    unnamed = ground.archive.keep(SETTLEMENT_STACKS, "2025-06-09", answers(2))
    line = ground.archive.keep(SETTLEMENT_STACKS, str(FIRST), answers(3))
    ground.archive.record(line)
    found = check(ground)
    assert found.problems == []
    orphans = {(each.subject, each.object, each.fetched_at) for each in found.orphans}
    assert orphans == {
        ("2025-06-09", unnamed.object, None),
        (str(FIRST), line.object, None),
        (str(FIRST), line.object, line.fetched_at),
    }
    assert sum(each.bytes for each in found.orphans) == unnamed.object_bytes + line.object_bytes


def manifest(tmp_path: Path) -> Path:
    (found,) = (tmp_path / "archive" / SETTLEMENT_STACKS).rglob(f"{FIRST}/{MANIFEST}")
    return found


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (None, "lacks 1 line of committed fetches"),
        ("", "lacks 1 line of committed fetches"),
        ("{]\n", "line 1: "),
    ],
    ids=["lost", "without the line", "unreadable"],
)
def test_a_manifest_that_is_not_right_is_named(ground: Ground, tmp_path: Path, text: str | None, said: str) -> None:
    path = manifest(tmp_path)
    path.unlink() if text is None else path.write_text(text)
    (problem,) = check(ground).problems
    assert problem.object is None
    assert str(path) in problem.reason
    assert said in problem.reason


def test_what_a_ledger_names_counts_without_a_committed_fetch(ground: Ground, tmp_path: Path) -> None:
    with ground.warehouse.writing("test") as connection:
        connection.execute(delete(archived_fetches).where(archived_fetches.c.name == SETTLEMENT_STACKS))
    assert check(ground).problems == []
    assert {each.fetched_at is None for each in check(ground).orphans} == {False}  # lines alone
    path = the_object(tmp_path, SETTLEMENT_STACKS, str(SECOND))
    path.unlink()
    (problem,) = check(ground).problems
    assert problem.object == path.name.split(".")[0]


def test_an_object_that_a_series_names_and_nobody_fetched_is_a_problem(ground: Ground) -> None:
    with ground.warehouse.writing("test") as connection:
        altered = update(day_fetches).where(day_fetches.c.name == BITCOIN_PRICE, day_fetches.c.settlement_date == FIRST)
        connection.execute(altered.values(archive_object="0" * 64))
    (problem,) = check(ground).problems
    assert problem.reason == f"archive: {'0' * 64}: the warehouse names it, and has no committed fetch of it"


def test_a_store_that_is_lost_midway_is_no_verdict(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    lost = False

    def read(self: Archive, *_: str) -> None:
        nonlocal lost
        lost = True
        raise ArchiveUnavailable("s3://bucket", "no route to host")

    def reach(self: Archive) -> None:
        if lost:
            raise ArchiveUnavailable("s3://bucket", "no route to host")

    monkeypatch.setattr(Archive, "read", read)
    monkeypatch.setattr(Archive, "reach", reach)
    with pytest.raises(ArchiveUnavailable, match="no route to host"):
        check(ground)


def test_an_object_that_alone_cannot_be_read_is_a_problem(ground: Ground, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Archive.read

    def read(self: Archive, name: str, subject: str, sha256: str) -> Any:
        if subject == str(SECOND):
            raise ArchiveUnavailable("file:///there", "Input/output error")
        return real(self, name, subject, sha256)

    monkeypatch.setattr(Archive, "read", read)
    (problem,) = check(ground).problems
    assert problem.reason == "archive: file:///there: Input/output error"
    assert problem.subject == str(SECOND)


def test_what_is_done_is_told(ground: Ground) -> None:
    assert ground.archive
    told: list[str] = []
    check_archive(ground.warehouse, ground.archive, None, told.append)
    assert f"checking {SETTLEMENT_STACKS} {FIRST}" in told
    assert f"checking {BITCOIN_PRICE} {datetime.now(UTC):%Y-%m}" in told
