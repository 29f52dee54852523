"""What healing tried: days that fail, with their back-off, and sources that do not answer at all."""

from collections.abc import Collection, Mapping
from datetime import date, datetime

from sqlalchemy import Connection, delete, func, select, update

from mining_assets.domain.healing import QUARANTINE_WAIT, HealingPolicy
from mining_assets.warehouse.connection import upsert_rows
from mining_assets.warehouse.reconciliation_schema import healing_attempts, source_outages


def record_attempts(connection: Connection, days: Collection[date], policy: HealingPolicy, now: datetime) -> None:
    """Count an attempt for each day, as it begins: a run that dies is an attempt too.

    A day whose attempts all ended without a word is quarantined here, by one more than the policy allows.
    """
    known = _attempts(connection, days)
    rows = [
        {
            "settlement_date": day,
            "attempts": known.get(day, 0) + 1,
            "last_attempt_at": now,
            "next_attempt_at": now + policy.wait_of_day(day, known.get(day, 0) + 1, now),
        }
        for day in days
    ]
    upsert_rows(connection, healing_attempts, rows)
    _quarantine(connection, [day for day in days if policy.gives_up(day, known.get(day, 0), now)], now)


def clear_attempts(connection: Connection, days: Collection[date]) -> None:
    """The days came right: no attempt is counted any more, no quarantine."""
    connection.execute(delete(healing_attempts).where(healing_attempts.c.settlement_date.in_(days)))


def record_failures(connection: Connection, reasons: Mapping[date, str], policy: HealingPolicy, now: datetime) -> None:
    """Note why days failed; how often is counted as attempts begin. Who failed often enough is quarantined."""
    known = _attempts(connection, reasons)
    for day, reason in reasons.items():
        if day in known:
            row = healing_attempts.c.settlement_date == day
            connection.execute(update(healing_attempts).where(row).values(last_error=reason))
    fresh = [
        {
            "settlement_date": day,
            "attempts": 0,
            "last_attempt_at": now,
            "next_attempt_at": now,
            "last_error": reason,
        }
        for day, reason in reasons.items()
        if day not in known
    ]
    upsert_rows(connection, healing_attempts, fresh)
    _quarantine(connection, [day for day, attempts in known.items() if policy.gives_up(day, attempts, now)], now)


def discount_attempts(connection: Connection, days: Collection[date]) -> None:
    """The days failed because a source is away: the attempt does not count against them."""
    attempts = healing_attempts.c
    rows = attempts.settlement_date.in_(days)
    connection.execute(delete(healing_attempts).where(rows, attempts.attempts <= 1, attempts.quarantined_at.is_(None)))
    connection.execute(
        update(healing_attempts)
        .where(rows)
        .values(attempts=attempts.attempts - 1, next_attempt_at=attempts.last_attempt_at)
    )


def _quarantine(connection: Connection, days: Collection[date], now: datetime) -> None:
    """Give the days up until somebody succeeds with them; by itself healing tries them once a day."""
    attempts = healing_attempts.c
    rows = attempts.settlement_date.in_(days)
    values = {"quarantined_at": func.coalesce(attempts.quarantined_at, now), "next_attempt_at": now + QUARANTINE_WAIT}
    connection.execute(update(healing_attempts).where(rows).values(values))


def outages(connection: Connection) -> dict[str, datetime]:
    """The sources that are away, and when each may be asked again."""
    query = select(source_outages.c.source, source_outages.c.next_attempt_at)
    return dict(connection.execute(query).all())


def record_outage(connection: Connection, source: str, error: str, policy: HealingPolicy, now: datetime) -> None:
    """A source did not answer at all."""
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
    """A source answered."""
    connection.execute(delete(source_outages).where(source_outages.c.source == source))


def _attempts(connection: Connection, days: Collection[date]) -> dict[date, int]:
    table = healing_attempts.c
    query = select(table.settlement_date, table.attempts).where(table.settlement_date.in_(days))
    return dict(connection.execute(query).all())
