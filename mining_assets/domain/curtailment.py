"""What counts as curtailment, and its measures. This is the only place that says so.

- A *curtailment record* is a bid row of a wind BM unit with a negative volume: energy the farm was told not to make.
  All of them together are the **gross** measure; those with the system flag the **system-flagged** one (an absent flag
  counts as not flagged).
- A positive offer row of a wind unit takes an earlier bid back: it is stored, and counted apart as **undone**.
- Payment = volume × original price, in £, positive = paid to the farm. A farm that bids a positive price pays.

Frames here have one row per stack row of a wind unit, with ``RECORD_COLUMNS``.
"""

from typing import Any

import numpy as np
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
    """Which rows are curtailment records."""
    return (records["side"] == "bid") & (records["volume"] < 0)


def is_undo(records: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows take earlier bids back."""
    return (records["side"] == "offer") & (records["volume"] > 0)


def payment(volume: "pd.Series[float]", original_price: "pd.Series[float]") -> "pd.Series[float]":
    """£, positive = paid to the farm: bids have negative volumes and, when the farm is paid, negative prices."""
    return volume * original_price + 0.0  # + 0.0 turns −0.0 into 0.0, which databases do not keep apart


def derived_columns_match(records: pd.DataFrame) -> "pd.Series[bool]":
    """Which rows have the payment and the start time that follow from their volume, price, date and period."""
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
    """Curtailed energy of each farm in each period, where it is not zero.

    Returns:
        settlement_date, settlement_period, start_time, farm_id, curtailed_energy (MWh > 0), ordered by the key.
    """
    key = ["settlement_date", "settlement_period", "start_time", "farm_id"]
    curtailed = records.loc[is_curtailment(records), [*key, "volume"]]
    days, periods, farms = (pd.factorize(curtailed[key[at]], sort=True) for at in (0, 1, 3))
    codes = (days[0] * len(periods[1]) + periods[0]) * len(farms[1]) + farms[0]
    _, first, group = np.unique(codes, return_index=True, return_inverse=True)
    energy = -np.bincount(group, weights=curtailed["volume"], minlength=len(first))
    found = curtailed[key].iloc[first].assign(curtailed_energy=energy)
    return found[energy != 0].reset_index(drop=True)


def daily_totals(records: pd.DataFrame, days: pd.Index) -> pd.DataFrame:
    """The measures of each day, zero where a day has no record.

    Args:
        records: rows of those days.
        days: the settlement dates wanted, each known to be whole.

    Returns:
        Indexed by ``days``: ``TOTALS`` (energies in MWh and positive, payments in £ and signed).
    """
    codes, there = pd.factorize(records["settlement_date"])
    of_day = days.get_indexer(there)[codes]
    asked = of_day >= 0
    bid, undo = asked & is_curtailment(records).to_numpy(), asked & is_undo(records).to_numpy()
    flagged = bid & records["so_flag"].fillna(False).to_numpy(dtype=bool)
    volume, paid = (records[name].to_numpy(dtype=float) for name in ("volume", "payment"))

    def total(rows: Any, values: Any) -> Any:
        return np.bincount(of_day[rows], weights=values[rows], minlength=len(days)) + 0.0  # no −0.0

    def distinct(name: str) -> Any:
        codes, values = pd.factorize(records[name])
        pairs = np.unique(of_day[bid] * len(values) + codes[bid])
        return np.bincount(pairs // max(len(values), 1), minlength=len(days))

    totals = {
        "total_curtailed_energy": total(bid, -volume),
        "system_flagged_energy": total(flagged, -volume),
        "undone_energy": total(undo, volume),
        "total_payment": total(bid, paid),
        "undone_payment": total(undo, paid),
        "curtailment_records": np.bincount(of_day[bid], minlength=len(days)),
        "farms": distinct("farm_id"),
        "periods_curtailed": distinct("settlement_period"),
    }
    return pd.DataFrame(totals, index=days.rename("summary_date"))


def bids_of_stacks(records: pd.DataFrame) -> tuple[float, float]:
    """Return what the wind bids of some stacks come to: MWh curtailed, and £ of the cashflow for them.

    The cashflow is the payment with the transmission loss multiplier, where a row has one.
    """
    bids = records[records["side"] == "bid"]
    multiplier = bids["transmission_loss_multiplier"].fillna(1.0)
    return float(-bids["volume"].sum() + 0.0), float((bids["payment"] * multiplier).sum())
