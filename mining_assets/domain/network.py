"""The Bitcoin network's difficulty and block subsidy by block time.

An epoch begins with a block: a retarget (every 2016 blocks) changes the difficulty, a halving (every 210,000 blocks)
the subsidy. What is in force at an instant is the last epoch that began at or before it.
"""

from collections.abc import Sequence
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

# Header times of the halving blocks (heights 210000·k); the sources of difficulty do not carry them.
HALVINGS: tuple[tuple[int, datetime], ...] = (
    (210_000, datetime(2012, 11, 28, 15, 24, 38, tzinfo=UTC)),
    (420_000, datetime(2016, 7, 9, 16, 46, 13, tzinfo=UTC)),
    (630_000, datetime(2020, 5, 11, 19, 23, 43, tzinfo=UTC)),
    (840_000, datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC)),
)

SHORT_SOURCE = "let MINING_ASSETS_MEMPOOL_URL name a source that lists all retargets (INDEXING_BLOCKS_AMOUNT: -1)"
"""What a person does about a source that lists only the newest retargets, as a node of one's own does by default."""


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
        """Tell at which instants the difficulty is not known.

        That is before the first epoch, at or after ``known_until``, and from the retarget before a hole to the one
        after it: when the difficulty changed in between, nobody said.
        """
        if not self.epochs:
            return pd.Series(True, index=instants.index)
        unknown = (instants >= self.known_until) | (instants < self.epochs[0].block_time)
        for before, after in self.holes:
            unknown |= (instants >= before.block_time) & (instants < after.block_time)
        return unknown

    @cached_property
    def holes(self) -> tuple[tuple[Epoch, Epoch], ...]:
        """The neighbouring retargets between which others are lacking."""
        retargets = [epoch for epoch in self.epochs if epoch.kind == "retarget"]
        return tuple(
            (before, after)
            for before, after in pairwise(retargets)
            if after.height > FIRST_CHANGE and after.height - before.height != RETARGET_INTERVAL
        )

    def why_unknown(self, instant: datetime) -> str:
        """Why the difficulty at an instant is not known, for a person."""
        if not self.epochs:
            return f"the difficulty is not known: {self.absent}"
        text = f"the difficulty at {instant:%Y-%m-%d %H:%M} UTC is not known: network_epochs "
        for before, after in self.holes:
            if before.block_time <= instant < after.block_time:
                return text + f"has no retarget between the heights {before.height} and {after.height}; {SHORT_SOURCE}"
        text += f"covers {self.epochs[0].block_time:%Y-%m-%d} to {self.known_until:%Y-%m-%d %H:%M} UTC"
        return f"{text}; {SHORT_SOURCE}" if instant < self.epochs[0].block_time else text

    def in_force(self, instants: "pd.Series[pd.Timestamp]") -> pd.DataFrame:
        """Difficulty and subsidy in force at each instant (UTC), in the order given.

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
    """The subsidy in BTC of the block at a height."""
    halvings = height // HALVING_INTERVAL
    return FIRST_SUBSIDY * 0.5**halvings


def network_history(retargets: Sequence[Retarget], fetched_at: datetime) -> NetworkHistory:
    """Merge the retargets of a source with the halvings.

    Args:
        retargets: in any order; retargets that changed nothing may be absent.
        fetched_at: when they were asked for; nothing later is known.

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
    return NetworkHistory(_merged(ordered), _known_until(ordered[-1], fetched_at))


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
        elif now != before and not accept_change and _is_settled(before, confirmed_at):
            told = f"fetched {_in_words(now)}" if now else "the fetched history lacks it"
            raise HistoryContradicted(f"height {before.height}: stored {_in_words(before)}, {told}")
    return sorted([*kept, *fetched], key=lambda retarget: retarget.height)


def rewritten_span(before: Sequence[Epoch], after: Sequence[Epoch]) -> tuple[datetime, datetime] | None:
    """The first and last instant between which epochs were replaced, so that something else was in force; or None.

    Epochs that were only added do not count: nothing was known of their time before.
    """
    now = {(epoch.height, epoch.kind): epoch for epoch in after}
    touched: list[datetime] = []
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


def _is_settled(retarget: Retarget, confirmed_at: datetime | None) -> bool:
    return confirmed_at is not None and retarget.time <= confirmed_at - SETTLED_AFTER


def _in_words(retarget: Retarget) -> str:
    return f"difficulty {retarget.difficulty} from {retarget.time:%Y-%m-%d %H:%M:%S}"


def _merged(ordered: Sequence[Retarget]) -> tuple[Epoch, ...]:
    epochs = [
        Epoch(retarget.time, retarget.height, retarget.difficulty, block_subsidy(retarget.height), "retarget")
        for retarget in ordered
    ]
    for height, time in HALVINGS:
        before = [epoch for epoch in epochs if epoch.block_time <= time]
        if len(before) == len(epochs) and height >= epochs[-1].height + RETARGET_INTERVAL:
            break  # the history ends before this halving
        index = len(before)
        if (before and before[-1].height > height) or (index < len(epochs) and epochs[index].height < height):
            raise NetworkHistoryRefused(
                f"the halving at height {height}, {time:%Y-%m-%d %H:%M:%S}, does not fit between its retargets"
            )
        if not before:
            continue  # and here it begins after it
        epochs.insert(index, Epoch(time, height, before[-1].difficulty, block_subsidy(height), "halving"))
    return tuple(epochs)


def _known_until(newest: Retarget, fetched_at: datetime) -> datetime:
    """Until when the history holds: the fetch, or the retarget before a halving whose block time is not known."""
    next_halving = HALVINGS[-1][0] + HALVING_INTERVAL
    if newest.height + RETARGET_INTERVAL > next_halving:
        return min(newest.time, fetched_at)
    return fetched_at
