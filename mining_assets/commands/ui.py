"""`ui`: the Dagster UI and its daemon on this machine."""

import errno
import os
import socket
import sys

import click

from mining_assets.commands.options import load_settings, opened_warehouse
from mining_assets.settings import prepare_home


@click.command("ui")
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True, help="Port on loopback.")
def ui(port: int) -> None:
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
    os.chdir(settings.home)  # Dagster lets a `.env` of the working folder win over the environment; commands do not
    arguments = ["dev", "-m", "mining_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "dagster", *arguments])


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
