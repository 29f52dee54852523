"""`report`: one HTML file on a range of days, for people who do not run commands."""

import json
from collections.abc import Iterator
from datetime import UTC, date
from pathlib import Path
from typing import Any

import click

from mining_assets.cli.caveats import caveat_lines, caveats_as_dicts
from mining_assets.cli.options import (
    DAY,
    days_asked_for,
    json_option,
    load_settings,
    opened_warehouse,
    require_warehouse,
)
from mining_assets.cli.phase import Phase
from mining_assets.cli.status import FLAGS
from mining_assets.cli.text import print_text
from mining_assets.curated import miner_models
from mining_assets.domain.periods import Month
from mining_assets.domain.wording import count_of
from mining_assets.report.build import Report, build_report
from mining_assets.report.tables import number
from mining_assets.settings import now

_FARMS_AS_TEXT, _FARMS_AS_JSON = 5, 20


class MonthType(click.ParamType[Month]):
    """A month, as 2025-06."""

    name = "month"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Month:
        try:
            return Month.parse(value)
        except ValueError:
            raise click.UsageError(f"'{value}' is not a month; write it like 2025-06") from None


@click.command("report")
@click.option("--from", "first", type=DAY, metavar="DAY", help="First day; default: the first partition.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Last day; default: the last day that is over.")
@click.option(
    "--month",
    type=MonthType(),
    metavar="YYYY-MM",
    help="The month that is shown half hour by half hour; default: the last one with a complete day.",
)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Where to write it, in place of what is there; default: in $DAGSTER_HOME/data/reports/.",
)
@json_option
def report(first: date | None, last: date | None, month: Month | None, out: Path | None, as_json: bool) -> None:
    """Write the report on some days as one HTML file that needs no network.

    A report on days of which some are missing is right as long as it says so, and it does: the exit code is 0.

    Example: mining-assets report --from 2025-06-01 --to 2025-06-30 --out june.html
    """
    settings = load_settings()
    at = now()
    first = first or settings.start_date
    last = last or max(settings.last_day(at), first)
    days_asked_for(settings, first, last)
    if month is not None and not Month.of(first) <= month <= Month.of(last):
        raise click.UsageError(f"the month {month} is not between {first} and {last}")
    path = (out or settings.home / "data" / "reports" / f"report_{first}_{last}.html").absolute()
    require_warehouse(settings)
    with opened_warehouse(settings) as warehouse, Phase("making the report"):
        date_range = (settings.start_date, settings.end_date)
        models = miner_models(settings)
        made = build_report(warehouse, first, last, models, date_range, now=at.astimezone(UTC), month=month)
    try:
        made.write(path)
    except OSError as error:
        raise click.ClickException(f"{path} cannot be written: {error.strerror}") from None
    if as_json:
        click.echo(json.dumps({"command": f"report {first} {last}", "exit_code": 0} | as_dict(made, path), indent=2))
    else:
        print_text(as_text(made, path))


def as_dict(made: Report, path: Path) -> dict[str, Any]:
    """Return what heads the report, for machines; what is not known is null."""
    totals, status = made.totals, made.status
    return {
        "from": str(status.first),
        "to": str(status.last),
        "verdict": made.verdict.level,
        "origin": status.origins.as_dict(),
        "states": status.states,
        "flags": {name: int(status.days[name].sum()) for name in FLAGS},
        "totals": {
            "days": totals.days,
            "days_known": totals.days_known,
            "curtailed_mwh": totals.energy,
            "system_flagged_mwh": totals.flagged,
            "undone_mwh": totals.undone,
            "payment_gbp": totals.payment,
            "days_with_generation": totals.days_with_generation,
            "curtailed_share": totals.share,
            "bitcoin": [
                {
                    "miner_model": mined.model,
                    "days": mined.days,
                    "btc": mined.bitcoin,
                    "days_priced": mined.days_priced,
                    "value_gbp": mined.value,
                }
                for mined in totals.mined
            ],
        },
        "farms": [
            {
                "farm": farm["site"],
                "bm_units": farm["bm_units"].split(", "),
                "lead_party": _told(farm["lead_party_name"]),
                "curtailed_mwh": farm["curtailed_energy"],
                "payment_gbp": farm["payment"],
            }
            for farm in made.farms.head(_FARMS_AS_JSON).to_dict("records")
        ],
        "units": [
            {
                "bm_unit_id": unit["farm_id"],
                "bm_unit_name": _told(unit["bm_unit_name"]),
                "farm": _told(unit["site"]),
                "lead_party": _told(unit["lead_party_name"]),
                "curtailed_mwh": unit["curtailed_energy"],
                "payment_gbp": unit["payment"],
            }
            for unit in made.units.head(_FARMS_AS_JSON).to_dict("records")
        ],
        "caveats": caveats_as_dicts(status.caveats),
        "not_final": [{"days": days, "count": count, "is": kind} for days, count, kind in made.open_ranges],
        "month": str(made.month) if made.month else None,
        "path": str(path),
    }


def as_text(made: Report, path: Path) -> str:
    """Return what heads the report, for people."""
    totals = made.totals
    lines = [
        f"{made.status.first} to {made.status.last}: {made.verdict.headline}. {made.verdict.explanation}",
        *filter(None, [made.status.origins.sentence]),
        *(f"  {days}: {kind}" for days, _, kind in made.open_ranges),
        f"Totals of {totals.days_known:,} of {count_of(totals.days, 'day')}:",
        f"Curtailed: {number(totals.energy, 3)} MWh (gross)",
        f"Paid: {number(totals.payment, 2, '£')}",
        *(
            f"{mined.model}: {number(mined.bitcoin, 8)} BTC (subsidy only){_fewer(mined.days, totals.days_known)}"
            for mined in totals.mined
        ),
        *_farms(made),
        *caveat_lines(made.status.caveats),
        f"Verified by value: {made.verified}",
        f"The report is in {path}",
    ]
    return "\n".join(lines)


def _fewer(days: int, known: int) -> str:
    """Say of how many days a sum is, where it is not of all that are known."""
    return "" if days == known else f", of {count_of(days, 'day')}"


def _farms(made: Report) -> Iterator[str]:
    """Yield the farms that lost most."""
    if made.totals.days_known and made.farms.empty:
        yield "No farm was curtailed."
    for place, farm in enumerate(made.farms.head(_FARMS_AS_TEXT).to_dict("records"), start=1):
        if place == 1:
            yield "Farms that lost most, by MWh (and what they were paid):"
        party = _told(farm["lead_party_name"]) or "no lead party told"
        energy, payment = number(farm["curtailed_energy"], 3), number(farm["payment"], 2, "£")
        units = farm["bm_units"] if farm["units"] == 1 else f"{farm['units']} BM units"
        yield f"  {place}. {farm['site']} ({units}; {party}): {energy} MWh, {payment}"


def _told(text: Any) -> str | None:
    """Give a text of a frame, or None where it is absent."""
    return text if isinstance(text, str) else None
