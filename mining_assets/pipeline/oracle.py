"""The whole-day oracle: Elexon publishes accepted volumes and cashflows of a day apart from the stacks.

By the definitions of the settlement code they equal the stacks; that is not proven on live data, so a difference is a
warning with figures. What cannot be compared is a warning too.
"""

import asyncio
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC, date, datetime

import numpy as np
import pandas as pd

from mining_assets.domain.curtailment import bids_of_stacks
from mining_assets.domain.tolerance import PUBLISHED_RELATIVE_TOLERANCE, volumes_isclose
from mining_assets.domain.wording import count_of
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.elexon_schema import AcceptedVolume, Cashflow
from mining_assets.sources.errors import SourceError

# The cashflows are rounded on their own, to a few pence.
PENCE_TOLERANCE = 0.05
KEY = ["farm_id", "settlement_period"]


async def compare_with_whole_day(
    elexon: ElexonClient, day: date, records: pd.DataFrame, farms: Collection[str]
) -> pd.DataFrame:
    """Return a row of ``oracle_comparisons``: the wind bids of the stacks against the day's volumes and cashflows.

    Args:
        elexon: asked for what is fetched.
        day: the settlement day.
        records: the wind records of the day.
        farms: every wind unit known, so that one that the stacks lack altogether is noticed.
    """
    energy, cash = bids_of_stacks(records)
    row = {
        "settlement_date": day,
        "compared_at": datetime.now(UTC),
        "energy_stack": energy,
        "energy_volumes": None,
        "cash_stack": cash,
        "cash_flows": None,
        "differing": 0,
        "problem": None,
    }
    try:
        async with asyncio.TaskGroup() as group:  # at once: to read the one takes a while
            asked_volumes = group.create_task(elexon.accepted_volumes(day, "bid"))
            asked_cashflows = group.create_task(elexon.cashflows(day, "bid"))
    except* SourceError as failed:
        row["problem"] = f"could not be compared: {failed.exceptions[0]}"
    if row["problem"]:
        return pd.DataFrame([row])
    volumes, cashflows = asked_volumes.result(), asked_cashflows.result()
    both = beside_whole_day(records, volumes, cashflows, farms)
    row |= {
        "energy_volumes": -both["volume_theirs"].sum() + 0.0,
        "cash_flows": both["cash_theirs"].sum(),
        "differing": int(both["differs"].sum()),
        "problem": difference(both),
    }
    return pd.DataFrame([row])


def beside_whole_day(
    records: pd.DataFrame, volumes: Iterable[AcceptedVolume], cashflows: Iterable[Cashflow], farms: Collection[str]
) -> pd.DataFrame:
    """Return the wind bids of the stacks beside what was published of the whole day, per unit and period.

    Args:
        records: the wind records of the day, or of some of its periods.
        volumes: accepted bids of the same periods.
        cashflows: of the bids of the same periods.
        farms: the units that are compared.

    Returns:
        Indexed by ``KEY``: volume and volume_theirs (MWh, bids negative), cash and cash_theirs (£, positive = paid to
        the unit), 0 where one of them has nothing; and whether the row differs by more than the tolerance.
    """
    bids = records[records["side"] == "bid"]
    multiplier = bids["transmission_loss_multiplier"].fillna(1.0)
    stack = bids.assign(cash=bids["payment"] * multiplier).groupby(KEY)[["volume", "cash"]].sum()
    of_farms = (
        [row for row in volumes if row.bm_unit_id in farms],
        [row for row in cashflows if row.bm_unit_id in farms],
    )
    theirs = pd.DataFrame(
        {
            "volume": _by_key(of_farms[0], [row.volume for row in of_farms[0]]),
            "cash": _by_key(of_farms[1], [row.cashflow for row in of_farms[1]]),
        }
    )
    both = stack.merge(theirs, how="outer", left_index=True, right_index=True, suffixes=("", "_theirs")).fillna(0.0)
    differs = ~volumes_isclose(both["volume"], both["volume_theirs"])
    differs |= ~np.isclose(both["cash"], both["cash_theirs"], rtol=PUBLISHED_RELATIVE_TOLERANCE, atol=PENCE_TOLERANCE)
    return both.assign(differs=differs)


def difference(both: pd.DataFrame) -> str | None:
    """Return how many rows of :func:`beside_whole_day` differ, with the figures of the first; None when all agree."""
    differing = both[both["differs"]]
    if differing.empty:
        return None
    (farm, period), first = differing.index[0], differing.iloc[0]
    return (
        f"{count_of(len(differing), 'value')} of a unit and period differ, first {farm} in period {period}: "
        f"stacks {first['volume']:,.3f} MWh £{first['cash']:,.2f}, whole day {first['volume_theirs']:,.3f} MWh "
        f"£{first['cash_theirs']:,.2f}"
    )


def _by_key(rows: Sequence[AcceptedVolume | Cashflow], figures: Sequence[float]) -> "pd.Series[float]":
    key = {
        "farm_id": pd.Series([row.bm_unit_id for row in rows], dtype="str"),
        "settlement_period": pd.Series([row.settlement_period for row in rows], dtype="int64"),
    }
    return pd.DataFrame(key | {"figure": pd.Series(figures, dtype=float)}).groupby(KEY)["figure"].sum()
