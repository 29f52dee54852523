"""The checks of days: records against ledger, calculations and summaries against records, all by value.

They work on a chunk of days at a time, of any length; a month is a good one.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import pandas as pd

from mining_assets.domain.curtailment import daily_totals, farm_energy, payment
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.settlement import SIDES, period_starts, periods_in
from mining_assets.reconciliation import check_calculations, check_records, check_series, check_summaries
from mining_assets.reconciliation.findings import Verification
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, CALCULATIONS, CURTAILMENT_RECORDS, DAILY_SUMMARIES
from mining_assets.warehouse.stored_days import StoredDays, has_rows, read_stored_days

_TABLES = (CURTAILMENT_RECORDS, CALCULATIONS, DAILY_SUMMARIES, BITCOIN_DAILY_SUMMARIES, *SERIES)


class Chunk(StoredDays):
    """Everything stored of some days, with what their checks derive from it."""

    @cached_property
    def grid(self) -> pd.DataFrame:
        """The periods and sides that those of the days that were fetched should have, as from ``_grid``."""
        fetched = {day for rows in (self.records, self.ledger, self.figures) for day in rows["settlement_date"]}
        return _grid(sorted(fetched))

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
    return Chunk(**vars(read_stored_days(connection, days)))


def damaged_periods(connection: Connection, day: date) -> list[int]:
    """The settlement periods of a day whose records are not those of the ledger, or not valid, as they are now."""
    return check_records.damaged_periods(read_chunk(connection, [day]))


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
    verification = Verification(spans=set(days), tables=set(_TABLES))
    if not has_rows(connection, days):
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
