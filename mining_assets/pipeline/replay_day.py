"""A settlement day out of the archive: the answers that were kept, by today's rules and register, without a request.

What is done with the day belongs in ``days``, a whole other warehouse in ``replay``.
"""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeVar

import pandas as pd

from mining_assets.archive.errors import ArchiveError, ObjectDamaged
from mining_assets.archive.http import ArchivedHttp
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.domain.origin import joined_origins
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.archiving import named
from mining_assets.pipeline.fetch import DayIncomplete, fetch_day
from mining_assets.pipeline.replace_period import fetch_period, with_period
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError
from mining_assets.warehouse.archived import noted_fetches, objects_by_day
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.days import FetchedDay

T = TypeVar("T")


class NotReplayed(Exception):
    """A day cannot be had from the archive; what is stored of it is as it was."""


class Kept(NamedTuple):
    """What of a fetch was committed: enough to find it in the archive."""

    fetched_at: datetime
    object: str
    settlement_period: int | None


def kept_of_days(connection: Connection, days: Sequence[date]) -> dict[date, list[Kept]]:
    """Read which fetches each day is made of, of those that the archive has: the last whole one, then single periods.

    A day of which something was stored while nothing was archived is not among them: its answers are not all there.

    Args:
        connection: of the caller's transaction.
        days: in order.
    """
    if not days:
        return {}
    noted = noted_fetches(connection, SETTLEMENT_STACKS, str(days[0]), str(days[-1]))
    made_of = objects_by_day(connection, days)
    wanted = {str(day): day for day in days}
    found: dict[date, list[Kept]] = {}
    for row in noted[noted["refused"].isna()].to_dict("records"):
        day = wanted.get(row["subject"])
        if day is None:
            continue
        period = None if pd.isna(row["settlement_period"]) else int(row["settlement_period"])
        kept = Kept(row["fetched_at"].to_pydatetime().astimezone(UTC), row["object"], period)
        if period is None:
            found[day] = [kept]
        elif day in found:
            found[day].append(kept)
    return {day: kept for day, kept in found.items() if made_of.get(day, set()) <= {each.object for each in kept}}


def replay_day(archive: Archive, day: date, kept: Sequence[Kept], units: Mapping[str, WindUnit]) -> FetchedDay:
    """Return a day as it is in the archive, by today's rules.

    Args:
        archive: where the answers are.
        day: the settlement day.
        kept: the fetches that it is made of, the whole one first.
        units: every wind unit known, by id.

    Raises:
        NotReplayed: an object or the manifest is missing or damaged, or by today's rules the answers are no day.
    """
    try:
        sound = archive.fetches(SETTLEMENT_STACKS, str(day), sound_only=True)
        lines = {(line.fetched_at, line.object): line for line in sound}
        fetches = []
        for each in kept:
            line = lines.get((each.fetched_at, each.object))
            if line is None:
                raise ObjectDamaged(f"the manifest of {day}", f"has no sound line of the fetch of {each.fetched_at}")
            fetches.append(line)
        return compose_day(archive, day, fetches, units)
    except (ArchiveError, SourceError, DayIncomplete) as error:
        raise NotReplayed(f"{day} cannot be replayed: {error}") from error


def replay_each(archive: Archive | None, units: Mapping[str, WindUnit], day: tuple[date, Sequence[Kept]]) -> FetchedDay:
    """Return what :func:`replay_day` does, with all that is made of the records before they are stored."""
    assert archive is not None  # or there were no such days
    return prepared(replay_day(archive, *day, units))


def prepared(fetched: FetchedDay) -> FetchedDay:
    """Return a day with all that storing it needs, so that the process that composed it also makes this."""
    _ = fetched.row, fetched.has_repeats
    return fetched


def compose_day(
    archive: Archive, day: date, fetches: Sequence[ArchivedFetch], units: Mapping[str, WindUnit]
) -> FetchedDay:
    """Return a day made of archived fetches.

    Args:
        archive: where the answers are.
        day: the settlement day.
        fetches: of the whole day, and then of single periods, which replace those of the day.
        units: every wind unit known, by id.

    Raises:
        ArchiveError: answers are missing or damaged.
        SourceError, DayIncomplete: as for ``fetch_day``.
    """
    whole, *periods = fetches
    composed = _awaited(fetch_day(_client(archive, whole), day, units, whole.accept_empty))
    composed = replace(composed, ledger=named(composed.ledger, whole), origin=whole.origin)
    for fetch in periods:
        assert fetch.settlement_period is not None
        records, ledger, _ = _awaited(fetch_period(_client(archive, fetch), day, fetch.settlement_period, units))
        composed = with_period(
            composed,
            fetch.settlement_period,
            (records, named(ledger, fetch)),
            origin=joined_origins([composed.origin, fetch.origin]),
        )
    return composed


def _client(archive: Archive, fetch: ArchivedFetch) -> ElexonClient:
    return ElexonClient.on(ArchivedHttp(fetch, archive.answers(fetch)))


def _awaited(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; ``asyncio.run`` would write out its whole result, and drop the text."""
    results: list[T] = []

    async def keep() -> None:
        results.append(await work)

    asyncio.run(keep())
    return results[0]
