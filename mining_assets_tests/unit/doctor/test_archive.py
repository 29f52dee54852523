"""What the doctor says of the archive: in a folder, off, and in stores that fail in one way each."""

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import make_url

from mining_assets.doctor import machine
from mining_assets.doctor.archive import NAMES, archive_lines
from mining_assets.doctor.lines import Line
from mining_assets.warehouse.archived import note_archived
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.answers import BEGUN
from mining_assets_tests.support.odd_stores import odd_stores

NOTHING = make_url("sqlite:////nowhere/warehouse.sqlite")


@pytest.fixture
def stored() -> Iterator[dict[str, Any]]:
    """What is in the stores."""
    with odd_stores() as stored:
        yield stored


def only(address: str, seconds: float = 60) -> Line:
    """The first line of an archive, where the other lines are not what is of interest."""
    lines, _ = archive_lines(address, NOTHING, seconds)
    return lines[0]


def everything_in(folder: Path) -> list[Path]:
    return sorted(folder.rglob("*"))


def test_a_folder_passes_and_is_left_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    lines, lacking = archive_lines(str(tmp_path), NOTHING)
    assert ([line.name for line in lines], lacking) == (list(NAMES), [])
    assert {line.status for line in lines} == {"pass"}
    assert lines[0].found == f"file://{tmp_path} takes and gives back files"
    assert "GiB free" in lines[1].found
    assert everything_in(tmp_path) == [tmp_path / "kept"]


def test_a_folder_that_is_not_there_yet_passes_and_is_not_made(tmp_path: Path) -> None:
    line = only(str(tmp_path / "data" / "archive"))
    assert (line.status, "is not there yet" in line.found) == ("pass", True)
    assert everything_in(tmp_path) == []


@pytest.mark.parametrize(
    ("folder", "said"),
    [
        pytest.param("file/archive", "Not a directory", id="below a file"),
        pytest.param("file", "Not a directory", id="a file itself"),
        pytest.param("loop", "Not a directory", id="a link to itself"),
    ],
)
def test_a_folder_that_takes_no_files_differs(folder: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (line, _), lacking = archive_lines(str(tmp_path / folder), NOTHING)
    assert (line.status, lacking) == ("differs", ["archive disk"])
    assert line.found.startswith(f"file://{tmp_path / folder} cannot be used: ")
    assert said in line.found


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_differs(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert "Permission denied" in only(str(tmp_path)).found


def test_a_disk_that_is_nearly_full_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=2**29))
    lines, _ = archive_lines(str(tmp_path / "not" / "there"), NOTHING)
    assert {line.name: line.status for line in lines}["archive disk"] == "differs"


def test_an_archive_that_is_off_is_no_fault_and_says_what_that_means() -> None:
    ((line,), lacking) = archive_lines(None, NOTHING)
    assert (line.status, lacking) == ("pass", [])
    assert line.found.startswith("none: no answer is kept, so nothing can be replayed")


def test_an_object_store_passes_and_has_no_disk(stored: dict[str, Any]) -> None:
    lines, lacking = archive_lines("sound://bucket/archive", NOTHING)
    assert {line.name: line.status for line in lines} == {"archive": "pass", "archive content": "pass"}
    assert (lacking, stored) == ([], {})


@pytest.mark.parametrize(
    ("store", "status", "said"),
    [
        ("readonly", "differs", "Access Denied"),
        ("full", "differs", "No space left on device"),
        ("forgetful", "differs", "what was read is not what was written"),
        ("keeping", "differs", "Access Denied"),
        ("outofreach", "unreachable", "Connection refused"),
    ],
)
@pytest.mark.usefixtures("stored")
def test_an_object_store_that_fails_is_named_with_the_reason(store: str, status: str, said: str) -> None:
    line = only(f"{store}://bucket/archive")
    assert line.status == status
    assert line.found.startswith(f"{store}://bucket/archive cannot be used: {store}://bucket/archive/probe-")
    assert said in line.found


def test_what_cannot_be_read_back_is_removed(stored: dict[str, Any]) -> None:
    only("forgetful://bucket/archive")
    assert stored == {}


@pytest.mark.usefixtures("stored")
def test_a_store_that_does_not_answer_is_not_waited_for() -> None:
    line = only("silent://bucket/archive", seconds=0.01)
    assert (line.status, line.found) == ("unreachable", "silent://bucket/archive: no answer within 0.01 s")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense://there", "Protocol not known: nonsense"),
        pytest.param("smb://there/archive", "smb", id="a driver that is not installed"),
    ],
)
def test_an_address_that_no_installed_driver_takes_differs(address: str, said: str) -> None:
    ((line,), lacking) = archive_lines(address, NOTHING)
    assert (line.status, lacking) == ("differs", ["archive disk", "archive content"])
    assert address in line.found
    assert said in line.found
    assert "docs/archive.md, Object stores" in line.found


def test_what_it_holds_is_as_the_database_has_noted(warehouse: Warehouse, tmp_path: Path) -> None:
    fetch = {"name": "bitcoin_price", "subject": "2025-06", "object": "a" * 64, "object_bytes": 1234}
    fetch |= {"fetched_at": BEGUN, "answers": 3, "body_bytes": 5000}
    with warehouse.writing() as connection:
        note_archived(connection, [fetch])
    lines, _ = archive_lines(str(tmp_path), warehouse.url)
    assert lines[-1].found.startswith("1 object of 1 fetch, 1,234 bytes, as the database has noted them")


def test_without_a_readable_database_nobody_knows_what_it_holds(tmp_path: Path) -> None:
    (tmp_path / "empty.sqlite").touch()
    for address in (None, make_url(f"sqlite:///{tmp_path}/empty.sqlite")):
        lines, lacking = archive_lines(str(tmp_path), address)
        assert ([line.name for line in lines], lacking) == (["archive", "archive disk"], ["archive content"])
