"""The Bitcoin network's difficulty and block subsidy by block time.

An epoch begins with a block: a retarget (every 2016 blocks) changes the difficulty, a halving (every 210,000 blocks)
the subsidy. What is in force at an instant is the last epoch that began at or before it.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

RETARGET_INTERVAL = 2016
HALVING_INTERVAL = 210_000
FIRST_SUBSIDY = 50.0
FIRST_CHANGE = 32_256
"""Height of the first retarget that changed the difficulty; those before are in no source's list."""

SETTLED_AFTER = timedelta(days=1)
"""How long after its block's time a retarget may still be reorganized away. No reorganization that deep is known."""

KNOWN_HALVINGS: Mapping[int, datetime] = {
    210_000: datetime(2012, 11, 28, 15, 24, 38, tzinfo=UTC),
    420_000: datetime(2016, 7, 9, 16, 46, 13, tzinfo=UTC),
    630_000: datetime(2020, 5, 11, 19, 23, 43, tzinfo=UTC),
    840_000: datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC),
}
"""Header times (UTC) by height of the halving blocks found until 2026. Later ones are asked for, or given by a file."""

SHORT_SOURCE = "let MINING_ASSETS_MEMPOOL_URL name a source that lists all retargets (INDEXING_BLOCKS_AMOUNT: -1)"
"""What a person does about a source that lists only the newest retargets, as a node of one's own does by default."""
ASKED_HALVING = "the source is asked with every fetch, and MINING_ASSETS_HALVINGS may tell it"
"""What is done, and can be done, about a halving whose block time is not known."""


class NetworkHistoryRefused(ValueError):
    """A fetched history that cannot be true; the message says which entry and why."""


class HistoryContradicted(ValueError):
    """A fetched history says something else of a settled retarget than the stored one; the message says what."""


class UnknownDifficulty(LookupError):
    """A period whose difficulty is not known; its calculations stay missing until it is."""


@dataclass(frozen=True, order=True)
class Retarget:
    """A block at which the difficulty changed: its header time (UTC), height and the new difficulty."""

    time: datetime
    height: int
    difficulty: float


@dataclass(frozen=True, order=True)
class Epoch:
    """Difficulty and block subsidy (BTC) from a block on."""

    block_time: datetime
    height: int
    difficulty: float
    block_subsidy: float
    kind: Literal["retarget", "halving"]


@dataclass(frozen=True)
class NetworkHistory:
    """All epochs in order of time, and the instant until which no later epoch can have begun unseen."""

    epochs: tuple[Epoch, ...]
    known_until: datetime
    absent: str = "network_epochs was never fetched"
    """Why there are no epochs, when there are none."""

    def unknown(self, instants: "pd.Series[pd.Timestamp]") -> "pd.Series[bool]":
        """Return at which instants the difficulty is not known.

        That is before the first epoch, at or after ``known_until``, and from the retarget before a hole to the one
        after it: when difficulty or subsidy changed in between, nobody said.
        """
        if not self.epochs:
            return pd.Series(True, index=instants.index)
        unknown = (instants >= self.known_until) | (instants < self.epochs[0].block_time)
        for before, after, _ in self.holes:
            unknown |= (instants >= before.block_time) & (instants < after.block_time)
        return unknown

    @cached_property
    def holes(self) -> tuple[tuple[Epoch, Epoch, str], ...]:
        """The neighbouring retargets between which others or a halving are lacking, and what is."""
        found = []
        for before, after in pairwise(epoch for epoch in self.epochs if epoch.kind == "retarget"):
            lacking = [height for height in self.halvings_lacking if before.height < height < after.height]
            if after.height > FIRST_CHANGE and after.height - before.height != RETARGET_INTERVAL:
                between = f"has no retarget between the heights {before.height} and {after.height}; {SHORT_SOURCE}"
                found.append((before, after, between))
            elif lacking:
                found.append((before, after, _lacks(lacking[0])))
        return tuple(found)

    @cached_property
    def halvings_lacking(self) -> tuple[int, ...]:
        """The heights of the halvings that the retargets reach and whose block time is not known."""
        heights = [epoch.height for epoch in self.epochs if epoch.kind == "retarget"]
        known = {epoch.height for epoch in self.epochs if epoch.kind == "halving"}
        return tuple(height for height in halvings_within(heights) if height not in known)

    def why_unknown(self, instant: datetime) -> str:
        """Return why the difficulty at an instant is not known, for people."""
        if not self.epochs:
            return f"the difficulty is not known: {self.absent}"
        text = f"the difficulty at {instant:%Y-%m-%d %H:%M} UTC is not known: network_epochs "
        for before, after, lacking in self.holes:
            if before.block_time <= instant < after.block_time:
                return text + lacking
        text += f"covers {self.epochs[0].block_time:%Y-%m-%d} to {self.known_until:%Y-%m-%d %H:%M} UTC"
        if instant < self.epochs[0].block_time:
            return f"{text}; {SHORT_SOURCE}"
        awaited = [height for height in self.halvings_lacking if height > self.epochs[-1].height]
        return f"{text}, and it {_lacks(awaited[0])}" if awaited else text

    def in_force(self, instants: "pd.Series[pd.Timestamp]") -> pd.DataFrame:
        """Return difficulty and block_subsidy (BTC) in force at each instant (UTC), in the order given.

        Raises:
            UnknownDifficulty: at one of them it is not known. No default is ever taken.
        """
        unknown = self.unknown(instants)
        if unknown.any():
            raise UnknownDifficulty(self.why_unknown(instants[unknown].iloc[0]))
        starts = pd.DatetimeIndex([epoch.block_time for epoch in self.epochs], tz=UTC)
        at = starts.searchsorted(pd.DatetimeIndex(instants), side="right") - 1
        return pd.DataFrame(
            {
                "difficulty": np.array([epoch.difficulty for epoch in self.epochs], dtype=float)[at],
                "block_subsidy": np.array([epoch.block_subsidy for epoch in self.epochs], dtype=float)[at],
            }
        )


_NEVER = datetime.min.replace(tzinfo=UTC)
_FOREVER = datetime.max.replace(tzinfo=UTC)
NEVER_FETCHED = NetworkHistory(epochs=(), known_until=_NEVER)
ALTERED = NetworkHistory(
    epochs=(), known_until=_NEVER, absent="network_epochs was altered since it was fetched: materialize it"
)


def block_subsidy(height: int) -> float:
    """Return the subsidy in BTC of the block at a height."""
    halvings = height // HALVING_INTERVAL
    return FIRST_SUBSIDY * 0.5**halvings


def halvings_within(heights: Collection[int]) -> list[int]:
    """Return the heights of the halvings that some retargets reach, also of one that may have been found since.

    A halving on a retarget's own height, as at 1,260,000, needs no time of its own.
    """
    if not heights:
        return []
    first = (min(heights) // HALVING_INTERVAL + 1) * HALVING_INTERVAL
    reached = range(first, max(heights) + RETARGET_INTERVAL, HALVING_INTERVAL)
    return [height for height in reached if height % RETARGET_INTERVAL]


def misplaced(retargets: Sequence[Retarget], height: int, time: datetime) -> str | None:
    """Return why a halving's block time cannot be right between the retargets around it; None when it can."""
    before = max((retarget for retarget in retargets if retarget.height < height), default=None)
    after = min((retarget for retarget in retargets if retarget.height > height), default=None)
    if (before is None or before.time < time) and (after is None or time < after.time):
        return None
    return f"the halving at height {height}, {time:%Y-%m-%d %H:%M:%S}, does not fit between its retargets"


def network_history(
    retargets: Sequence[Retarget],
    fetched_at: datetime,
    halvings: Mapping[int, datetime] = KNOWN_HALVINGS,
    awaited: Mapping[int, datetime] | None = None,
) -> NetworkHistory:
    """Merge the retargets of a source with the halvings.

    Args:
        retargets: in any order; retargets that changed nothing may be absent.
        fetched_at: when they were asked for; nothing later is known.
        halvings: the block times that are known, by height.
        awaited: until when it is known, by height, that a halving had not been found.

    Raises:
        NetworkHistoryRefused: empty, difficulty not above 0, a height off the 2016 grid or given twice, or block
            times and heights that disagree in order (with one another or with the halvings).
    """
    ordered = sorted(retargets, key=lambda retarget: retarget.height)
    if not ordered:
        raise NetworkHistoryRefused("it holds no retarget")
    for retarget in ordered:
        if not retarget.difficulty > 0:
            raise NetworkHistoryRefused(f"difficulty {retarget.difficulty} at height {retarget.height}")
        if retarget.height < 0 or retarget.height % RETARGET_INTERVAL:
            raise NetworkHistoryRefused(f"height {retarget.height} is not a multiple of {RETARGET_INTERVAL}")
    for before, after in pairwise(ordered):
        if before.height == after.height:
            raise NetworkHistoryRefused(f"height {after.height} appears twice")
        if before.time >= after.time:
            raise NetworkHistoryRefused(
                f"height {after.height} at {after.time:%Y-%m-%d %H:%M:%S} is not after height {before.height} "
                f"at {before.time:%Y-%m-%d %H:%M:%S}"
            )
    if ordered[-1].time > fetched_at:
        raise NetworkHistoryRefused(f"height {ordered[-1].height} lies in the future: {ordered[-1].time}")
    within = halvings_within([retarget.height for retarget in ordered])
    known = {height: halvings[height] for height in within if height in halvings and halvings[height] <= fetched_at}
    lacking = [height for height in within if height > ordered[-1].height and height not in halvings]
    newest = ordered[-1].time
    known_until = min([fetched_at, *(max((awaited or {}).get(height, newest), newest) for height in lacking)])
    return NetworkHistory(_merged(ordered, known), known_until)


def merged_retargets(
    stored: Sequence[Epoch],
    confirmed_at: datetime | None,
    fetched: Sequence[Retarget],
    *,
    accept_change: bool = False,
) -> list[Retarget]:
    """Merge the retargets that a source lists into those that are stored.

    What the list does not reach stays as it is stored: a source may list only the newest retargets, or lag behind.
    Where both have a say, the list replaces retargets that were not settled when they were last confirmed.

    Args:
        stored: all epochs that are stored; halvings among them are passed over.
        confirmed_at: when the stored ones were last fetched; None when they never were.
        fetched: not empty, and a history by itself.
        accept_change: replace settled ones too.

    Raises:
        HistoryContradicted: the list lacks a settled retarget in its midst, or has another time or difficulty for it.
    """
    listed = {retarget.height: retarget for retarget in fetched}
    lowest, highest = min(listed), max(listed)
    kept = []
    for epoch in (epoch for epoch in stored if epoch.kind == "retarget"):
        before = Retarget(epoch.block_time, epoch.height, epoch.difficulty)
        now = listed.get(epoch.height)
        if not lowest <= epoch.height <= highest:
            kept.append(before)
        elif now != before and not accept_change and is_settled(before.time, confirmed_at):
            told = f"fetched {_in_words(now)}" if now else "the fetched history lacks it"
            raise HistoryContradicted(f"height {before.height}: stored {_in_words(before)}, {told}")
    return sorted([*kept, *fetched], key=lambda retarget: retarget.height)


def rewritten_span(
    before: Sequence[Epoch], after: Sequence[Epoch], known_until: datetime | None = None
) -> tuple[datetime, datetime] | None:
    """Return the first and last instant between which something else is in force than was known before, or None.

    Args:
        before: the epochs that were stored.
        after: those that take their place.
        known_until: until when the history before was taken for known. What was added later than that rewrites
            nothing; what began earlier does, as with a source that lagged.
    """
    now = {(epoch.height, epoch.kind): epoch for epoch in after}
    touched: list[datetime] = []
    if before and known_until:
        there, first = {(epoch.height, epoch.kind) for epoch in before}, min(before).block_time
        for epoch in after:
            if (epoch.height, epoch.kind) not in there and first < epoch.block_time < known_until:
                touched += [epoch.block_time, known_until]
    for index, epoch in enumerate(before):
        replacement = now.get((epoch.height, epoch.kind))
        if replacement == epoch:
            continue
        touched.append(epoch.block_time)
        if replacement is not None:
            touched.append(replacement.block_time)
        if replacement is None or replacement.difficulty != epoch.difficulty:
            touched.append(before[index + 1].block_time if index + 1 < len(before) else _FOREVER)
    return (min(touched), max(touched)) if touched else None


def is_settled(block_time: datetime, confirmed_at: datetime | None) -> bool:
    """Return whether a block was too old to be reorganized away when it was last confirmed."""
    return confirmed_at is not None and block_time <= confirmed_at - SETTLED_AFTER


def _in_words(retarget: Retarget) -> str:
    return f"difficulty {retarget.difficulty} from {retarget.time:%Y-%m-%d %H:%M:%S}"


def _merged(ordered: Sequence[Retarget], halvings: Mapping[int, datetime]) -> tuple[Epoch, ...]:
    epochs = [
        Epoch(retarget.time, retarget.height, retarget.difficulty, block_subsidy(retarget.height), "retarget")
        for retarget in ordered
    ]
    for height, time in halvings.items():
        if wrong := misplaced(ordered, height, time):
            raise NetworkHistoryRefused(wrong)
        before = max(retarget for retarget in ordered if retarget.height < height)
        epochs.append(Epoch(time, height, before.difficulty, block_subsidy(height), "halving"))
    return tuple(sorted(epochs))


def _lacks(height: int) -> str:
    return f"does not have the time of the halving block {height}: {ASKED_HALVING}"
