"""Units that may be wind and are not counted: what the stacks held and nothing explains.

Which units that are is decided here once, for checks, status and report: those kept in ``unknown_wind_units`` that are
neither known as wind now nor explained as something else by the newest register. What is known as wind by now makes its
days due for a fetch instead (``day_states``).
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, and_, exists, func, select

from mining_assets.domain.wind_units import wind_like
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.schema import other_bm_units, settlement_days, unknown_wind_units, wind_bm_units


def _may_be_wind() -> ColumnElement[bool]:
    unit = unknown_wind_units.c.bm_unit_id
    return and_(
        ~exists().where(other_bm_units.c.bm_unit_id == unit),
        ~exists().where(wind_bm_units.c.bm_unit_id == unit, wind_bm_units.c.is_current),
    )


def possible_wind_of(connection: Connection, days: Sequence[date]) -> pd.DataFrame:
    """Read the rows of ``unknown_wind_units`` of the days that may be wind, by day, the most energy first."""
    units = unknown_wind_units.c
    query = (
        select(*units)
        .where(units.settlement_date.in_(days), _may_be_wind())
        .order_by(units.settlement_date, units.bid_mwh, units.bm_unit_id)
    )
    return read_frame(connection, query)


def possible_wind_between(connection: Connection, first: date, last: date) -> pd.DataFrame:
    """Sum up the units of a range that may be wind, the most energy first.

    Returns:
        bm_unit_id, days, first, last (settlement days), bid_mwh (MWh, signed as received), wind_like (whether its id is
        like a wind unit's).
    """
    units = unknown_wind_units.c
    mwh = func.sum(units.bid_mwh).label("bid_mwh")
    query = (
        select(
            units.bm_unit_id,
            func.count().label("days"),
            func.min(units.settlement_date).label("first"),
            func.max(units.settlement_date).label("last"),
            mwh,
        )
        .where(units.settlement_date.between(first, last), _may_be_wind())
        .group_by(units.bm_unit_id)
        .order_by(mwh, units.bm_unit_id)
    )
    return _with_likeness(connection, read_frame(connection, query))


def possible_wind_by_day(connection: Connection, first: date, last: date) -> pd.DataFrame:
    """Read a range's units that may be wind by day.

    Returns:
        settlement_date, bm_unit_id, bid_mwh (MWh, signed as received), wind_like (whether its id is like wind).
    """
    units = unknown_wind_units.c
    query = select(units.settlement_date, units.bm_unit_id, units.bid_mwh)
    found = read_frame(connection, query.where(units.settlement_date.between(first, last), _may_be_wind()))
    return _with_likeness(connection, found)


def _with_likeness(connection: Connection, units: pd.DataFrame) -> pd.DataFrame:
    known = connection.execute(select(wind_bm_units.c.bm_unit_id).where(wind_bm_units.c.is_current)).scalars()
    like = wind_like(units["bm_unit_id"].unique(), known)
    return units.assign(wind_like=units["bm_unit_id"].isin(like))


def days_without_units(connection: Connection, first: date, last: date) -> list[date]:
    """List the stored days of a range of which it is not known what was left out: fetched by an earlier version."""
    return list(connection.execute(_unkept(first, last)).scalars())


def _unkept(first: date, last: date) -> Select[Any]:
    day = settlement_days.c.settlement_date
    return select(day).where(day.between(first, last), settlement_days.c.uncounted_bid_mwh.is_(None)).order_by(day)
