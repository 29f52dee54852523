"""Asking for the times of halving blocks, which the list of difficulty adjustments does not have."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from mining_assets.domain.network import KNOWN_HALVINGS, Retarget, misplaced
from mining_assets.sources.errors import SourceError, SourceRefused
from mining_assets.sources.http import Answer
from mining_assets.sources.mempool import Block, MempoolClient
from mining_assets.sources.sync import SyncClient


@dataclass(frozen=True)
class Halvings:
    """What is known of halvings, by height.

    Attributes:
        known: their block times (UTC).
        awaited: until when a halving that is not known had not been found.
        lacking: why the time of others could not be had.
        given: those of the known that a person's file tells.
    """

    known: Mapping[int, datetime]
    awaited: Mapping[int, datetime]
    lacking: Mapping[int, str]
    given: frozenset[int] = frozenset()

    def beside(self, retargets: Sequence[Retarget]) -> "Halvings":
        """Take those that the source was asked for for lacking where they do not fit between retargets."""
        wrong = {
            height: reason + (" (as MINING_ASSETS_HALVINGS tells it)" if height in self.given else "")
            for height, time in self.known.items()
            if height not in KNOWN_HALVINGS and (reason := misplaced(retargets, height, time))
        }
        known = {height: time for height, time in self.known.items() if height not in wrong}
        return Halvings(known, self.awaited, {**self.lacking, **wrong}, self.given)


def ask_halvings(mempool: SyncClient[MempoolClient], known: Mapping[int, datetime], heights: Sequence[int]) -> Halvings:
    """Ask for the block times of some halvings; a time that cannot be fetched is named, and fails nothing else.

    Args:
        mempool: asked for what is fetched.
        known: what is known already.
        heights: of the halvings to ask for.
    """
    found, awaited, lacking = dict(known), {}, {}
    try:
        newest = mempool.run(mempool.client.blocks())
    except SourceError as error:
        return Halvings(known, {}, dict.fromkeys(heights, str(error)))
    top = max(newest.value)
    for height in heights:
        if top.height < height:
            awaited[height] = top.time
            continue
        try:
            found[height] = _time_of(mempool, newest, height)
        except SourceError as error:
            lacking[height] = str(error)
    return Halvings(found, awaited, lacking)


def _time_of(mempool: SyncClient[MempoolClient], newest: Answer[tuple[Block, ...]], height: int) -> datetime:
    answer = newest
    if not any(block.height == height for block in newest.value):
        answer = mempool.run(mempool.client.blocks(height))
    for block in answer.value:
        if block.height == height:
            return block.time
    raise SourceRefused(f"block {height} is not in the answer", url=answer.url, attempts=answer.attempts)
