"""`difficulty`: fetch the network's difficulty now, also where it says something else than what is stored."""

import sys

import click

from mining_assets.cli.options import UNREACHABLE, exclusive_command, load_settings, opened_warehouse
from mining_assets.cli.phase import Phase
from mining_assets.settings import prepare_home
from mining_assets.warehouse.references import network_history


@click.command("difficulty")
@click.option(
    "--accept-change",
    is_flag=True,
    help="Store what the source says now, also of a settled retarget that is stored otherwise.",
)
def difficulty(accept_change: bool) -> None:
    """Fetch the Bitcoin network's difficulty and subsidy now, and show until when they are known.

    Exit code 1 when the answer is refused, 3 when the source cannot be reached. What was calculated with a retarget
    that changes is stale from then on: `mining-assets reconcile` derives it again.

    Example: mining-assets difficulty --accept-change
    """
    settings, command = load_settings(), "difficulty" + (" --accept-change" if accept_change else "")
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.cli.runs import run_difficulty

        with exclusive_command(warehouse, command), Phase("asking for the difficulty") as phase:
            outcome = run_difficulty(settings, warehouse, command, phase, accept_change=accept_change)
        with warehouse.reading() as connection:
            history = network_history(connection)
    for error in outcome.errors:
        click.echo(f"mining-assets: {error}", err=True)
    if history.epochs:
        first, newest = history.epochs[0], history.epochs[-1]
        click.echo(
            f"difficulty known from {first.block_time:%Y-%m-%d} to {history.known_until:%Y-%m-%d %H:%M} UTC; "
            f"{newest.difficulty} and {newest.block_subsidy} BTC a block since height {newest.height}"
        )
    else:
        click.echo("the difficulty is not known")
    sys.exit(UNREACHABLE if outcome.database_lost or outcome.source_unavailable else int(bool(outcome.errors)))
