"""`daily`, `reingest`, `critical` and `spot-fix`: the operator's jobs, from the terminal."""

import sys
from collections.abc import Mapping
from datetime import date
from typing import Any

import click

from mining_assets.commands.ingest import shrink_option
from mining_assets.commands.options import DAY, days_asked_for, load_settings, opened_warehouse, say_waiting
from mining_assets.commands.reconcile import plan_option
from mining_assets.domain.settlement import periods_in
from mining_assets.settings import Settings, prepare_home
from mining_assets.warehouse.exclusive import alone

yes_option = click.option("--yes", is_flag=True, help="Do not ask for confirmation.")


@click.command("daily")
@click.argument("days", type=click.IntRange(1, 366), default=2)
@click.argument("force", type=bool, default=False)
@click.option("--force", "forced", is_flag=True, help="Fetch the days again even if nothing is wrong with them.")
@plan_option
def daily(days: int, force: bool, forced: bool, plan_only: bool) -> None:
    """The daily check: verify the last DAYS days by value and process what is missing or wrong.

    Example: mining-assets daily 7 --force
    """
    settings = load_settings()
    config = {"days": days, "force": force or forced}
    if plan_only:
        click.echo(
            f"would verify the last {days} days and {'fetch them all again' if config['force'] else 'mend them'}"
        )
        sys.exit(0)
    sys.exit(perform(settings, "daily", config, f"daily {days}"))


@click.command("reingest")
@click.argument("day", type=DAY)
@shrink_option
@yes_option
@plan_option
def reingest(day: date, accept_shrink: bool, yes: bool, plan_only: bool) -> None:
    """Fetch DAY again, whole, and derive everything from it anew; shows figures before and after.

    Example: mining-assets reingest 2025-06-01 --yes
    """
    settings = load_settings()
    days_asked_for(settings, day, day)
    if plan_only:
        click.echo(f"would fetch {day} again, replace it, and derive everything from it up to its year")
        sys.exit(0)
    confirm(f"Replace everything that is stored of {day}?", yes=yes)
    config = {"day": str(day), "accept_shrink": accept_shrink}
    sys.exit(perform(settings, "reingest", config, f"reingest {day}"))


@click.command("critical")
@click.argument("day", type=DAY)
@shrink_option
@yes_option
@plan_option
def critical(day: date, accept_shrink: bool, yes: bool, plan_only: bool) -> None:
    """Mend a problematic DAY with extra safeguards: saved aside, fetched slowly, replaced only if all is right.

    Example: mining-assets critical 2025-06-01 --yes
    """
    settings = load_settings()
    days_asked_for(settings, day, day)
    if plan_only:
        click.echo(f"would save {day} aside, fetch it slowly, and replace it if every check holds on the result")
        sys.exit(0)
    confirm(f"Replace {day} if its new answer is right?", yes=yes)
    config = {"day": str(day), "accept_shrink": accept_shrink}
    sys.exit(perform(settings, "critical", config, f"critical {day}"))


@click.command("spot-fix")
@click.argument("day", type=DAY)
@click.argument("period", type=int)
@click.argument("farm")
@shrink_option
@plan_option
def spot_fix(day: date, period: int, farm: str, accept_shrink: bool, plan_only: bool) -> None:
    """Fetch one PERIOD of a whole DAY again and mend what FARM has in it; all else of the day stays.

    Example: mining-assets spot-fix 2025-06-01 17 T_WLNYO-4
    """
    settings = load_settings()
    days_asked_for(settings, day, day)
    if not 1 <= period <= periods_in(day):
        raise click.UsageError(f"{day} has the settlement periods 1 to {periods_in(day)}, not {period}")
    _refuse_unknown_farm(settings, farm)
    if plan_only:
        click.echo(f"would fetch period {period} of {day} again, both sides, and replace it")
        sys.exit(0)
    config = {"day": str(day), "period": period, "farm": farm, "accept_shrink": accept_shrink}
    sys.exit(perform(settings, "spot_fix", config, f"spot-fix {day} {period} {farm}"))


def perform(settings: Settings, operation: str, config: Mapping[str, Any], command: str) -> int:
    """Run an operator's job and tell what it says; returns the exit code."""
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse, alone(warehouse, command, say_waiting):
        from mining_assets.automation.operations import OPERATIONS
        from mining_assets.commands.runs import run_operation
        from mining_assets.commands.terminal import TerminalProgress

        job, op = OPERATIONS[operation]
        with TerminalProgress(operation, 1, settings.home) as progress:
            outcome = run_operation(settings, job, op, config, command, progress)
            progress.say(progress.statistics())
    for error in outcome.errors:
        click.echo(f"mining-assets: {error}", err=True)
    if progress.stopping:
        return progress.signals.exit_code
    return 1 if outcome.errors else 0


def confirm(question: str, *, yes: bool) -> None:
    """Ask, unless told not to.

    Raises:
        click.UsageError: there is no terminal to ask on.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise click.UsageError("this may replace good data: confirm with --yes, since there is no terminal to ask on")
    click.confirm(question, abort=True)


def _refuse_unknown_farm(settings: Settings, farm: str) -> None:
    from mining_assets.automation.operations import unknown_farm
    from mining_assets.chain.references import known_wind_units
    from mining_assets.curated import wind_unit_additions

    with opened_warehouse(settings) as warehouse:
        wrong = unknown_farm(farm, known_wind_units(warehouse, wind_unit_additions(settings)))
    if wrong:
        raise click.UsageError(wrong)
