"""A Dagster home that cannot be used: every command says so in one line and ends with exit code 2.

The doctor alone has a page for it, see ``test_doctor``.
"""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from mining_assets.cli.main import cli, main
from mining_assets_tests.support.harness import COMMAND, Environment

DAY = "2025-06-03"
ARGUMENTS: dict[str, list[str]] = {
    "date": [DAY],
    "range": [DAY, DAY],
    "replay": [DAY, DAY],
    "history": [DAY],
    "archive": ["check"],
    "reingest": [DAY, "--yes"],
    "critical": [DAY, "--yes"],
    "spot-fix": [DAY, "17", "T_WLNYO-4"],
    "export": ["daily_summaries"],
    "db": ["check"],
    "ui": ["--port", "39999"],
}
# What also root cannot use: permissions do not bind it.
HOMES = {
    "a file": "{file}",
    "below a file": "{file}/home",
    "a folder that takes no files": "/proc/self",
    "below such a folder": "/proc/home",
    "a name that is too long": "{folder}/" + "x" * 300,
}


def ended(arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> str:
    """The one line of a command that is refused."""
    monkeypatch.setattr(sys, "argv", ["mining-assets", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capfd.readouterr()
    assert left.value.code == 2, shown.err
    assert shown.out == ""
    (line,) = shown.err.splitlines()
    return line


@pytest.mark.parametrize("home", HOMES)
@pytest.mark.parametrize("command", [name for name in cli.list_commands(click.Context(cli)) if name != "doctor"])
def test_every_command_refuses_it_in_one_line(
    command: str, home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file"
    file.touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MINING_ASSETS_ELEXON_URL", "http://127.0.0.1:9")
    path = HOMES[home].format(file=file, folder=tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", path)
    line = ended([command, *ARGUMENTS.get(command, [])], monkeypatch, capfd)
    assert line.startswith(f"mining-assets: the Dagster home {path} cannot be used: ")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("command", ["current", "upgrade"])
def test_so_do_the_commands_on_the_database(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "/proc/home")
    assert "/proc/home cannot be used" in ended(["db", command], monkeypatch, capfd)


@pytest.mark.parametrize("folder", ["data", "data/logs", "data/checkpoints", "data/reports"])
def test_a_file_in_the_place_of_one_of_its_folders_is_told(
    folder: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    (home / folder).parent.mkdir(parents=True)
    (home / folder).touch()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    assert f"{home} cannot be used" in ended(["date", DAY], monkeypatch, capfd)


def test_the_home_of_a_user_who_is_not_known_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", "~nobody-of-that-name/home")
    assert "is not an absolute path" in ended(["status"], monkeypatch, capfd)


# Permissions do not bind root, but a mount that only this command sees does.
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'


@pytest.mark.system
@pytest.mark.parametrize("command", ["status", "range", "db"])
def test_a_home_that_is_read_only_is_refused_in_one_line(command: str, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    apart = ["unshare", "--mount", "sh", "-c", READ_ONLY, str(home)]
    try:
        tried = subprocess.run([*apart, "true"], capture_output=True, text=True, check=False, timeout=60)
    except FileNotFoundError:
        pytest.skip("there is no unshare here, with which a folder is made read-only")
    if tried.returncode:
        pytest.skip(f"no folder can be made read-only here: {tried.stderr.strip()}")
    ran = subprocess.run(
        [*apart, *COMMAND, command, *ARGUMENTS.get(command, [])],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
        env=Environment(home, {}).but(elexon_url="http://127.0.0.1:9").of_process(),
    )
    assert (ran.returncode, ran.stdout) == (2, ""), ran.stderr
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"mining-assets: the Dagster home {home} cannot be used: Read-only file system")
    assert list(home.iterdir()) == []
