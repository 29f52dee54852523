"""The help: grouped, in 80 columns, whole; and what is completed while somebody types."""

import os
import resource
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
    command = [sys.executable, "-c", "from mining_assets.cli.main import main; main()"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.stdout.split() == [f"plain,{name}" for name in ("reconcile", "resume", "reingest", "report")]
    # Of processor time, which a busy machine stretches less than time; the imports of one command take longer alone.
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 1.0
    loaded = "import sys, mining_assets.cli.main; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout.split()
    assert not {"dagster", "pandas", "sqlalchemy", "pydantic"} & set(modules)
