"""`verify --archive`: what it finds, and how it ends where there is no archive to read."""

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mining_assets.cli.main import main
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets_tests.support.archive_cases import lose, without_a_row
from mining_assets_tests.support.archived import FIRST, SECOND, archived_days
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.harness import Here

Run = Callable[..., tuple[object, str, str]]


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    with archived_days(tmp_path) as opened:
        yield opened


@pytest.fixture
def run(ground: Ground, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`mining-assets verify` on the two days: exit code, standard output, standard error."""
    list(roll_up_days(ground.warehouse, [FIRST, SECOND], (FIRST, SECOND)))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", ground.warehouse.url.render_as_string())
    monkeypatch.setenv("MINING_ASSETS_ARCHIVE_URL", str(tmp_path / "archive"))
    monkeypatch.setenv("MINING_ASSETS_START_DATE", str(FIRST))
    monkeypatch.setenv("MINING_ASSETS_END_DATE", str(SECOND))

    def command(*arguments: object) -> tuple[object, str, str]:
        monkeypatch.setattr(sys, "argv", ["mining-assets", "verify", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return left.value.code, shown.out, shown.err

    return command


def test_without_an_archive_nothing_is_verified(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINING_ASSETS_ARCHIVE_URL", "none")
    code, _, said = run(FIRST, SECOND, "--archive")
    assert code == 2
    assert "there is no archive: MINING_ASSETS_ARCHIVE_URL is none" in said


def test_an_archive_out_of_reach_ends_with_3(run: Run, tmp_path: Path) -> None:
    archive = tmp_path / "archive"
    archive.rename(tmp_path / "away")
    archive.symlink_to(archive)
    code, _, said = run(FIRST, SECOND, "--archive")
    assert (code, said) == (3, f"mining-assets: archive: file://{archive}: Too many levels of symbolic links\n")


@pytest.mark.system
def test_records_that_the_archive_does_not_give_end_with_1(run: Run, ground: Ground, tmp_path: Path) -> None:
    without_a_row(ground.warehouse, tmp_path)
    assert json.loads(run(FIRST, SECOND, "--json")[1])["exit_code"] == 0
    code, out, _ = run(FIRST, SECOND, "--archive", "--json")
    document = json.loads(out)
    assert (code, document["command"]) == (1, f"verify {FIRST} {SECOND} --archive")
    (found,) = (each for each in document["findings"] if each["severity"] == "error")
    assert (found["table"], found["check"], found["span"]) == ("settlement_stacks", "archive_agreement", str(FIRST))
    assert f"`mining-assets replay {FIRST}`" in run(FIRST, SECOND, "--archive")[1]


@pytest.mark.system
def test_an_object_that_is_lost_is_a_warning(run: Run, ground: Ground, tmp_path: Path) -> None:
    lose(ground.warehouse, tmp_path)
    code, out, _ = run(FIRST, SECOND, "--archive")
    assert code == 0
    assert "warn settlement_stacks archived: " in out
    assert f"`mining-assets date {FIRST} --refetch`" in out


def test_status_names_what_shows_how_a_restated_day_was(here: Here) -> None:
    assert "Restated days: 1; of the newest tells `mining-assets history 2025-04-01`" in here("status")[1]
