"""Findings of the verification on standard output and as JSON; no command and no verifying."""

from datetime import date
from itertools import groupby
from operator import attrgetter
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from mining_assets.domain.wording import count_of, format_range
from mining_assets.reconciliation.checks import DAMAGE
from mining_assets.reconciliation.findings import Finding, Joined, joined

_LISTED = 40
_WIDE = 120  # columns that every column of the table needs
_WHERE = 13  # columns in which the first day of a range fits with its "to"


def as_dict(finding: Finding) -> dict[str, Any]:
    """Return a finding for machines; ``span`` is a day, a month, a year or ``all``."""
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


def _verdict(findings: list[Finding], first: date, last: date, *, verified: bool) -> str:
    """Return one sentence about all the days."""
    dates = format_range(first, last)
    if not verified:
        return f"{dates}: not verified now; {'what is known' if findings else 'nothing is known'} from before."
    errors = [finding for finding in findings if finding.check.severity == "error"]
    warnings = f"; {count_of(len(findings) - len(errors), 'warning')}" if len(findings) > len(errors) else ""
    if not errors:
        return f"{dates}: every check holds{warnings}."
    days = len({finding.span for finding in errors if isinstance(finding.span, date)})
    others = len({finding.span for finding in errors if not isinstance(finding.span, date)})
    where = [f"on {days:,} of {count_of((last - first).days + 1, 'day')}"] if days else []
    where += [f"on {count_of(others, 'month, year or reference', 'months, years or references')}"] if others else []
    return f"{dates}: {count_of(len(errors), 'error')} {' and '.join(where)}{warnings}."


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


def print_findings(findings: list[Finding], first: date, last: date, *, verified: bool) -> None:
    """Print a sentence about the days, the table of findings, and what to do about each.

    Args:
        findings: what is wrong or suspicious on the days.
        first: the first day.
        last: the last day.
        verified: whether they were verified just now.
    """
    click.echo(_verdict(findings, first, last, verified=verified))
    if not findings:
        return
    rows = joined(findings)
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = max(console.width, _WIDE)
    console.print(_table(rows, narrow=console.width < _WIDE), markup=False)
    click.echo("What to do:")
    for check, of_check in groupby(rows, key=attrgetter("check")):
        days = sorted(day for row in of_check for day in row.days)
        click.echo(f"  {check.severity} {check.table} {check.name}: {check.remedy_on_days(days)}")
    if any(row.check in DAMAGE for row in rows):
        click.echo("Repair damaged records first: failures of other checks on such a day follow from them.")
