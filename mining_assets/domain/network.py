"""The Bitcoin network's difficulty and block subsidy by block time.

An epoch begins with a block: a retarget (every 2016 blocks) changes the difficulty, a halving (every 210,000 blocks)
the subsidy. What is in force at an instant is the last epoch that began at or before it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise
from typing import Literal

import numpy as np
import pandas as pd

RETARGET_INTERVAL = 2016
HALVING_INTERVAL = 210_000
FIRST_SUBSIDY = 50.0

# Header times of the halving blocks (heights 210000·k); the sources of difficulty do not carry them.
HALVINGS: tuple[tuple[int, datetime], ...] = (
    (210_000, datetime(2012, 11, 28, 15, 24, 38, tzinfo=UTC)),
    (420_000, datetime(2016, 7, 9, 16, 46, 13, tzinfo=UTC)),
    (630_000, datetime(2020, 5, 11, 19, 23, 43, tzinfo=UTC)),
    (840_000, datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC)),
)


class NetworkHistoryRefused(ValueError):
    """A fetched history that cannot be true; the message says which entry and why."""


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
        """At which instants the difficulty is not known: before the first epoch, or at or after ``known_until``."""
        if not self.epochs:
            return pd.Series(True, index=instants.index)
        return (instants >= self.known_until) | (instants < self.epochs[0].block_time)

    def why_unknown(self, instant: datetime) -> str:
        """Why the difficulty at an instant is not known, for a person."""
        if not self.epochs:
            return f"the difficulty is not known: {self.absent}"
        return (
            f"the difficulty at {instant:%Y-%m-%d %H:%M} UTC is not known: network_epochs covers "
            f"{self.epochs[0].block_time:%Y-%m-%d} to {self.known_until:%Y-%m-%d %H:%M} UTC"
        )

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


def contradiction(stored: Sequence[Epoch], fetched: NetworkHistory) -> str | None:
    """Why a fetched history contradicts the stored epochs, or None when it continues them."""
    fetched_by_block = {(epoch.height, epoch.kind): epoch for epoch in fetched.epochs}
    for epoch in stored:
        now = fetched_by_block.get((epoch.height, epoch.kind))
        if now is None:
            return f"the stored {epoch.kind} at height {epoch.height} is not in it"
        if now != epoch:
            return f"height {epoch.height}: stored {_in_words(epoch)}, fetched {_in_words(now)}"
    return None


def _in_words(epoch: Epoch) -> str:
    return f"difficulty {epoch.difficulty} from {epoch.block_time:%Y-%m-%d %H:%M:%S}"


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
