"""The ledger of what was tried and failed: days and days of a series with their back-off, and sources that are away.

An attempt counts as it begins, so a run that dies is one too. Nothing of a day itself is stored here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, and_, delete, func, select, update

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.retry_policy import QUARANTINE_WAIT, HealingPolicy
from mining_assets.warehouse.connection import upsert_rows
from mining_assets.warehouse.schema import day_fetches, healing_attempts, source_outages

DAYS = "days"
"""The subject of an attempt to fetch or derive a day itself; the others are the daily series, by their names."""


@dataclass(frozen=True)
class _Ledger:
    """Where the attempts on a subject are counted.

    Attributes:
        key: what names a row beside its day.
        failures_only: whether a row is there only while its day fails, and may be quarantined. Else it also says what
            was fetched, and stays.
    """

    table: Table
    key: Mapping[str, str]
    failures_only: bool

    def of(self, days: Collection[date]) -> ColumnElement[bool]:
        """Return the condition that a row is of one of the days."""
        columns = self.table.c
        named = (columns[name] == value for name, value in self.key.items())
        return and_(*named, columns.settlement_date.in_(days))

    def attempts(self, connection: Connection, days: Collection[date]) -> dict[date, int]:
        """Read how many attempts are counted of those of the days that have a row."""
        columns = self.table.c
        query = select(columns.settlement_date, columns.attempts).where(self.of(days))
        return dict(connection.execute(query).all())

    def wait(self, policy: HealingPolicy, day: date, attempts: int, now: datetime) -> timedelta:
        """Return how long a day is waited for after so many attempts."""
        return (policy.wait_of_day if self.failures_only else policy.wait_of_series)(day, attempts, now)

    def quarantine(self, connection: Connection, days: Collection[date], now: datetime) -> None:
        """Give the days up until an attempt succeeds; without being asked they are tried once a day."""
        quarantined_at = self.table.c.quarantined_at
        values = {"quarantined_at": func.coalesce(quarantined_at, now), "next_attempt_at": now + QUARANTINE_WAIT}
        connection.execute(update(self.table).where(self.of(days)).values(values))


_LEDGERS = {DAYS: _Ledger(healing_attempts, {}, failures_only=True)} | {
    name: _Ledger(day_fetches, {"name": name}, failures_only=False) for name in SERIES
}


def record_attempts(
    connection: Connection, subject: str, days: Collection[date], policy: HealingPolicy, now: datetime
) -> None:
    """Count an attempt for each day, before it is made.

    A day whose attempts all ended without a word is quarantined here, by one more than the policy allows. A day of a
    series never is.

    Args:
        subject: ``DAYS``, or the name of a series.
    """
    ledger = _LEDGERS[subject]
    known = ledger.attempts(connection, days)
    rows = [
        {
            **ledger.key,
            "settlement_date": day,
            "attempts": known.get(day, 0) + 1,
            "last_attempt_at": now,
            "next_attempt_at": now + ledger.wait(policy, day, known.get(day, 0) + 1, now),
        }
        for day in days
    ]
    upsert_rows(connection, ledger.table, rows)
    if ledger.failures_only:
        ledger.quarantine(connection, [day for day in days if policy.is_quarantined(day, known.get(day, 0), now)], now)


def record_failures(
    connection: Connection, subject: str, reasons: Mapping[date, str], policy: HealingPolicy, now: datetime
) -> None:
    """Store why days failed. What is stored of them stays, and nothing is counted: that happened as attempts began.

    A day that failed as often as the policy allows is quarantined; a day of a series never is.

    Args:
        subject: ``DAYS``, or the name of a series.
    """
    ledger = _LEDGERS[subject]
    known = ledger.attempts(connection, reasons)
    for day in known:
        connection.execute(update(ledger.table).where(ledger.of([day])).values(last_error=reasons[day]))
    moments = {"last_attempt_at": now, "next_attempt_at": now} if ledger.failures_only else {}
    fresh = [
        {**ledger.key, "settlement_date": day, "attempts": 0, **moments, "last_error": reason}
        for day, reason in reasons.items()
        if day not in known
    ]
    upsert_rows(connection, ledger.table, fresh)
    if ledger.failures_only:
        given_up = [day for day, attempts in known.items() if policy.is_quarantined(day, attempts, now)]
        ledger.quarantine(connection, given_up, now)


def discount_attempts(connection: Connection, subject: str, days: Collection[date]) -> None:
    """Take back the last attempt of days that failed because a source is unavailable.

    Args:
        subject: ``DAYS``, or the name of a series.
    """
    ledger = _LEDGERS[subject]
    rows, columns = ledger.of(days), ledger.table.c
    if ledger.failures_only:
        only_this = and_(rows, columns.attempts <= 1, columns.quarantined_at.is_(None))
        connection.execute(delete(ledger.table).where(only_this))
    values = {"attempts": columns.attempts - 1, "next_attempt_at": columns.last_attempt_at}
    connection.execute(update(ledger.table).where(rows, columns.attempts > 0).values(values))


def clear_attempts(connection: Connection, subject: str, days: Collection[date]) -> None:
    """Forget the attempts of days that succeeded, and with them their quarantine.

    Args:
        subject: ``DAYS``, or the name of a series.
    """
    ledger = _LEDGERS[subject]
    if ledger.failures_only:
        connection.execute(delete(ledger.table).where(ledger.of(days)))
        return
    values = {"attempts": 0, "last_attempt_at": None, "next_attempt_at": None, "last_error": None}
    connection.execute(update(ledger.table).where(ledger.of(days)).values(values))


def outages(connection: Connection) -> dict[str, datetime]:
    """Read the sources that are unavailable, and when each may be asked again."""
    query = select(source_outages.c.source, source_outages.c.next_attempt_at)
    return dict(connection.execute(query).all())


def record_outage(connection: Connection, source: str, error: str, policy: HealingPolicy, now: datetime) -> None:
    """Record that a source did not answer at all, and when it may be asked again."""
    known = connection.execute(
        select(source_outages.c.since, source_outages.c.attempts).where(source_outages.c.source == source)
    ).one_or_none()
    since, attempts = (known.since, known.attempts + 1) if known else (now, 1)
    row = {
        "source": source,
        "since": since,
        "attempts": attempts,
        "next_attempt_at": now + policy.wait(attempts),
        "last_error": error,
    }
    upsert_rows(connection, source_outages, [row])


def record_recovery(connection: Connection, source: str) -> None:
    """Record that a source answered."""
    connection.execute(delete(source_outages).where(source_outages.c.source == source))
