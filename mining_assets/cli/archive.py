"""`archive`: whether every kept answer is there and as it was received, and removing what nobody names."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import click

from mining_assets.archive.errors import ArchiveError, ArchiveUnavailable
from mining_assets.archive.store import Archive
from mining_assets.cli.options import (
    DAY,
    INSTANT,
    Unusable,
    confirm,
    days_asked_for,
    exclusive_command,
    json_option,
    load_settings,
    opened_warehouse,
    plan_option,
    require_warehouse,
    yes_option,
)
from mining_assets.cli.phase import Phase
from mining_assets.cli.text import print_text
from mining_assets.domain.wording import count_of
from mining_assets.setting_values import NO_ARCHIVE
from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse

if TYPE_CHECKING:
    from mining_assets.pipeline.archive_check import ArchiveCheck, Orphan
    from mining_assets.pipeline.archive_prune import Pruning

_LISTED = 20


@click.group("archive")
def archive() -> None:
    """Check the archive of the sources' answers, or remove from it what nobody names."""


@archive.command("check")
@click.argument("start", type=DAY, required=False)
@click.argument("end", type=DAY, required=False)
@json_option
def check_command(start: date | None, end: date | None, as_json: bool) -> None:
    """Read every object that the warehouse names, and compare it with its hash; list what nobody names.

    With days, only the answers of the settlement days from START to END. Nothing is fetched or changed. Exit code 1
    when an object or a manifest is lost or damaged; orphans alone are no error.

    Example: mining-assets archive check 2025-06-01 2025-06-30
    """
    settings = load_settings()
    days = None
    if start is not None:
        days = (start, end or start)
        days_asked_for(settings, *days)
    with opened_archive(settings) as (warehouse, kept), Phase("checking the archive") as phase:
        from mining_assets.pipeline.archive_check import check_archive

        check = check_archive(warehouse, kept, days, phase.phase)
    code = int(bool(check.problems))
    if as_json:
        command = " ".join(["archive check", *map(str, days or ())])
        span = {"from": str(days[0]) if days else None, "to": str(days[1]) if days else None}
        document = {"command": command, "exit_code": code, "address": kept.address, **span, **_as_dict(check)}
        click.echo(json.dumps(document, indent=2))
    else:
        print_text("\n".join(_lines(kept.address, check)))
    sys.exit(code)


@archive.command("prune")
@click.option(
    "--vintage",
    "vintages",
    metavar="SHA256",
    multiple=True,
    help="Remove this object too, although committed fetches name it; never one that stored data was made of.",
)
@click.option(
    "--before-vintage",
    "before",
    type=INSTANT,
    help="Remove the superseded vintages of settlement days too whose settlement run was before then, in UTC.",
)
@plan_option
@yes_option
@json_option
def prune_command(
    vintages: tuple[str, ...], before: datetime | None, plan_only: bool, yes: bool, as_json: bool
) -> None:
    """Remove what no committed fetch names: objects older than an hour, and lines of manifests.

    Shows what would be removed and its bytes, and asks first. What is removed cannot be replayed any more. What stored
    data was made of is never removed.

    Example: mining-assets archive prune --before-vintage 2024-01-01 --plan
    """
    settings = load_settings()
    with opened_archive(settings) as (warehouse, kept):
        from mining_assets.pipeline.archive_prune import InUse, plan_pruning, prune

        try:
            with Phase("looking for what nobody names"):
                pruning = plan_pruning(warehouse, kept, vintages, before)
        except InUse as error:
            raise click.UsageError(f"--vintage: {error}") from None
        removed: Sequence[Orphan] = []
        if not as_json:
            print_text("\n".join(_plan_lines(kept.address, pruning)))
        if pruning.removed and not plan_only:
            confirm("Remove this for good?", yes=yes, why="this removes answers for good")
            try:
                with exclusive_command(warehouse, "archive prune"), Phase("removing it"):
                    removed = prune(warehouse, kept, pruning, vintages)
            except InUse as error:
                raise click.ClickException(str(error)) from None
    if as_json:
        document = {
            "command": "archive prune",
            "exit_code": 0,
            "address": kept.address,
            "plan": [orphan_as_dict(each) for each in pruning.removed],
            "bytes": pruning.bytes,
            "superseded": [each.object for each in pruning.removed if _is_superseded(pruning, each)],
            "kept": [orphan_as_dict(each) for each in pruning.kept],
            "removed": [orphan_as_dict(each) for each in removed],
        }
        click.echo(json.dumps(document, indent=2))
    elif removed:
        objects = [each for each in removed if each.fetched_at is None]
        click.echo(
            f"removed: {count_of(len(objects), 'object')}, {sum(each.bytes for each in objects):,} bytes; "
            f"{count_of(len(removed) - len(objects), 'manifest line')}"
        )


def _plan_lines(address: str, pruning: "Pruning") -> Iterator[str]:
    if pruning.removed:
        yield f"{address}: to be removed"
        old = [each for each in pruning.removed if each.object in pruning.superseded]
        yield from _orphan_lines("what no fetch needs", [each for each in pruning.removed if each not in old])
        yield from _orphan_lines("superseded vintages", old)
    else:
        yield f"{address}: nothing is to be removed"
    yield from _orphan_lines("younger than an hour, a fetch may be about to name it, kept", pruning.kept)


def _is_superseded(pruning: "Pruning", orphan: "Orphan") -> bool:
    return orphan.fetched_at is None and orphan.object in pruning.superseded


@contextmanager
def opened_archive(settings: Settings) -> Iterator[tuple[Warehouse, Archive]]:
    """Open the warehouse and the archive of the settings; neither is made.

    Raises:
        click.UsageError: answers are not kept.
        Unusable: the database or the archive cannot be reached.
    """
    if settings.archive is None:
        raise click.UsageError(f"there is no archive: MINING_ASSETS_ARCHIVE_URL is {NO_ARCHIVE}")
    kept = Archive(settings.archive)
    require_warehouse(settings)
    with opened_warehouse(settings) as warehouse:
        try:
            yield warehouse, kept
        except ArchiveUnavailable as error:
            raise Unusable(str(error)) from None
        except ArchiveError as error:
            raise click.ClickException(str(error)) from None


def _as_dict(check: "ArchiveCheck") -> dict[str, Any]:
    return {
        "fetches": check.fetches,
        "objects": check.objects,
        "bytes": check.bytes,
        "problems": [
            {"name": each.name, "subject": each.subject or None, "object": each.object, "reason": each.reason}
            for each in check.problems
        ],
        "orphans": [orphan_as_dict(each) for each in check.orphans],
    }


def orphan_as_dict(orphan: "Orphan") -> dict[str, Any]:
    """Return an orphan for machines."""
    return {
        "name": orphan.name,
        "subject": orphan.subject,
        "what": "line" if orphan.fetched_at else "object",
        "object": orphan.object,
        "fetched_at": orphan.fetched_at.isoformat() if orphan.fetched_at else None,
        "bytes": orphan.bytes,
    }


def _lines(address: str, check: "ArchiveCheck") -> Iterator[str]:
    named = f"{count_of(check.objects, 'object')} of {count_of(check.fetches, 'fetch', 'fetches')}"
    if not check.problems:
        yield f"{address}: {named}, all there and as they were received, {check.bytes:,} bytes"
    else:
        yield f"{address}: {named}, {count_of(len(check.problems), 'error')}"
        yield from _first(
            [f"error {each.name}{f' {each.subject}' if each.subject else ''}: {each.reason}" for each in check.problems]
        )
        yield "What to do: docs/archive.md, Recovery."
    yield from _orphan_lines("orphans, which no committed fetch names", check.orphans)


def _orphan_lines(title: str, orphans: Sequence["Orphan"]) -> Iterator[str]:
    if not orphans:
        return
    objects = [each for each in orphans if each.fetched_at is None]
    size = f"{sum(each.bytes for each in objects):,} bytes"
    lines = count_of(len(orphans) - len(objects), "manifest line")
    yield f"{title}: {count_of(len(objects), 'object')}, {size}; {lines}"
    yield from _first([f"{each.name} {each.subject}: {_what(each)} {each.object}" for each in orphans])


def _what(orphan: "Orphan") -> str:
    return f"line of {orphan.fetched_at:%Y-%m-%d %H:%M}" if orphan.fetched_at else "object"


def _first(lines: Sequence[str]) -> Iterator[str]:
    yield from (f"  {line}" for line in lines[:_LISTED])
    if len(lines) > _LISTED:
        yield f"  and {len(lines) - _LISTED:,} more; --json lists them all"
