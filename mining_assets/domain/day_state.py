"""The states of a day: what each is called, and which of them count as complete or trusted.

Which state a stored day is in is read in ``warehouse.day_states``; from when on a day is final, ``finality`` says.
"""

from datetime import date, datetime
from typing import Any

from mining_assets.domain.finality import is_final
from mining_assets.domain.settlement import SIDES

STATES = FINAL, PROVISIONAL, PARTIAL, DAMAGED, MISSING = "final", "provisional", "partial", "damaged", "missing"
"""All of them, from the best to the worst; every day is in one."""
TRUSTED = (FINAL, PROVISIONAL)
"""The states of the days whose figures count: complete, and not found damaged."""
COMPLETE = (*TRUSTED, DAMAGED)
"""The states of the days whose figures and whole ledger are there."""


def is_complete(ledger_rows: Any, periods: Any) -> Any:
    """Return whether a day's ledger is complete: it has a row for each period and side.

    Args:
        ledger_rows: how many rows the ledger has of the day: a number, a column of a frame or of a query.
        periods: how many settlement periods the day has.
    """
    return ledger_rows == len(SIDES) * periods


def trusted_state(day: date, fetched_at: datetime) -> str:
    """Return whether a complete day that was last fetched at an instant is final or provisional."""
    return FINAL if is_final(day, fetched_at) else PROVISIONAL
