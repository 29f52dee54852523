"""The rows of which Elexon's answers hold thousands, read straight from JSON: five times as fast as by validation.

A decoder takes no body that ``elexon_schema`` would refuse for its types; what it does not take, that reads and names.
What rows must say belongs there too.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, TypeVar

from msgspec import DecodeError, Meta, Struct
from msgspec.json import Decoder
from msgspec.structs import force_setattr

from mining_assets.sources.json_body import cached_instant

# Elexon's own ids have at most 11 characters so far.
LONGEST_ID = 32
_Id = Annotated[str, Meta(min_length=1, max_length=LONGEST_ID)]
_Integer = Annotated[int, Meta(ge=-(2**31), le=2**31 - 1)]
_LongInteger = Annotated[int, Meta(ge=-(2**63), le=2**63 - 1)]

T = TypeVar("T")


class StackRow(
    Struct,
    frozen=True,
    gc=False,
    rename={
        "settlement_date": "settlementDate",
        "settlement_period": "settlementPeriod",
        "start": "startTime",
        "created": "createdDateTime",
        "sequence_number": "sequenceNumber",
        "bm_unit_id": "id",
        "acceptance_id": "acceptanceId",
        "bid_offer_pair_id": "bidOfferPairId",
        "so_flag": "soFlag",
        "cadl_flag": "cadlFlag",
        "original_price": "originalPrice",
        "final_price": "finalPrice",
        "transmission_loss_multiplier": "transmissionLossMultiplier",
    },
):
    """One row of a settlement stack: an acceptance's volume on one bid-offer pair of one unit, or a trade.

    Attributes:
        settlement_date: the London day, as answered.
        settlement_period: 1 to 46, 48 or 50.
        start: start of the period, as answered.
        created: instant of the calculation run, as answered; None or empty where the source does not say.
        sequence_number: rank in this side's stack in this run; unique within the answer.
        bm_unit_id: Elexon's id; None or purely numeric for balancing-services trades.
        acceptance_id: None for trades.
        bid_offer_pair_id: below 0 for bids, above for offers; None for trades.
        so_flag: taken for system reasons.
        cadl_flag: acceptance shorter than 10 minutes; None on many rows, which means no.
        original_price: £/MWh, what settlement pays or charges; None where the source has none.
        final_price: £/MWh after the price calculation; may be None.
        volume: MWh in the half hour; bids never above 0, offers never below.
        transmission_loss_multiplier: settled cash is volume × original_price × this.
    """

    settlement_date: str
    settlement_period: int
    start: str
    created: str | None
    sequence_number: _Integer
    bm_unit_id: _Id | None
    acceptance_id: _LongInteger | None
    bid_offer_pair_id: _Integer | None
    so_flag: bool | None
    cadl_flag: bool | None
    original_price: float | None
    final_price: float | None
    volume: float
    transmission_loss_multiplier: float | None = None

    @property
    def created_at(self) -> datetime | None:
        """UTC instant of the calculation run: the vintage; None where the source does not say."""
        return cached_instant(self.created) if self.created else None


class VolumeRow(Struct, frozen=True, gc=False):
    """A row of the accepted volumes of a day, as answered."""

    dataType: str | None  # noqa: N815
    settlementDate: str  # noqa: N815
    settlementPeriod: int  # noqa: N815
    bmUnit: _Id | None  # noqa: N815
    totalVolumeAccepted: float | None  # noqa: N815


class CashflowRow(Struct, frozen=True, gc=False):
    """A row of the cashflows of a day, as answered."""

    settlementDate: str  # noqa: N815
    settlementPeriod: int  # noqa: N815
    bmUnit: _Id | None  # noqa: N815
    totalCashflow: float  # noqa: N815


class Stack(Struct):
    """A settlement stack."""

    data: list[StackRow]


class Volumes(Struct):
    """Accepted volumes of a day."""

    data: list[VolumeRow]


class Cashflows(Struct):
    """Cashflows of a day."""

    data: list[CashflowRow]


STACK, VOLUMES, CASHFLOWS = Decoder(Stack), Decoder(Volumes), Decoder(Cashflows)


def decoded(decoder: Decoder[T], body: bytes) -> T | None:
    """Return what a decoder reads; None when the body has to be read with validation.

    What nobody reads of a body has to be JSON, but may nest deeper and have longer integers than validation allows.
    """
    # The decoder passes over texts that it does not keep; in plain ones there is nothing to refuse.
    if not body.isascii() or b"\\" in body or b"\x7f" in body:
        return None
    try:
        return decoder.decode(body)
    except (DecodeError, RecursionError):
        return None


def without_negative_zeros(rows: Sequence[StackRow]) -> None:
    """Turn −0.0 into 0.0 in prices and volumes, as the decoder gave them."""
    for row in rows:
        if row.volume == 0 or row.original_price == 0 or row.final_price == 0:
            for name in ("volume", "original_price", "final_price"):
                if getattr(row, name) == 0:
                    force_setattr(row, name, 0.0)
