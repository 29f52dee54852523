"""`mining-assets ui`: what it starts, and what it refuses before it starts anything."""

import os
import signal
import socket
import sys
import threading
from io import StringIO

import click
import pytest

from mining_assets import CODE_LOCATION
from mining_assets.cli import phase
from mining_assets.cli.services import Services
from mining_assets.cli.ui import ui
from mining_assets_tests.support.dagster_processes import free_port
from mining_assets_tests.support.harness import Environment


def test_all_listens_on_loopback_and_dagster_takes_no_logs_for_its_telemetry(
    mixed_days: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: dict[str, tuple[str, ...]] = {}
    sockets: list[socket.socket] = []

    def start(services: Services, name: str, *told: str, passed_on: bool = True) -> None:
        started[name] = told
        if name == "the code server":
            sockets.append(listening := socket.socket(socket.AF_UNIX))
            listening.bind(told[told.index("-s") + 1])
            listening.listen()
        if name == "the daemon":
            services.hear(signal.SIGTERM)

    for name, value in mixed_days.of_process().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DAGSTER_DISABLE_TELEMETRY", "")
    monkeypatch.setattr(Services, "start", start)
    port = free_port()
    with click.Context(ui):
        code = ui.callback(port=port)  # type: ignore[misc]
    for each in sockets:
        each.close()
    assert code == 128 + signal.SIGTERM
    assert list(started) == ["the code server", "the webserver", "the daemon"]
    assert started["the webserver"][3:7] == ("-h", "127.0.0.1", "-p", str(port))
    assert CODE_LOCATION in started["the code server"]
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


def test_a_terminal_is_not_silent_while_the_processes_start(
    mixed_days: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen()

    def start(services: Services, *_: str, **_options: bool) -> None:
        assert screen.written.wait(60)
        services.hear(signal.SIGTERM)

    for name, value in mixed_days.of_process().items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setattr(phase, "_LIVE_SECONDS", 0.01)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(Services, "start", start)
    with click.Context(ui):
        ui.callback(port=free_port())  # type: ignore[misc]
    assert "starting …" in screen.getvalue()


class Screen(StringIO):
    """A terminal that says when the start is shown on it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = threading.Event()

    def isatty(self) -> bool:
        return True

    def write(self, text: str) -> int:
        count = super().write(text)
        if "starting" in text:
            self.written.set()
        return count
