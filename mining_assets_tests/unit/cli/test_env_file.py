"""`.env` of the working folder: commands read it as Dagster does, and say where each setting comes from."""

import json
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest

from mining_assets.cli.env_file import file_of
from mining_assets.cli.main import main
from mining_assets.cli.services import Services
from mining_assets.cli.ui import ui
from mining_assets.settings import SECRETS_VARIABLE
from mining_assets_tests.support.dagster_processes import free_port
from mining_assets_tests.support.harness import Environment, run_cli

Told = Callable[..., dict[str, dict[str, Any]]]


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """What `mining-assets settings` tells in a folder, with an environment of its own."""
    monkeypatch.chdir(tmp_path)

    def settings(**environment: str) -> dict[str, dict[str, Any]]:
        monkeypatch.setattr("os.environ", {"PATH": os.environ["PATH"]} | environment)
        monkeypatch.setattr("sys.argv", ["mining-assets", "settings", "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert ended.value.code == 0, said.err
        shown: dict[str, dict[str, Any]] = json.loads(said.out)
        return shown

    return settings


def test_the_file_sets_what_the_environment_lacks_and_the_environment_wins(told: Told, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        f"DAGSTER_HOME={tmp_path}/theirs\nMINING_ASSETS_START_DATE=2024-05-01\nMINING_ASSETS_CONCURRENCY=3\n"
    )
    shown = told(MINING_ASSETS_CONCURRENCY="5", MINING_ASSETS_START_DATE="")
    assert shown["DAGSTER_HOME"] == {"value": f"{tmp_path}/theirs", "origin": str(file)}
    assert shown["MINING_ASSETS_START_DATE"] == {"value": "2024-05-01", "origin": str(file)}
    assert shown["MINING_ASSETS_CONCURRENCY"] == {"value": "5", "origin": "environment"}
    assert shown["MINING_ASSETS_RETRY_ATTEMPTS"] == {"value": "5", "origin": "default"}
    assert shown["MINING_ASSETS_WAREHOUSE_URL"]["value"] == f"sqlite:///{tmp_path}/theirs/data/warehouse.sqlite"


def test_a_value_that_is_not_the_files_any_more_is_not_said_to_be(told: Told, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("MINING_ASSETS_CONCURRENCY=3\n")
    told()
    assert file_of("MINING_ASSETS_CONCURRENCY") == file
    os.environ["MINING_ASSETS_CONCURRENCY"] = "4"
    assert file_of("MINING_ASSETS_CONCURRENCY") is None
    del os.environ["MINING_ASSETS_CONCURRENCY"]
    assert file_of("MINING_ASSETS_CONCURRENCY") is None


def test_passwords_are_masked_and_a_file_of_secrets_is_named(told: Told, tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.mkdir()
    secret = secrets / "MINING_ASSETS_WAREHOUSE_URL"
    secret.write_text("postgresql://someone:s3cret@127.0.0.1/name")
    (tmp_path / ".env").write_text("MINING_ASSETS_ALERT_WEBHOOK=http://127.0.0.1/s3cret\n")
    shown = told(**{SECRETS_VARIABLE: str(secrets)})
    assert "s3cret" not in json.dumps(shown)
    assert shown["MINING_ASSETS_WAREHOUSE_URL"]["origin"] == str(secret)
    assert shown["MINING_ASSETS_WAREHOUSE_URL"]["value"] == "postgresql+psycopg://someone:***@127.0.0.1/name"
    assert shown["MINING_ASSETS_ALERT_WEBHOOK"]["value"] == "***"


@pytest.mark.system
def test_status_and_every_other_command_go_by_the_file(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        f"DAGSTER_HOME={tmp_path}/theirs\nMINING_ASSETS_START_DATE=2025-06-02\nMINING_ASSETS_END_DATE=2025-06-04\n"
    )
    bare = Environment(tmp_path / "unused", {"DAGSTER_HOME": ""})
    assert run_cli(bare, "db", "upgrade", cwd=tmp_path).returncode == 0  # which makes the warehouse
    ran = run_cli(bare, "status", "--json", cwd=tmp_path)
    assert sum(json.loads(ran.stdout)["states"].values()) == 3, ran.stderr


@pytest.mark.system
def test_a_file_that_cannot_be_read_is_told_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_bytes(b"\xff\xfe\x00A=1")
    ran = run_cli(Environment(tmp_path / "home", {}), "status", cwd=tmp_path)
    assert ran.returncode == 2
    assert ran.stderr.startswith(f"mining-assets: {file} cannot be read")
    assert len(ran.stderr.splitlines()) == 1


def test_the_ui_reads_no_other_file_than_the_commands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dagster would let `.env` win over the environment: it is started where there is none."""
    home = tmp_path / "home"
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    (tmp_path / ".env").write_text("DAGSTER_HOME=/elsewhere\n")
    started: list[str] = []

    def start(services: Services, name: str, *_: str, **_options: bool) -> None:
        started.extend([name, str(services.folder), os.environ["DAGSTER_HOME"]])
        services.hear(signal.SIGINT)

    monkeypatch.setattr(Services, "start", start)
    with click.Context(ui):
        ui.callback(port=free_port())  # type: ignore[misc]
    assert started == ["the code server", str(home), str(home)]
