"""How a command that worked on days ends: its report, as tables or as JSON, and its exit code."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from textwrap import fill
from typing import TYPE_CHECKING, Any

import click

from mining_assets.cli.options import UNREACHABLE
from mining_assets.cli.phase import Phase
from mining_assets.cli.status import as_dict
from mining_assets.cli.tables import print_comparison, print_failures, print_figures
from mining_assets.cli.verdict import status_verdict
from mining_assets.curated import given_prices, miner_models
from mining_assets.domain.wording import format_range
from mining_assets.progress import DayReport
from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.status import Status, read_status

if TYPE_CHECKING:
    from mining_assets.cli.runs import Outcome
    from mining_assets.cli.terminal import TerminalProgress


def conclude(
    settings: Settings,
    warehouse: Warehouse,
    command: str,
    days: Sequence[date],
    expected_range: tuple[date, date],
    progress: "TerminalProgress",
    outcome: "Outcome",
    *,
    as_json: bool,
) -> int:
    """Report what was done and what the days hold now; return the exit code.

    Args:
        settings: of the command.
        warehouse: open; what it holds now is reported.
        command: the command line.
        progress: what became of each day.
        outcome: what became of the runs.
        as_json: report for machines.
        days: those that it was to work on, in order; of an interrupted command, those it came to are shown.
        expected_range: the first and last of those that have to be right at the end.
    """
    models, date_range = miner_models(settings), (settings.start_date, settings.end_date)
    with warehouse.reading() as connection:
        with Phase("reading the status"):
            status = read_status(connection, *expected_range, models, date_range, given_prices(settings))
        code = _exit_code(status, progress, outcome)
        if as_json:
            click.echo(json.dumps(_report(command, code, status, progress, outcome), indent=2))
            return code
        click.echo(f"{format_range(*expected_range)}: {status_verdict(status).sentence}")
        if status.origins.sentence:
            click.echo(fill(status.origins.sentence, 79, break_long_words=False, break_on_hyphens=False))
        done = [report.day for report in progress.reports] if progress.stopping else days
        if done:
            worked = (min(done), max(done))
            print_figures(
                connection,
                status if worked == expected_range else read_status(connection, *worked, models, date_range),
                models,
            )
    for day, figures in progress.comparisons:
        print_comparison(day, figures)
    # An operator's job tells of its single day by its error alone.
    failed = [report for report in progress.reports if report.reasons]
    print_failures(failed if len(days) > 1 or not outcome.errors else [], outcome.errors)
    if code == 1 and not failed and not outcome.errors:
        click.echo(
            f"not everything from {expected_range[0]} to {expected_range[1]} is right: see `mining-assets status`",
            err=True,
        )
    return code


def _exit_code(status: Status, progress: "TerminalProgress", outcome: "Outcome") -> int:
    failed = [report for report in progress.reports if report.reasons]
    if progress.stopping:
        return progress.signals.exit_code
    if status.is_right and not failed and not outcome.errors:
        return 0
    if outcome.database_lost or (failed and all(report.unreachable for report in failed)):
        return UNREACHABLE
    return 1


def _report(
    command: str, code: int, status: Status, progress: "TerminalProgress", outcome: "Outcome"
) -> dict[str, Any]:
    return {
        "command": command,
        "exit_code": code,
        "days": [_day(report) for report in progress.reports],
        "totals": {name: _rounded(value) for name, value in asdict(progress.totals()).items()},
        "comparisons": [
            {"date": str(day), "figure": figure.name, "before": figure.before, "after": figure.after}
            for day, figures in progress.comparisons
            for figure in figures
        ],
        "messages": progress.said,
        "errors": outcome.errors,
        "runs": outcome.run_ids,
        "status": as_dict(status),
    }


def _day(report: DayReport) -> dict[str, Any]:
    return {
        "date": str(report.day),
        "outcome": report.outcome,
        "records": report.records,
        "curtailed_mwh": report.energy,
        "payment_gbp": report.payment,
        "requests": report.requests,
        "reasons": list(report.reasons),
        "unreachable": report.unreachable,
    }


def _rounded(value: float) -> float:
    return value if isinstance(value, int) else round(value, 6)
