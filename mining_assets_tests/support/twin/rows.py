"""Rows of the settlement stack in Elexon's field names and types, encoded once.

A row is kept without what depends on its place in an answer, so that the same text serves every period.
"""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

Row = dict[str, Any]

PAIRS = [f"{sign}{number}" for sign in ("negative", "positive") for number in range(1, 7)]
# The volumes endpoint answers every row once per type; only the first one is to be counted.
VOLUME_TYPES = ("Original", "Tagged", "Repriced", "OriginalPriced")


class StackRow(NamedTuple):
    """A stack row without what depends on its place: its fields from ``id`` on, and the same as JSON text."""

    fields: Row
    text: str

    @classmethod
    def of(cls, fields: Row) -> "StackRow":
        return cls(fields, json.dumps(fields, separators=(",", ":"))[1:-1])


def stack_row(
    unit: str | None,
    volume: float,
    price: float,
    *,
    acceptance: int | None,
    pair: int | None = -1,
    so_flag: bool | None = True,
    cadl_flag: bool | None = False,
    final_price: float | None = None,
    loss_multiplier: float | None = None,
) -> StackRow:
    """A row of the settlement stack; a ``loss_multiplier`` of None leaves that field out."""
    fields: Row = {
        "id": unit,
        "acceptanceId": acceptance,
        "bidOfferPairId": pair,
        "cadlFlag": cadl_flag,
        "soFlag": so_flag,
        "storProviderFlag": False,
        "repricedIndicator": False,
        "reserveScarcityPrice": 0.0,
        "originalPrice": price,
        "volume": volume,
        "dmatAdjustedVolume": volume,
        "arbitrageAdjustedVolume": volume,
        "nivAdjustedVolume": 0.0,
        "parAdjustedVolume": None,
        "finalPrice": final_price,
        "transmissionLossMultiplier": loss_multiplier,
        "tlmAdjustedVolume": None,
        "tlmAdjustedCost": None,
    }
    if loss_multiplier is None:
        del fields["transmissionLossMultiplier"]
    return StackRow.of(fields)


def is_bm_unit(unit: str | None) -> bool:
    """Whether a stack id names a BM unit: a null or numeric id is a trade."""
    return unit is not None and not unit.isdigit()


def utc_text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
