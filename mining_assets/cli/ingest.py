"""`date` and `range`: fetch what is missing of some days, calculate and summarize, up to their years."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from mining_assets.cli.checkpoint import RECONCILIATION, Checkpoint, checkpoint_path
from mining_assets.cli.options import (
    DAY,
    days_asked_for,
    exclusive_command,
    json_option,
    load_settings,
    opened_warehouse,
    plan_option,
    warehouse_for_plan,
    warn_of_other_source,
)
from mining_assets.cli.phase import Phase
from mining_assets.cli.signals import ending_with
from mining_assets.domain.periods import Month, Year
from mining_assets.domain.settlement import periods_in
from mining_assets.settings import Settings, prepare_home

if TYPE_CHECKING:
    from mining_assets.cli.runs import Batch

refetch_option = click.option("--refetch", is_flag=True, help="Fetch complete days again, too.")
shrink_option = click.option(
    "--accept-shrink", is_flag=True, help="Store an answer that takes more than 5 % off a final day."
)
batch_argument = click.argument("batch", type=click.IntRange(min=1), required=False)


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
@plan_option
@json_option
def date_command(
    day: date, refetch: bool, accept_shrink: bool, accept_empty: tuple[int, ...], plan_only: bool, as_json: bool
) -> None:
    """Bring one DAY up to date: fetch it if it is not complete, calculate, summarize, verify.

    Example: mining-assets date 2025-06-01 --refetch
    """
    settings = load_settings()
    days = days_asked_for(settings, day, day)
    for period in accept_empty:
        if not 1 <= period <= periods_in(day):
            raise click.UsageError(f"{day} has the settlement periods 1 to {periods_in(day)}, not {period}")
    from mining_assets.cli.runs import Batch

    config = {"refetch": refetch, "accept_shrink": accept_shrink, "accept_empty": list(accept_empty)}
    batches = [Batch(days, config)]
    sys.exit(bring_up_to_date(settings, batches, ["date", str(day)], plan_only=plan_only, as_json=as_json))


@click.command("range")
@click.argument("start", type=DAY)
@click.argument("end", type=DAY)
@batch_argument
@refetch_option
@plan_option
@json_option
def range_command(start: date, end: date, batch: int | None, refetch: bool, plan_only: bool, as_json: bool) -> None:
    """Bring the days from START to END (inclusive) up to date. Days that are whole are not fetched again.

    A run does a calendar month, or BATCH days. Each day is verified by value when it is done.

    Example: mining-assets range 2025-06-01 2025-07-17
    """
    settings = load_settings()
    days = days_asked_for(settings, start, end)
    from mining_assets.cli.runs import by_month, by_size

    config = {"refetch": refetch}
    batches = by_size(days, batch, config) if batch else by_month(days, config)
    command = ["range", str(start), str(end)]
    sys.exit(bring_up_to_date(settings, batches, command, plan_only=plan_only, as_json=as_json))


def bring_up_to_date(
    settings: Settings,
    batches: "Sequence[Batch]",
    command: list[str],
    spans: Sequence[Month | Year] = (),
    *,
    plan_only: bool = False,
    as_json: bool = False,
    account: str = RECONCILIATION,
    expected_range: tuple[date, date] | None = None,
) -> int:
    """Run the batches, show how each day ended and what the range holds now; return the exit code.

    Args:
        settings: of the command.
        batches: what the daily chain is to do.
        command: the command line, word by word.
        as_json: report for machines.
        spans: months and years to sum up besides those of the days.
        plan_only: only show what would be done.
        account: the name of the checkpoint, which is written after every day and removed when all went well.
        expected_range: the days that have to be right at the end, when these are more than those of the batches.
    """
    from mining_assets.cli.plans import cost_of, print_estimate, show_plan, steps_of

    days = sorted(day for batch in batches if not batch.series_only for day in batch.days)
    text = " ".join(command)
    if plan_only:
        with warehouse_for_plan(settings) as looked_at, Phase("looking at the days"):
            steps = steps_of(looked_at, batches, spans)
        return show_plan(text, steps, cost_of(steps, settings), as_json=as_json)
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        warn_of_other_source(settings, warehouse)
        with Phase("looking at the days"):
            cost = cost_of(steps_of(warehouse, batches, spans), settings)
        print_estimate(cost, settings.requests_per_second)
        from mining_assets.cli.ending import conclude
        from mining_assets.cli.runs import run_batches
        from mining_assets.cli.terminal import TerminalProgress

        path = checkpoint_path(settings.home, account)
        checkpoint = Checkpoint(path, command, list(days), dict(batches[0].config) if batches else {})
        with ending_with(checkpoint.way_on):
            with exclusive_command(warehouse, text):
                checkpoint.write()
                with TerminalProgress(command[0], len(days), settings.home, checkpoint.after) as progress:
                    outcome = run_batches(settings, warehouse, batches, text, progress, spans)
                    progress.finish()
            expected_range = expected_range or (days[0], days[-1])
            code = conclude(settings, warehouse, text, days, expected_range, progress, outcome, as_json=as_json)
            if code == 0:
                checkpoint.remove()
            elif progress.stopping:
                checkpoint.print_remaining()
    return code
