"""Replacing a problematic day with extra safeguards: saved first, and kept unless the new one passes every check.

Everything that changes the warehouse is one transaction: the day's records, everything derived from it up to its year,
and the verification of it all. If anything fails, nothing has changed.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

from mining_assets.domain.curtailment import is_curtailment
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.periods import Month, Year
from mining_assets.pipeline.derive import derive
from mining_assets.pipeline.rollups import roll_up_day
from mining_assets.progress import Figure
from mining_assets.reconciliation.verify import FINDINGS, Scope, verify_within
from mining_assets.warehouse.calculations import calculations_of
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.days import FetchedDay, Outcome, ledger_of, records_of, store_day


class NotRepaired(Exception):
    """The new day fails a check; the old one stays as it was."""


@dataclass(frozen=True)
class DayContent:
    """The figures of a day, for comparison.

    Attributes:
        bitcoin: BTC by miner model.
    """

    rows: int
    records: int
    energy: float
    payment: float
    bitcoin: dict[str, float]

    def figures(self, after: "DayContent") -> list[Figure]:
        """Compare the figures with those of the day as it is afterwards."""
        compared = [
            Figure("stored rows", self.rows, after.rows),
            Figure("curtailment records", self.records, after.records),
            Figure("curtailed MWh", self.energy, after.energy),
            Figure("£ paid", self.payment, after.payment),
        ]
        for model in sorted(self.bitcoin.keys() | after.bitcoin.keys()):
            compared.append(Figure(f"{model} BTC", self.bitcoin.get(model, 0.0), after.bitcoin.get(model, 0.0)))
        return compared


def content_of(connection: Connection, day: date) -> DayContent:
    """Return the figures of a day, from the detail tables."""
    records = records_of(connection, [day])
    bids = records[is_curtailment(records)]
    bitcoin = calculations_of(connection, [day]).groupby("miner_model")["bitcoin_mined"].sum()
    return DayContent(
        rows=len(records),
        records=len(bids),
        energy=float(-bids["volume"].sum()) + 0.0,
        payment=float(bids["payment"].sum()),
        bitcoin={str(model): float(coins) for model, coins in bitcoin.items()},
    )


def save_copy(connection: Connection, day: date, folder: Path) -> Path:
    """Write the day's present records and ledger to a file, and return its path."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{day}-{datetime.now(UTC):%Y%m%dT%H%M%S%f}.json"
    content = {
        "settlement_date": str(day),
        "saved_at": datetime.now(UTC).isoformat(),
        "curtailment_records": json.loads(records_of(connection, [day]).to_json(orient="records", date_format="iso")),
        "settlement_ledger": json.loads(ledger_of(connection, day).to_json(orient="records", date_format="iso")),
    }
    path.write_text(json.dumps(content))
    return path


@contextmanager
def replacing_day(
    warehouse: Warehouse,
    fetched: FetchedDay,
    history: NetworkHistory,
    scope: Scope,
    *,
    accept_shrink: bool,
) -> Iterator[tuple[Connection, Outcome]]:
    """Replace a day and everything derived from it, verified before it counts: it is committed as the block ends.

    Yields the connection of the transaction, and what storing the day did.

    Raises:
        ShrinkRefused: as for ``store_day``.
        NotRepaired: something could not be derived, or a check by value fails on the result. Nothing has changed.
    """
    day = fetched.day
    with warehouse.writing(str(day), str(Month.of(day)), str(Year.of(day)), FINDINGS) as connection:
        outcome = store_day(connection, fetched, accept_shrink=accept_shrink)
        for step in derive(connection, [day], history, scope.models).values():
            if step.failed:
                raise NotRepaired(step.failed[day])
        roll_up_day(connection, day, scope.date_range)
        # No daily series stands in a day's way.
        errors = [error for error in verify_within(connection, day, scope).errors if error.check.table not in SERIES]
        if errors:
            first = errors[0]
            raise NotRepaired(f"{first.check.table} {first.check.name} fails on {first.span}: {first.example}")
        yield connection, outcome
