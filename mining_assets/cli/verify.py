"""`verify`: every check by value over some days, or the whole history."""

import json
import sys
from datetime import date

import click

from mining_assets.cli.archive import opened_archive
from mining_assets.cli.findings import as_dict, print_findings
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
from mining_assets.reconciliation.findings import stored_findings
from mining_assets.settings import now, prepare_home


@click.command("verify")
@click.argument("start", type=DAY, required=False)
@click.argument("end", type=DAY, required=False)
@click.option(
    "--archive",
    "with_archive",
    is_flag=True,
    help="Also read every archived answer of the days, and compare the records with what it gives.",
)
@json_option
def verify(start: date | None, end: date | None, with_archive: bool, as_json: bool) -> None:
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
    if with_archive:
        with opened_archive(settings) as (_, kept):
            kept.reach()
    with opened_warehouse(settings) as warehouse:
        from mining_assets.cli.runs import run_verification

        with Phase("verifying") as phase:
            outcome = run_verification(
                settings, warehouse, first, last, phase, whole_history=start is None, with_archive=with_archive
            )
        with warehouse.reading() as connection:
            found = stored_findings(connection, first, last)
    wrong = any(finding.check.severity == "error" for finding in found)
    code = UNREACHABLE if outcome.database_lost else int(wrong or bool(outcome.errors))
    if as_json:
        report = {
            "command": f"verify {first} {last}{' --archive' if with_archive else ''}",
            "exit_code": code,
            "from": str(first),
            "to": str(last),
        }
        findings = [as_dict(finding) for finding in found]
        click.echo(json.dumps(report | {"findings": findings, "errors": outcome.errors}, indent=2))
        sys.exit(code)
    print_findings(found, first, last, verified=not outcome.errors)
    for error in outcome.errors:
        click.echo(f"mining-assets: {error}", err=True)
    sys.exit(code)
