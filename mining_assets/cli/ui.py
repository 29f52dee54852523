"""`ui`: the Dagster UI and its daemon on this machine."""

import errno
import json
import os
import signal
import socket
import sys
from contextlib import nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from mining_assets import CODE_LOCATION
from mining_assets.cli.options import load_settings, opened_warehouse
from mining_assets.cli.phase import Phase
from mining_assets.cli.services import Services
from mining_assets.settings import prepare_home

READY = "ready; runs and sensors log there, under Runs and Automation; Ctrl-C ends all"


@click.command("ui")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on loopback.")
def ui(port: int) -> int:
    """Open the Dagster UI with its daemon, on the storage that the commands use. Loopback only; Ctrl-C ends it.

    Example: mining-assets ui --port 3001
    """
    settings = load_settings()
    _refuse_taken(port)
    prepare_home(settings.home)
    with opened_warehouse(settings):
        pass  # a warehouse that cannot be used is told here, not in every run
    click.echo(f"http://127.0.0.1:{port} on {settings.home}")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"  # its upload does not heed the instance's setting
    # Dagster lets a `.env` of the working folder win over the environment, and commands do not: it works in the home.
    with TemporaryDirectory() as folder, Services.together(settings.home) as services:
        _serve(services, port, Path(folder))
    if services.received:
        click.echo(f"mining-assets: stopped by {signal.Signals(services.received).name}", err=True)
    return services.exit_code


def _serve(services: Services, port: int, folder: Path) -> None:
    """Start code server, webserver and daemon, and wait until a signal comes.

    Args:
        services: which start the processes and stop them together.
        port: where the webserver listens.
        folder: a private one, for the address of the code server.

    Raises:
        ServiceEnded: one of them ended.
    """
    address = folder / "code"
    workspace = folder / "workspace.yaml"
    served = {"socket": str(address), "location_name": CODE_LOCATION}
    workspace.write_text(json.dumps({"load_from": [{"grpc_server": served}]}))
    code = ["-m", "mining_assets.definitions", "-s", str(address), "--location-name", CODE_LOCATION]
    # Its children are the runs, whose every event is theirs in the UI, and so is what a sensor's look says.
    listening = ["-h", "127.0.0.1", "-p", str(port)]
    with Phase("starting") if sys.stderr.isatty() else nullcontext():
        services.start("the code server", "dagster", "api", "grpc", *code, "--log-level", "warning", passed_on=False)
        if not services.wait(lambda: _answers(socket.AF_UNIX, str(address))):
            return
        services.start(
            "the webserver", "dagster_webserver", "-w", str(workspace), *listening, "--dagster-log-level", "warning"
        )
        services.start("the daemon", "dagster._daemon", "run", "-w", str(workspace), "--log-level", "warning")
        if not services.wait(lambda: _answers(socket.AF_INET, ("127.0.0.1", port))):
            return
    click.echo(READY)
    services.wait()


def _answers(family: socket.AddressFamily, address: str | tuple[str, int]) -> bool:
    with socket.socket(family, socket.SOCK_STREAM) as tried:
        return tried.connect_ex(address) == 0


def _refuse_taken(port: int) -> None:
    """Look whether the port is free, before anything is started beside what answers there.

    Raises:
        click.UsageError: it is not.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tried:
        tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was just left is free
        try:
            tried.bind(("127.0.0.1", port))
        except OSError as error:
            reason = "is taken by another process" if error.errno == errno.EADDRINUSE else f"cannot be used: {error}"
            raise click.UsageError(f"port {port} {reason}; `--port` names another") from None
