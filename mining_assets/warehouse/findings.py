"""The store of what verification found: a row for each check that fails on a day, month, year or reference.

What the checks are is said in ``reconciliation``. Findings on days outside the partitions are kept, and neither shown
nor reported.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, and_, delete, func, or_, select

from mining_assets.domain.periods import Month, Year
from mining_assets.warehouse.connection import insert_frame, read_frame
from mining_assets.warehouse.schema import integrity_findings
from mining_assets.warehouse.verifications import note_verified


def replace_findings(
    connection: Connection,
    spans: Iterable[object],
    tables: Iterable[str],
    rows: Sequence[Mapping[str, Any]],
    found_at: datetime,
) -> None:
    """Replace the findings on the spans and tables verified; what is still open keeps the time since when it is.

    Args:
        spans: the days, months and years that were verified.
        rows: of the columns of ``integrity_findings`` but found_at and open_since.
        found_at: the instant as of which the spans were read, which counts as that of their verification.
    """
    names = [str(span) for span in spans]
    note_verified(connection, names, found_at)
    found = integrity_findings.c
    _replace(connection, [found.span.in_(names), found.table_name.in_(list(tables))], rows, found_at)


def replace_findings_of(
    connection: Connection,
    check: tuple[str, str],
    days: Iterable[date],
    rows: Sequence[Mapping[str, Any]],
    found_at: datetime,
) -> None:
    """Replace the findings of one check on days, which are not verified thereby; what is still open keeps its time.

    Args:
        connection: of the caller's transaction.
        check: its table and its name.
        days: on which it was evaluated.
        rows: as of :func:`replace_findings`.
        found_at: the instant as of which the days were read.
    """
    found, (table, name) = integrity_findings.c, check
    of_check = [found.table_name == table, found.check_name == name, found.settlement_date.in_(list(days))]
    _replace(connection, of_check, rows, found_at)


def days_with_findings(connection: Connection, table: str, days: Collection[date]) -> set[date]:
    """Return those of the days on which any check of a table fails, as was found last."""
    found = integrity_findings.c
    query = select(found.settlement_date).where(found.table_name == table, found.settlement_date.is_not(None))
    return set(connection.execute(query.distinct()).scalars()) & set(days)


def _replace(
    connection: Connection,
    verified: Sequence[ColumnElement[bool]],
    rows: Sequence[Mapping[str, Any]],
    found_at: datetime,
) -> None:
    found = integrity_findings.c
    query = select(found.table_name, found.check_name, found.span, found.open_since).where(*verified)
    open_since = {tuple(key): since for *key, since in connection.execute(query)}
    connection.execute(delete(integrity_findings).where(*verified))
    stored = [
        {
            **row,
            "found_at": found_at,
            "open_since": open_since.get((row["table_name"], row["check_name"], row["span"]), found_at),
        }
        for row in rows
    ]
    insert_frame(connection, integrity_findings, pd.DataFrame(stored))


def read_findings(
    connection: Connection, first: date, last: date, tables: Collection[str] | None = None
) -> list[dict[str, Any]]:
    """Read the rows of ``integrity_findings`` on a range of days, as :func:`concern` says, in order of span.

    Args:
        tables: only findings on these; on all of them unless given.
    """
    query = select(*integrity_findings.c).where(concern(first, last)).order_by(integrity_findings.c.span)
    if tables is not None:
        query = query.where(integrity_findings.c.table_name.in_(list(tables)))
    rows: list[dict[str, Any]] = read_frame(connection, query).to_dict("records")
    return rows


def concern(first: date, last: date) -> ColumnElement[bool]:
    """Return the condition that a finding is on a day from first to last, on their months and years, or a reference."""
    found = integrity_findings.c
    months = (str(Month.of(first)), str(Month.of(last)))
    years = (str(Year.of(first)), str(Year.of(last)))
    return or_(
        found.settlement_date.between(first, last),
        and_(func.length(found.span) == len(months[0]), found.span.between(*months)),
        and_(func.length(found.span) == len(years[0]), found.span.between(*years)),
        found.span == "all",
    )
