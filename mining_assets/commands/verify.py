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

from mining_assets.commands.options import (
    DAY,
    UNREACHABLE,
    days_asked_for,
    json_option,
    load_settings,
    opened_warehouse,
    require_warehouse,
)
from mining_assets.commands.phase import Phase
from mining_assets.domain.wording import count_of, say_range
from mining_assets.settings import now, prepare_home
from mining_assets.verification.catalog import DAMAGE
from mining_assets.verification.findings import Finding, joined, stored_findings

_LISTED = 40


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
        from mining_assets.commands.runs import run_verification

        with Phase("verifying") as phase:
            outcome = run_verification(settings, first, last, phase, whole=start is None)
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
    about = say_range(first, last)
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


def _print(found: list[Finding], first: date, last: date, *, verified: bool) -> None:
    click.echo(_verdict(found, first, last, verified=verified))
    if not found:
        return
    rows = joined(found)
    table = Table(caption_justify="left")
    for heading in ("severity", "check", "where", "problems", "first of them"):
        table.add_column(heading, justify="right" if heading == "problems" else "left", overflow="fold")
    for row in rows[:_LISTED]:
        name = f"{row.check.table}: {row.check.name}"
        table.add_row(row.check.severity, name, row.where, f"{row.problems:,}", row.example)
    if len(rows) > _LISTED:
        table.caption = f"the first {_LISTED} of {len(rows):,}; all are in the table integrity_findings"
    console = Console(highlight=False)
    console.width = max(console.width, 120)
    console.print(table, markup=False)
    click.echo("What to do:")
    for _, of_check in groupby(rows, key=attrgetter("check")):
        row = next(of_check)
        check = row.check
        click.echo(f"  {check.severity} {check.table} {check.name}: {check.remedy_on(row.first)}")
    if any(row.check in DAMAGE for row in rows):
        click.echo("Damaged records come first: what other checks say of such a day follows from them.")
