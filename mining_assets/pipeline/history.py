"""The vintages of a settlement day that the archive holds, and what changed from one to the next.

Each is read again by today's rules and register, so that differences are the source's and no rule's.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

import pandas as pd

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.domain.curtailment import farm_energy, is_curtailment
from mining_assets.domain.mining import MinerModel, calculations
from mining_assets.domain.network import NetworkHistory, UnknownDifficulty
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.fetch import DayIncomplete
from mining_assets.pipeline.replay_day import compose_day
from mining_assets.sources.errors import SourceError

KEY = ["farm_id", "settlement_period"]
MEASURES = ["records", "curtailed_energy", "payment"]


@dataclass(frozen=True)
class Vintage:
    """A day as it was once fetched.

    Attributes:
        fetch: in the archive.
        totals: of its curtailment: records, curtailed_energy (MWh, positive), payment (£, positive = paid to the
            farms); empty where it cannot be read as a day.
        bitcoin: BTC by miner model; empty where that, or the difficulty, is not known.
        unreadable: why no day can be made of it; empty when one can.
        differences: from the vintage that was stored before, by farm_id and settlement_period: each of ``MEASURES``
            as name_before and name_after. Empty for the first one, and where nothing differs.
    """

    fetch: ArchivedFetch
    totals: Mapping[str, float] = field(default_factory=dict)
    bitcoin: Mapping[str, float] = field(default_factory=dict)
    unreadable: str = ""
    differences: pd.DataFrame = field(default_factory=pd.DataFrame)


def day_vintages(
    archive: Archive,
    day: date,
    units: Mapping[str, WindUnit],
    network: NetworkHistory,
    models: tuple[MinerModel, ...],
) -> list[Vintage]:
    """Return every vintage of a day, the oldest first; what was refused then is among them.

    Args:
        archive: where the answers are.
        day: the settlement day.
        units: every wind unit known, by id.
        network: difficulty and subsidy by block time.
        models: the miner models.

    Raises:
        ArchiveError: the manifest cannot be read.
    """
    vintages: list[Vintage] = []
    composed_of: list[ArchivedFetch] = []
    before = pd.DataFrame(columns=[*KEY, *MEASURES]).set_index(KEY)
    first = True
    for fetch in archive.fetches(SETTLEMENT_STACKS, str(day)):
        fetches = [fetch] if fetch.settlement_period is None else [*composed_of, fetch]
        if fetch.settlement_period is not None and not composed_of:
            vintages.append(Vintage(fetch, unreadable="a single period, and no whole day is archived before it"))
            continue
        try:
            records = compose_day(archive, day, fetches, units).records
        except (ArchiveError, SourceError, DayIncomplete) as error:
            vintages.append(Vintage(fetch, unreadable=str(error)))
            continue
        now = curtailment_by_unit(records)
        vintages.append(
            Vintage(
                fetch,
                totals={name: float(now[name].sum()) for name in MEASURES},
                bitcoin=_bitcoin(records, network, models),
                differences=pd.DataFrame() if first else differing(before, now),
            )
        )
        if not fetch.refused:
            before, first, composed_of = now, False, fetches
    return vintages


def curtailment_by_unit(records: pd.DataFrame) -> pd.DataFrame:
    """Sum the curtailment of each BM unit in each period.

    Returns:
        Indexed by farm_id and settlement_period: records, curtailed_energy (MWh, positive), payment (£).
    """
    bids = records[is_curtailment(records)]
    by_unit = bids.groupby(KEY).agg(
        records=("volume", "size"), curtailed_energy=("volume", "sum"), payment=("payment", "sum")
    )
    return by_unit.assign(curtailed_energy=-by_unit["curtailed_energy"])


def differing(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of two such frames that differ, as :class:`Vintage` has them; 0 where one has none."""
    both = before.join(after, how="outer", suffixes=("_before", "_after")).fillna(0.0)
    changed = pd.Series(False, index=both.index)
    for name in MEASURES:
        changed |= both[f"{name}_before"] != both[f"{name}_after"]
    return both[changed].reset_index()


def _bitcoin(records: pd.DataFrame, network: NetworkHistory, models: Sequence[MinerModel]) -> dict[str, float]:
    try:
        rows = calculations(farm_energy(records), network, tuple(models))
    except UnknownDifficulty:
        return {}
    mined = rows.groupby("miner_model")["bitcoin_mined"].sum()
    return {model.name: float(mined.get(model.name, 0.0)) for model in models}
