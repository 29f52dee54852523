"""`reconcile` and `resume`: everything that is not right, detected by value and mended."""

import sys
from datetime import UTC, datetime

import click
from rich.console import Console
from rich.table import Table

from mining_assets.commands.ingest import RECONCILIATION, batch_argument, bring_up_to_date
from mining_assets.commands.options import load_settings, opened_warehouse
from mining_assets.curated import miner_models
from mining_assets.domain.healing import LONGEST_RANGE
from mining_assets.healing.plan import needs
from mining_assets.settings import Settings, now, prepare_home
from mining_assets.warehouse.status import Status, read_status

DEFAULT_BATCH = 10
plan_option = click.option("--plan", "plan_only", is_flag=True, help="Show what would be done, and do nothing.")


@click.command("reconcile")
@batch_argument
@plan_option
def reconcile(batch: int | None, plan_only: bool) -> None:
    """Find everything that is not right from the first to the last partition, by value, and mend it.

    Days are done in batches of BATCH days (default 10), then the months and years; all of it is verified.

    Example: mining-assets reconcile --plan
    """
    sys.exit(reconcile_all(load_settings(), batch or DEFAULT_BATCH, plan_only=plan_only))


@click.command("resume")
def resume() -> None:
    """Continue a command that was interrupted. Without a checkpoint, reconcile everything.

    Example: mining-assets resume
    """
    settings = load_settings()
    from mining_assets.commands.checkpoint import checkpoint_path, interrupted

    left = interrupted(checkpoint_path(settings.home, RECONCILIATION))
    if left is None:
        click.echo("no checkpoint that can be read: reconciling everything", err=True)
        sys.exit(reconcile_all(settings, DEFAULT_BATCH, plan_only=False))
    command, config, pending = left
    if command[:1] == ["reconcile"]:  # its days need different things; what is left is found again by value
        sys.exit(reconcile_all(settings, DEFAULT_BATCH, plan_only=False))
    last = settings.last_day(now())
    days = sorted(day for day in pending if settings.start_date <= day <= last)
    if not days:
        click.echo(f"nothing is left of `{' '.join(command)}`")
        sys.exit(0)
    click.echo(f"resuming `{' '.join(command)}`: {len(days):,} days left, from {days[0]}", err=True)
    from mining_assets.commands.runs import by_size

    sys.exit(bring_up_to_date(settings, by_size(days, LONGEST_RANGE, config), command))


def reconcile_all(settings: Settings, batch: int, *, plan_only: bool) -> int:
    """Detect by value, plan, process, verify, report; returns the exit code."""
    first, last = settings.start_date, settings.last_day(now())
    if last < first:
        click.echo("no day is over yet")
        return 0
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.commands.runs import by_need, run_verification

        errors = run_verification(settings, first, last, whole=True)
        if errors:
            raise click.ClickException(errors[0])
        with warehouse.reading() as connection:
            bounds = (settings.start_date, settings.end_date)
            status = read_status(connection, first, last, miner_models(settings), bounds)
    needed = needs(status.days, datetime.now(UTC))
    spans = [span for _, span in status.differing]
    _show(status, needed, spans, batch)
    if not needed and not spans:
        return 0 if status.is_right else 1
    if plan_only:
        return 1
    return bring_up_to_date(settings, by_need(needed, batch), ["reconcile", str(batch)], spans)


def _show(status: Status, needed: dict, spans: list[str], batch: int) -> None:  # type: ignore[type-arg]
    for name, check, span in status.errors:
        click.echo(
            f"{span}: {name} {check} fails, which no command mends by itself; see `mining-assets verify`", err=True
        )
    if not needed and not spans:
        right = "everything is right; nothing to do." if status.is_right else "nothing that reconcile can do."
        click.echo(f"{status.first} to {status.last}: {right}")
        return
    from mining_assets.commands.runs import by_need

    table = Table(title=f"{status.first} to {status.last}: what is to be done", title_justify="left")
    for heading in ("days", "what", "how many"):
        table.add_column(heading, justify="right" if heading == "how many" else "left")
    for work in by_need(needed, batch):
        first, last = work.days[0], work.days[-1]
        what = "calculate and summarize" if work.derive_only else "fetch, calculate, summarize"
        table.add_row(str(first) if first == last else f"{first} to {last}", what, str(len(work.days)))
    for span in sorted(set(spans)):
        table.add_row(span, "sum up", "")
    Console(stderr=True, highlight=False).print(table)
