"""What the doctor says of the machine: each line passes here, and differs where something is not as it should be."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest

from mining_assets.doctor import machine
from mining_assets.doctor.lines import Line
from mining_assets.sources.received import Received

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def of_version(name: str, version: str | None) -> Callable[[str], str]:
    """The versions that are installed, but for one package."""

    def version_of(asked: str) -> str:
        if asked != name:
            return metadata.version(asked)
        if version is None:
            raise metadata.PackageNotFoundError(asked)
        return version

    return version_of


def answered(clock: datetime) -> Received:
    """An answer just received from a source whose clock says so."""
    headers = {"date": format_datetime(clock, usegmt=True)}
    return Received("list", "http://source.example/list", NOW, 200, b"[]", 1, "", headers)


def test_what_runs_these_tests_passes(tmp_path: Path) -> None:
    lines = [machine.python_line(), machine.packages_line(), machine.time_zone_line(ZoneInfo("Europe/London"))]
    lines += [machine.clock_line(datetime.now(UTC)), *machine.home_lines(tmp_path / "home")]
    assert {line.status for line in lines} == {"pass"}, lines
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        pytest.param(machine.python_line("3.10.14"), "3.10.14 is not >=3.11", id="Python"),
        pytest.param(
            machine.packages_line(of_version("httpx", "1.2")), "httpx 1.2 is not <1,>=0.28", id="another version"
        ),
        pytest.param(machine.packages_line(of_version("rich", None)), "rich is not installed", id="no package"),
        pytest.param(
            machine.time_zone_line(ZoneInfo("UTC")), "2025-03-30 has 48 half hours instead of 46", id="no clock changes"
        ),
        pytest.param(
            machine.clock_line(datetime(2019, 1, 1, tzinfo=UTC)), "is past: set the clock", id="clock long ago"
        ),
        pytest.param(
            machine.clock_line(NOW, [answered(NOW - timedelta(minutes=7))]),
            "420 s ahead of http://source",
            id="clock ahead",
        ),
        pytest.param(
            machine.clock_line(NOW, [answered(NOW + timedelta(hours=1))]), "3,600 s behind", id="clock behind"
        ),
    ],
)
def test_what_is_not_as_it_should_be_differs(line: Line, said: str) -> None:
    assert line.status == "differs"
    assert said in line.found


def test_one_source_with_a_wrong_clock_is_not_this_machine() -> None:
    line = machine.clock_line(NOW, [answered(NOW - timedelta(minutes=7)), answered(NOW)])
    assert (line.status, line.found) == ("pass", "2026-11-20 12:00 UTC, as the sources have it")


def test_a_version_that_fits_but_was_not_tested_is_named(tmp_path: Path) -> None:
    (tmp_path / "constraints.txt").write_text("# tested together\nhttpx==0.28.0\nhttpcore==1.0\n")
    line = machine.packages_line(of_version("httpx", "0.28.9"), tmp_path / "constraints.txt")
    assert line.status == "pass"
    assert "(httpx 0.28.9, tested with 0.28.0)" in line.found


def test_extras_are_not_required() -> None:
    line = machine.packages_line(of_version("pyarrow", None))
    assert line.status == "pass"


def test_a_full_disk_differs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda path: SimpleNamespace(free=2**29))
    assert machine.disk_line(tmp_path).status == "differs"
    assert "0.5 GiB free" in machine.disk_line(tmp_path).found


@pytest.mark.parametrize("home", ["/proc/home", "/proc/self"])
def test_a_home_that_takes_no_files_differs(home: str) -> None:
    (line,) = machine.home_lines(Path(home))
    assert line.status == "differs"
    assert line.found.startswith(f"the Dagster home {home} cannot be used: ")


@pytest.mark.parametrize("name", ["data", "data/logs"])
def test_a_file_in_the_place_of_one_of_its_folders_differs(name: str, tmp_path: Path) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).touch()
    line, disk = machine.home_lines(tmp_path)
    assert (line.status, disk.status) == ("differs", "pass")
    assert f"{tmp_path / name} cannot be used: Not a directory" in line.found


def test_a_folder_in_the_place_of_the_instance_file_differs(tmp_path: Path) -> None:
    (tmp_path / "dagster.yaml").mkdir()
    line, _ = machine.home_lines(tmp_path)
    assert "dagster.yaml is no file" in line.found
