"""What counts as curtailment, and its measures. This is the only place that says so.

- A *curtailment record* is a bid row of a wind BM unit with a negative volume: energy the farm was told not to make.
  All of them together are the **gross** measure; those with the system flag the **system-flagged** one (an absent flag
  counts as not flagged).
- A positive offer row of a wind unit takes an earlier bid back: it is stored, and counted apart as **undone**.
- Payment = volume × original price, in £, positive = paid to the farm. A farm that bids a positive price pays.

Frames here have one row per stack row of a wind unit, with ``RECORD_COLUMNS``.
"""

import pandas as pd

from mining_assets.domain.settlement import period_starts
from mining_assets.domain.tolerance import same

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
    """Which rows are curtailment records."""
    return (records["side"] == "bid") & (records["volume"] < 0)


def is_undo(records: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows take earlier bids back."""
    return (records["side"] == "offer") & (records["volume"] > 0)


def payment(volume: "pd.Series[float]", original_price: "pd.Series[float]") -> "pd.Series[float]":
    """£, positive = paid to the farm: bids have negative volumes and, when the farm is paid, negative prices."""
    return volume * original_price + 0.0  # + 0.0 turns −0.0 into 0.0, which databases do not keep apart


def follows(records: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows have the payment and the start time that follow from their volume, price, date and period."""
    starts = {
        (day, period): start
        for day in records["settlement_date"].unique()
        for period, start in enumerate(period_starts(day), start=1)
    }
    keys = zip(records["settlement_date"], records["settlement_period"], strict=True)
    wanted = pd.Series([starts.get(key) for key in keys], index=records.index, dtype="datetime64[us, UTC]")
    paid = payment(records["volume"], records["original_price"])
    return (records["start_time"] == wanted) & same(records["payment"], paid)


def farm_energy(records: pd.DataFrame) -> pd.DataFrame:
    """Curtailed energy of each farm in each period, where it is not zero.

    Returns:
        settlement_date, settlement_period, start_time, farm_id, curtailed_energy (MWh > 0), ordered by the key.
    """
    key = ["settlement_date", "settlement_period", "start_time", "farm_id"]
    curtailed = records.loc[is_curtailment(records), [*key, "volume"]]
    energy = (-curtailed.groupby(key)["volume"].sum()).rename("curtailed_energy").reset_index()
    return energy[energy["curtailed_energy"] != 0].reset_index(drop=True)


def daily_totals(records: pd.DataFrame, days: pd.Index) -> pd.DataFrame:
    """The measures of each day, zero where a day has no record.

    Args:
        records: rows of those days.
        days: the settlement dates wanted, each known to be whole.

    Returns:
        Indexed by ``days``: ``TOTALS`` (energies in MWh and positive, payments in £ and signed).
    """
    bid, undo, day = is_curtailment(records), is_undo(records), records["settlement_date"]
    flagged = bid & records["so_flag"].fillna(False).astype(bool)
    measures = {
        "total_curtailed_energy": (-records["volume"]).where(bid, 0.0),
        "system_flagged_energy": (-records["volume"]).where(flagged, 0.0),
        "undone_energy": records["volume"].where(undo, 0.0),
        "total_payment": records["payment"].where(bid, 0.0),
        "undone_payment": records["payment"].where(undo, 0.0),
        "curtailment_records": bid,
    }
    bids = records.loc[bid, ["farm_id", "settlement_period"]].groupby(day[bid])
    totals = (
        pd.DataFrame(measures)
        .groupby(day)
        .sum()
        .assign(farms=bids["farm_id"].nunique(), periods_curtailed=bids["settlement_period"].nunique())
        .reindex(days, fill_value=0)
    )
    totals[list(ENERGY_AND_PAYMENT)] = totals[list(ENERGY_AND_PAYMENT)].fillna(0.0).astype(float) + 0.0
    totals[list(COUNTS)] = totals[list(COUNTS)].fillna(0).astype(int)
    return totals.rename_axis("summary_date")
