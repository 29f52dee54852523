"""`resume` continues what was interrupted, and nothing else."""

import json
import os
import signal
from datetime import date
from pathlib import Path

import pytest

from mining_assets.commands.checkpoint import DAILY, RECONCILIATION, Checkpoint, checkpoint_path
from mining_assets.commands.ending import conclude
from mining_assets.commands.main import main
from mining_assets.commands.runs import Outcome
from mining_assets.commands.terminal import TerminalProgress
from mining_assets.progress import DayReport
from mining_assets.settings import Settings
from mining_assets_tests.templates import Templates
from mining_assets_tests.verification.clean import QUIET, SHORT, WINDY, clean


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


@pytest.mark.parametrize("name", [RECONCILIATION, DAILY])
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


def test_an_interrupted_command_says_how_to_go_on(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    Checkpoint(tmp_path / "checkpoint.json", ["range"], [date(2025, 3, 30)]).say_left()
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
