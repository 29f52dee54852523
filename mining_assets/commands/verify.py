"""`verify`: every check by value over some days, or the whole history."""

import json
import sys
from datetime import date
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
)
from mining_assets.settings import now, prepare_home
from mining_assets.verification.findings import Finding, stored_findings

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
    prepare_home(settings.home)
    with opened_warehouse(settings) as warehouse:
        from mining_assets.commands.runs import run_verification

        outcome = run_verification(settings, first, last, whole=start is None)
        with warehouse.reading() as connection:
            found = [finding for finding in stored_findings(connection) if _concerns(finding, first, last)]
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


def _concerns(finding: Finding, first: date, last: date) -> bool:
    span = str(finding.span)
    return not span[0].isdigit() or str(first)[: len(span)] <= span <= str(last)[: len(span)]


def _print(found: list[Finding], first: date, last: date, *, verified: bool) -> None:
    if not found:
        if verified:
            click.echo(f"{first} to {last}: every check holds.")
        return
    ordered = sorted(found, key=lambda finding: (finding.check.severity, finding.check.table, str(finding.span)))
    table = Table(title=f"{first} to {last}: findings", title_justify="left", caption_justify="left")
    for heading in ("severity", "check", "where", "problems", "first of them"):
        table.add_column(heading, justify="right" if heading == "problems" else "left", overflow="fold")
    for finding in ordered[:_LISTED]:
        check = finding.check
        name = f"{check.table}: {check.name}"
        table.add_row(check.severity, name, str(finding.span), f"{finding.problems:,}", finding.example)
    if len(ordered) > _LISTED:
        table.caption = f"the first {_LISTED} of {len(ordered):,}; all are in the table integrity_findings"
    console = Console(highlight=False)
    console.width = max(console.width, 120)
    console.print(table, markup=False)
    for check in sorted({finding.check for finding in found}, key=lambda check: (check.severity, check.table)):
        click.echo(f"{check.severity} {check.table} {check.name}: {check.remedy}")
