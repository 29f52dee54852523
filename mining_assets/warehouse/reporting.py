"""Everything that a report on a range of days is made from, read in one snapshot."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pandas as pd
from sqlalchemy import Connection, func, select

from mining_assets.domain.day_state import TRUSTED
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.periods import DateRange, Month
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.predicates import is_curtailment
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    curtailment_records,
    daily_summaries,
    restatements,
    wind_bm_units,
)
from mining_assets.warehouse.status import Status, read_status
from mining_assets.warehouse.summaries import summaries_between
from mining_assets.warehouse.views import half_hourly_curtailment, whole_days


@dataclass(frozen=True)
class ReportData:
    """What a report is made from. Its figures are those of the trusted days; a damaged day is not in them.

    Attributes:
        status: of the range.
        calendar: the state of every day from the first partition to the end of the range, as ``states.day_states``.
        daily: rows of ``daily_summaries`` of the trusted days of the range.
        bitcoin: rows of ``bitcoin_daily_summaries`` of the same days.
        units: farm_id (BM unit), bm_unit_name, site and lead_party_name (each absent where there is none),
            curtailed_energy and payment over the days of ``daily``; a unit that changed hands has a row for each of
            its lead parties.
        month: whose half hours are shown; None when no day of the range is trusted.
        half_hours: rows of the view ``half_hourly_curtailment`` of the month's days in the range.
        restated: rows of ``restatements`` of the range, the newest first.
        models: names of the miner models in their order.
    """

    status: Status
    calendar: pd.DataFrame
    daily: pd.DataFrame
    bitcoin: pd.DataFrame
    units: pd.DataFrame
    month: Month | None
    half_hours: pd.DataFrame
    restated: pd.DataFrame
    models: tuple[str, ...]


def read_report_data(
    connection: Connection,
    first: date,
    last: date,
    month: Month | None,
    models: Sequence[MinerModel],
    date_range: DateRange,
) -> ReportData:
    """Read the data of a report on the days from first to last.

    Args:
        month: whose half hours are wanted; the last month with a trusted day unless given.
    """
    status = read_status(connection, first, last, models, date_range)
    earlier = (
        day_states(connection, date_range[0], first - timedelta(days=1), models) if date_range[0] < first else None
    )
    states = status.days["state"]
    trusted = set(states.index[states.isin(TRUSTED)])
    daily, bitcoin = (
        rows[rows["summary_date"].isin(trusted)].reset_index(drop=True)
        for rows in (
            summaries_between(connection, table.name, first, last)
            for table in (daily_summaries, bitcoin_daily_summaries)
        )
    )
    if month is None and trusted:
        month = Month.of(max(trusted))
    return ReportData(
        status=status,
        calendar=status.days if earlier is None else pd.concat([earlier, status.days]),
        daily=daily,
        bitcoin=bitcoin,
        units=_by_unit(connection, first, last),
        month=month,
        half_hours=_half_hours(connection, month, first, last),
        restated=_restated(connection, first, last),
        models=tuple(model.name for model in models),
    )


def units_by_day(connection: Connection, days: Sequence[date]) -> pd.DataFrame:
    """Sum up what each BM unit lost on each of the days, the most first.

    Returns:
        settlement_date, farm_id (BM unit), bm_unit_name, site and lead_party_name (each absent where there is none),
        curtailed_energy (gross MWh > 0) and payment (£) of stored records, whether or not anything else of the day is
        in place.
    """
    records = curtailment_records.c
    energy = func.sum(-records.volume).label("curtailed_energy")
    query = (
        select(
            records.settlement_date,
            records.farm_id,
            func.max(records.lead_party_name).label("lead_party_name"),
            energy,
            func.sum(records.payment).label("payment"),
        )
        .where(records.settlement_date.in_(days), is_curtailment())
        .group_by(records.settlement_date, records.farm_id)
        .order_by(energy.desc(), records.farm_id)
    )
    return _named(connection, read_frame(connection, query))


def _named(connection: Connection, units: pd.DataFrame) -> pd.DataFrame:
    """Give rows of BM units the names of unit and site that are current."""
    known = wind_bm_units.c
    query = select(known.bm_unit_id.label("farm_id"), known.bm_unit_name, known.site).where(known.is_current)
    return units.merge(read_frame(connection, query), how="left", on="farm_id")


def _by_unit(connection: Connection, first: date, last: date) -> pd.DataFrame:
    """Sum energy and payment of a range by BM unit and lead party, of the days that have a summary."""
    records, day = curtailment_records.c, whole_days.c.settlement_date
    summarized = select(day).join(daily_summaries, daily_summaries.c.summary_date == day)
    query = (  # not from the view by farm and day: ten years of it take several times as long
        select(
            records.farm_id,
            records.lead_party_name,
            func.sum(-records.volume).label("curtailed_energy"),
            func.sum(records.payment).label("payment"),
        )
        .where(
            records.settlement_date.between(first, last),
            records.settlement_date.in_(summarized.where(day.between(first, last))),
            is_curtailment(),
        )
        .group_by(records.farm_id, records.lead_party_name)
    )
    return _named(connection, read_frame(connection, query))


def _half_hours(connection: Connection, month: Month | None, first: date, last: date) -> pd.DataFrame:
    rows = half_hourly_curtailment
    begin, end = (month.first, month.last) if month else (last, first - timedelta(days=1))
    within = rows.c.settlement_date.between(max(begin, first), min(end, last))
    return read_frame(connection, select(*rows.c).where(within).order_by(*rows.primary_key))


def _restated(connection: Connection, first: date, last: date) -> pd.DataFrame:
    rows = restatements.c
    query = select(*rows).where(rows.settlement_date.between(first, last)).order_by(rows.restated_at.desc())
    return read_frame(connection, query)
