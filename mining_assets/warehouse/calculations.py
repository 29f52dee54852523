"""Replacing the Bitcoin calculations of days, and the note of what they were made from."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd
from sqlalchemy import Connection, Table, delete, select, tuple_

from mining_assets.domain.mining import CALCULATION_COLUMNS, MinerModel
from mining_assets.domain.rollups import BITCOIN_FIGURES
from mining_assets.domain.tolerance import isclose
from mining_assets.warehouse.connection import insert_frame, read_frame
from mining_assets.warehouse.days import complete_days
from mining_assets.warehouse.schema import calculation_days, historical_bitcoin_calculations
from mining_assets.warehouse.verifications import note_written

_GROUPS_AT_A_TIME = 5_000  # SQLite takes 32,766 values in a statement
KEY = ["settlement_date", "settlement_period", "farm_id", "miner_model"]


def calculations_of(connection: Connection, days: Sequence[date]) -> pd.DataFrame:
    """Read the stored calculations of the days, in the order of their key: ``mining.CALCULATION_COLUMNS``."""
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
    """Replace the calculations of the days' periods that differ from the stored; inside ``Warehouse.writing``.

    Args:
        days: complete days, all of whose calculations the frame holds.
        calculations: ``mining.CALCULATION_COLUMNS`` in the order of the key.
        models: the models calculated.

    Returns:
        The days of which something was written.
    """
    hashes = complete_days(connection, days)
    notes = _notes({day: hashes[day] for day in days}, calculations, models)
    noted = read_frame(connection, select(*calculation_days.c).where(calculation_days.c.settlement_date.in_(days)))
    stale = _replace_differing(
        connection,
        historical_bitcoin_calculations,
        calculations_of(connection, days),
        calculations.assign(calculated_at=datetime.now(UTC)),
        by=["settlement_date", "settlement_period"],
        key=KEY,
    )
    renoted = _replace_differing(
        connection, calculation_days, noted, notes, by=["settlement_date"], key=["settlement_date", "miner_model"]
    )
    note_written(connection, stale | renoted)
    return stale | renoted


def calculated_days(
    connection: Connection, days: Sequence[date], models: Sequence[MinerModel]
) -> tuple[list[date], pd.DataFrame]:
    """Return those of the days that are calculated for exactly these models from the records stored, and their rows.

    The rows must be those that were noted: a day whose calculations were altered or lost is left out.
    """
    hashes = complete_days(connection, days)
    rows = calculations_of(connection, list(hashes))
    notes = read_frame(connection, select(*calculation_days.c).where(calculation_days.c.settlement_date.in_(days)))
    due = _notes(hashes, rows, models)
    both = due.merge(notes, how="outer", on=["settlement_date", "miner_model"], suffixes=("", "_noted"), indicator="of")
    agrees = (both["of"] == "both") & (both["records_hash"] == both["records_hash_noted"])
    for name in ("hashrate_th", "power_w", "calculations", *BITCOIN_FIGURES):
        agrees &= isclose(both[name], both[f"{name}_noted"])
    wrong = set(both.loc[~agrees, "settlement_date"])
    calculated = [day for day in hashes if day not in wrong]
    return calculated, rows[rows["settlement_date"].isin(calculated)].reset_index(drop=True)


def _notes(hashes: Mapping[date, str], calculations: pd.DataFrame, models: Sequence[MinerModel]) -> pd.DataFrame:
    """Return the rows of ``calculation_days`` on the calculations of days, made from records with these hashes."""
    grid = pd.DataFrame(
        [(day, model.name, model.hashrate_th, model.power_w, hashes[day]) for day in hashes for model in models],
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


def _replace_differing(
    connection: Connection, table: Table, stored: pd.DataFrame, wanted: pd.DataFrame, *, by: list[str], key: list[str]
) -> frozenset[date]:
    """Replace the groups of rows (same ``by``) in which any row or value differs; returns their days.

    Columns of ``wanted`` that ``stored`` lacks are written and not compared.
    """
    if stored.empty:
        insert_frame(connection, table, wanted)
        return frozenset(wanted["settlement_date"])
    groups = _groups_that_differ(stored, wanted, by, key)
    if groups.empty:
        return frozenset()
    chosen = list(groups.itertuples(index=False, name=None))
    group = tuple_(*(table.c[name] for name in by))
    for start in range(0, len(chosen), _GROUPS_AT_A_TIME):
        connection.execute(delete(table).where(group.in_(chosen[start : start + _GROUPS_AT_A_TIME])))
    insert_frame(connection, table, wanted.merge(groups, on=by))
    return frozenset(groups["settlement_date"])


def _groups_that_differ(stored: pd.DataFrame, wanted: pd.DataFrame, by: list[str], key: list[str]) -> pd.DataFrame:
    """Return the groups (``by``, each once) in which the keys of the rows, or a value of theirs, differ."""
    values = [name for name in stored.columns if name not in key]
    if len(stored) == len(wanted) and all(np.array_equal(stored[name], wanted[name]) for name in key):
        differs = np.zeros(len(wanted), dtype=bool)
        for name in values:
            differs |= stored[name].to_numpy() != wanted[name].to_numpy()
        return wanted.loc[differs, by].drop_duplicates()
    both = stored.merge(wanted, how="outer", on=key, suffixes=("", "_wanted"), indicator="in_which")
    differing = both["in_which"] != "both"
    for name in values:
        differing |= both[name] != both[f"{name}_wanted"]
    return both.loc[differing, by].drop_duplicates()
