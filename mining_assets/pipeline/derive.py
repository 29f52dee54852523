"""Deriving calculations and the day's two summaries from stored records, for any number of days at a time.

Each step does the days that it can, writes only what changed, and says for the others why not.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from mining_assets.domain.curtailment import daily_totals, farm_energy
from mining_assets.domain.daily_series import figures_of, with_series_figures
from mining_assets.domain.mining import MinerModel, calculations
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.rollups import bitcoin_days
from mining_assets.warehouse.calculations import calculated_days, store_calculations
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.days import UntamperedDays, payments, untampered_days
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, CALCULATIONS, DAILY_SUMMARIES, DERIVED_TABLES
from mining_assets.warehouse.series import series_values
from mining_assets.warehouse.summaries import store_summaries


@dataclass(frozen=True)
class DerivedDays:
    """What a step did: figures of the days that are in place now, and the reason for each day that is not."""

    done: dict[date, dict[str, float]] = field(default_factory=dict)
    failed: dict[date, str] = field(default_factory=dict)


def derive(
    connection: Connection,
    days: Sequence[date],
    history: NetworkHistory,
    models: tuple[MinerModel, ...],
    tables: Collection[str] = DERIVED_TABLES,
) -> Mapping[str, DerivedDays]:
    """Update the derived tables from the days' records, which are read once; inside ``Warehouse.writing``.

    Args:
        connection: of the caller's transaction.
        days: in order.
        history: the network's history.
        models: the miner models.
        tables: those of ``DERIVED_TABLES`` that are wanted.

    Returns:
        What was done, by table, in the order of ``DERIVED_TABLES``.
    """
    done: dict[str, DerivedDays] = {}
    if CALCULATIONS in tables or DAILY_SUMMARIES in tables:
        stored = untampered_days(connection, days)
        if CALCULATIONS in tables:
            done[CALCULATIONS] = _calculate(connection, days, stored, history, models)
        if DAILY_SUMMARIES in tables:
            done[DAILY_SUMMARIES] = _summarize(connection, days, stored)
    if BITCOIN_DAILY_SUMMARIES in tables:
        done[BITCOIN_DAILY_SUMMARIES] = _summarize_bitcoin(connection, days, models)
    return done


def _calculate(
    connection: Connection,
    days: Sequence[date],
    stored: UntamperedDays,
    history: NetworkHistory,
    models: tuple[MinerModel, ...],
) -> DerivedDays:
    """Recompute ``historical_bitcoin_calculations`` of the days from their records."""
    energy = farm_energy(stored.records)
    unknown = _days_of_unknown_difficulty(energy, history)
    known = [day for day in stored.hashes if day not in unknown]
    rows = calculations(energy[energy["settlement_date"].isin(known)], history, models)
    store_calculations(connection, known, rows, models)
    counts = rows.groupby("settlement_date").size()
    bitcoin = rows.groupby(["settlement_date", "miner_model"])["bitcoin_mined"].sum()
    done = {
        day: {"calculations": float(counts.get(day, 0))}
        | {f"{model.name} (BTC)": float(bitcoin.get((day, model.name), 0.0)) for model in models}
        for day in known
    }
    return DerivedDays(done, _tampered(days, stored.hashes) | unknown)


def _summarize(connection: Connection, days: Sequence[date], stored: UntamperedDays) -> DerivedDays:
    """Recompute ``daily_summaries`` of the days from their records and daily series."""
    untampered = list(stored.hashes)
    totals = daily_totals(stored.records, pd.Index(untampered)).reset_index()
    rows = _with_series(connection, totals, DAILY_SUMMARIES, untampered)
    store_summaries(connection, DAILY_SUMMARIES, untampered, rows)
    done = {row.pop("summary_date"): _known(row) for row in rows.to_dict("records")}
    return DerivedDays(done, _tampered(days, untampered))


def _summarize_bitcoin(connection: Connection, days: Sequence[date], models: tuple[MinerModel, ...]) -> DerivedDays:
    """Recompute ``bitcoin_daily_summaries`` of the days from their calculations and daily series.

    A day without calculations of its present records for every model gets no new row: it stays visibly missing.
    """
    calculated, calculated_rows = calculated_days(connection, days, models)
    grid = pd.DataFrame(
        [(day, model.name) for day in calculated for model in models],
        columns=["summary_date", "miner_model"],
    )
    rows = grid.merge(bitcoin_days(calculated_rows), how="left", on=["summary_date", "miner_model"])
    rows = rows.fillna({"curtailed_energy": 0.0, "bitcoin_mined": 0.0})
    rows["total_payment"] = rows["summary_date"].map(payments(connection, calculated)).astype(float)
    rows = _with_series(connection, rows, BITCOIN_DAILY_SUMMARIES, calculated)
    store_summaries(connection, BITCOIN_DAILY_SUMMARIES, calculated, rows)
    done: dict[date, dict[str, float]] = {day: {} for day in calculated}
    for row in rows.itertuples(index=False):
        figures = {f"{row.miner_model} (BTC)": row.bitcoin_mined, f"{row.miner_model} (£)": row.bitcoin_value}
        done[row.summary_date] |= _known(figures)
    return DerivedDays(done, {day: "its Bitcoin calculations are not complete" for day in days if day not in done})


def _with_series(connection: Connection, rows: pd.DataFrame, table: str, days: Sequence[date]) -> pd.DataFrame:
    """Add to rows of a daily summary the figures that need a daily series, where the day of it is known."""
    values = {name: series_values(connection, name, days) for name, _ in figures_of(table)}
    return with_series_figures(rows, table, values)


def _tampered(days: Sequence[date], untampered: Collection[date]) -> dict[date, str]:
    reason = "its curtailment records are incomplete, or not those that were fetched: fetch the day first"
    return {day: reason for day in days if day not in untampered}


def _known(figures: dict[str, float]) -> dict[str, float]:
    return {name: figure for name, figure in figures.items() if pd.notna(figure)}


def _days_of_unknown_difficulty(energy: pd.DataFrame, history: NetworkHistory) -> dict[date, str]:
    unknown = energy.loc[history.unknown(energy["start_time"])]
    first = unknown.groupby("settlement_date")["start_time"].min()
    return {day: history.why_unknown(instant) for day, instant in first.items()}
