"""What counts as curtailment, and its measures; ``warehouse.predicates`` has the form that SQL needs.

How measures of days become those of months and years is said in ``domain.rollups``.

- A *curtailment record* is a bid row of a wind BM unit with a negative volume: energy the farm was told not to make.
  All of them together are the **gross** measure; those with the system flag the **system-flagged** one (an absent flag
  counts as not flagged).
- A positive offer row of a wind unit takes an earlier bid back: it is stored, and counted apart as **undone**.
- Payment = volume × original price, in £, positive = paid to the farm. A farm that bids a positive price pays.

Frames here have one row per stack row of a wind unit, with ``RECORD_COLUMNS``.
"""

import pandas as pd

from mining_assets.domain.settlement import period_starts
from mining_assets.domain.tolerance import isclose

RECORD_COLUMNS = (
    "settlement_date",
    "settlement_period",
    "start_time",
    "side",
    "sequence_number",
    "farm_id",
    "lead_party_name",
    "acceptance_id",
    "bid_offer_pair_id",
    "so_flag",
    "cadl_flag",
    "volume",
    "original_price",
    "final_price",
    "transmission_loss_multiplier",
    "payment",
    "vintage",
)

# Beyond this a price on a wind row is a broken answer, not a price (£/MWh).
PRICE_LIMIT = 5_000.0

ENERGY_AND_PAYMENT = (
    "total_curtailed_energy",
    "system_flagged_energy",
    "undone_energy",
    "total_payment",
    "undone_payment",
)
COUNTS = ("curtailment_records", "farms", "periods_curtailed")
TOTALS = ENERGY_AND_PAYMENT + COUNTS


def is_curtailment(records: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows are curtailment records."""
    return (records["side"] == "bid") & (records["volume"] < 0)


def is_undo(records: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows take earlier bids back."""
    return (records["side"] == "offer") & (records["volume"] > 0)


def has_wrong_sign(records: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows have a volume that their side cannot have: a bid above zero, or an offer below."""
    is_bid, is_offer = records["side"] == "bid", records["side"] == "offer"
    return (is_bid & (records["volume"] > 0)) | (is_offer & (records["volume"] < 0))


def payment(volume: "pd.Series[float]", original_price: "pd.Series[float]") -> "pd.Series[float]":
    """Return £, positive = paid to the farm.

    Bids have negative volumes and, when the farm is paid, negative prices.

    Args:
        volume: MWh as in the stack.
        original_price: £/MWh.
    """
    return volume * original_price + 0.0  # + 0.0 turns −0.0 into 0.0, which databases do not keep apart


def derived_columns_match(records: pd.DataFrame) -> "pd.Series[bool]":
    """Return which rows have the payment and start time that follow from their volume, price, date and period."""
    starts = {
        (day, period): start
        for day in records["settlement_date"].unique()
        for period, start in enumerate(period_starts(day), start=1)
    }
    keys = zip(records["settlement_date"], records["settlement_period"], strict=True)
    wanted = pd.Series([starts.get(key) for key in keys], index=records.index, dtype="datetime64[us, UTC]")
    paid = payment(records["volume"], records["original_price"])
    return (records["start_time"] == wanted) & isclose(records["payment"], paid)


def farm_energy(records: pd.DataFrame) -> pd.DataFrame:
    """Sum the curtailed energy of each farm in each period, where it is not zero.

    Returns:
        settlement_date, settlement_period, start_time, farm_id, curtailed_energy (MWh > 0), ordered by the key.
    """
    curtailed = records[is_curtailment(records)]
    in_period = curtailed.groupby(["settlement_date", "settlement_period", "farm_id"], as_index=False)
    energy = in_period.agg(start_time=("start_time", "first"), volume=("volume", "sum"))
    energy["curtailed_energy"] = -energy["volume"]
    columns = ["settlement_date", "settlement_period", "start_time", "farm_id", "curtailed_energy"]
    return energy.loc[energy["volume"] != 0, columns].reset_index(drop=True)


def daily_totals(records: pd.DataFrame, days: pd.Index) -> pd.DataFrame:
    """Sum the measures of each day; they are zero where a day has no record.

    Args:
        records: rows of those days.
        days: the settlement dates wanted, each known to be complete.

    Returns:
        Indexed by ``days``: ``TOTALS`` (energies in MWh and positive, payments in £ and signed).
    """
    bid, undo = is_curtailment(records), is_undo(records)
    flagged = bid & records["so_flag"].fillna(False).astype(bool)
    volume, paid = records["volume"], records["payment"]
    measures = {
        "total_curtailed_energy": -volume.where(bid, 0.0),
        "system_flagged_energy": -volume.where(flagged, 0.0),
        "undone_energy": volume.where(undo, 0.0),
        "total_payment": paid.where(bid, 0.0),
        "undone_payment": paid.where(undo, 0.0),
        "curtailment_records": bid.astype("int64"),
    }
    totals = pd.DataFrame(measures).groupby(records["settlement_date"]).sum()
    curtailed = records[bid].groupby("settlement_date")
    totals["farms"] = curtailed["farm_id"].nunique()
    totals["periods_curtailed"] = curtailed["settlement_period"].nunique()
    totals = totals.reindex(days).fillna(0).astype(dict.fromkeys(COUNTS, "int64"))
    return totals.rename_axis("summary_date") + 0  # + 0 turns −0.0 into 0.0


def bids_of_stacks(records: pd.DataFrame) -> tuple[float, float]:
    """Return what the wind bids of some stacks come to: MWh curtailed, and £ of the cashflow for them.

    The cashflow is the payment with the transmission loss multiplier, where a row has one.
    """
    bids = records[records["side"] == "bid"]
    multiplier = bids["transmission_loss_multiplier"].fillna(1.0)
    return float(-bids["volume"].sum() + 0.0), float((bids["payment"] * multiplier).sum())
