"""`history`: the vintages of a settlement day, and what changed from one to the next."""

import json
import sys
from datetime import date
from typing import TYPE_CHECKING, Any

import click
from rich.console import Console
from rich.table import Table

from mining_assets.archive.errors import ArchiveError
from mining_assets.cli.archive import opened_archive
from mining_assets.cli.options import DAY, days_asked_for, json_option, load_settings
from mining_assets.cli.phase import Phase
from mining_assets.cli.text import print_text
from mining_assets.domain.periods import Month
from mining_assets.domain.wording import count_of

if TYPE_CHECKING:
    from mining_assets.pipeline.history import Vintage

_LISTED = 20
_INSTANT = "%Y-%m-%d %H:%M:%S"
_MEASURES = {"records": "records", "curtailed_energy": "MWh", "payment": "£"}
_DECIMALS = {"records": 0, "curtailed_energy": 3, "payment": 2}


@click.command("history")
@click.argument("day", type=DAY)
@json_option
def history(day: date, as_json: bool) -> None:
    """Show every vintage of DAY that is archived, and what changed from one to the next; fetches nothing.

    Every vintage is read by today's rules and register, so what differs is what the source changed. Exit code 1 when
    none is archived, or one cannot be read.

    Example: mining-assets history 2025-06-01
    """
    settings = load_settings()
    days_asked_for(settings, day, day)
    with opened_archive(settings) as (warehouse, archive), Phase(f"reading the vintages of {day}"):
        from mining_assets.pipeline.dependencies import rules_of
        from mining_assets.pipeline.fetch_references import stored_network_history, stored_wind_units
        from mining_assets.pipeline.history import day_vintages

        rules = rules_of(settings)
        units = stored_wind_units(warehouse, rules.additions)
        network = stored_network_history(warehouse)
        try:
            vintages = day_vintages(archive, day, units, network, rules.scope.models)
        except ArchiveError as error:
            raise click.ClickException(str(error)) from None
    code = int(not vintages or any(vintage.unreadable and not vintage.fetch.refused for vintage in vintages))
    if as_json:
        document = {"date": str(day), "exit_code": code, "vintages": [_as_dict(vintage) for vintage in vintages]}
        click.echo(json.dumps(document, indent=2))
    elif not vintages:
        click.echo(f"{day}: no answer is archived")
    else:
        _print(day, vintages)
    sys.exit(code)


def _as_dict(vintage: "Vintage") -> dict[str, Any]:
    fetch = vintage.fetch
    return {
        "fetched_at": fetch.fetched_at.isoformat(),
        "vintage": fetch.vintage.isoformat() if fetch.vintage else None,
        "settlement_period": fetch.settlement_period,
        "object": fetch.object,
        "origin": fetch.origin,
        "refused": fetch.refused or None,
        "unreadable": vintage.unreadable or None,
        "totals": dict(vintage.totals),
        "bitcoin": dict(vintage.bitcoin),
        "differences": vintage.differences.to_dict("records"),
    }


def _print(day: date, vintages: "list[Vintage]") -> None:
    console = Console(highlight=False)
    table = Table(title=f"{day}: {count_of(len(vintages), 'vintage')}", title_justify="left")
    for heading in ("fetched (UTC)", "records", "MWh", "£ paid"):
        table.add_column(heading, justify="left" if heading.startswith("fetched") else "right", no_wrap=True)
    for each in vintages:
        figures = [_number(name, each.totals[name]) for name in _MEASURES] if each.totals else ["–"] * 3
        table.add_row(f"{each.fetch.fetched_at:{_INSTANT}}", *figures)
    console.print(table)
    for each in vintages:
        coins = ", ".join(f"{name} {amount:.8f} BTC" for name, amount in each.bitcoin.items())
        said = "; ".join(filter(None, (coins, _note(each), f"object {each.fetch.object}")))
        print_text(f"{each.fetch.fetched_at:{_INSTANT}}: {said}")
    stored: Vintage | None = None
    for each in vintages:
        if stored and len(each.differences):
            _print_change(console, day, stored, each)
        if each.totals and not each.fetch.refused:
            stored = each


def _number(measure: str, value: float) -> str:
    return f"{value:,.{_DECIMALS[measure]}f}"


def _note(vintage: "Vintage") -> str:
    fetch = vintage.fetch
    only = "" if fetch.settlement_period is None else f"period {fetch.settlement_period} alone; "
    if vintage.unreadable or fetch.refused:
        return only + (f"refused: {fetch.refused}" if fetch.refused else f"cannot be read: {vintage.unreadable}")
    return only + (f"{count_of(len(vintage.differences), 'difference')}" if len(vintage.differences) else "")


def _print_change(console: Console, day: date, before: "Vintage", after: "Vintage") -> None:
    rows = after.differences
    table = Table(title=f"what the fetch of {after.fetch.fetched_at:{_INSTANT}} changed", title_justify="left")
    table.add_column("BM unit", no_wrap=True)
    table.add_column("period", justify="right")
    for name in _MEASURES.values():
        table.add_column(name, justify="right", no_wrap=True)
        table.add_column("now", justify="right", no_wrap=True)
    for row in rows.head(_LISTED).to_dict("records"):
        cells = [_number(name, row[f"{name}_{when}"]) for name in _MEASURES for when in ("before", "after")]
        table.add_row(str(row["farm_id"]), str(row["settlement_period"]), *cells)
    console.print(table)
    if len(rows) > _LISTED:
        console.print(f"and {len(rows) - _LISTED:,} more, all of them with --json")
    energy = (rows["curtailed_energy_after"] - rows["curtailed_energy_before"]).sum()
    paid = (rows["payment_after"] - rows["payment_before"]).sum()
    coins = [
        f"{name} {after.bitcoin[name] - before.bitcoin[name]:+.8f} BTC"
        for name in after.bitcoin
        if name in before.bitcoin
    ]
    verb = "would have changed" if after.fetch.refused else "changed"
    sums = ", ".join([f"{energy:+,.3f} MWh", f"{paid:+,.2f} £", *coins])
    print_text(f"the day, and with it {Month.of(day)} and its year, {verb} by {sums}")
