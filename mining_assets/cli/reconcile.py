"""`reconcile` and `resume`: everything that is not right, detected by value and mended."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mining_assets.cli.checkpoint import (
    CHECKPOINTS,
    DAILY,
    OPERATION,
    RECONCILIATION,
    Checkpoint,
    checkpoint_path,
    interrupted,
)
from mining_assets.cli.ingest import batch_argument, bring_up_to_date
from mining_assets.cli.operations import daily_check, do_again, is_operation
from mining_assets.cli.options import (
    Unusable,
    json_option,
    load_settings,
    opened_warehouse,
    plan_option,
    warehouse_for_plan,
)
from mining_assets.cli.phase import Phase
from mining_assets.cli.signals import ending_with
from mining_assets.cli.status import errors_by_check
from mining_assets.curated import given_prices, given_sites, miner_models, wind_unit_additions
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.date_ranges import LONGEST_DAILY_CHECK, LONGEST_RANGE
from mining_assets.domain.fetch_estimate import estimate_fetch
from mining_assets.domain.periods import Month, Year
from mining_assets.domain.wording import count_of
from mining_assets.progress import Progress
from mining_assets.reconciliation.plan import FETCH, needs
from mining_assets.settings import Settings, now, prepare_home
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.status import Status, read_status

if TYPE_CHECKING:
    from mining_assets.cli.runs import Batch

DEFAULT_BATCH = 10


@click.command("reconcile")
@batch_argument
@plan_option
@json_option
def reconcile(batch: int | None, plan_only: bool, as_json: bool) -> None:
    """Find everything that is not right from the first to the last partition, by value, and mend it.

    Days are done in batches of BATCH days (default 10), then the months and years; all of it is verified.

    Example: mining-assets reconcile --plan
    """
    sys.exit(reconcile_all(load_settings(), batch or DEFAULT_BATCH, plan_only=plan_only, as_json=as_json))


@click.command("resume")
@plan_option
@json_option
def resume(plan_only: bool, as_json: bool) -> None:
    """Continue a command that was interrupted. Do nothing when none was.

    Example: mining-assets resume
    """
    settings = load_settings()
    paths = {name: checkpoint_path(settings.home, name) for name in CHECKPOINTS}
    found = [name for name, path in paths.items() if path.exists()]
    left = [_left_by(name, paths[name]) for name in found]
    if not left:
        click.echo("nothing to resume: no command was interrupted", err=True)
        if as_json:
            click.echo(
                json.dumps(
                    {"command": "resume", "exit_code": 0, "plan": [], "cost": asdict(estimate_fetch((), 1))}, indent=2
                )
            )
        return
    # The days of a reconciliation need different things: what is left is found again by value. So is what two
    # commands left behind.
    if len(left) > 1 or left[0][0][:1] == ["reconcile"]:
        commands = " and ".join(f"`{' '.join(command)}`" for command, _, _ in left)
        click.echo(f"resuming {commands}: reconciling everything", err=True)
        sys.exit(reconcile_all(settings, DEFAULT_BATCH, plan_only=plan_only, as_json=as_json))
    command, config, pending = left[0]
    if found == [OPERATION]:
        click.echo(f"resuming `{' '.join(command)}`", err=True)
        sys.exit(do_again(settings, command, config, plan_only=plan_only, as_json=as_json))
    last = settings.last_day(now())
    days = sorted(day for day in pending if settings.start_date <= day <= last)
    reach = (last - days[0]).days + 1 if days else 0
    checks = found == [DAILY] and not config.get("refetch")
    if not days or (checks and reach > LONGEST_DAILY_CHECK):
        left_over = "nothing is left" if not days else "too long ago for a daily check are the days that are left"
        click.echo(f"{left_over} of `{' '.join(command)}`: reconciling everything", err=True)
        sys.exit(reconcile_all(settings, DEFAULT_BATCH, plan_only=plan_only, as_json=as_json))
    click.echo(f"resuming `{' '.join(command)}`: {count_of(len(days), 'day')} left, from {days[0]}", err=True)
    if checks:
        sys.exit(daily_check(settings, reach, last, force=False, plan_only=plan_only, as_json=as_json))
    from mining_assets.cli.runs import by_size

    batches = by_size(days, LONGEST_RANGE, config)
    sys.exit(bring_up_to_date(settings, batches, command, plan_only=plan_only, as_json=as_json, account=found[0]))


def _left_by(name: str, path: Path) -> tuple[list[str], dict[str, Any], Sequence[date]]:
    """Read what an interrupted command left.

    Raises:
        click.ClickException: the file cannot be read.
    """
    content = interrupted(path)
    if content is None or (name == OPERATION and not is_operation(*content[:2])):
        raise click.ClickException(
            f"the checkpoint {path} cannot be read; `mining-assets reconcile` finds by value what is left to do"
        )
    return content


def reconcile_all(settings: Settings, batch: int, *, plan_only: bool, as_json: bool) -> int:
    """Detect by value, plan, process, verify, report; returns the exit code. A plan leaves no run and makes nothing."""
    first, last = settings.start_date, settings.last_day(now())
    if last < first:
        raise click.UsageError(f"no day since the first partition, {first}, is over yet")
    from mining_assets.cli.plans import cost_of, show_plan, steps_of

    if plan_only:
        with warehouse_for_plan(settings) as looked_at:
            if looked_at:
                with Phase("verifying everything") as phase:
                    _verify_for_plan(settings, looked_at, first, last, phase)
            found = _find(settings, looked_at, first, last, batch) if looked_at else _fill(first, last, batch)
            batches, spans, is_right = found
            steps = steps_of(looked_at, batches, spans)
        return show_plan("reconcile", steps, cost_of(steps, settings), as_json=as_json, code=0 if is_right else 1)
    prepare_home(settings.home)
    command = ["reconcile", str(batch)]
    begun = Checkpoint(checkpoint_path(settings.home, RECONCILIATION), command, [])
    with ending_with(begun.way_on), opened_warehouse(settings) as warehouse:
        if not begun.path.exists():  # else it tells of days that were begun, until those that are now found are known
            begun.write()
        from mining_assets.cli.runs import run_verification
        from mining_assets.pipeline.fetch_references import known_wind_units

        # A unit that was added since makes the days that held it due.
        known_wind_units(warehouse, wind_unit_additions(settings), given_sites(settings))
        with Phase("verifying everything") as phase:
            outcome = run_verification(settings, warehouse, first, last, phase, whole_history=True)
        if outcome.errors:
            raise (Unusable if outcome.database_lost else click.ClickException)(outcome.errors[0])
        batches, spans, _ = _find(settings, warehouse, first, last, batch)
        steps = steps_of(warehouse, batches, spans)
        if steps:
            show_plan(f"reconcile {first} to {last}", steps, cost_of(steps, settings), as_json=False, to_stderr=True)
    code = bring_up_to_date(settings, batches, command, spans, as_json=as_json, expected_range=(first, last))
    if code == 0:  # nothing is left to resume of any command
        for name in CHECKPOINTS:
            checkpoint_path(settings.home, name).unlink(missing_ok=True)
    return code


def _fill(first: date, last: date, size: int) -> "tuple[list[Batch], list[Month | Year], bool]":
    """Return what :func:`_find` does, for a warehouse that is not there yet: every day is to be fetched."""
    from mining_assets.cli.runs import by_need

    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    return by_need(dict.fromkeys(days, FETCH), size), [], False


def _verify_for_plan(settings: Settings, warehouse: Warehouse, first: date, last: date, progress: Progress) -> None:
    """Verify everything by value without a run, for which there may be no home, and keep what is found."""
    from mining_assets.pipeline.fetch_references import known_wind_units
    from mining_assets.reconciliation.verify import Scope, note_scan, scan
    from mining_assets.warehouse.values import refuse_unfit_values

    known_wind_units(warehouse, wind_unit_additions(settings), given_sites(settings))
    refuse_unfit_values(warehouse)
    scope = Scope(miner_models(settings), (settings.start_date, settings.end_date))
    note_scan(warehouse, "all", first, last, scan(warehouse, first, last, scope, progress.phase))


def _find(
    settings: Settings, warehouse: Warehouse, first: date, last: date, size: int
) -> "tuple[list[Batch], list[Month | Year], bool]":
    """Return the batches and the months and years to do, as was just verified, and whether everything is right.

    What no command mends by itself is said on standard error.
    """
    from mining_assets.cli.runs import by_lacking, by_need

    with Phase("reading the status"), warehouse.reading() as connection:
        date_range = (settings.start_date, settings.end_date)
        status = read_status(connection, first, last, miner_models(settings), date_range, given_prices(settings))
    at = datetime.now(UTC)
    batches = by_need(needs(status.days, at), size)
    batches += by_lacking(status, batches, at)
    spans = [span for _, span in status.differing]
    _print_unrepaired(status, todo=len(batches) + len(spans))
    return batches, spans, status.is_right


def _print_unrepaired(status: Status, *, todo: int) -> None:
    """Say on standard error what no command mends by itself, and when there is nothing to do."""
    for name, check, spans in errors_by_check(status):
        if name in SERIES:
            continue  # fetched again
        click.echo(f"{spans}: {name} {check} fails, which no command repairs; see `mining-assets verify`", err=True)
    if not todo:
        right = "everything is right; nothing to do." if status.is_right else "nothing that reconcile can do."
        click.echo(f"{status.first} to {status.last}: {right}", err=True)
