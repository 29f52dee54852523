"""The checks of days: records against ledger, calculations and summaries against records, all by value.

They work on a chunk of days at a time, of any length; a month is a good one.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import pandas as pd
from sqlalchemy import Select, Table, select

from mining_assets.domain.curtailment import daily_totals, farm_energy, payment
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.settlement import SIDES, period_starts, periods_in
from mining_assets.reconciliation import check_calculations, check_records, check_series, check_summaries
from mining_assets.reconciliation.findings import Verification
from mining_assets.warehouse.calculations import calculations_of
from mining_assets.warehouse.connection import Connection, read_frame
from mining_assets.warehouse.days import records_of
from mining_assets.warehouse.possible_wind import possible_wind_of
from mining_assets.warehouse.reconciliation_schema import oracle_comparisons, refused_answers
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    curtailment_records,
    daily_summaries,
    day_fetches,
    historical_bitcoin_calculations,
    settlement_days,
    settlement_ledger,
)
from mining_assets.warehouse.series import TABLES as SERIES_TABLES
from mining_assets.warehouse.summaries import summaries_of


@dataclass(frozen=True)
class Chunk:
    """Everything stored of some days, and the grid of periods that those of them that were fetched should have.

    Attributes:
        series: the rows of each daily series, by its name.
    """

    days: Sequence[date]
    grid: pd.DataFrame
    records: pd.DataFrame
    ledger: pd.DataFrame
    figures: pd.DataFrame
    calculations: pd.DataFrame
    notes: pd.DataFrame
    daily: pd.DataFrame
    bitcoin_daily: pd.DataFrame
    possible_wind: pd.DataFrame
    refused: pd.DataFrame
    oracle: pd.DataFrame
    series: Mapping[str, pd.DataFrame]
    fetches: pd.DataFrame

    @cached_property
    def energy(self) -> pd.DataFrame:
        """As from ``curtailment.farm_energy``."""
        return farm_energy(self.records)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """As from ``curtailment.daily_totals``, of the whole days.

        Of what the rows settle, not of the payment column, which has a check of its own.
        """
        settled = self.records.assign(payment=payment(self.records["volume"], self.records["original_price"]))
        return daily_totals(settled, pd.Index(sorted(self.whole)))

    @cached_property
    def whole(self) -> set[date]:
        """The days whose figures and whole ledger are there."""
        rows = self.ledger.groupby("settlement_date").size()
        return {
            row.settlement_date
            for row in self.figures.itertuples(index=False)
            if rows.get(row.settlement_date, 0) == 2 * row.periods
        }


def read_chunk(connection: Connection, days: Sequence[date]) -> Chunk:
    """Read everything stored of the days."""

    def rows(table: Table) -> pd.DataFrame:
        query = select(*table.c).where(table.c.settlement_date.in_(days)).order_by(*table.primary_key)
        return read_frame(connection, query)

    stored, ledger, figures = records_of(connection, days), rows(settlement_ledger), rows(settlement_days)
    fetched = sorted({day for frame in (stored, ledger, figures) for day in frame["settlement_date"]})
    return Chunk(
        days=days,
        grid=_grid(fetched),
        records=stored,
        ledger=ledger,
        figures=figures,
        calculations=calculations_of(connection, days),
        notes=rows(calculation_days),
        daily=summaries_of(connection, daily_summaries.name, days),
        bitcoin_daily=summaries_of(connection, bitcoin_daily_summaries.name, days),
        possible_wind=possible_wind_of(connection, days),
        refused=rows(refused_answers),
        oracle=rows(oracle_comparisons),
        series={name: rows(table) for name, table in SERIES_TABLES.items()},
        fetches=rows(day_fetches),
    )


def damaged_periods(connection: Connection, day: date) -> list[int]:
    """The settlement periods of a day whose records are not those of the ledger, or not valid, as they are now."""
    return check_records.damaged_periods(read_chunk(connection, [day]))


def days_with_anything(connection: Connection, days: Sequence[date]) -> set[date]:
    """Those of the days of which any table of days has a row."""
    return {day for query in _of_days(days) for day in connection.execute(query.distinct()).scalars()}


def _of_days(days: Sequence[date]) -> Iterator[Select[Any]]:
    """Of each table of days, the days of its rows."""
    for table in (
        settlement_ledger,
        settlement_days,
        curtailment_records,
        historical_bitcoin_calculations,
        calculation_days,
        daily_summaries,
        bitcoin_daily_summaries,
        refused_answers,
        *SERIES_TABLES.values(),
    ):
        day = table.c["summary_date" if "summary_date" in table.c else "settlement_date"]
        yield select(day).where(day.in_(days))
    yield select(day_fetches.c.settlement_date).where(
        day_fetches.c.settlement_date.in_(days), day_fetches.c.fetched_at.is_not(None)
    )


def verify_days(
    connection: Connection,
    days: Sequence[date],
    models: tuple[MinerModel, ...],
    history: NetworkHistory,
    capacities: dict[str, float],
) -> Verification:
    """Verify some days by value.

    Args:
        models: the miner models for which calculations are expected.
        history: the network's history as stored.
        capacities: registered capacity in MW of the units that have one above zero.
    """
    verification = Verification(
        spans=set(days),
        tables={
            table.name
            for table in (
                curtailment_records,
                historical_bitcoin_calculations,
                daily_summaries,
                bitcoin_daily_summaries,
                *SERIES_TABLES.values(),
            )
        },
    )
    if not any(connection.execute(query.limit(1)).first() for query in _of_days(days)):
        check_records.note_never_fetched(days, verification)
        check_series.note_unknown(days, verification)
        return verification
    chunk = read_chunk(connection, days)
    check_records.verify(chunk, verification, capacities)
    check_calculations.verify(chunk, verification, models, history)
    check_summaries.verify_daily(chunk, verification, check_series.verify(chunk, verification))
    return verification


def _grid(days: Sequence[date]) -> pd.DataFrame:
    """Every period and side that the days have, with the period's UTC start."""
    rows = [
        (day, period, side, start)
        for day in days
        for period, start in zip(range(1, periods_in(day) + 1), period_starts(day), strict=True)
        for side in SIDES
    ]
    grid = pd.DataFrame(rows, columns=["settlement_date", "settlement_period", "side", "starts"])
    return grid.astype({"side": "str", "starts": "datetime64[us, UTC]"})
