"""`status`: the reconciliation report, from the control tables and a count of the newest days: it is instant."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from itertools import groupby
from textwrap import wrap
from typing import Any

import click
import pandas as pd

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
from mining_assets.cli.text import print_text
from mining_assets.cli.verdict import status_verdict
from mining_assets.curated import given_prices, miner_models
from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.domain.periods import Period
from mining_assets.domain.wording import count_of, format_days, format_periods, format_range
from mining_assets.settings import now
from mining_assets.warehouse.series import STATES as SERIES_STATES
from mining_assets.warehouse.series import known_sentence, sources_of
from mining_assets.warehouse.status import Status, completion, read_status
from mining_assets.warehouse.verifications import Verified

_LISTED = 20
_LARGEST = 3
NOT_THERE = {"missing": "not fetched", "partial": "stored only in part"}
"""The states of days of which no calculation counts, in words."""
FLAGS = ("inconsistent", "restated", "quarantined")


@click.command("status")
@json_option
@click.option("--from", "first", type=DAY, metavar="DAY", help="First day; default: the first partition.")
@click.option("--to", "last", type=DAY, metavar="DAY", help="Last day; default: the last day that is over.")
def status(as_json: bool, first: date | None, last: date | None) -> None:
    """Show what is complete, provisional, missing, partial or inconsistent. Exit code 1 when anything is not right.

    Example: mining-assets status --from 2025-06-01 --to 2025-07-17
    """
    settings = load_settings()
    first = first or settings.start_date
    last = last or max(settings.last_day(now()), first)
    days_asked_for(settings, first, last)
    require_warehouse(settings)
    with opened_warehouse(settings) as warehouse, Phase("reading the status"), warehouse.reading() as connection:
        models, date_range = miner_models(settings), (settings.start_date, settings.end_date)
        report = read_status(connection, first, last, models, date_range, given_prices(settings))
    if as_json:
        click.echo(json.dumps(as_dict(report), indent=2))
    else:
        print_text(as_text(report))
    sys.exit(0 if report.is_right else 1)


def as_dict(report: Status) -> dict[str, Any]:
    """Return the report for machines. The states add up to the days; flags are counted beside them."""
    judged = status_verdict(report)
    return {
        "from": str(report.first),
        "to": str(report.last),
        "verdict": judged.level,
        "sentence": judged.sentence,
        "origin": report.origins.as_dict(),
        "curtailment_records": report.total("records"),
        "bitcoin_calculations": report.total("actual"),
        "expected_calculations": report.total("expected"),
        "missing_calculations": report.total("missing"),
        "orphan_calculations": report.total("orphan"),
        "stale_calculations": report.total("stale"),
        "completion_percentage": report.completion,
        "states": report.states,
        "flags": {name: int(report.days[name].sum()) for name in FLAGS},
        "differing_summaries": [{"table": table, "span": str(span)} for table, span in report.differing],
        "errors": [{"table": table, "check": check, "span": str(span)} for table, check, span in report.errors],
        "counted": {"from": str(report.counted[0]), "to": str(report.counted[1])},
        "verified": _verified(report.verified),
        "newest_vintage": report.newest_vintage.isoformat() if report.newest_vintage else None,
        "series": {name: _series(name, states) for name, states in report.series.items()},
        "caveats": caveats_as_dicts(report.caveats),
        "possible_wind_units": [
            {
                "bm_unit_id": unit.bm_unit_id,
                "mwh": -unit.bid_mwh + 0.0,
                "days": unit.days,
                "from": str(unit.first),
                "to": str(unit.last),
                "wind_like": unit.wind_like,
            }
            for unit in report.possible_wind.itertuples(index=False)
        ],
        "days_with_units_not_kept": len(report.units_not_kept),
        "dates": [_day(day, row) for day, row in _by_day(report.open_days)],
    }


def as_text(report: Status) -> str:
    """Return the report for people."""
    return "\n".join(_lines(report))


def _by_day(days: pd.DataFrame) -> Iterator[tuple[date, Any]]:
    """Each day with its values by name: a Series for each of ten years of days would take a second."""
    return zip(days.index, days.to_dict("records"), strict=True)


def _day(day: date, row: Any) -> dict[str, Any]:
    return {
        "date": str(day),
        "state": row["state"],
        "flags": [name for name in FLAGS if row[name]],
        **{name: int(row[name]) for name in ("expected", "actual", "missing", "orphan", "stale")},
        "completion_percentage": _completion(row),
        "attempts": int(row["attempts"]),
        "last_error": row["last_error"] if isinstance(row["last_error"], str) else None,
    }


def _series(name: str, states: pd.DataFrame) -> dict[str, Any]:
    """How many days of a series are in each state, since when any is known, and the ranges that are not."""
    counts = states["state"].value_counts()
    unknown = day_ranges(states.index[states["state"] != "known"], longest=len(states))
    known = states.index[states["state"] == "known"]
    return {state: int(counts.get(state, 0)) for state in SERIES_STATES} | {
        "known_from": str(known[0]) if len(known) else None,
        "sources": sources_of(name, states),
        "overruled": int(states["overruled"].sum()),
        "not_known": [{"from": str(first), "to": str(last)} for first, last in unknown],
    }


def _completion(row: Any) -> float:
    there = row["state"] not in NOT_THERE
    return completion(int(row["expected"]), int(row["missing"]), int(there), 1)


def _lines(report: Status) -> Iterator[str]:
    days = report.days
    yield f"{format_range(report.first, report.last)}: {status_verdict(report).sentence}"
    yield from wrap(report.origins.sentence, 79, break_long_words=False, break_on_hyphens=False)
    yield ""
    yield "=== Reconciliation Status ==="
    yield f"Total curtailment records: {report.total('records'):,}"
    yield f"Total Bitcoin calculations: {report.total('actual'):,}"
    yield f"Missing calculations: {report.total('missing'):,}{_and_all_of(report)}"
    yield f"Completion percentage: {report.completion:.2f}%"
    yield ""
    yield "Dates with missing calculations:"
    yield from _lacking(days) or ["none"]
    yield ""
    yield from _as_of(report)
    yield f"Expected calculations: {report.total('expected'):,}"
    yield f"Orphan calculations: {report.total('orphan'):,}"
    yield f"Stale calculations: {report.total('stale'):,}"
    yield f"Days from {report.first} to {report.last}: {len(days):,}"
    for state, count in report.states.items():
        yield f"  {state}: {count:,}"
    yield from wrap(FINAL_MEANS, 76, initial_indent="  ", subsequent_indent="  ")
    yield f"Inconsistent days: {int(days['inconsistent'].sum()):,}"
    yield f"Restated days: {_restated(days)}"
    yield f"Quarantined days: {int(days['quarantined'].sum()):,}"
    for day, row in _by_day(days[days["quarantined"]]):
        since = f"{row['quarantined_at']:%Y-%m-%d %H:%M} UTC"
        yield f"  {day} since {since}, {count_of(row['attempts'], 'attempt')}: {row['last_error']}"
    yield f"Summaries that do not match the level below: {len(report.differing)}"
    for table, span in report.differing:
        yield f"  {table} {span}"
    if report.errors:
        yield f"Other errors that the last verification found: {len(report.errors)}"
    for table, check, spans in errors_by_check(report):
        yield f"  {spans} {table} {check}"
    vintage = report.newest_vintage
    yield f"Newest settlement run: {f'{vintage:%Y-%m-%d %H:%M} UTC' if vintage else 'none'}"
    for name, states in report.series.items():
        yield from _of_series(name, states)
    yield from caveat_lines(report.caveats)
    yield from _possible_wind(report)
    yield from _open_days(report)


def errors_by_check(report: Status) -> Iterator[tuple[str, str, str]]:
    """Yield each check that fails beside the days' states: its table, its name, and where, as ranges."""
    failing: dict[tuple[str, str], list[Period | str]] = {}
    for table, check, span in report.errors:
        failing.setdefault((table, check), []).append(span)
    for (table, check), spans in failing.items():
        yield table, check, format_periods(spans)


def _restated(days: pd.DataFrame) -> str:
    """Count the days that were restated, and say what shows how the newest of them was."""
    restated = days.index[days["restated"]]
    newest = f"; of the newest tells `mining-assets history {restated[-1]}`" if len(restated) else ""
    return f"{len(restated):,}{newest}"


def _and_all_of(report: Status) -> str:
    """Say of how many days no calculation can be there, as their records are not."""
    gone = sum(report.states[state] for state in NOT_THERE)
    return f", and all of {count_of(gone, 'day')} not there" if gone else ""


def _lacking(days: pd.DataFrame) -> list[str]:
    """Name the days that lack calculations in the form agreed, and those that are not there, as ranges."""
    told = [
        (day, f"{day}: {_completion(row):.1f}% complete (missing {count_of(row['missing'], 'calculation')})")
        for day, row in _by_day(days[(days["missing"] > 0) & ~days["state"].isin(NOT_THERE)])
    ]
    for state, words in NOT_THERE.items():
        for first, last in day_ranges(days.index[days["state"] == state], longest=len(days)):
            each = f"{count_of((last - first).days + 1, 'day')} " if first != last else ""
            told.append((first, f"{format_range(first, last)}: 0.0% complete ({each}{words})"))
    return [line for _, line in sorted(told)]


def _possible_wind(report: Status) -> Iterator[str]:
    """Name the largest of what may be wind and is in no figure, and how to fetch what is not known of it."""
    units, unkept = report.possible_wind, report.units_not_kept
    if len(units):
        first = units.sort_values("wind_like", ascending=False, kind="stable")
        largest = ", ".join(
            f"{unit.bm_unit_id} {0.0 - unit.bid_mwh:,.3f} MWh" for unit in first.head(_LARGEST).itertuples()
        )
        others = (
            f"; {count_of(len(units) - _LARGEST, 'other')} with --json and in the report"
            if len(units) > _LARGEST
            else ""
        )
        yield f"  units that may be wind, those like it by id first, the largest: {largest}{others}"
    if unkept:
        yield f"  `mining-assets range {unkept[0]} {unkept[-1]} --refetch` fetches those days again"


def _as_of(report: Status) -> Iterator[str]:
    """Yield which figures of the report were counted just now, and since when values are verified."""
    first, last = report.counted
    if first == report.first:
        yield "Counted just now: records and calculations of all days"
    else:
        yield f"Counted just now: records and calculations of {first} to {last}; earlier ones as written or verified"
    yield f"Verified by value: {report.verified.sentence}"


def _verified(verified: Verified) -> dict[str, Any]:
    """Return what was verified by value since it was last written."""
    return {
        "everything": verified.everything,
        "since": verified.since.isoformat() if verified.since else None,
        "days": verified.days - verified.unverified_days,
        "unverified_days": verified.unverified_days,
        "unverified": [{"from": str(first), "to": str(last)} for first, last in verified.unverified],
        "unverified_months_and_years": [str(period) for period in verified.unverified_spans],
    }


def _of_series(name: str, states: pd.DataFrame) -> Iterator[str]:
    """Yield what is known of prices or generation, which no day needs to be complete."""
    told = _series(name, states)
    yield f"{DAILY_SERIES[name].title}: {known_sentence(name, states)}"
    if told["overruled"]:
        days = format_days(states.index[states["overruled"]])
        yield f"  of MINING_ASSETS_PRICES not stored yet: {told['overruled']:,}, {days}"
    for days in told["not_known"][-_LISTED:]:
        first, last = days["from"], days["to"]
        error = states["last_error"].get(date.fromisoformat(last))
        why = f": {error}" if isinstance(error, str) else ""
        yield f"  not known {first}{why}" if first == last else f"  not known {first} to {last}{why}"


def _open_days(report: Status) -> Iterator[str]:
    """Days that are not final, in ranges of the same kind."""
    rows = report.open_days
    if rows.empty:
        return
    yield ""
    yield "Days that are not final, or not consistent:"
    kinds = [(day.toordinal(), _kind(row)) for day, row in _by_day(rows)]
    numbered = enumerate(kinds)
    for (kind, _), group in groupby(numbered, key=lambda item: (item[1][1], item[1][0] - item[0])):
        ordinals = [ordinal for _, (ordinal, _) in group]
        first, last = date.fromordinal(ordinals[0]), date.fromordinal(ordinals[-1])
        many = f" ({count_of(len(ordinals), 'day')})" if first != last else ""
        yield f"  {format_range(first, last)}: {kind}{many}"


def _kind(row: Any) -> str:
    return ", ".join([row["state"], *(flag for flag in ("inconsistent", "quarantined") if row[flag])])
