"""`db`: the version of the warehouse's schema."""

import sys

import click
from sqlalchemy.exc import OperationalError

from mining_assets.commands.options import Unusable, load_settings
from mining_assets.settings import prepare_home
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.upgrade import SchemaMismatch, current_revision, needed_revision, upgrade


@click.group("db")
def db() -> None:
    """Show and upgrade the schema of the warehouse."""


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the schema up to date. The embedded SQLite warehouse does so by itself.

    Example: mining-assets db upgrade
    """
    settings = load_settings()
    prepare_home(settings.home)
    warehouse = Warehouse(settings.warehouse)
    try:
        upgrade(warehouse)
    except SchemaMismatch as error:
        raise Unusable(str(error)) from None
    except OperationalError as error:
        raise Unusable(f"{warehouse} cannot be reached: {error.orig}") from None
    click.echo(f"{warehouse} is at revision {needed_revision()}")


@db.command("current")
def current_command() -> None:
    """Show the revision of the warehouse and the one this version needs.

    Example: mining-assets db current
    """
    warehouse = Warehouse(load_settings().warehouse)
    try:
        current = current_revision(warehouse)
    except OperationalError as error:
        raise Unusable(f"{warehouse} cannot be reached: {error.orig}") from None
    click.echo(f"{warehouse}: revision {current or 'none'}, needed {needed_revision()}")
    sys.exit(0 if current == needed_revision() else 1)
