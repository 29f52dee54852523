"""Everything that is stored of some days, in one reading, for verification by value."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Select, Table, select

from mining_assets.warehouse.calculations import calculations_of
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.days import records_of
from mining_assets.warehouse.possible_wind import possible_wind_of
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    curtailment_records,
    daily_summaries,
    day_fetches,
    historical_bitcoin_calculations,
    oracle_comparisons,
    refused_answers,
    settlement_days,
    settlement_ledger,
)
from mining_assets.warehouse.series import TABLES as SERIES_TABLES


@dataclass(frozen=True)
class StoredDays:
    """The rows of some days, table by table, each in the order of its key.

    Attributes:
        days: the days that were asked for.
        records: of ``curtailment_records``, ``curtailment.RECORD_COLUMNS``.
        ledger: of ``settlement_ledger``.
        figures: of ``settlement_days``.
        calculations: of ``historical_bitcoin_calculations``, ``mining.CALCULATION_COLUMNS``.
        notes: of ``calculation_days``.
        daily: of ``daily_summaries``.
        bitcoin_daily: of ``bitcoin_daily_summaries``.
        possible_wind: of ``unknown_wind_units``, those that may be wind.
        refused: of ``refused_answers``.
        oracle: of ``oracle_comparisons``.
        series: of the table of each daily series, by its name.
        fetches: of ``day_fetches``.
    """

    days: Sequence[date]
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


def read_stored_days(connection: Connection, days: Sequence[date]) -> StoredDays:
    """Read everything that is stored of the days."""

    def rows(table: Table) -> pd.DataFrame:
        day = _day_column(table)
        return read_frame(connection, select(*table.c).where(day.in_(days)).order_by(*table.primary_key))

    return StoredDays(
        days=days,
        records=records_of(connection, days),
        ledger=rows(settlement_ledger),
        figures=rows(settlement_days),
        calculations=calculations_of(connection, days),
        notes=rows(calculation_days),
        daily=rows(daily_summaries),
        bitcoin_daily=rows(bitcoin_daily_summaries),
        possible_wind=possible_wind_of(connection, days),
        refused=rows(refused_answers),
        oracle=rows(oracle_comparisons),
        series={name: rows(table) for name, table in SERIES_TABLES.items()},
        fetches=rows(day_fetches),
    )


def days_with_rows(connection: Connection, days: Sequence[date]) -> set[date]:
    """Return those of the days of which any table of days has a row."""
    return {day for query in _queries_of_days(days) for day in connection.execute(query.distinct()).scalars()}


def has_rows(connection: Connection, days: Sequence[date]) -> bool:
    """Tell whether any table of days has a row of any of the days."""
    return any(connection.execute(query.limit(1)).first() for query in _queries_of_days(days))


def _queries_of_days(days: Sequence[date]) -> Iterator[Select[Any]]:
    """Yield, for each table of days, the query for the days of its rows."""
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
        day = _day_column(table)
        yield select(day).where(day.in_(days))
    fetches = day_fetches.c
    yield select(fetches.settlement_date).where(fetches.settlement_date.in_(days), fetches.fetched_at.is_not(None))


def _day_column(table: Table) -> Any:
    return table.c["summary_date" if "summary_date" in table.c else "settlement_date"]
