"""The content hash of settlement rows: equal for equal content, whatever the order of rows or the settlement run.

It covers what the settlement says about wind: unit, acceptance, pair, flags, volume, prices, loss multiplier. It leaves
out what may change without a change of content (vintage and sequence number: ranks move when any other unit's do) and
what is derived from it (payment, start time, lead party); those have checks of their own.
"""

import hashlib
from collections.abc import Hashable

import numpy as np
import pandas as pd

_FARM_ID_BYTES = 32
_ABSENT = np.iinfo(np.int64).min
_CONTENT = np.dtype(
    [
        ("farm_id", f"S{_FARM_ID_BYTES}"),
        ("acceptance_id", "<i8"),
        ("bid_offer_pair_id", "<i8"),
        ("so_flag", "i1"),
        ("cadl_flag", "i1"),
        ("volume", "<f8"),
        ("original_price", "<f8"),
        ("final_price", "<f8"),
        ("transmission_loss_multiplier", "<f8"),
    ]
)
EMPTY_HASH = hashlib.sha256(b"").hexdigest()
PERIOD_KEY = ["settlement_date", "settlement_period", "side"]


def content_hashes(records: pd.DataFrame) -> dict[tuple[Hashable, ...], str]:
    """Return the SHA-256 of the content of each (settlement date, settlement period, side) that has rows.

    One without rows has ``EMPTY_HASH``.

    Args:
        records: with the columns of ``curtailment.RECORD_COLUMNS``.
    """
    if records.empty:
        return {}
    content = np.zeros(len(records), dtype=_CONTENT)
    content["farm_id"] = records["farm_id"].to_numpy(dtype=str).astype(f"S{_FARM_ID_BYTES}")
    for name in ("acceptance_id", "bid_offer_pair_id"):
        content[name] = records[name].astype("Int64").fillna(_ABSENT).to_numpy(dtype=np.int64)
    for name in ("so_flag", "cadl_flag"):
        content[name] = records[name].astype("boolean").astype("Int8").fillna(-1).to_numpy(dtype=np.int8)
    for name in ("volume", "original_price", "final_price", "transmission_loss_multiplier"):
        numbers = records[name].to_numpy(dtype=np.float64, na_value=np.nan)
        content[name] = np.where(np.isnan(numbers), np.nan, numbers + 0.0)  # one NaN, no −0.0
    groups = records.groupby(PERIOD_KEY, sort=True).indices
    return {key: _digest(content[rows]) for key, rows in groups.items()}


def combined_hash(hashes: list[str]) -> str:
    """Return the hash of a day from those of its periods and sides, given in order."""
    return hashlib.sha256("".join(hashes).encode()).hexdigest()


def _digest(rows: np.ndarray) -> str:
    rows = rows[np.argsort(rows.view(f"S{_CONTENT.itemsize}").ravel(), kind="stable")] if len(rows) > 1 else rows
    return hashlib.sha256(rows.tobytes()).hexdigest()
