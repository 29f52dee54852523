"""The same acceptance told twice: rows of one unit, period and side that differ in their sequence number only.

Whether both are true cannot be seen in the rows. The day's accepted volumes, which are published apart from the
stacks, decide by unit and period: they equal the sum with the repeats, or without them, or neither.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass

import pandas as pd

from mining_assets.domain.content_hash import PERIOD_KEY, content_hashes
from mining_assets.domain.tolerance import volumes_isclose

ACCEPTANCE = ["farm_id", "acceptance_id", "bid_offer_pair_id", "original_price", "volume"]
Key = tuple[Hashable, ...]
UNIT_PERIOD = [*PERIOD_KEY, "farm_id"]


@dataclass(frozen=True)
class Readings:
    """What the day's volumes say of the rows that repeat an acceptance; each a mask over the records.

    Attributes:
        confirmed: with them the unit's volume is the published one: they are acceptances of their own.
        refuted: without them it is: they are the same acceptance once more.
    """

    confirmed: "pd.Series[bool]"
    refuted: "pd.Series[bool]"


def repeats(records: pd.DataFrame) -> "pd.Series[bool]":
    """Find the rows that repeat unit, acceptance, pair, price and volume of a row with a lower sequence number.

    Rows of 0 MWh are none: nothing is counted twice by them.
    """
    ordered = records.sort_values("sequence_number", kind="stable")
    again = ordered.duplicated([*PERIOD_KEY, *ACCEPTANCE]) & (ordered["volume"] != 0)
    return again.reindex(records.index)


def read_repeats(records: pd.DataFrame, published: "pd.Series[float]") -> Readings:
    """Decide which reading of each unit, period and side with repeats is right.

    Where both are, within the rounding of the publications, the rows count as they are.

    Args:
        records: of one day, both readings of what is repeated.
        published: the day's accepted volumes in MWh by ``UNIT_PERIOD``; a unit and period that is not there has none.
    """
    again = repeats(records)
    volume = records["volume"]
    groups = [records[name] for name in UNIT_PERIOD]
    told = volume.groupby(groups).transform("sum")
    once = volume.where(~again, 0.0).groupby(groups).transform("sum")
    keys = pd.MultiIndex.from_frame(records[UNIT_PERIOD])
    theirs = pd.Series(published.reindex(keys).fillna(0.0).to_numpy(), index=records.index)
    confirmed = again & volumes_isclose(told, theirs)
    return Readings(confirmed, again & volumes_isclose(once, theirs) & ~confirmed)


def read_as_before(
    records: pd.DataFrame, before: Mapping[Key, tuple[str, bool]]
) -> tuple[pd.DataFrame, dict[Key, bool]]:
    """Read repeats that could not be decided as they were decided when the same content was fetched before.

    Args:
        records: of periods and sides of which nothing is decided.
        before: by (settlement date, settlement period, side): the content hash of what was stored, and whether the
            repeats in it were confirmed (true) or left out (false).

    Returns:
        The records without the rows that were left out before, and what is decided now, by the same keys.
    """
    again = repeats(records)
    if not before or not again.any():
        return records, {}
    told, once = content_hashes(records), content_hashes(records[~again])
    decided = {
        key: confirmed
        for key, (content, confirmed) in before.items()
        if (told if confirmed else once).get(key) == content != (once if confirmed else told).get(key)
    }
    keys = pd.Series(list(records[PERIOD_KEY].itertuples(index=False, name=None)), index=records.index)
    left_out = again & keys.isin([key for key, confirmed in decided.items() if not confirmed])
    return records[~left_out].reset_index(drop=True), decided
