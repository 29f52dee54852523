"""What is worth an alert, and which alerts were sent."""

from collections.abc import Iterator
from datetime import date

from sqlalchemy import Connection, func, insert, select

from mining_assets.domain.wording import count_of
from mining_assets.warehouse.findings import concern
from mining_assets.warehouse.reconciliation_schema import alerts_sent, healing_attempts, integrity_findings


def standing_causes(connection: Connection, first: date, last: date) -> Iterator[tuple[str, str]]:
    """Failed checks (errors among the stored findings) and quarantine of the days from first to last.

    Returns:
        The cause and a sentence about it.
    """
    findings = integrity_findings.c
    failed = (
        select(
            findings.table_name, findings.check_name, func.count(), func.min(findings.span), func.min(findings.example)
        )
        .where(findings.severity == "error", concern(first, last))
        .group_by(findings.table_name, findings.check_name)
        .order_by(findings.table_name, findings.check_name)
    )
    for table, check, spans, span, example in connection.execute(failed):
        yield (
            f"check {table}.{check}",
            f"{table}: check {check} fails on {count_of(spans, 'span')}, first {span}: {example}",
        )
    days = healing_attempts.c
    given_up = select(days.settlement_date, days.attempts, days.last_error).where(
        days.quarantined_at.is_not(None), days.settlement_date.between(first, last)
    )
    rows = connection.execute(given_up.order_by(days.settlement_date)).all()
    if rows:
        day, attempts, error = rows[0]
        named = f"first {day} after {count_of(attempts, 'attempt')}: {error or 'no reason known'}"
        yield "quarantine", f"{count_of(len(rows), 'day')} quarantined, {named}"


def was_sent(connection: Connection, cause: str, on: date) -> bool:
    """Whether an alert about the cause was sent that day."""
    query = select(alerts_sent.c.cause).where(alerts_sent.c.cause == cause, alerts_sent.c.sent_on == on)
    return connection.execute(query).first() is not None


def note_sent(connection: Connection, cause: str, on: date) -> None:
    """Note that an alert about the cause was sent that day."""
    connection.execute(insert(alerts_sent).values(cause=cause, sent_on=on))
