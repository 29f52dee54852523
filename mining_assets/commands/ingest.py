"""`date` and `range`: fetch what is missing of some days, calculate and summarize, up to their years."""

import sys
from datetime import date
from typing import Any

import click

from mining_assets.commands.options import DAY, days_asked_for, load_settings, opened_warehouse
from mining_assets.commands.tables import print_failures, print_figures
from mining_assets.curated import miner_models
from mining_assets.domain.settlement import periods_in
from mining_assets.settings import Settings, prepare_home
from mining_assets.warehouse.status import read_status

refetch_option = click.option("--refetch", is_flag=True, help="Fetch days again that are whole.")
shrink_option = click.option(
    "--accept-shrink", is_flag=True, help="Store an answer that takes more than 5 % off a final day."
)


@click.command("date")
@click.argument("day", type=DAY)
@refetch_option
@shrink_option
@click.option(
    "--accept-empty",
    type=int,
    multiple=True,
    metavar="PERIOD",
    help="A period known to be truly empty on both sides; may be repeated.",
)
def date_command(day: date, refetch: bool, accept_shrink: bool, accept_empty: tuple[int, ...]) -> None:
    """Bring one DAY up to date: fetch it if it is not whole, calculate, summarize.

    Example: mining-assets date 2025-06-01 --refetch
    """
    settings = load_settings()
    days = days_asked_for(settings, day, day)
    for period in accept_empty:
        if not 1 <= period <= periods_in(day):
            raise click.UsageError(f"{day} has the settlement periods 1 to {periods_in(day)}, not {period}")
    config = {"refetch": refetch, "accept_shrink": accept_shrink, "accept_empty": list(accept_empty)}
    sys.exit(bring_up_to_date(settings, days, config, f"date {day}"))


@click.command("range")
@click.argument("start", type=DAY)
@click.argument("end", type=DAY)
@refetch_option
def range_command(start: date, end: date, refetch: bool) -> None:
    """Bring the days from START to END (inclusive) up to date. Days that are whole are not fetched again.

    Example: mining-assets range 2025-06-01 2025-07-17
    """
    settings = load_settings()
    days = days_asked_for(settings, start, end)
    sys.exit(bring_up_to_date(settings, days, {"refetch": refetch}, f"range {start} {end}"))


def bring_up_to_date(settings: Settings, days: list[date], config: dict[str, Any], command: str) -> int:
    """Run the jobs over the days, show how each ended and what the range holds now; returns the exit code."""
    models = miner_models(settings)
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.commands.runs import run_days
        from mining_assets.commands.terminal import TerminalProgress

        with TerminalProgress(len(days)) as progress:
            outcome = run_days(settings, days, config, command, progress)
        with warehouse.reading() as connection:
            status = read_status(connection, days[0], days[-1], models, (settings.start_date, settings.end_date))
            print_figures(connection, status, models)
    failed = [report for report in progress.reports if report.reasons]
    print_failures(failed, outcome.errors)
    return 0 if status.is_right and not failed and not outcome.errors else 1
