"""Replacing one settlement period of a complete day; all else of the day stays as it is."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import pandas as pd

from mining_assets.domain.origin import joined_origins
from mining_assets.domain.settlement import SIDES
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch import DayIncomplete, Stacks, certified
from mining_assets.sources.elexon import ElexonClient
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.days import (
    FetchedDay,
    Outcome,
    complete_days,
    ledger_of,
    origin_of_day,
    records_of,
    store_day,
)


async def fetch_period(
    elexon: ElexonClient, day: date, period: int, units: Mapping[str, WindUnit]
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Fetch both stacks of a period: its wind records, its two ledger rows, and warnings.

    Raises:
        SourceError: a stack could not be had, or is refused.
        DayIncomplete: both sides, or one whose rows the day's volumes know of, are empty.
    """
    answers = await asyncio.gather(*(elexon.stack(day, period, side) for side in SIDES))
    stacks: Stacks = {(period, answer.side): answer for answer in answers}
    return await certified(elexon, day, stacks, units)


def replace_period(
    connection: Connection,
    day: date,
    period: int,
    fetched: tuple[pd.DataFrame, pd.DataFrame],
    *,
    origin: str,
    accept_shrink: bool = False,
) -> Outcome:
    """Replace one period of a complete day, under the rules of ``store_day``; inside ``Warehouse.writing``.

    Args:
        connection: of the caller's transaction.
        day: the settlement day.
        period: the settlement period.
        fetched: what was fetched.
        origin: where the period came from; the day has it beside that of its other periods.
        accept_shrink: store the answer even if it takes more than 5 % off the final day.

    Raises:
        DayIncomplete: the day is not complete, so there is nothing to fix in it.
        ShrinkRefused: as for ``store_day``.
    """
    if day not in complete_days(connection, [day]):
        raise DayIncomplete(f"{day} is not complete: fetch the day with `mining-assets date {day}`")
    stored = FetchedDay(
        day=day,
        records=records_of(connection, [day]),
        ledger=ledger_of(connection, day),
        unknown_units=None,
        origin=origin_of_day(connection, day),
        oracle=None,
    )
    fetched_day = with_period(stored, period, fetched, origin=joined_origins([stored.origin, origin]))
    return store_day(connection, fetched_day, accept_shrink=accept_shrink)


def with_period(
    day: FetchedDay, period: int, fetched: tuple[pd.DataFrame, pd.DataFrame], *, origin: str | None
) -> FetchedDay:
    """Return a day with one settlement period replaced.

    Args:
        day: whole.
        period: the settlement period.
        fetched: its wind records and its ledger rows.
        origin: of the day that results.
    """
    records, ledger = fetched
    others = day.records[day.records["settlement_period"] != period]
    other_rows = day.ledger[day.ledger["settlement_period"] != period]
    key = ["settlement_period", "side"]
    return replace(
        day,
        records=pd.concat([others, records]).sort_values([*key, "sequence_number"], ignore_index=True),
        ledger=pd.concat([other_rows, ledger]).sort_values(key, ignore_index=True),
        origin=origin,
    )
