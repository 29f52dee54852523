"""A chunk of days to verify: everything stored of them, and what their checks derive from it.

Its days may be any; a month is a good number. What is asserted of them stands in the modules of checks.
"""

from collections.abc import Sequence
from datetime import date
from functools import cached_property

import pandas as pd

from mining_assets.domain.curtailment import daily_totals, farm_energy, payment
from mining_assets.domain.day_state import is_complete
from mining_assets.domain.settlement import SIDES, period_starts, periods_in
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.stored_days import StoredDays, read_stored_days


class Chunk(StoredDays):
    """Everything stored of some days, with what their checks derive from it."""

    @cached_property
    def grid(self) -> pd.DataFrame:
        """Each period and side of the fetched days: settlement_date, settlement_period, side, starts (UTC)."""
        fetched = {day for rows in (self.records, self.ledger, self.figures) for day in rows["settlement_date"]}
        return _grid(sorted(fetched))

    @cached_property
    def energy(self) -> pd.DataFrame:
        """The energy of each BM unit in each period, as from ``curtailment.farm_energy``."""
        return farm_energy(self.records)

    @cached_property
    def totals(self) -> pd.DataFrame:
        """The totals of the complete days, as from ``curtailment.daily_totals``.

        Their payment is what the rows settle, not the payment column, which has a check of its own.
        """
        settled = self.records.assign(payment=payment(self.records["volume"], self.records["original_price"]))
        return daily_totals(settled, pd.Index(sorted(self.complete)))

    @cached_property
    def complete(self) -> set[date]:
        """The days that have their figures and all rows of their ledger."""
        rows = self.ledger.groupby("settlement_date").size()
        return {
            row.settlement_date
            for row in self.figures.itertuples(index=False)
            if is_complete(rows.get(row.settlement_date, 0), row.periods)
        }


def read_chunk(connection: Connection, days: Sequence[date]) -> Chunk:
    """Read everything stored of the days."""
    return Chunk(**vars(read_stored_days(connection, days)))


def _grid(days: Sequence[date]) -> pd.DataFrame:
    """Return every period and side that the days have, with the period's UTC start."""
    rows = [
        (day, period, side, start)
        for day in days
        for period, start in zip(range(1, periods_in(day) + 1), period_starts(day), strict=True)
        for side in SIDES
    ]
    grid = pd.DataFrame(rows, columns=["settlement_date", "settlement_period", "side", "starts"])
    return grid.astype({"side": "str", "starts": "datetime64[us, UTC]"})
