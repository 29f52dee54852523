"""Rules of the domain in the form that SQL needs, each of them once; views, states, summaries and reports ask here.

What the rules mean is said in ``domain``.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from mining_assets.domain.finality import FINAL_AFTER
from mining_assets.warehouse.schema import curtailment_records

Columns = ReadOnlyColumnCollection[str, Any]


def is_curtailment(records: Columns = curtailment_records.c) -> ColumnElement[bool]:
    """Return the condition that a record is curtailment, as ``domain.curtailment.is_curtailment`` says.

    A unit counts among ``farms`` when it has such a row: one that was only undone has none.
    """
    return and_(records.side == "bid", records.volume < 0)


def is_undo(records: Columns = curtailment_records.c) -> ColumnElement[bool]:
    """Return the condition that a record takes an earlier bid back, as ``domain.curtailment.is_undo`` says."""
    return and_(records.side == "offer", records.volume > 0)


def final_from_sql(day: str, dialect: str) -> str:
    """Return in SQL the instant from which a fetch of a day is final, as ``domain.finality.final_from`` says.

    Args:
        day: the column of the day.
        dialect: ``sqlite`` or ``postgresql``.
    """
    days, hours = FINAL_AFTER.days, FINAL_AFTER.seconds // 3600
    if dialect == "sqlite":
        return f"DATE({day}, '+{days} day') || ' {hours:02}:00:00.000000'"
    return f"({day} + {days} + TIME '{hours:02}:00') AT TIME ZONE 'UTC'"


def as_sql(condition: ColumnElement[bool]) -> str:
    """Return a condition as SQL text with its values in it, for a view."""
    return str(condition.compile(compile_kwargs={"literal_binds": True}))
