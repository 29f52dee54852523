"""`mining-assets ui`: what the process it becomes is told."""

import os
import socket
import sys
from typing import Any

import click
import pytest

from mining_assets.commands.ui import ui
from mining_assets_tests.integration.harness import Environment


class Became(Exception):
    """The process that it would have become."""


def test_it_listens_on_loopback_and_dagster_takes_no_logs_for_its_telemetry(
    mixed_days: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    def become(program: str, arguments: list[str]) -> Any:
        raise Became(program, *arguments)

    for name, value in mixed_days.of_process().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "")
    monkeypatch.setattr(os, "execv", become)
    with pytest.raises(Became) as became, click.Context(ui):
        ui.callback(port=3001)  # type: ignore[misc]
    told = became.value.args
    assert told[0] == sys.executable
    assert told[-4:] == ("-h", "127.0.0.1", "-p", "3001")
    assert os.environ["DAGSTER_DISABLE_TELEMETRY"] == "1"


def test_a_port_that_is_taken_is_told_before_anything_is_started(
    mixed_days: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in mixed_days.of_process().items():
        monkeypatch.setenv(name, value)
    with socket.create_server(("127.0.0.1", 0)) as taken, click.Context(ui):
        port = taken.getsockname()[1]
        with pytest.raises(click.UsageError, match=f"port {port} is taken by another process; `--port` names another"):
            ui.callback(port=port)  # type: ignore[misc]
