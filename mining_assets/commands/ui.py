"""`ui`: the Dagster UI and its daemon on this machine."""

import os
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
    prepare_home(settings.home)
    with opened_warehouse(settings):
        pass  # a warehouse that cannot be used is told here, not in every run
    click.echo(f"http://127.0.0.1:{port} on {settings.home}")
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"  # its upload does not heed the instance's setting
    os.chdir(settings.home)  # Dagster lets a `.env` of the working folder win over the environment; commands do not
    arguments = ["dev", "-m", "mining_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
    os.execv(sys.executable, [sys.executable, "-m", "dagster", *arguments])
