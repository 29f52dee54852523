"""Verifying a range of days with everything derived from them, a month at a time, and keeping what was found.

Reading happens on snapshots and blocks nobody. A day that looks wrong is verified again under its writer's lock
before it is written down, so that a scan never records what a run has repaired meanwhile.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import groupby

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.periods import DateRange, Month, Year, between, months_of, years_of
from mining_assets.domain.settlement import last_day_over
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation import check_calculations, check_records, check_series, check_summaries
from mining_assets.reconciliation.check_references import verify_network_epochs, verify_wind_units
from mining_assets.reconciliation.check_summaries import verify_periods
from mining_assets.reconciliation.chunk import read_chunk
from mining_assets.reconciliation.findings import Verification, store_findings
from mining_assets.warehouse import references
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, CALCULATIONS, CURTAILMENT_RECORDS, DAILY_SUMMARIES
from mining_assets.warehouse.stored_days import days_with_rows, has_rows
from mining_assets.warehouse.verifications import record_scan

_TABLES_OF_DAYS = (CURTAILMENT_RECORDS, CALCULATIONS, DAILY_SUMMARIES, BITCOIN_DAILY_SUMMARIES, *SERIES)
FINDINGS = "integrity_findings"  # one writer of findings at a time


@dataclass(frozen=True)
class Scope:
    """What days are verified against: the miner models, and the first and last partition."""

    models: tuple[MinerModel, ...]
    date_range: DateRange

    def days(self, now: datetime) -> tuple[date, date]:
        """Return the first partition and the last one that is over at an instant, which may be before the first."""
        first, last = self.date_range
        over = last_day_over(now)
        return first, over if last is None else min(last, over)


def damaged_periods(connection: Connection, day: date) -> list[int]:
    """Return the periods of a day whose records, as they are now, do not match the ledger or are not valid."""
    return check_records.damaged_periods(read_chunk(connection, [day]))


def verify_days(
    connection: Connection,
    days: Sequence[date],
    models: tuple[MinerModel, ...],
    history: NetworkHistory,
    capacities: dict[str, float],
) -> Verification:
    """Verify days by value.

    Args:
        connection: of the caller's transaction.
        days: in order.
        models: the miner models for which calculations are expected.
        history: the network's history as stored.
        capacities: registered capacity in MW of the units that have one above zero.
    """
    verification = Verification(spans=set(days), tables=set(_TABLES_OF_DAYS))
    if not has_rows(connection, days):
        check_records.note_never_fetched(days, verification)
        check_series.note_unknown(days, verification)
        return verification
    chunk = read_chunk(connection, days)
    check_records.verify(chunk, verification, capacities)
    check_calculations.verify(chunk, verification, models, history)
    check_summaries.verify_daily(chunk, verification, check_series.verify(chunk, verification))
    return verification


def verify_snapshot(connection: Connection, days: Sequence[date], scope: Scope) -> Verification:
    """Verify days by value as the caller's connection sees them, and keep nothing of it."""
    units = references.wind_units(connection).values()
    capacities = {unit.bm_unit_id: unit.generation_capacity for unit in units if unit.generation_capacity}
    return verify_days(connection, days, scope.models, references.network_history(connection), capacities)


def verify_and_store_days(warehouse: Warehouse, days: Sequence[date], scope: Scope) -> Verification:
    """Verify days by value and keep what was found of them."""
    looked_at = datetime.now(UTC)
    with warehouse.reading() as connection:
        verification = verify_snapshot(connection, days, scope)
    suspicious = sorted({finding.span for finding in verification.errors if isinstance(finding.span, date)})
    with warehouse.writing(*map(str, suspicious), FINDINGS) as connection:
        with_rows = days_with_rows(connection, suspicious)  # the others are as missing as they were
        if with_rows:
            others = [finding for finding in verification.findings if finding.span not in with_rows]
            verification.findings = others + verify_snapshot(connection, sorted(with_rows), scope).findings
        store_findings(connection, verification, looked_at)
    return verification


def verify_and_store_periods(warehouse: Warehouse, periods: Sequence[Month | Year], scope: Scope) -> Verification:
    """Verify the summaries of months and years, and store what was found."""
    with warehouse.writing(*map(str, periods), FINDINGS) as connection:
        looked_at = datetime.now(UTC)
        verification = verify_periods(connection, periods, scope.date_range)
        store_findings(connection, verification, looked_at)
    return verification


def verify_and_store_references(warehouse: Warehouse) -> Verification:
    """Verify the reference tables and keep what was found."""
    now = datetime.now(UTC)
    with warehouse.writing(FINDINGS) as connection:
        verification = verify_network_epochs(connection, now)
        verification.merge(verify_wind_units(connection, now))
        store_findings(connection, verification, now)
    return verification


def verify_within(connection: Connection, day: date, scope: Scope) -> Verification:
    """Verify a day, its month and its year as they are in the caller's transaction, and keep what is found with it."""
    looked_at = datetime.now(UTC)
    verification = verify_snapshot(connection, [day], scope)
    verification.merge(verify_periods(connection, [Month.of(day), Year.of(day)], scope.date_range))
    store_findings(connection, verification, looked_at)
    return verification


def scan(
    warehouse: Warehouse, first: date, last: date, scope: Scope, report_progress: Callable[[str], None] = lambda _: None
) -> Verification:
    """Verify everything from first to last: days, the months and years they are in, and the references.

    Args:
        warehouse: open.
        first: the first day.
        last: the last day.
        scope: the miner models, and the first and last partition.
        report_progress: is told what is verified next.
    """
    days = list(between(first, last))
    months = months_of(days)
    report_progress("verifying the references")
    verification = verify_and_store_references(warehouse)
    for number, (month, group) in enumerate(groupby(days, key=Month.of), start=1):
        report_progress(f"verifying {month}, {number:,} of {count_of(len(months), 'month')}")
        verification.merge(verify_and_store_days(warehouse, list(group), scope))
    report_progress("verifying the sums of months and years")
    verification.merge(verify_and_store_periods(warehouse, months, scope))
    verification.merge(verify_and_store_periods(warehouse, years_of(days), scope))
    return verification


def note_scan(warehouse: Warehouse, name: str, first: date, last: date, verification: Verification) -> None:
    """Note that a scan (``recent`` or ``all``) ran to its end."""
    with warehouse.writing("integrity_scan") as connection:
        record_scan(connection, name, first, last, len(verification.errors))
