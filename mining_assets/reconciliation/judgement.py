"""Everything that is known to be wrong: what checks are judged by, whatever their run itself looked at.

The findings stored of every day, month and year, and what is seen without any verification: days that are not there or
have lost records, calculations that are missing, too many or stale, daily series that are not known, days,
months and years that differ from the level below.
"""

from collections.abc import Collection, Iterator
from datetime import date, datetime

import pandas as pd

from mining_assets.domain.wording import count_of
from mining_assets.reconciliation import checks as catalog
from mining_assets.reconciliation.checks import CHECKS, Check
from mining_assets.reconciliation.findings import Finding, stored_findings
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.days import stored_days
from mining_assets.warehouse.series import series_states
from mining_assets.warehouse.status import mismatched_summaries
from mining_assets.warehouse.verifications import Verified, read_verified

_NOT_THERE = {"missing": "never fetched", "partial": "some of its ledger is gone"}
_OF_DAYS = {
    catalog.COMPLETENESS,
    catalog.LEDGER_AGREEMENT,
    catalog.CALCULATIONS_COMPLETE,
    catalog.CALCULATIONS_CONSISTENT,
    catalog.DAILY_SUMS,
    catalog.BITCOIN_DAILY_SUMS,
}


def standing_findings(
    warehouse: Warehouse, scope: Scope, now: datetime, checks: Collection[Check] = CHECKS
) -> list[Finding]:
    """Return what is open of some checks on all days from the first partition to the last one that is over, now.

    Returns:
        In order of span; at most one finding for each check and span.
    """
    first, last = scope.days(now)
    if last < first:
        return []
    with warehouse.reading() as connection:
        stored = [found for found in stored_findings(connection, first, last) if found.check in checks]
        known = {(found.check, str(found.span)) for found in stored}
        live = [
            found
            for found in _live(connection, first, last, scope, checks)
            if (found.check, str(found.span)) not in known
        ]
    return sorted(stored + live, key=lambda found: str(found.span))


def verified_of_all(warehouse: Warehouse, scope: Scope, now: datetime) -> Verified:
    """Read what of all days from the first partition to the last one that is over was verified by value."""
    first, last = scope.days(now)
    with warehouse.reading() as connection:
        return read_verified(connection, stored_days(connection, first, last))


def _live(
    connection: Connection, first: date, last: date, scope: Scope, checks: Collection[Check]
) -> Iterator[Finding]:
    """Yield what is seen without a verification."""
    if _OF_DAYS.intersection(checks):
        found = _live_days(day_states(connection, first, last, scope.models))
        yield from (finding for finding in found if finding.check in checks)
    for name, of_series in catalog.OF_SERIES.items():
        if of_series.complete in checks:
            states = series_states(connection, name, first, last)["state"]
            for day in states.index[states == "missing"]:
                yield Finding(of_series.complete, day, 1, "not known")
    if any(check in checks for check in catalog.SUMS.values()):
        for table, span in mismatched_summaries(connection, first, last, scope.date_range):
            if catalog.SUMS[table] in checks:
                yield Finding(
                    catalog.SUMS[table], span, 1, "not the sum of the level below, or of other days than it says"
                )


def _live_days(states: pd.DataFrame) -> Iterator[Finding]:
    """Yield what the states of days show to be wrong.

    Args:
        states: as from ``warehouse.day_states.day_states``.
    """
    for day, state in states.loc[states["state"].isin(list(_NOT_THERE)), "state"].items():
        yield Finding(catalog.COMPLETENESS, day, 1, _NOT_THERE[state])
    for day in states.index[states["rows_differ"]]:
        yield Finding(catalog.LEDGER_AGREEMENT, day, 1, "its records are not as many as the ledger says")
    for day, row in states.loc[(states["missing"] > 0) | (states["orphan"] > 0), ["missing", "orphan"]].iterrows():
        kinds = {kind: int(count) for kind, count in row.items() if count}
        example = " and ".join(f"{count_of(count, f'{kind} calculation')}" for kind, count in kinds.items())
        yield Finding(catalog.CALCULATIONS_COMPLETE, day, sum(kinds.values()), example, kinds)
    for day, stale in states.loc[states["stale"] > 0, "stale"].items():
        example = f"{count_of(stale, 'calculation')} of other records or another model"
        yield Finding(catalog.CALCULATIONS_CONSISTENT, day, int(stale), example, {"stale": int(stale)})
    for day in states.index[states["summary_differs"]]:
        yield Finding(catalog.DAILY_SUMS, day, 1, "not the sum of the day's records")
    right = states[["missing", "orphan", "stale"]].sum(axis=1) == 0  # else that is why they differ
    for day in states.index[states["bitcoin_differs"] & right]:
        yield Finding(catalog.BITCOIN_DAILY_SUMS, day, 1, "not the sum of the day's calculations")
