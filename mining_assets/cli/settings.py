"""`settings`: every setting with its value and where it comes from."""

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

import click
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from mining_assets.cli.env_file import file_of
from mining_assets.cli.options import json_option, load_settings
from mining_assets.settings import PREFIX, SECRETS_VARIABLE, Settings
from mining_assets.sources.address import without_credentials
from mining_assets.warehouse.address import URL

HOME = "DAGSTER_HOME"


class Setting(NamedTuple):
    """A setting as a person sees it; passwords are masked."""

    name: str
    value: str | None
    origin: str
    meaning: str


@click.command("settings")
@json_option
def settings(as_json: bool) -> None:
    """Show every setting, its value and where it comes from: the environment, .env, a file of secrets, the default.

    Example: mining-assets settings --json
    """
    told = list_settings(load_settings())
    if as_json:
        click.echo(json.dumps({setting.name: {"value": setting.value, "origin": setting.origin} for setting in told}))
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("setting", "value", "from"):
        table.add_column(heading, overflow="fold")
    for setting in told:
        table.add_row(setting.name, "" if setting.value is None else setting.value, setting.origin)
    console = Console(highlight=False)
    needed = console.measure(table, options=console.options.update(max_width=10_000)).maximum
    if needed <= console.width or not console.is_terminal:
        console.width = max(console.width, needed)
        console.print(table, markup=False)
        return
    for setting in told:  # a path or an address is not broken, so that it can be copied
        click.echo(f"{setting.name} ({setting.origin})\n  {'' if setting.value is None else setting.value}".rstrip())


def list_settings(loaded: Settings) -> list[Setting]:
    """Every setting in the order of its definition, the Dagster home first."""
    listed = []
    for field, info in Settings.model_fields.items():
        name = HOME if field == "home" else PREFIX + field.upper()
        shown = loaded.warehouse if field == "warehouse_url" else getattr(loaded, field)
        listed.append(Setting(name, _shown(shown), _origin(name), info.description or "Dagster's home folder."))
    return listed


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, SecretStr):
        return "***"
    return str(value) if isinstance(value, URL) else without_credentials(str(value))  # an URL masks its password


def _origin(name: str) -> str:
    if file := file_of(name):
        return str(file)
    if os.environ.get(name):
        return "environment"
    folder = os.environ.get(SECRETS_VARIABLE)
    if folder and (secret := Path(folder, name)).is_file():
        return str(secret)
    return "default"
