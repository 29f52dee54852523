"""`daily`, `reingest`, `critical` and `spot-fix`: the operator's jobs, from the terminal."""

import sys
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import click

from mining_assets.cli.checkpoint import DAILY, OPERATION, Checkpoint, checkpoint_path
from mining_assets.cli.ingest import shrink_option
from mining_assets.cli.options import (
    DAY,
    confirm,
    days_asked_for,
    exclusive_command,
    json_option,
    load_settings,
    opened_warehouse,
    plan_option,
    require_warehouse,
    warehouse_for_plan,
    warn_of_other_source,
    yes_option,
)
from mining_assets.cli.phase import Phase
from mining_assets.cli.signals import ending_with
from mining_assets.curated import miner_models
from mining_assets.domain.date_ranges import LONGEST_DAILY_CHECK
from mining_assets.domain.fetch_estimate import FetchEstimate, estimate_fetch, estimate_period_fetch, slow_pace
from mining_assets.domain.periods import iso_day
from mining_assets.domain.settlement import periods_in
from mining_assets.settings import Settings, now, prepare_home


@click.command("daily")
@click.argument("days", type=click.IntRange(1, LONGEST_DAILY_CHECK), default=2)
@click.option("--force", is_flag=True, help="Fetch the days again even if nothing is wrong with them.")
@plan_option
@json_option
def daily(days: int, force: bool, plan_only: bool, as_json: bool) -> None:
    """Run the daily check: verify the last DAYS days by value and process what is missing or wrong.

    Example: mining-assets daily 7 --force
    """
    settings = load_settings()
    last = settings.last_day(now())
    sys.exit(daily_check(settings, days, last, force=force, plan_only=plan_only, as_json=as_json))


def daily_check(settings: Settings, count: int, last: date, *, force: bool, plan_only: bool, as_json: bool) -> int:
    """Check so many days up to the last one given; return the exit code.

    The run is told the last day: one that works after midnight does not take other days than were planned.
    """
    days, command = settings.days_until(last, count), f"daily {count}"
    if not days:
        raise click.UsageError(f"no day since the first partition, {settings.start_date}, is over yet")
    if plan_only:
        action = "verify, fetch again, calculate, summarize" if force else "verify, and mend what is missing or wrong"
        return _plan(command, action, days, _cost_of_check(settings, days, force=force), as_json)
    checkpoint = Checkpoint(checkpoint_path(settings.home, DAILY), command.split(), list(days), {"refetch": force})
    config = {"days": count, "last": str(last), "force": force}
    return perform(settings, "daily", config, command, days, checkpoint=checkpoint, as_json=as_json)


@click.command("reingest")
@click.argument("day", type=DAY)
@shrink_option
@yes_option
@plan_option
@json_option
def reingest(day: date, accept_shrink: bool, yes: bool, plan_only: bool, as_json: bool) -> None:
    """Fetch DAY again, whole, and derive everything from it again; shows figures before and after.

    Example: mining-assets reingest 2025-06-01 --yes
    """
    settings, command = load_settings(), f"reingest {day}"
    days, pace = days_asked_for(settings, day, day), settings.requests_per_second
    from mining_assets.cli.plans import print_estimate

    if plan_only:
        action = "fetch, replace, calculate, summarize, verify, up to its year"
        sys.exit(_plan(command, action, days, _cost_of_day(settings, days, pace), as_json))
    confirm(f"Replace everything that is stored of {day}?", yes=yes)
    config = {"day": str(day), "accept_shrink": accept_shrink}
    print_estimate(estimate_fetch(days, pace), pace)
    sys.exit(perform(settings, "reingest", config, command, days, as_json=as_json))


@click.command("critical")
@click.argument("day", type=DAY)
@shrink_option
@yes_option
@plan_option
@json_option
def critical(day: date, accept_shrink: bool, yes: bool, plan_only: bool, as_json: bool) -> None:
    """Repair a difficult DAY with extra safeguards: saved first, fetched slowly, replaced only if all is right.

    Example: mining-assets critical 2025-06-01 --yes
    """
    settings, command = load_settings(), f"critical {day}"
    days, pace = days_asked_for(settings, day, day), slow_pace(settings.requests_per_second)
    from mining_assets.cli.plans import print_estimate

    if plan_only:
        action = "save aside, fetch slowly, replace if every check holds on the result"
        sys.exit(_plan(command, action, days, _cost_of_day(settings, days, pace), as_json))
    confirm(f"Replace {day} if its new answer is right?", yes=yes)
    config = {"day": str(day), "accept_shrink": accept_shrink}
    print_estimate(estimate_fetch(days, pace), pace)
    sys.exit(perform(settings, "critical", config, command, days, as_json=as_json))


@click.command("spot-fix")
@click.argument("day", type=DAY)
@click.argument("period", type=int)
@click.argument("farm")
@shrink_option
@yes_option
@plan_option
@json_option
def spot_fix(day: date, period: int, farm: str, accept_shrink: bool, yes: bool, plan_only: bool, as_json: bool) -> None:
    """Fetch one PERIOD of a complete DAY again and repair what FARM has in it; the rest stays.

    FARM is a BM unit's id or name, or the name of a wind farm of one unit.

    Asks for confirmation only with --accept-shrink, which may lose good data.

    Example: mining-assets spot-fix 2025-06-01 17 T_WLNYO-4
    """
    settings = load_settings()
    days = days_asked_for(settings, day, day)
    if not 1 <= period <= periods_in(day):
        raise click.UsageError(f"{day} has the settlement periods 1 to {periods_in(day)}, not {period}")
    require_warehouse(settings)
    unit = _unit_of(settings, farm)
    command = f"spot-fix {day} {period} {unit}"
    if plan_only:
        action = f"fetch period {period}, both sides, replace it, calculate, summarize, verify"
        action += _what_stays_damaged(settings, day, period)
        sys.exit(_plan(command, action, days, estimate_period_fetch(settings.requests_per_second), as_json))
    if accept_shrink:
        confirm(f"Replace period {period} of {day} even if that takes more than 5 % off the day?", yes=yes)
    config = {"day": str(day), "period": period, "farm": unit, "accept_shrink": accept_shrink}
    sys.exit(perform(settings, "spot_fix", config, command, days, as_json=as_json))


def perform(
    settings: Settings,
    operation: str,
    config: Mapping[str, Any],
    command: str,
    days: Sequence[date],
    *,
    checkpoint: Checkpoint | None = None,
    as_json: bool = False,
) -> int:
    """Run an operator's job and report; return the exit code.

    Args:
        settings: of the command.
        operation: its name in ``operator_jobs.OPERATIONS``.
        config: of its step.
        command: the command line.
        days: those that it works on, in order.
        as_json: report for machines.
        checkpoint: of the daily check, kept until all is right; what is done to a single day has one of its own, which
            only an interruption leaves behind.
    """
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.cli.ending import conclude
        from mining_assets.cli.runs import run_operation
        from mining_assets.cli.terminal import TerminalProgress

        warn_of_other_source(settings, warehouse)
        kept = checkpoint or Checkpoint(
            checkpoint_path(settings.home, OPERATION), command.split(), list(days), dict(config)
        )
        expected_range = (days[0], days[-1])
        with ending_with(kept.way_on):
            with exclusive_command(warehouse, command):
                kept.write()
                with TerminalProgress(command.split()[0], len(days), settings.home, kept.after) as progress:
                    outcome = run_operation(settings, warehouse, operation, config, command, progress)
                    progress.finish()
            code = conclude(settings, warehouse, command, days, expected_range, progress, outcome, as_json=as_json)
            if progress.stopping:
                kept.print_remaining()
            elif code == 0 or checkpoint is None:
                kept.remove()
    return code


def is_operation(command: list[str], config: Mapping[str, Any]) -> bool:
    """Return whether this is something that is done to a single day, as a checkpoint tells it."""
    try:
        iso_day(str(config.get("day")))
    except ValueError:
        return False
    return command[:1] in (["reingest"], ["critical"], ["spot-fix"])


def do_again(
    settings: Settings, command: list[str], config: Mapping[str, Any], *, plan_only: bool, as_json: bool
) -> int:
    """Do again what was done to a single day when it was interrupted, and was confirmed when it was begun.

    Raises:
        click.UsageError: the day is not one of the partitions any more.
    """
    from mining_assets.cli.plans import print_estimate

    day, pace = iso_day(str(config["day"])), settings.requests_per_second
    pace = slow_pace(pace) if command[0] == "critical" else pace
    days = days_asked_for(settings, day, day)
    cost = estimate_period_fetch(pace) if "period" in config else estimate_fetch(days, pace)
    text = " ".join(command)
    if plan_only:
        with warehouse_for_plan(settings):
            return _plan(text, f"{text}, again", days, cost, as_json)
    print_estimate(cost, pace)
    return perform(settings, command[0].replace("-", "_"), config, text, days, as_json=as_json)


def _plan(command: str, action: str, days: Sequence[date], cost: FetchEstimate, as_json: bool) -> int:
    from mining_assets.cli.plans import Step, show_plan

    return show_plan(command, [Step(action, days[0], days[-1], len(days))], cost, as_json=as_json)


def _cost_of_check(settings: Settings, days: Sequence[date], *, force: bool) -> FetchEstimate:
    """Verify days and return what it costs to fetch those that need it: all, where there is no warehouse yet."""
    with warehouse_for_plan(settings) as warehouse:
        if warehouse is None or force:
            return estimate_fetch(days, settings.requests_per_second)
        from mining_assets.pipeline.repair import estimate_needs, needs_found
        from mining_assets.reconciliation.verify import Scope

        scope = Scope(miner_models(settings), (settings.start_date, settings.end_date))
        with Phase("verifying the days"):
            needed = needs_found(warehouse, days, scope, force=False)
        return estimate_needs(needed, settings.requests_per_second)


def _cost_of_day(settings: Settings, days: Sequence[date], requests_per_second: float) -> FetchEstimate:
    """Return what it costs to fetch days, having seen that the warehouse can be used if there is one."""
    with warehouse_for_plan(settings):
        return estimate_fetch(days, requests_per_second)


def _what_stays_damaged(settings: Settings, day: date, period: int) -> str:
    """Return what a fix of one period leaves as it is, for the plan."""
    from mining_assets.pipeline.repair import still_damaged
    from mining_assets.reconciliation.verify import damaged_periods

    with opened_warehouse(settings) as warehouse, warehouse.reading() as connection:
        others = [number for number in damaged_periods(connection, day) if number != period]
    return f"; the day stays damaged: {still_damaged(day, others)}" if others else ""


def _unit_of(settings: Settings, farm: str) -> str:
    """Find the id of the BM unit that an argument FARM names.

    Raises:
        click.UsageError: it names none, or several.
    """
    from mining_assets.curated import given_sites, wind_unit_additions
    from mining_assets.domain.naming import NoSuchUnitError
    from mining_assets.pipeline.fetch_references import known_wind_units, unit_asked_for

    with opened_warehouse(settings) as warehouse:
        units = known_wind_units(warehouse, wind_unit_additions(settings), given_sites(settings))
        try:
            return unit_asked_for(warehouse, farm, units)
        except NoSuchUnitError as error:
            raise click.UsageError(str(error)) from None
