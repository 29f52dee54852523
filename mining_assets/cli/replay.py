"""`replay`: derive records and everything below from the archived answers, in place or into another warehouse."""

import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

import click

from mining_assets.archive.errors import ArchiveError, ArchiveUnavailable
from mining_assets.archive.manifest import ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.cli.database import AddressType, reached
from mining_assets.cli.options import (
    DAY,
    INSTANT,
    Unusable,
    days_asked_for,
    json_option,
    load_settings,
    opened_warehouse,
    plan_option,
)
from mining_assets.cli.phase import Phase
from mining_assets.domain.wording import count_of
from mining_assets.setting_values import NO_ARCHIVE
from mining_assets.settings import Settings
from mining_assets.warehouse.address import URL
from mining_assets.warehouse.copy import TargetNotEmpty, refuse_occupied
from mining_assets.warehouse.upgrade import upgrade_within


@click.command("replay")
@click.argument("start", type=DAY)
@click.argument("end", type=DAY, required=False)
@click.option("--as-of", type=INSTANT, help="Take only what was fetched until then, in UTC; needs --into.")
@click.option("--into", type=AddressType(), help="Build this warehouse, an empty database, instead of your own.")
@plan_option
@json_option
def replay(
    start: date, end: date | None, as_of: datetime | None, into: URL | None, plan_only: bool, as_json: bool
) -> None:
    """Derive START, or START to END, anew from the archived answers; no source is asked.

    With --into another warehouse is built as it would have stood at an instant, under today's rules; every command
    works on it with MINING_ASSETS_WAREHOUSE_URL.

    Example: mining-assets replay 2025-06-01 2025-06-30 --as-of 2025-06-15 --into sqlite:////var/lib/then.sqlite
    """
    settings = load_settings()
    end = end or start
    days = days_asked_for(settings, start, end)
    if settings.archive is None:
        raise click.UsageError(f"MINING_ASSETS_ARCHIVE_URL is {NO_ARCHIVE}: there is no archive to replay from")
    if as_of is not None and into is None:
        raise click.UsageError("--as-of needs --into: your own warehouse stays as it stands now")
    if into is None:
        from mining_assets.cli.ingest import bring_up_to_date
        from mining_assets.cli.runs import by_month

        command = ["replay", str(start), str(end)]
        batches = by_month(days, {"replay": True})
        sys.exit(bring_up_to_date(settings, batches, command, plan_only=plan_only, as_json=as_json))
    sys.exit(_into(settings, settings.archive, days, as_of, into, plan_only=plan_only, as_json=as_json))


@dataclass
class _Report:
    """What a replay into another warehouse takes, and what came of it."""

    command: str
    into: str
    as_of: str | None
    days: int
    days_archived: int
    fetches: int
    failed: list[dict[str, str]] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)

    @property
    def exit_code(self) -> int:
        return int(bool(self.failed or self.problems or self.days_archived < self.days))

    def show(self, verb: str, *, as_json: bool) -> None:
        if as_json:
            click.echo(json.dumps(asdict(self) | {"exit_code": self.exit_code}, indent=2))
            return
        for each in self.failed:
            click.echo(f"mining-assets: {each['name']} {each['subject']}: {each['reason']}", err=True)
        for problem in self.problems:
            click.echo(f"mining-assets: {problem}", err=True)
        taken = count_of(self.fetches, "fetch", "fetches")
        click.echo(f"{self.into} {verb} {taken}; {self.days_archived:,} of {count_of(self.days, 'day')} are archived")


def _into(
    settings: Settings,
    address: str,
    days: list[date],
    as_of: datetime | None,
    into: URL,
    *,
    plan_only: bool,
    as_json: bool,
) -> int:
    from mining_assets.archive.manifest import SETTLEMENT_STACKS
    from mining_assets.pipeline.replay import committed_fetches, fetches_until

    shown = into.render_as_string(hide_password=True)
    if into == settings.warehouse:
        raise click.UsageError(f"{shown} is your own warehouse: name an empty database, or leave --into out")
    try:
        archive = Archive(address)
        with opened_warehouse(settings) as own, Phase("reading the manifests"), own.reading() as connection:
            fetches = fetches_until(archive, days, as_of, committed_fetches(connection) or None)
    except ArchiveUnavailable as error:
        raise Unusable(f"{error}; {shown} was not touched") from None
    except ArchiveError as error:
        raise click.ClickException(f"{error}; {shown} was not touched") from None
    archived = {fetch.subject for fetch in fetches if fetch.name == SETTLEMENT_STACKS}
    command = f"replay {days[0]} {days[-1]}"
    instant = as_of.isoformat() if as_of else None
    report = _Report(command, shown, instant, len(days), len(archived), len(fetches))
    if not plan_only:
        _build(settings, archive, fetches, (days[0], days[-1]), into, report)
    report.show("would take" if plan_only else "took", as_json=as_json)
    return report.exit_code


def _build(
    settings: Settings,
    archive: Archive,
    fetches: list[ArchivedFetch],
    days: tuple[date, date],
    into: URL,
    report: _Report,
) -> None:
    """Build the warehouse, and add to the report what nothing could be made of and what verification finds."""
    import logging

    from mining_assets.pipeline.dependencies import database_retries, rules_of
    from mining_assets.pipeline.replay import Replay

    rules = rules_of(settings)
    with reached(into) as target, Phase("replaying") as phase:
        try:
            with target.writing("schema") as connection:
                refuse_occupied(connection)
                upgrade_within(connection)
        except TargetNotEmpty as error:
            raise click.UsageError(f"{target}: {error}") from None
        retry = database_retries(rules.retries, logging.getLogger(__name__))
        building = Replay(archive, target, rules, days, retry)
        for number, taken in enumerate(building.take(fetches), start=1):
            phase.phase(f"replaying {taken.fetch.subject}, fetch {number:,} of {len(fetches):,}")
            if taken.reason:
                fetch = taken.fetch
                report.failed.append({"name": fetch.name, "subject": fetch.subject, "reason": taken.reason})
        phase.phase("deriving and verifying")
        for verification in building.derive():
            report.problems += [
                f"{found.check.table} {found.check.name} fails on {found.span}: {found.example}"
                for found in verification.errors
            ]
