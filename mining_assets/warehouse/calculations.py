"""Replacing the Bitcoin calculations of days, and the note of what they were made from."""

from collections.abc import Sequence
from datetime import UTC, date, datetime

import pandas as pd
from sqlalchemy import Connection, delete, select

from mining_assets.domain.mining import CALCULATION_COLUMNS, MinerModel
from mining_assets.warehouse.days import whole_days
from mining_assets.warehouse.engine import insert_frame, read_frame
from mining_assets.warehouse.schema import calculation_days, historical_bitcoin_calculations

KEY = ["settlement_date", "settlement_period", "farm_id", "miner_model"]


def calculations_of(connection: Connection, days: Sequence[date]) -> pd.DataFrame:
    """The stored calculations of the days, in the order of their key: ``mining.CALCULATION_COLUMNS``."""
    table = historical_bitcoin_calculations.c
    query = (
        select(*(table[name] for name in CALCULATION_COLUMNS))
        .where(table.settlement_date.in_(days))
        .order_by(*(table[name] for name in KEY))
    )
    return read_frame(connection, query)


def store_calculations(
    connection: Connection,
    days: Sequence[date],
    calculations: pd.DataFrame,
    models: Sequence[MinerModel],
) -> frozenset[date]:
    """Replace the calculations of the days where they differ from the stored; inside ``Warehouse.writing``.

    Args:
        days: whole days, all of whose calculations the frame holds.
        calculations: ``mining.CALCULATION_COLUMNS`` in the order of the key.
        models: the models calculated.

    Returns:
        The days that were written.
    """
    notes = _notes(connection, days, calculations, models)
    stale = _days_that_differ(calculations_of(connection, days), calculations, KEY)
    noted = read_frame(connection, select(*calculation_days.c).where(calculation_days.c.settlement_date.in_(days)))
    changed = stale | _days_that_differ(noted, notes, ["settlement_date", "miner_model"])
    if not changed:
        return frozenset()
    for table, rows in ((historical_bitcoin_calculations, calculations), (calculation_days, notes)):
        connection.execute(delete(table).where(table.c.settlement_date.in_(changed)))
        fresh = rows[rows["settlement_date"].isin(changed)]
        if table is historical_bitcoin_calculations:
            fresh = fresh.assign(calculated_at=datetime.now(UTC))
        insert_frame(connection, table, fresh)
    return frozenset(changed)


def calculated_days(connection: Connection, days: Sequence[date], models: Sequence[MinerModel]) -> frozenset[date]:
    """Those of the days whose calculations are noted for each model as made from the records now stored."""
    hashes = whole_days(connection, days)
    notes = read_frame(connection, select(*calculation_days.c).where(calculation_days.c.settlement_date.in_(days)))
    current = {(model.name, model.hashrate_th, model.power_w) for model in models}
    covered: dict[date, set[tuple[str, float, float]]] = {}
    for note in notes.itertuples(index=False):
        if hashes.get(note.settlement_date) == note.records_hash:
            covered.setdefault(note.settlement_date, set()).add((note.miner_model, note.hashrate_th, note.power_w))
    return frozenset(day for day in hashes if covered.get(day) == current)


def _notes(
    connection: Connection, days: Sequence[date], calculations: pd.DataFrame, models: Sequence[MinerModel]
) -> pd.DataFrame:
    hashes = whole_days(connection, days)
    grid = pd.DataFrame(
        [(day, model.name, model.hashrate_th, model.power_w, hashes[day]) for day in days for model in models],
        columns=["settlement_date", "miner_model", "hashrate_th", "power_w", "records_hash"],
    )
    figures = calculations.groupby(["settlement_date", "miner_model"], as_index=False).agg(
        calculations=("farm_id", "size"),
        curtailed_energy=("curtailed_energy", "sum"),
        bitcoin_mined=("bitcoin_mined", "sum"),
    )
    notes = grid.merge(figures, how="left", on=["settlement_date", "miner_model"])
    notes["calculations"] = notes["calculations"].fillna(0).astype(int)
    energies = ["curtailed_energy", "bitcoin_mined"]
    notes[energies] = notes[energies].astype(float).fillna(0.0)
    return notes[[column.name for column in calculation_days.columns]]


def _days_that_differ(stored: pd.DataFrame, wanted: pd.DataFrame, key: list[str]) -> set[date]:
    """The settlement dates on which two frames of the same columns differ in any row or value."""
    both = stored.merge(wanted, how="outer", on=key, suffixes=("", "_wanted"), indicator="side")
    differs = both["side"] != "both"
    for name in (name for name in wanted.columns if name not in key):
        differs |= both[name] != both[f"{name}_wanted"]
    return set(both.loc[differs, "settlement_date"])
