"""The checks on prices and generation: whether they are known, and whether they are what was fetched."""

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from mining_assets.domain.valuation import BITCOIN_PRICE, WIND_GENERATION, is_price_of, why_not_whole
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.checks import Check
from mining_assets.reconciliation.findings import Verification, problems
from mining_assets.warehouse.series import content_hashes

if TYPE_CHECKING:
    from mining_assets.reconciliation.verify_days import Chunk

_COMPLETE = {BITCOIN_PRICE: checks.PRICES_COMPLETE, WIND_GENERATION: checks.GENERATION_COMPLETE}
_VALID = {BITCOIN_PRICE: checks.PRICES_VALID, WIND_GENERATION: checks.GENERATION_VALID}


def verify(chunk: "Chunk", verification: Verification) -> dict[str, set[date]]:
    """The checks on both series; returns for each the days whose rows are not what was fetched."""
    return {
        BITCOIN_PRICE: _verify_series(chunk, verification, BITCOIN_PRICE, chunk.price),
        WIND_GENERATION: _verify_series(chunk, verification, WIND_GENERATION, chunk.generation),
    }


def note_unknown(days: Sequence[date], verification: Verification) -> None:
    """Note days of which nothing at all is stored."""
    for check in _COMPLETE.values():
        _note_missing(verification, check, days, dict.fromkeys(days, ""))


def _verify_series(chunk: "Chunk", verification: Verification, name: str, rows: pd.DataFrame) -> set[date]:
    notes = chunk.fetches[chunk.fetches["name"] == name].set_index("settlement_date")
    noted = notes["content_hash"].dropna().to_dict()
    missing = [day for day in chunk.days if day not in noted]
    errors = notes["last_error"].dropna()
    _note_missing(verification, _COMPLETE[name], chunk.days, {day: errors.get(day, "") for day in missing})

    hashes = content_hashes(rows)
    tampered = {day for day in hashes.keys() | noted.keys() if hashes.get(day) != noted.get(day)}
    bad = {day: _tampered(day in noted, day in hashes) for day in tampered}
    for day, own in rows.groupby("settlement_date"):
        wrong = _wrong(name, day, own)
        if wrong:
            bad[day] = wrong
    verification.count(_VALID[name], rows=len(rows))
    verification.add(_VALID[name], problems(list(bad), [""] * len(bad), list(bad.values())))
    return set(bad)


def _note_missing(verification: Verification, check: Check, days: Sequence[date], missing: dict[date, str]) -> None:
    verification.count(check, days=len(days), known=len(days) - len(missing))
    said = [f"not known{f': {error}' if error else ''}" for error in missing.values()]
    verification.add(check, problems(list(missing), [""] * len(missing), said))


def _tampered(is_noted: bool, has_rows: bool) -> str:
    if not has_rows:
        return "what was fetched is gone"
    return "not what was fetched" if is_noted else "there are rows that were never fetched"


def _wrong(name: str, day: date, rows: pd.DataFrame) -> str | None:
    """What is wrong with a day's rows in themselves."""
    if name == WIND_GENERATION:
        return why_not_whole(day, rows, "generated_energy")
    quoted_at = rows["quoted_at"].iloc[0]
    return None if is_price_of(day, quoted_at) else f"quoted at {quoted_at}"
