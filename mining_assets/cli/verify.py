"""`verify`: every check by value over some days, or the whole history."""

import json
import sys
from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mining_assets.cli.options import (
    DAY,
    UNREACHABLE,
    days_asked_for,
    json_option,
    load_settings,
    opened_warehouse,
    require_warehouse,
)
from mining_assets.cli.phase import Phase
from mining_assets.domain.wording import count_of, format_range
from mining_assets.reconciliation.checks import DAMAGE
from mining_assets.reconciliation.findings import Finding, Joined, joined, stored_findings
from mining_assets.settings import now, prepare_home

_LISTED = 40
_WIDE = 120  # columns that every column of the table needs
_WHERE = 13  # columns in which the first day of a range fits with its "to"


@click.command("verify")
@click.argument("start", type=DAY, required=False)
@click.argument("end", type=DAY, required=False)
@json_option
def verify(start: date | None, end: date | None, as_json: bool) -> None:
    """Verify the days from START to END by value, with their months and years; without days, the whole history.

    Fetches nothing and writes nothing but what it finds. Exit code 1 when data is wrong or missing; a suspicion
    (warn) does not count.

    Example: mining-assets verify 2025-06-01 2025-06-30
    """
    settings = load_settings()
    first = start or settings.start_date
    last = end or start or max(settings.last_day(now()), first)
    days_asked_for(settings, first, last)
    require_warehouse(settings)
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.cli.runs import run_verification

        with Phase("verifying") as phase:
            outcome = run_verification(settings, warehouse, first, last, phase, whole=start is None)
        with warehouse.reading() as connection:
            found = stored_findings(connection, first, last)
    wrong = any(finding.check.severity == "error" for finding in found)
    code = UNREACHABLE if outcome.database_lost else int(wrong or bool(outcome.errors))
    if as_json:
        report = {"command": f"verify {first} {last}", "exit_code": code, "from": str(first), "to": str(last)}
        findings = [as_dict(finding) for finding in found]
        click.echo(json.dumps(report | {"findings": findings, "errors": outcome.errors}, indent=2))
        sys.exit(code)
    _print(found, first, last, verified=not outcome.errors)
    for error in outcome.errors:
        click.echo(f"mining-assets: {error}", err=True)
    sys.exit(code)


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding for machines; ``span`` is a day, a month, a year or ``all``."""
    check = finding.check
    return {
        "table": check.table,
        "check": check.name,
        "severity": check.severity,
        "span": str(finding.span),
        "problems": finding.problems,
        "example": finding.example,
        "remedy": check.remedy,
    }


def _verdict(found: list[Finding], first: date, last: date, *, verified: bool) -> str:
    """Say in one sentence what is true of all the days."""
    about = format_range(first, last)
    if not verified:
        return f"{about}: not verified now; {'what is known' if found else 'nothing is known'} from before."
    errors = [finding for finding in found if finding.check.severity == "error"]
    warnings = f"; {count_of(len(found) - len(errors), 'warning')}" if len(found) > len(errors) else ""
    if not errors:
        return f"{about}: every check holds{warnings}."
    days = len({finding.span for finding in errors if isinstance(finding.span, date)})
    others = len({finding.span for finding in errors if not isinstance(finding.span, date)})
    where = [f"on {days:,} of {count_of((last - first).days + 1, 'day')}"] if days else []
    where += [f"on {count_of(others, 'month, year or reference', 'months, years or references')}"] if others else []
    return f"{about}: {count_of(len(errors), 'error')} {' and '.join(where)}{warnings}."


def _table(rows: list[Joined], *, narrow: bool) -> Table:
    """Return the table of findings; a narrow one has what it cannot give a column below the name of the check."""
    table = Table(caption_justify="left")
    table.add_column("severity", no_wrap=True)
    table.add_column("check, and the first of them" if narrow else "check", overflow="fold")
    table.add_column("where", overflow="fold", max_width=_WHERE if narrow else None)
    table.add_column("problems", justify="right", no_wrap=True)
    if not narrow:
        table.add_column("first of them", overflow="fold")
    for row in rows[:_LISTED]:
        name, count = f"{row.check.table}: {row.check.name}", f"{row.problems:,}"
        if narrow:
            table.add_row(row.check.severity, f"{name}\n{row.example}", row.where, count)
        else:
            table.add_row(row.check.severity, name, row.where, count, row.example)
    if len(rows) > _LISTED:
        table.caption = f"the first {_LISTED} of {len(rows):,}; all are in the table integrity_findings"
    return table


def _print(found: list[Finding], first: date, last: date, *, verified: bool) -> None:
    click.echo(_verdict(found, first, last, verified=verified))
    if not found:
        return
    rows = joined(found)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)
    console.print(_table(rows, narrow=console.width < _WIDE), markup=False)
    click.echo("What to do:")
    for check, of_check in groupby(rows, key=attrgetter("check")):
        days = sorted(day for row in of_check for day in row.days)
        click.echo(f"  {check.severity} {check.table} {check.name}: {check.remedy_on_days(days)}")
    if any(row.check in DAMAGE for row in rows):
        click.echo("Damaged records come first: what other checks say of such a day follows from them.")
