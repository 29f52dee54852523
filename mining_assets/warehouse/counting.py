"""The rows of the two large tables, counted day by day as they are now, whatever the control tables say of them.

On ten years of days this takes about 1 ms a day, so every look counts the newest days of its range. What is older is
counted by verification.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import ColumnElement, Connection, Select, func, select

from mining_assets.domain.mining import MinerModel
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.predicates import is_curtailment
from mining_assets.warehouse.schema import (
    curtailment_records,
    historical_bitcoin_calculations,
    settlement_days,
    settlement_ledger,
)

COUNTED_DAYS = 100
"""How many days of a range, the newest, are counted on every look: a range that is no longer is counted throughout."""


def counted_days(first: date, last: date) -> tuple[date, date]:
    """Return the first and last of the days of a range that are counted on every look."""
    return max(first, last - timedelta(days=COUNTED_DAYS - 1)), last


def count_rows(connection: Connection, first: date, last: date, models: Sequence[MinerModel]) -> pd.DataFrame:
    """Count what is stored of the days from first to last.

    Returns:
        Indexed by date, every day: ``stored``, the rows of the records on both sides; ``noted``, how many the ledger
        says; ``records``, the curtailment records, counted only where these two differ and absent elsewhere; and the
        calculations ``actual``, ``missing`` and ``orphan``.
    """
    every = pd.Index([first + timedelta(days=offset) for offset in range((last - first).days + 1)], name="day")
    records, ledger, days = curtailment_records.c, settlement_ledger.c, settlement_days.c
    rows = pd.DataFrame(index=every)
    for name, day, figure in (
        ("stored", records.settlement_date, func.count()),
        ("noted", ledger.settlement_date, func.sum(ledger.wind_rows)),
        ("wanted", days.settlement_date, func.sum(days.farm_periods)),
    ):
        found = read_frame(connection, _by_day(day, first, last, figure.label("figure"))).set_index("day")["figure"]
        rows[name] = found.reindex(every).fillna(0).astype("int64")
    made = _calculations(connection, first, last)
    models_made = made.reindex(columns=sorted({*made.columns, *(model.name for model in models)}), fill_value=0)
    models_made = models_made.reindex(every, fill_value=0)
    known = models_made[[model.name for model in models]]
    rows["actual"] = models_made.sum(axis=1)
    rows["missing"] = known.rsub(rows["wanted"], axis=0).clip(lower=0).sum(axis=1)
    rows["orphan"] = rows["actual"] - (len(models) * rows["wanted"] - rows["missing"])
    rows["records"] = _curtailment_records(connection, rows.index[rows["stored"] != rows["noted"]], every)
    return rows.drop(columns="wanted")


def _by_day(day: ColumnElement[date], first: date, last: date, *columns: ColumnElement[Any]) -> Select[Any]:
    """Select the day and some figures of it, day by day."""
    wanted: list[ColumnElement[Any]] = [day.label("day"), *columns]
    return select(*wanted).where(day.between(first, last)).group_by(day)


def _calculations(connection: Connection, first: date, last: date) -> pd.DataFrame:
    """Count the calculations by day (rows) and miner model (columns)."""
    made = historical_bitcoin_calculations.c
    query = _by_day(made.settlement_date, first, last, made.miner_model, func.count().label("figure"))
    counted = read_frame(connection, query.group_by(made.miner_model))
    return counted.pivot(index="day", columns="miner_model", values="figure").fillna(0).astype("int64")


def _curtailment_records(connection: Connection, differing: pd.Index, every: pd.Index) -> "pd.Series[float]":
    """Count the curtailment records of some days, absent on the others: this reads the rows, not only their key."""
    records = curtailment_records.c
    if differing.empty:
        return pd.Series(float("nan"), index=every)
    query = select(records.settlement_date.label("day"), func.count().label("figure")).where(
        records.settlement_date.in_(list(differing)), is_curtailment()
    )
    found = read_frame(connection, query.group_by(records.settlement_date)).set_index("day")["figure"]
    return found.reindex(differing).fillna(0).reindex(every).astype("float64")
