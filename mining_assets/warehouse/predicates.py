"""Rules of the domain that SQL needs, each of them once."""

from sqlalchemy import ColumnElement, and_

from mining_assets.warehouse.schema import curtailment_records


def is_curtailment() -> ColumnElement[bool]:
    """Which rows of ``curtailment_records`` are curtailment, as ``domain.curtailment.is_curtailment`` says.

    A unit counts among ``farms`` when it has such a row: one that was only undone has none.
    """
    return and_(curtailment_records.c.side == "bid", curtailment_records.c.volume < 0)
