"""What the commands share: options, days as arguments, the range they must lie in, and opening the warehouse."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import click

from mining_assets.cli.phase import Phase
from mining_assets.curated import given_prices, given_sites, halving_times, miner_models, wind_unit_additions
from mining_assets.domain.periods import iso_day
from mining_assets.settings import Settings, check_home, now, unnamed_home
from mining_assets.warehouse.address import URL
from mining_assets.warehouse.command_lock import hold_command_lock
from mining_assets.warehouse.connection import DamagedValueError, DBAPIError, Warehouse, is_transient
from mining_assets.warehouse.upgrade import SchemaMismatch, open_warehouse
from mining_assets.warehouse.values import damaged_values_message


class DayType(click.ParamType[date]):
    """A settlement day, as 2025-06-01."""

    name = "day"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> date:
        if isinstance(value, date):
            return value
        try:
            return iso_day(value)
        except ValueError:
            return self._refuse(value)

    def _refuse(self, value: str) -> date:
        raise click.UsageError(f"'{value}' is not a day; write it like 2025-06-01")


class InstantType(click.ParamType[datetime]):
    """An instant: 2025-06-05, 2025-06-05T12:30 or with an offset; UTC where it has none."""

    name = "INSTANT"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            instant = datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not an instant like 2025-06-05T12:30", param, ctx)
        return instant if instant.tzinfo else instant.replace(tzinfo=UTC)


DAY, INSTANT = DayType(), InstantType()
UNREACHABLE = 3
_NOT_YET = "there is no warehouse yet"

json_option = click.option("--json", "as_json", is_flag=True, help="Print the report as one JSON document.")
plan_option = click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, and do nothing.")
yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


class Unusable(click.ClickException):
    """The database cannot be used."""

    exit_code = UNREACHABLE


def load_settings() -> Settings:
    """Load the settings and read the files that they name: a bad one is reported before anything is touched.

    Raises:
        SettingsError: one of them is wrong, or the Dagster home cannot be used.
    """
    settings = Settings.load()
    check_home(settings.home)
    miner_models(settings)
    wind_unit_additions(settings)
    given_sites(settings)
    given_prices(settings)
    halving_times(settings)
    return settings


def print_home(settings: Settings) -> None:
    """Tell on standard error, once, which home and warehouse are used when nobody named one."""
    if settings.home == unnamed_home() and settings.warehouse_url is None:
        _print_home(settings.home, settings.warehouse.database or "")


@cache
def _print_home(home: Path, warehouse: str) -> None:
    """Tell which place is used, which goes by the working folder."""
    click.secho(f"home {home}, warehouse {warehouse}", dim=True, err=True)


def require_warehouse(settings: Settings) -> None:
    """Refuse to make a warehouse for somebody who only wants to look.

    Raises:
        click.ClickException: the embedded one does not exist yet. PostgreSQL is never made by itself.
    """
    if file := _lacking_file(settings.warehouse):
        raise click.ClickException(f"{_NOT_YET}, {file}: `mining-assets range START END` makes one")


@contextmanager
def warehouse_for_plan(settings: Settings) -> Iterator[Warehouse | None]:
    """Open the warehouse to plan by it; None, and said on standard error, where the embedded one does not exist yet.

    Raises:
        Unusable: as :func:`opened_warehouse`.
    """
    if file := _lacking_file(settings.warehouse):
        print_home(settings)
        click.echo(f"{_NOT_YET}, {file}: everything is to be fetched", err=True)
        yield None
        return
    with opened_warehouse(settings) as warehouse:
        warn_of_other_source(settings, warehouse)
        yield warehouse


def warn_of_other_source(settings: Settings, warehouse: Warehouse) -> None:
    """Say on standard error that what would be fetched now comes from elsewhere than what is stored, if it does."""
    from mining_assets.domain.origin import other_source
    from mining_assets.sources.address import address_of
    from mining_assets.warehouse.origins import read_origins

    with warehouse.reading() as connection:
        said = other_source(read_origins(connection), address_of(settings.elexon_url))
    if said:
        click.echo(said, err=True)


def _lacking_file(address: URL) -> str | None:
    file = address.database
    return file if address.get_backend_name() == "sqlite" and file and not Path(file).exists() else None


def days_asked_for(settings: Settings, first: date, last: date) -> list[date]:
    """Every day from first to last.

    Raises:
        click.UsageError: the range is empty, outside the partitions, or not over yet.
    """
    if last < first:
        raise click.UsageError(f"the range ends on {last}, before it starts on {first}")
    if first < settings.start_date:
        raise click.UsageError(f"{first} is before the first partition, {settings.start_date}")
    over = settings.last_day(now())
    if settings.end_date is not None and last > settings.end_date:
        raise click.UsageError(f"{last} is after the last partition, {settings.end_date}")
    if last > over:
        raise click.UsageError(f"{last} is not over yet in London; the last day that is over is {over}")
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def print_waiting(who: str) -> None:
    """Tell that another command is at work, and that this one waits for it."""
    click.echo(f"mining-assets: waiting for `{who}`, which is at work on this warehouse", err=True)


@contextmanager
def exclusive_command(warehouse: Warehouse, command: str) -> Iterator[None]:
    """Hold the warehouse for this command, once others have ended."""
    with ExitStack() as held:
        with Phase("waiting for the warehouse") as phase:

            def wait(other: str) -> None:
                phase.clear()
                print_waiting(other)
                phase.phase(f"waiting for `{other}`")

            held.enter_context(hold_command_lock(warehouse, command, wait))
        yield


@contextmanager
def opened_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """Open the warehouse of the settings, ready for use.

    Raises:
        Unusable: it cannot be reached, its schema does not fit, or it is lost while it is used.
    """
    address = settings.warehouse.render_as_string(hide_password=True)
    print_home(settings)
    try:
        with Phase("opening the warehouse"):  # which an older schema makes long
            warehouse = open_warehouse(settings.warehouse)
        try:
            _warn_of_doubtful_sites(settings, warehouse)
            yield warehouse
        finally:
            warehouse.close()
    except SchemaMismatch as error:
        raise Unusable(str(error)) from None
    except DamagedValueError as error:
        with closing(Warehouse(settings.warehouse)) as again:
            raise click.ClickException(damaged_values_message(again, error)) from None
    except DBAPIError as error:
        if not is_transient(error):
            raise
        raise Unusable(f"the warehouse {address} cannot be used: {error.orig}") from None


def _warn_of_doubtful_sites(settings: Settings, warehouse: Warehouse) -> None:
    """Tell on standard error what the file of sites names that nobody knows, as it changes nothing then."""
    if settings.sites is None:
        return
    from mining_assets.pipeline.fetch_references import doubtful_sites

    for doubt in doubtful_sites(warehouse, given_sites(settings)):
        click.echo(f"mining-assets: MINING_ASSETS_SITES, {settings.sites}: {doubt}", err=True)


def confirm(question: str, *, yes: bool, why: str = "this may replace good data") -> None:
    """Ask, unless told not to.

    Args:
        question: asked on a terminal.
        yes: answers it.
        why: it is asked, for where there is no terminal.

    Raises:
        click.UsageError: there is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError(f"{why}: confirm with --yes, because there is no terminal to ask")
    click.confirm(question, abort=True)
