"""`db`: the database of the warehouse: its schema, whether it can be used, and moving it to another."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from mining_assets.cli.options import Unusable, load_settings, require_warehouse
from mining_assets.cli.phase import Phase
from mining_assets.domain.wording import count_of
from mining_assets.settings import prepare_home
from mining_assets.warehouse.address import URL, warehouse_address
from mining_assets.warehouse.connection import OperationalError, Warehouse
from mining_assets.warehouse.copy import CopyDiffers, TargetNotEmpty, copy_warehouse
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.upgrade import (
    SchemaMismatch,
    current_revision,
    needed_revision,
    require_revision,
    upgrade,
)


class AddressType(click.ParamType[URL]):
    """The address of a warehouse."""

    name = "url"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> URL:
        if isinstance(value, URL):
            return value
        try:
            return warehouse_address(value)
        except ValueError as error:
            raise click.UsageError(f"{param.opts[0] if param else 'the address'} {error}") from None


@click.group("db")
def db() -> None:
    """Show, check and upgrade the database of the warehouse, or copy it to another."""


@contextmanager
def reached(address: URL) -> Iterator[Warehouse]:
    """Open the warehouse at an address, whatever its schema.

    Raises:
        Unusable: it cannot be reached, or this version does not work with its schema.
    """
    warehouse = Warehouse(address)
    try:
        yield warehouse
    except SchemaMismatch as error:
        raise Unusable(f"{warehouse}: {error}") from None
    except OperationalError as error:
        raise Unusable(f"{warehouse} cannot be reached: {error.orig}") from None
    finally:
        warehouse.close()


@contextmanager
def _looked_at() -> Iterator[Warehouse]:
    """Open the warehouse of the settings, whatever its schema; none is made.

    Raises:
        click.ClickException: there is none yet.
        Unusable: as for :func:`reached`.
    """
    settings = load_settings()
    require_warehouse(settings)
    with reached(settings.warehouse) as warehouse:
        yield warehouse


@db.command("upgrade")
def upgrade_command() -> None:
    """Bring the schema up to date. The embedded SQLite warehouse does so by itself.

    Example: mining-assets db upgrade
    """
    settings = load_settings()
    prepare_home(settings.home)
    with reached(settings.warehouse) as warehouse:
        with Phase("upgrading the schema"):
            upgrade(warehouse)
        click.echo(f"{warehouse} is at revision {needed_revision()}")


@db.command("current")
def current_command() -> None:
    """Show the revision of the warehouse and the one this version needs.

    Example: mining-assets db current
    """
    with _looked_at() as warehouse:
        current = current_revision(warehouse)
        click.echo(f"{warehouse}: revision {current or 'none'}, needed {needed_revision()}")
    sys.exit(0 if current == needed_revision() else 1)


@db.command("check")
def check_command() -> None:
    """Check that the database can be used, and change nothing.

    Checked are its version, that every table and constraint is as this version needs it, and that all of it can be
    read and written.

    Example: mining-assets db check
    """
    with _looked_at() as warehouse:
        with Phase("checking the database"):
            found = problems(warehouse)
        for problem in found:
            click.echo(f"{warehouse}: {problem}", err=True)
        if not found:
            click.echo(
                f"{warehouse}: revision {needed_revision()}, all tables as they should be, readable and writable"
            )
    sys.exit(1 if found else 0)


@db.command("copy")
@click.option("--from", "source", type=AddressType(), required=True, help="Warehouse to read; it may be in use.")
@click.option("--to", "target", type=AddressType(), required=True, help="Empty database to write.")
def copy_command(source: URL, target: URL) -> None:
    """Copy a whole warehouse to another database, SQLite or PostgreSQL: everything, verified, or nothing.

    The target must be empty and gets its schema by itself. Passwords are better left out of the command line: libpq
    finds them in PGPASSFILE.

    Example: mining-assets db copy --from sqlite:////var/lib/warehouse.sqlite --to postgresql://user@host/name
    """
    if source == target:
        raise click.UsageError("--from and --to are the same database")
    if source.get_backend_name() == "sqlite" and not Path(str(source.database)).is_file():
        raise click.UsageError(f"--from: there is no file {source.database}")
    with reached(source) as read:
        with read.reading() as connection:
            require_revision(connection)  # told of the source, before the target is touched
        with reached(target) as write:
            try:
                with Phase("copying") as phase:

                    def copied(table: str, rows: int) -> None:
                        phase.clear()
                        click.echo(f"{table}: {count_of(rows, 'row')}")

                    copy_warehouse(read, write, copied)
            except TargetNotEmpty as error:
                raise click.UsageError(f"{write}: {error}") from None
            except CopyDiffers as error:
                raise click.ClickException(str(error)) from None
            click.echo(f"{read} is copied to {write}, and counts and sums agree")
