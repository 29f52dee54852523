"""Which stored findings concern a range of days: those outside the partitions are kept, and neither shown nor told."""

from datetime import date

from sqlalchemy import ColumnElement, and_, func, or_

from mining_assets.domain.rollups import month_of, year_of
from mining_assets.warehouse.reconciliation_schema import integrity_findings


def concern(first: date, last: date) -> ColumnElement[bool]:
    """The condition that a finding is of a day from first to last, of their months and years, or of a reference."""
    found = integrity_findings.c
    months = (month_of(first), month_of(last))
    years = (year_of(months[0]), year_of(months[1]))
    return or_(
        found.settlement_date.between(first, last),
        and_(func.length(found.span) == len(months[0]), found.span.between(*months)),
        and_(func.length(found.span) == len(years[0]), found.span.between(*years)),
        found.span == "all",
    )
