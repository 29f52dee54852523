"""`analyze`: the status, and behind it every check by value, the database, the sources, and what would repair it."""

import asyncio
import json
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import click

from mining_assets.cli.findings import as_dict as finding_as_dict
from mining_assets.cli.options import UNREACHABLE, json_option, load_settings, opened_warehouse, require_warehouse
from mining_assets.cli.phase import Phase
from mining_assets.cli.status import as_dict, as_text
from mining_assets.cli.text import print_text
from mining_assets.curated import given_prices, miner_models
from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.day_state import TRUSTED
from mining_assets.domain.periods import Month
from mining_assets.domain.valuation import COINBASE
from mining_assets.domain.wording import count_of, format_days
from mining_assets.reconciliation.checks import CALCULATIONS_COMPLETE
from mining_assets.reconciliation.findings import Joined, Verification, joined
from mining_assets.reconciliation.plan import DERIVE, ELEXON, MEMPOOL, needs
from mining_assets.reconciliation.verify import Scope, note_scan, scan
from mining_assets.settings import Settings, now
from mining_assets.warehouse.archived import archive_space
from mining_assets.warehouse.health import database_health
from mining_assets.warehouse.status import Status, completion, read_status

BUCKETS = ("critical (below 50 %)", "partial (50 to 95 %)", "almost (95 % and more)")
ANSWERS = "answers"
NEEDED = (ELEXON, MEMPOOL)
"""The sources without which a day cannot be done; the other one only helps out with prices."""
_LISTED = 20
_OF_MODEL = "missing "


@click.command("analyze")
@json_option
def analyze(as_json: bool) -> None:
    """The status, every check by value, missing calculations, database, sources, and what would repair it.

    Exit code 1 when data are wrong or missing, 3 when they are right but a source does not answer.

    Example: mining-assets analyze --json
    """
    settings = load_settings()
    first, last = settings.start_date, max(settings.last_day(now()), settings.start_date)
    require_warehouse(settings)
    models, date_range = miner_models(settings), (settings.start_date, settings.end_date)
    with opened_warehouse(settings) as warehouse, Phase("verifying everything") as phase:
        verification = scan(warehouse, first, last, Scope(models, date_range), phase.phase)
        note_scan(warehouse, "all", first, last, verification)
        phase.phase("reading the status and the state of the database")
        with warehouse.reading() as connection:
            status = read_status(connection, first, last, models, date_range, given_prices(settings))
            space = archive_space(connection)
        health = database_health(warehouse)
        phase.phase("asking the sources")
        answers = sources(settings)
    report = as_dict(status) | {
        "by_month": by_month(status),
        "missing_by_model": missing_by_model(verification),
        "buckets": buckets(status),
        "findings": [finding_as_dict(finding) for finding in verification.findings],
        "database": health,
        "archive": {
            "address": settings.archive,
            "objects": sum(each["objects"] for each in space),
            "bytes": sum(each["bytes"] for each in space),
            "names": space,
        },
        "sources": answers,
        "commands": mending_commands(status),
    }
    text = [as_text(status), *_lines(report, joined(verification.errors))]
    if as_json:
        click.echo(json.dumps(report, indent=2))
    else:
        print_text("\n".join(text))
    right = status.is_right and not verification.errors
    reachable = all(report["sources"][name] == ANSWERS for name in NEEDED)
    sys.exit(1 if not right else 0 if reachable else UNREACHABLE)


def by_month(status: Status) -> list[dict[str, Any]]:
    """Days and calculations of each month, where not everything is right."""
    days = status.days.assign(month=[str(Month.of(day)) for day in status.days.index])
    trusted = days["state"].isin(TRUSTED)
    months = days.assign(trusted=trusted).groupby("month")[["trusted", "expected", "missing", "orphan", "stale"]].sum()
    lengths = days.groupby("month").size()
    return [
        {"month": month, "days": int(lengths[month]), "whole_days": int(row.pop("trusted"))}
        | {name: int(count) for name, count in row.items()}
        for month, row in months.to_dict("index").items()
        if lengths[month] > row["trusted"] or row["missing"] or row["orphan"] or row["stale"]
    ]


def buckets(status: Status) -> dict[str, list[str]]:
    """Return the days that lack calculations, by how complete they are."""
    found: dict[str, list[str]] = {name: [] for name in BUCKETS}
    for day, row in status.days[status.days["missing"] > 0].iterrows():
        share = completion(int(row["expected"]), int(row["missing"]), 1, 1)
        found[BUCKETS[0 if share < 50 else 1 if share < 95 else 2]].append(str(day))
    return found


def missing_by_model(verification: Verification) -> dict[str, int]:
    """How many calculations of each miner model are missing, where any is."""
    counts = verification.counts.get(CALCULATIONS_COMPLETE, {})
    return {name.removeprefix(_OF_MODEL): count for name, count in counts.items() if name.startswith(_OF_MODEL)}


def sources(settings: Settings) -> dict[str, str]:
    """Whether each source answers, asked once."""
    from mining_assets.sources.coinbase import CoinbaseClient
    from mining_assets.sources.elexon import ElexonClient
    from mining_assets.sources.errors import SourceError
    from mining_assets.sources.http import HttpLimits
    from mining_assets.sources.mempool import MempoolClient

    once = HttpLimits(retry_attempts=1, timeout_seconds=15)

    async def asked(client: Any, method: str, *arguments: object) -> str:
        try:
            async with client:
                await getattr(client, method)(*arguments)
        except SourceError as error:
            return str(error)
        return ANSWERS

    async def all_of_them() -> dict[str, str]:
        day = settings.start_date
        answers = await asyncio.gather(
            asked(ElexonClient(settings.elexon_url, once), "bm_units"),
            asked(MempoolClient(settings.mempool_url, once), "difficulty_adjustments"),
            asked(CoinbaseClient(settings.coinbase_url, once), "candles", day, day),
        )
        return dict(zip((*NEEDED, COINBASE), answers, strict=True))

    return asyncio.run(all_of_them())


def mending_commands(status: Status) -> list[str]:
    """Return the commands that would repair what is not right or not known, the oldest days first."""
    needed = needs(status.days, datetime.now(UTC))
    trusted = status.days.index[status.days["state"].isin(TRUSTED)]
    for states in status.series.values():
        unknown = states.index[(states["state"] != "known") | states["overruled"]].intersection(trusted)
        needed = dict.fromkeys(unknown, DERIVE) | needed
    commands: list[tuple[date, str]] = []
    for kind in set(needed.values()):
        for first, last in day_ranges((day for day, need in needed.items() if need == kind), longest=366):
            option = "" if kind in ("fetch", DERIVE) else " --refetch"
            days = f"date {first}" if first == last else f"range {first} {last}"
            commands.append((first, f"mining-assets {days}{option}"))
    listed = [command for _, command in sorted(commands)]
    if len(listed) > 1 or status.differing:
        listed.append("mining-assets reconcile")
    return listed


def _lines(report: dict[str, Any], wrong: list[Joined]) -> Iterator[str]:
    yield ""
    yield "=== By value ==="
    errors = [finding for finding in report["findings"] if finding["severity"] == "error"]
    yield f"Findings: {count_of(len(errors), 'error')}, {count_of(len(report['findings']) - len(errors), 'warning')}"
    for row in wrong[:_LISTED]:
        yield f"  {row.where} {row.check.table} {row.check.name}: {row.example}"
    if len(wrong) > _LISTED:
        yield f"  and {len(wrong) - _LISTED:,} more"
    for name, days in report["buckets"].items():
        yield f"{name}: {count_of(len(days), 'day')}" + (
            f": {format_days(map(date.fromisoformat, days))}" if days else ""
        )
    for model, count in report["missing_by_model"].items():
        yield f"missing on {model}: {count:,}"
    some = [row for row in report["by_month"] if row["whole_days"]]
    for month in some[-_LISTED:]:
        days = f"{month['whole_days']} of {count_of(month['days'], 'day')} whole"
        yield f"  {month['month']}: {days}, {count_of(month['missing'], 'calculation')} missing"
    if len(some) < len(report["by_month"]):
        yield f"  months without any whole day: {len(report['by_month']) - len(some):,}"
    database = report["database"]
    yield ""
    yield "=== Database ==="
    yield f"{database['address']}, revision {database['revision']}, {database['bytes']:,} bytes"
    for name in ("integrity", "connections", "slow_queries"):
        if name in database:
            yield f"{name.replace('_', ' ')}: {database[name] or 'none'}"
    archive = report["archive"]
    yield ""
    yield "=== Archive ==="
    address = archive["address"] or "answers are not kept"
    yield f"{address}: {count_of(archive['objects'], 'object')}, {archive['bytes']:,} bytes"
    for each in archive["names"]:
        objects, fetches = count_of(each["objects"], "object"), count_of(each["fetches"], "fetch", "fetches")
        yield f"  {each['name']}: {objects} of {fetches}, {each['bytes']:,} bytes"
    yield ""
    yield "=== Sources ==="
    for name, answer in report["sources"].items():
        yield f"{name}: {answer}"
    yield ""
    yield "=== What would repair it ==="
    commands = report["commands"]
    yield from commands[:_LISTED] or ["nothing is needed"]
    if len(commands) > _LISTED:
        yield f"and {len(commands) - _LISTED:,} more; `{commands[-1]}` does all of it"
