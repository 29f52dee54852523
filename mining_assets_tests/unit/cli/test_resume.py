"""`resume` continues what was interrupted, and nothing else."""

import json
import os
import signal
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mining_assets.cli import operations, signals
from mining_assets.cli.checkpoint import (
    CHECKPOINTS,
    OPERATION,
    RECONCILIATION,
    Checkpoint,
    checkpoint_path,
    interrupted,
)
from mining_assets.cli.ending import conclude
from mining_assets.cli.main import main
from mining_assets.cli.runs import Outcome
from mining_assets.cli.terminal import TerminalProgress
from mining_assets.progress import DayReport
from mining_assets.settings import Settings
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, clean
from mining_assets_tests.support.templates import Templates


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home in which nothing is yet; no source answers."""
    for name in [name for name in os.environ if name.startswith("MINING_ASSETS_")]:
        monkeypatch.delenv(name)
    for source in ("ELEXON", "MEMPOOL", "COINBASE"):
        monkeypatch.setenv(f"MINING_ASSETS_{source}_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MINING_ASSETS_RETRY_ATTEMPTS", "1")
    monkeypatch.setenv("MINING_ASSETS_START_DATE", str(SHORT))
    monkeypatch.setenv("MINING_ASSETS_END_DATE", str(WINDY))
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


def exit_code(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int | str | None:
    monkeypatch.setattr("sys.argv", ["mining-assets", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    return ended.value.code


@pytest.mark.parametrize("options", [[], ["--plan"], ["--json"], ["--plan", "--json"]], ids=" ".join)
def test_nothing_to_resume_is_said_and_nothing_is_done(
    options: list[str], home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    assert exit_code(monkeypatch, "resume", *options) == 0
    said = capfd.readouterr()
    assert said.err == "nothing to resume: no command was interrupted\n"
    report = {"command": "resume", "exit_code": 0, "plan": [], "cost": {"days": 0, "requests": 0, "minutes": 0.0}}
    assert (json.loads(said.out) if "--json" in options else said.out) == (report if "--json" in options else "")
    assert list(home.iterdir()) == []


@pytest.mark.parametrize("name", CHECKPOINTS)
@pytest.mark.parametrize("content", ["{", '{"command": 7}'], ids=["corrupt", "another shape"])
def test_a_checkpoint_that_cannot_be_read_is_named_and_left(
    content: str, name: str, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint_path(home, name)
    path.parent.mkdir(parents=True)
    path.write_text(content)
    assert exit_code(monkeypatch, "resume") == 1
    (line,) = capfd.readouterr().err.splitlines()
    assert str(path) in line
    assert "`mining-assets reconcile`" in line
    assert path.read_text() == content


@pytest.mark.parametrize(
    ("command", "operation", "config"),
    [
        (f"reingest {WINDY}", "reingest", {"day": str(WINDY), "accept_shrink": True}),
        (f"critical {WINDY}", "critical", {"day": str(WINDY), "accept_shrink": False}),
        (f"spot-fix {WINDY} 3 T_AAAAW-1", "spot_fix", {"day": str(WINDY), "period": 3, "farm": "T_AAAAW-1"}),
    ],
    ids=["reingest", "critical", "spot-fix"],
)
def test_what_was_done_to_a_single_day_is_done_again(
    command: str,
    operation: str,
    config: dict[str, object],
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    done: list[tuple[object, ...]] = []

    def perform(_: Settings, *arguments: object, **__: object) -> int:
        done.append(arguments)
        return 0

    monkeypatch.setattr(operations, "perform", perform)
    Checkpoint(checkpoint_path(home, OPERATION), command.split(), [WINDY], config).write()
    assert exit_code(monkeypatch, "resume", "--plan") == 0
    assert done == []
    assert exit_code(monkeypatch, "resume") == 0
    assert done == [(operation, config, command, [WINDY])]
    assert f"resuming `{command}`" in capfd.readouterr().err


def test_a_checkpoint_of_nothing_that_is_done_to_a_day_is_named(
    home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    path = checkpoint_path(home, OPERATION)
    Checkpoint(path, ["reingest"], [WINDY], {"day": "tomorrow"}).write()
    assert exit_code(monkeypatch, "resume") == 1
    assert str(path) in capfd.readouterr().err


@pytest.mark.system
@pytest.mark.parametrize("stops", [True, False], ids=["interrupted", "refused"])
def test_only_an_interruption_leaves_the_checkpoint_of_a_single_day(
    stops: bool,
    templates: Templates,
    home: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    path = checkpoint_path(home, OPERATION)

    def run(*arguments: Any) -> Outcome:
        assert path.exists()
        assert signals._Watch.way_on() == "continue with `mining-assets resume`"
        progress = arguments[-1]
        if stops:
            progress.signals.received = signal.SIGTERM
        return Outcome(errors=["refused"])

    monkeypatch.setattr("mining_assets.cli.runs.run_operation", run)
    with templates.copy("sqlite", clean, home) as warehouse:
        monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", warehouse.url.render_as_string())
        code = exit_code(monkeypatch, "reingest", str(WINDY), "--yes")
    assert code == (128 + signal.SIGTERM if stops else 1)
    assert path.exists() is stops
    left = "interrupted: 1 day left; continue with `mining-assets resume`"
    assert (capfd.readouterr().err.splitlines()[-1] == left) is stops
    assert signals._Watch.way_on() == ""


def test_a_reconciliation_that_is_stopped_while_it_verifies_is_resumed(
    templates: Templates, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def verify(*_: object, **__: object) -> Outcome:
        said.append(signals._Watch.way_on())
        return Outcome(errors=["stopped"])

    monkeypatch.setattr("mining_assets.cli.runs.run_verification", verify)
    with templates.copy("sqlite", clean, home) as warehouse:
        monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", warehouse.url.render_as_string())
        assert exit_code(monkeypatch, "reconcile") == 1
    assert said == ["continue with `mining-assets resume`"]
    left = interrupted(checkpoint_path(home, RECONCILIATION))
    assert left is not None
    assert left[0] == ["reconcile", "10"]


def test_an_interrupted_command_says_how_to_go_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Checkpoint(tmp_path / "checkpoint.json", ["range"], [date(2025, 3, 30)]).print_remaining()
    assert capfd.readouterr().err == "interrupted: 1 day left; continue with `mining-assets resume`\n"


def test_an_interrupted_command_shows_the_days_that_it_did(
    templates: Templates, home: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    with templates.copy("sqlite", clean, home) as warehouse:
        monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", warehouse.url.render_as_string())
        progress = TerminalProgress("range", 3, home)
        with progress:
            progress.day(DayReport(SHORT, "kept", 0, 0.0, 0.0))
            progress.signals.received = signal.SIGTERM
        days = [SHORT, QUIET, WINDY]
        code = conclude(Settings.load(), warehouse, "range", days, (SHORT, WINDY), progress, Outcome(), as_json=False)
    assert code == 128 + signal.SIGTERM
    table = capfd.readouterr().out.split("\n", 1)[1]
    assert str(SHORT) in table
    assert str(QUIET) not in table
    assert str(WINDY) not in table
