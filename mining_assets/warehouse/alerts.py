"""What is worth an alert, and which alerts were sent."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby

from sqlalchemy import Connection, insert, select

from mining_assets.domain.periods import parse_period
from mining_assets.domain.wording import count_of, format_days, format_periods
from mining_assets.warehouse.findings import concern
from mining_assets.warehouse.schema import alerts_sent, healing_attempts, integrity_findings


def standing_causes(connection: Connection, first: date, last: date) -> Iterator[tuple[str, str]]:
    """Yield what is worth an alert of the days from first to last: failed checks (stored errors) and quarantined days.

    Returns:
        The cause and a sentence about it.
    """
    findings = integrity_findings.c
    failed = (
        select(findings.table_name, findings.check_name, findings.span, findings.example)
        .where(findings.severity == "error", concern(first, last))
        .order_by(findings.table_name, findings.check_name, findings.span)
    )
    for (table, check), rows in groupby(connection.execute(failed), key=lambda row: (row[0], row[1])):
        found = list(rows)
        spans = format_periods(span if span == "all" else parse_period(span) for *_, span, _ in found)
        on = "" if spans == "all" else f" on {spans}"  # a reference has no days
        yield f"check {table}.{check}", f"{table}: check {check} fails{on}; first: {found[0].example}"
    days = healing_attempts.c
    quarantined = select(days.settlement_date, days.attempts, days.last_error).where(
        days.quarantined_at.is_not(None), days.settlement_date.between(first, last)
    )
    given = connection.execute(quarantined.order_by(days.settlement_date)).all()
    if given:
        day, attempts, error = given[0]
        named = f"first {day} after {count_of(attempts, 'attempt')}: {error or 'no reason known'}"
        days_named = format_days(row.settlement_date for row in given)
        yield "quarantine", f"{count_of(len(given), 'day')} quarantined, {days_named}; {named}"


def was_sent(connection: Connection, cause: str, on: date) -> bool:
    """Tell whether an alert about the cause was sent that day."""
    query = select(alerts_sent.c.cause).where(alerts_sent.c.cause == cause, alerts_sent.c.sent_on == on)
    return connection.execute(query).first() is not None


def note_sent(connection: Connection, cause: str, on: date) -> None:
    """Note that an alert about the cause was sent that day."""
    connection.execute(insert(alerts_sent).values(cause=cause, sent_on=on))
