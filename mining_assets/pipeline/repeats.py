"""Deciding about repeated acceptances while a day is fetched, by the day's accepted volumes."""

from collections.abc import Sequence
from datetime import date

import pandas as pd

from mining_assets.domain.repeats import UNIT_PERIOD, read_repeats, repeats
from mining_assets.domain.settlement import SIDES, Side
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.elexon_schema import AcceptedVolume
from mining_assets.sources.errors import SourceError

AS_BEFORE = "read as they were decided before, else counted as told"
Decided = dict[tuple[int, Side], bool]


async def decide_repeats(
    elexon: ElexonClient, day: date, records: pd.DataFrame
) -> tuple[pd.DataFrame, Decided, tuple[str, ...]]:
    """Leave out the wind rows that the day's volumes show to be the same acceptance once more.

    The volumes are asked for only on a side that has such rows; without them the rows count as told.

    Returns:
        The records that count; by period and side whether the repeats that are left in it are all confirmed (true) or
        all were left out (false), which is absent where any is undecided; and warnings.
    """
    left_out = pd.Series(False, index=records.index)
    decided: Decided = {}
    warnings: list[str] = []
    again = repeats(records)
    for side in SIDES:
        mine = records[again & (records["side"] == side)]
        if mine.empty:
            continue
        try:
            volumes: Sequence[AcceptedVolume] = await elexon.accepted_volumes(day, side)
            reason = "agree with neither reading" if volumes else "are empty"
        except SourceError as error:
            volumes, reason = (), f"cannot be had: {error}"
        if not volumes:
            warnings.append(_told(day, side, mine, f"undecided, since the day's volumes {reason}: {AS_BEFORE}"))
            continue
        readings = read_repeats(records, _published(day, side, volumes))
        refuted = mine[readings.refuted[mine.index]]
        undecided = mine[~(readings.refuted | readings.confirmed)[mine.index]]
        if len(refuted):
            warnings.append(_told(day, side, refuted, "left out, since the day's volumes are right without them"))
        if len(undecided):
            warnings.append(_told(day, side, undecided, f"undecided, since the day's volumes {reason}: {AS_BEFORE}"))
        left_out[refuted.index] = True
        confirmed = set(mine.loc[readings.confirmed[mine.index], "settlement_period"])
        periods = set(mine["settlement_period"]) - set(undecided["settlement_period"])
        decided |= {(period, side): period in confirmed for period in periods}
    return records[~left_out].reset_index(drop=True), decided, tuple(warnings)


def _published(day: date, side: Side, volumes: Sequence[AcceptedVolume]) -> "pd.Series[float]":
    rows = [(day, row.settlement_period, side, row.bm_unit_id, row.volume) for row in volumes]
    frame = pd.DataFrame(rows, columns=[*UNIT_PERIOD, "volume"]).astype({"side": "str"})
    return frame.groupby(UNIT_PERIOD)["volume"].sum()


def _told(day: date, side: Side, rows: pd.DataFrame, what: str) -> str:
    first = rows.sort_values(["settlement_period", "sequence_number"]).iloc[0]
    which = "row repeats" if len(rows) == 1 else "rows repeat"
    return (
        f"{day} {side}: {len(rows)} {which} an acceptance, {rows['volume'].abs().sum():,.3f} MWh, {what}; the first is "
        f"acceptance {first['acceptance_id']} of {first['farm_id']} in period {first['settlement_period']}"
    )
