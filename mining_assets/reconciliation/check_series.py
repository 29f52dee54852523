"""The checks on the daily series: whether each day is known, and whether it is what was fetched."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.checks import Check
from mining_assets.reconciliation.chunk import Chunk
from mining_assets.reconciliation.findings import Verification, problems
from mining_assets.warehouse.series import content_hashes


def verify(chunk: Chunk, verification: Verification) -> dict[str, set[date]]:
    """Verify every series of a chunk; return for each the days whose rows are tampered with or wrong."""
    return {name: _verify_series(chunk, verification, name, rows) for name, rows in chunk.series.items()}


def note_unknown(days: Sequence[date], verification: Verification) -> None:
    """Note days of which nothing at all is stored."""
    for each in checks.OF_SERIES.values():
        _note_missing(verification, each.complete, days, dict.fromkeys(days, ""))


def _verify_series(chunk: Chunk, verification: Verification, name: str, rows: pd.DataFrame) -> set[date]:
    notes = chunk.fetches[chunk.fetches["name"] == name].set_index("settlement_date")
    noted = notes["content_hash"].dropna().to_dict()
    missing = [day for day in chunk.days if day not in noted]
    errors = notes["last_error"].dropna()
    of_series = checks.OF_SERIES[name]
    _note_missing(verification, of_series.complete, chunk.days, {day: errors.get(day, "") for day in missing})

    hashes = content_hashes(rows)
    tampered = {day for day in hashes.keys() | noted.keys() if hashes.get(day) != noted.get(day)}
    bad = {day: _tampered(day in noted, day in hashes) for day in tampered}
    for day, own in rows.groupby("settlement_date"):
        wrong = DAILY_SERIES[name].why_wrong(day, own)
        if wrong:
            bad[day] = wrong
    verification.count(of_series.valid, rows=len(rows))
    verification.add(of_series.valid, problems(list(bad), [""] * len(bad), list(bad.values())))
    return set(bad)


def _note_missing(verification: Verification, check: Check, days: Sequence[date], missing: dict[date, str]) -> None:
    verification.count(check, days=len(days), known=len(days) - len(missing))
    said = [f"not known{f': {error}' if error else ''}" for error in missing.values()]
    verification.add(check, problems(list(missing), [""] * len(missing), said))


def _tampered(is_noted: bool, has_rows: bool) -> str:
    if not has_rows:
        return "what was fetched is gone"
    return "not what was fetched" if is_noted else "there are rows that were never fetched"
