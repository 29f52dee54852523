"""The help: grouped, in 80 columns, whole; and what is completed while somebody types."""

import os
import subprocess
import sys

import click
import pytest

from mining_assets.cli.main import _GROUPS, cli, main


def said(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], *arguments: str) -> tuple[object, str]:
    """Exit code and standard output of the command line, on 80 columns."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys, "argv", ["mining-assets", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capfd.readouterr()
    assert shown.err == ""
    return left.value.code, shown.out


@pytest.mark.parametrize("arguments", [(), ("--help",), ("-h",)])
def test_the_help_is_grouped_whole_and_fits(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out = said(monkeypatch, capfd, *arguments)
    assert code == 0
    lines = out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [line for line in lines if line.endswith(":") and not line.startswith((" ", "Options"))] == [
        f"{title}:" for title in _GROUPS
    ]
    for commands in _GROUPS.values():
        for name, (_, summary) in commands.items():
            assert any(line.split(maxsplit=1) == [name, summary] for line in lines), name


def test_every_command_of_the_help_is_there() -> None:
    context = click.Context(cli)
    assert [cli.get_command(context, name) for name in cli.list_commands(context)]
    assert sum(map(len, _GROUPS.values())) == len(cli.list_commands(context))


def test_commands_are_completed_without_importing_them() -> None:
    variables = {"_MINING_ASSETS_COMPLETE": "bash_complete", "COMP_WORDS": "mining-assets re", "COMP_CWORD": "1"}
    command = [sys.executable, "-X", "importtime", "-c", "from mining_assets.cli.main import main; main()"]
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [f"plain,{name}" for name in ("reconcile", "replay", "resume", "reingest", "report")]
    # The imports of one command take longer than somebody waits for a completion.
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "mining_assets.cli.main" in imported
    assert not {"dagster", "pandas", "sqlalchemy", "pydantic"} & imported
