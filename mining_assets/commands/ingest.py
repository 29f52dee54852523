"""`date` and `range`: fetch what is missing of some days, calculate and summarize, up to their years."""

import sys
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import click

from mining_assets.commands.options import DAY, days_asked_for, load_settings, opened_warehouse, say_waiting
from mining_assets.commands.tables import print_failures, print_figures
from mining_assets.curated import miner_models
from mining_assets.domain.settlement import periods_in
from mining_assets.settings import Settings, prepare_home
from mining_assets.warehouse.exclusive import alone
from mining_assets.warehouse.status import read_status

if TYPE_CHECKING:
    from mining_assets.commands.runs import Batch

RECONCILIATION = "reconciliation"
refetch_option = click.option("--refetch", is_flag=True, help="Fetch days again that are whole.")
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
def date_command(day: date, refetch: bool, accept_shrink: bool, accept_empty: tuple[int, ...]) -> None:
    """Bring one DAY up to date: fetch it if it is not whole, calculate, summarize.

    Example: mining-assets date 2025-06-01 --refetch
    """
    settings = load_settings()
    days = days_asked_for(settings, day, day)
    for period in accept_empty:
        if not 1 <= period <= periods_in(day):
            raise click.UsageError(f"{day} has the settlement periods 1 to {periods_in(day)}, not {period}")
    from mining_assets.commands.runs import Batch

    config = {"refetch": refetch, "accept_shrink": accept_shrink, "accept_empty": list(accept_empty)}
    sys.exit(bring_up_to_date(settings, [Batch(days, config)], ["date", str(day)]))


@click.command("range")
@click.argument("start", type=DAY)
@click.argument("end", type=DAY)
@batch_argument
@refetch_option
def range_command(start: date, end: date, batch: int | None, refetch: bool) -> None:
    """Bring the days from START to END (inclusive) up to date. Days that are whole are not fetched again.

    A run does a calendar month, or BATCH days.

    Example: mining-assets range 2025-06-01 2025-07-17
    """
    settings = load_settings()
    days = days_asked_for(settings, start, end)
    from mining_assets.commands.runs import by_month, by_size

    config = {"refetch": refetch}
    batches = by_size(days, batch, config) if batch else by_month(days, config)
    sys.exit(bring_up_to_date(settings, batches, ["range", str(start), str(end)]))


def bring_up_to_date(
    settings: Settings, batches: "Sequence[Batch]", command: list[str], spans: Sequence[str] = ()
) -> int:
    """Run the batches, show how each day ended and what the range holds now; returns the exit code.

    The checkpoint is written after every day, and removed when all went well.
    """
    models = miner_models(settings)
    prepare_home(settings.home)
    days = sorted(day for batch in batches for day in batch.days)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.commands.checkpoint import Checkpoint, checkpoint_path
        from mining_assets.commands.runs import run_batches
        from mining_assets.commands.terminal import TerminalProgress

        path = checkpoint_path(settings.home, RECONCILIATION)
        checkpoint = Checkpoint(path, command, list(days), dict(batches[0].config) if batches else {})
        text = " ".join(command)
        with alone(warehouse, text, say_waiting):
            checkpoint.write()
            with TerminalProgress(command[0], len(days), settings.home, checkpoint.after) as progress:
                outcome = run_batches(settings, batches, text, progress, spans)
                progress.say(progress.statistics())
        with warehouse.reading() as connection:
            bounds = (settings.start_date, settings.end_date)
            status = read_status(connection, days[0], days[-1], models, bounds)
            print_figures(connection, status, models)
    failed = [report for report in progress.reports if report.reasons]
    print_failures(failed, outcome.errors)
    if progress.stopping:
        return progress.signals.exit_code
    done = set(days)
    right = status.is_right_on(done) and not failed and not outcome.errors
    if right:
        checkpoint.remove()
    return 0 if right else 1
