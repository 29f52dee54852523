"""Verifying what is archived of the stored days: every object is there and as it was written, and gives the records.

What is compared is said in ``reconciliation.check_archive``; the whole archive is checked by ``archive_check``.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.archive.store import Archive
from mining_assets.domain.day_state import COMPLETE
from mining_assets.pipeline.archive_check import ArchiveCheck, Named, Problem, check_subject, named_by_warehouse
from mining_assets.pipeline.fetch_references import registered_units
from mining_assets.pipeline.replay_day import NotReplayed, kept_of_days, replay_day
from mining_assets.reconciliation.check_archive import disagreements
from mining_assets.reconciliation.checks import ARCHIVE_AGREEMENT, ARCHIVE_CHECKS, ARCHIVED
from mining_assets.reconciliation.findings import NotEvaluated, Verification, problems, store_findings_of_archive
from mining_assets.reconciliation.verify import FINDINGS, Scope
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.days import complete_days, ledger_of, records_of, stored_days
from mining_assets.warehouse.findings import days_with_findings
from mining_assets.warehouse.repeats import with_earlier_readings
from mining_assets.warehouse.verifications import last_scans, record_scan, written_since

NEWEST_DAYS = 8
"""How many of the newest stored days every daily scan reads."""
SLICES = 30
"""In how many parts all others are read, a part for each date of a scan."""
SCAN = "archive"
"""Under which name a scan of the archive is noted that read its slices."""
NOT_KEPT = NotEvaluated("no answers are kept: MINING_ASSETS_ARCHIVE_URL is none", is_fault=False)
_NO_REGISTER = NotEvaluated("no sound wind register is stored, by which answers are read", is_fault=True)


class Depth(StrEnum):
    """On which days objects are read and compared; whether they are there is looked up on all of them."""

    OPEN = "open"
    """Where something was found before."""
    SLICE = "slice"
    """There, and once a day on the newest days and a thirtieth of all others."""
    ALL = "all"


def verify_and_store_archive(
    warehouse: Warehouse,
    archive: Archive | None,
    scope: Scope,
    dates: tuple[date, date],
    depth: Depth,
    report_progress: Callable[[str], None] = lambda _: None,
) -> Verification:
    """Evaluate the checks of the archive on the days that are stored of a range, and keep what is found.

    An archive that cannot be reached is no finding: nothing is evaluated then, and what was known stays.

    Args:
        warehouse: open.
        archive: that its answers are in; None when no answers are kept, then nothing is open any more.
        scope: the miner models, by which the states of days are judged.
        dates: the first and the last day.
        depth: on which days objects are read.
        report_progress: is told what is verified next.
    """
    began = datetime.now(UTC)
    with warehouse.reading() as connection:
        stored = stored_days(connection, *dates)
        last = last_scans(connection).get(SCAN)
    due = set(stored) if depth is Depth.ALL else set[date]()
    if depth is Depth.SLICE:
        due = days_due(stored, last.date() if last else None, began.date())
    verification = _verify_and_store(warehouse, archive, scope, stored, due, report_progress)
    if depth is not Depth.OPEN and not any(each.is_fault for each in verification.not_evaluated.values()):
        with warehouse.writing("integrity_scan") as connection:
            record_scan(connection, SCAN, *dates, len(verification.errors))
    return verification


def verify_open_days(
    warehouse: Warehouse, archive: Archive | None, scope: Scope, days: Collection[date]
) -> Verification:
    """Evaluate the checks of the archive anew on those of the days on which one failed, and keep what is found."""
    with warehouse.reading() as connection:
        found = days_with_findings(connection, SETTLEMENT_STACKS, days)
    if not found:
        return Verification()
    return _verify_and_store(warehouse, archive, scope, sorted(found), found, lambda _: None)


def days_due(stored: Sequence[date], last_scan: date | None, today: date) -> set[date]:
    """Return the days whose objects a daily scan reads: the newest, and the slices of all dates since the last scan.

    Each day is in the slice of one date in thirty, so scans that are made every day, or make up for those that were
    not, read every day within thirty. A second scan on a date reads nothing more.

    Args:
        stored: in order.
        last_scan: the date of the last scan; None when there was none.
        today: the date of this one.
    """
    missed = min((today - last_scan).days, SLICES) if last_scan else 1
    if missed < 1:
        return set()
    slices = {(today - timedelta(days=back)).toordinal() % SLICES for back in range(missed)}
    return {*stored[-NEWEST_DAYS:], *(day for day in stored if day.toordinal() % SLICES in slices)}


def _verify_and_store(
    warehouse: Warehouse,
    archive: Archive | None,
    scope: Scope,
    days: Sequence[date],
    due: Collection[date],
    report_progress: Callable[[str], None],
) -> Verification:
    looked_at = datetime.now(UTC)
    verification = Verification()
    try:
        if archive is None:
            verification.archived = {check: set(days) for check in ARCHIVE_CHECKS}
            verification.not_evaluated = dict.fromkeys(ARCHIVE_CHECKS, NOT_KEPT)
        elif days:
            _verify(warehouse, archive, scope, days, due, verification, report_progress)
    except ArchiveUnavailable as error:
        fault = NotEvaluated(f"the archive could not be read: {error}", is_fault=True)
        return Verification(not_evaluated=dict.fromkeys(ARCHIVE_CHECKS, fault))
    with warehouse.writing(FINDINGS) as connection:
        written = written_since(connection, days, looked_at)
        for check, evaluated in verification.archived.items():
            verification.archived[check] = evaluated - written
        verification.findings = [each for each in verification.findings if each.span not in written]
        store_findings_of_archive(connection, verification, looked_at)
    return verification


def _verify(
    warehouse: Warehouse,
    archive: Archive,
    scope: Scope,
    days: Sequence[date],
    due: Collection[date],
    verification: Verification,
    report_progress: Callable[[str], None],
) -> None:
    report_progress("looking for the archived answers")
    archive.reach()
    # What the warehouse names is read first: whatever is committed by then is in the archive.
    with warehouse.reading() as connection:
        named = named_by_warehouse(connection, SETTLEMENT_STACKS, (days[0], days[-1]))
        read = {*due, *days_with_findings(connection, SETTLEMENT_STACKS, days)}
    there = archive.sizes(SETTLEMENT_STACKS)
    of_days = {day: named.get(str(day), Named()) for day in days}
    read |= {day for day, each in of_days.items() if not _as_noted(each, there.get(str(day), {}))}
    verification.archived = {ARCHIVED: set(days), ARCHIVE_AGREEMENT: set()}
    verification.count(ARCHIVED, days=len(days), objects=sum(len(each.objects) for each in of_days.values()))
    verification.count(ARCHIVED, days_read=len(read))
    for day in sorted(read):
        report_progress(f"reading the archived answers of {day}")
        bad = _problems(archive, day, of_days[day])
        if bad:  # pruned or fetched again meanwhile?
            with warehouse.reading() as connection:
                again = named_by_warehouse(connection, SETTLEMENT_STACKS, (day, day))
            bad = _problems(archive, day, again.get(str(day), Named()))
        if bad:
            keys = [f"object {each.object}" if each.object else "manifest" for each in bad]
            verification.add(ARCHIVED, problems([day] * len(bad), keys, [each.reason for each in bad]))
        else:
            with warehouse.reading() as connection:
                _compare(connection, archive, scope, day, verification)


def _as_noted(named: Named, there: dict[str, int]) -> bool:
    """Tell whether all objects that are named are there, with the bytes that they had when they were written."""
    return all(there.get(digest) == named.bytes.get(digest, there.get(digest, -1)) for digest in named.objects)


def _problems(archive: Archive, day: date, named: Named) -> list[Problem]:
    check = ArchiveCheck()
    if named.objects:
        check_subject(archive, SETTLEMENT_STACKS, str(day), named, (), check)
    return check.problems


def _compare(connection: Connection, archive: Archive, scope: Scope, day: date, verification: Verification) -> None:
    """Compare a day, whose objects are right, with what they give; one that is not complete has nothing to compare."""
    units = registered_units(connection)
    if not units:
        verification.not_evaluated[ARCHIVE_AGREEMENT] = _NO_REGISTER
        return
    verification.archived[ARCHIVE_AGREEMENT].add(day)
    stored = records_of(connection, [day]), ledger_of(connection, day)
    if day not in complete_days(connection, [day]):
        return
    if stored[1]["archive_object"].isna().any():
        verification.count(ARCHIVE_AGREEMENT, days_not_archived=1)
        return
    verification.count(ARCHIVE_AGREEMENT, days_compared=1)
    try:
        kept = kept_of_days(connection, [day]).get(day)
        if not kept:
            raise NotReplayed("no committed fetch of the whole day is noted")
        replayed = replay_day(archive, day, kept, units)
    except NotReplayed as error:
        if isinstance(error.__cause__, ArchiveUnavailable):
            raise error.__cause__ from None
        bad = problems([day], [""], [f"no day can be made of its archived answers: {error}"])
    else:
        replayed = with_earlier_readings(connection, replayed)
        bad = disagreements(day, stored, (replayed.records, replayed.ledger))
    if len(bad):
        state = day_states(connection, day, day, scope.models).loc[day]
        # A unit that is known as wind only since then makes another day of the same answers, which healing derives.
        if state["state"] in COMPLETE and not state["newly_registered"]:
            verification.add(ARCHIVE_AGREEMENT, bad)
