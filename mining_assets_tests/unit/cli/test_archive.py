"""`archive`: what it prints, its documents and its exit codes."""

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import MANIFEST
from mining_assets.cli.main import main
from mining_assets.warehouse.archived import note_archived
from mining_assets_tests.support.answers import answers
from mining_assets_tests.support.archived import FIRST, SECOND, aged, archived_days, the_object
from mining_assets_tests.support.ground import Ground


@dataclass
class Told:
    """How a command ended, and what it said."""

    code: object
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        return document


Run = Callable[..., Told]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with archived_days(tmp_path) as opened:
        yield opened


@pytest.fixture
def run(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`mining-assets archive` with some arguments, in this process."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", ground.warehouse.url.render_as_string())
    monkeypatch.setenv("MINING_ASSETS_ARCHIVE_URL", str(tmp_path / "archive"))

    def command(*arguments: object) -> Told:
        monkeypatch.setattr(sys, "argv", ["mining-assets", "archive", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return Told(left.value.code, shown.out, shown.err)

    return command


def test_check_of_a_right_archive(run: Run, tmp_path: Path) -> None:
    told = run("check")
    assert (told.code, told.err) == (0, "")
    assert told.out.startswith(
        f"file://{tmp_path}/archive: 6 objects of 6 fetches, all there and as they were received"
    )
    document = run("check", "--json").document
    assert (document["exit_code"], document["objects"], document["problems"], document["orphans"]) == (0, 6, [], [])


def test_check_names_what_is_wrong_and_ends_with_1(run: Run, tmp_path: Path) -> None:
    lost = the_object(tmp_path, SETTLEMENT_STACKS, str(FIRST))
    lost.unlink()
    told = run("check")
    assert told.code == 1
    assert f"error {SETTLEMENT_STACKS} {FIRST}: archive: file://{lost}: there is no such object" in told.out
    document = run("check", FIRST, SECOND, "--json").document
    assert (document["exit_code"], document["from"], document["to"]) == (1, str(FIRST), str(SECOND))
    assert document["problems"] == [
        {
            "name": SETTLEMENT_STACKS,
            "subject": str(FIRST),
            "object": lost.name.split(".")[0],
            "reason": f"archive: file://{lost}: there is no such object",
        }
    ]
    assert run("check", SECOND).code == 0


def test_check_lists_orphans_and_ends_with_0(run: Run, ground: Ground) -> None:
    assert ground.archive
    kept = ground.archive.keep(SETTLEMENT_STACKS, str(FIRST), answers(3))
    told = run("check")
    assert told.code == 0
    assert f"orphans, which no committed fetch names: 1 object, {kept.object_bytes} bytes; 0 manifest lines" in told.out
    assert f"{SETTLEMENT_STACKS} {FIRST}: object {kept.object}" in told.out
    (orphan,) = run("check", "--json").document["orphans"]
    assert list(orphan) == ["name", "subject", "what", "object", "fetched_at", "bytes"]
    assert (orphan["what"], orphan["object"], orphan["bytes"]) == ("object", kept.object, kept.object_bytes)


@pytest.mark.parametrize(
    ("address", "code", "said"),
    [
        ("none", 2, "there is no archive: MINING_ASSETS_ARCHIVE_URL is none"),
        ("nonsense://there", 2, "begins with nonsense://, which no driver of fsspec takes"),
        ("/proc/1/nowhere/x", 1, ""),
    ],
)
def test_check_without_an_archive(
    run: Run, monkeypatch: pytest.MonkeyPatch, address: str, code: int, said: str
) -> None:
    monkeypatch.setenv("MINING_ASSETS_ARCHIVE_URL", address)
    told = run("check")
    assert told.code == code
    assert said in told.err


def test_check_of_an_archive_that_cannot_be_reached_ends_with_3(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.rename(tmp_path / "away")
    archive.symlink_to(archive)
    told = run("check")
    assert told.code == 3
    assert told.err == f"mining-assets: archive: file://{archive}: Too many levels of symbolic links\n"


def test_check_refuses_days_that_are_none(run: Run) -> None:
    assert run("check", SECOND, FIRST).code == 2


@pytest.fixture
def orphan(ground: Ground, tmp_path: Path) -> ArchivedFetch:
    assert ground.archive
    kept = ground.archive.keep(SETTLEMENT_STACKS, str(FIRST), answers(3))
    aged(tmp_path)
    return kept


PRUNED = ["command", "exit_code", "address", "plan", "bytes", "superseded", "kept", "removed"]


@pytest.mark.parametrize("asked", [("--plan",), ()], ids=["plan", "without a terminal"])
def test_prune_removes_nothing_unless_it_is_confirmed(
    run: Run, orphan: ArchivedFetch, tmp_path: Path, asked: tuple[str, ...]
) -> None:
    told = run("prune", *asked)
    assert told.code == (0 if asked else 2)
    assert f"what no fetch needs: 1 object, {orphan.object_bytes} bytes; 0 manifest lines" in told.out
    assert ("confirm with --yes" in told.err) is not bool(asked)
    document = run("prune", "--plan", "--json").document
    assert list(document) == PRUNED
    assert ([each["object"] for each in document["plan"]], document["removed"]) == ([orphan.object], [])
    assert run("check").out.count(orphan.object) == 1


def test_prune_removes_what_was_confirmed(run: Run, orphan: ArchivedFetch) -> None:
    told = run("prune", "--yes")
    assert (told.code, told.err) == (0, "")
    assert told.out.endswith(f"removed: 1 object, {orphan.object_bytes} bytes; 0 manifest lines\n")
    assert "nothing is to be removed" in run("prune").out
    assert run("check", "--json").document["orphans"] == []


def test_prune_keeps_what_is_young(run: Run, ground: Ground) -> None:
    assert ground.archive
    kept = ground.archive.keep(SETTLEMENT_STACKS, str(FIRST), answers(3))
    told = run("prune", "--yes")
    assert (told.code, "younger than an hour" in told.out, kept.object in told.out) == (0, True, True)
    document = run("prune", "--yes", "--json").document
    assert (document["plan"], document["removed"], len(document["kept"])) == ([], [], 1)


def test_prune_refuses_a_vintage_in_use(run: Run, tmp_path: Path) -> None:
    used = the_object(tmp_path, SETTLEMENT_STACKS, str(FIRST))
    told = run("prune", "--vintage", used.name.split(".")[0], "--yes")
    assert told.code == 2
    assert "--vintage: the stored data was made of the object" in told.err
    assert used.exists()


@pytest.fixture
def superseded(ground: Ground, tmp_path: Path) -> ArchivedFetch:
    """An earlier fetch of the first day, of a settlement run of June 2020."""
    assert ground.archive
    run = datetime(2020, 6, 2, tzinfo=UTC)
    kept = ground.archive.keep(SETTLEMENT_STACKS, str(FIRST), answers(3), vintage=run)
    ground.archive.record(kept)
    with ground.warehouse.writing("test") as connection:
        note_archived(connection, [kept.model_dump()])
    aged(tmp_path)
    return kept


def test_prune_shows_superseded_vintages_and_removes_them_when_confirmed(run: Run, superseded: ArchivedFetch) -> None:
    planned = run("prune", "--before-vintage", "2020-06-03", "--plan")
    assert planned.code == 0
    assert f"superseded vintages: 1 object, {superseded.object_bytes} bytes; 1 manifest line" in planned.out
    assert "what no fetch needs" not in planned.out
    assert "nothing is to be removed" in run("prune", "--before-vintage", "2020-06-02T00:00", "--plan").out
    assert run("prune", "--before-vintage", "2020-06-03").code == 2  # without a terminal nobody confirms
    assert run("check").out.count("7 objects of 7 fetches") == 1
    document = run("prune", "--before-vintage", "2020-06-03", "--yes", "--json").document
    assert document["superseded"] == [superseded.object]
    assert [each["what"] for each in document["removed"]] == ["line", "object"]
    assert run("check").out.count("6 objects of 6 fetches") == 1


def test_prune_refuses_what_is_no_instant(run: Run) -> None:
    told = run("prune", "--before-vintage", "yesterday", "--yes")
    assert told.code == 2
    assert "'yesterday' is not an instant like 2025-06-05T12:30" in told.err


def test_prune_touches_nothing_beside_a_damaged_manifest(run: Run, orphan: ArchivedFetch, tmp_path: Path) -> None:
    manifest = the_object(tmp_path, SETTLEMENT_STACKS, str(SECOND)).parent / MANIFEST
    manifest.write_text("{]\n")
    told = run("prune", "--yes")
    assert told.code == 1
    assert f"{manifest}: line 1: " in told.err
    assert orphan.object in run("check").out
