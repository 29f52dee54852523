"""Fetching and storing the reference tables: the register of wind units, and the network's difficulty.

Whether a run has to fetch them is decided in ``ensure_references``.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import NamedTuple

import pandas as pd

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import ArchivedFetch
from mining_assets.curated import shipped_sites
from mining_assets.domain.naming import doubts_of_sites, unit_named
from mining_assets.domain.network import (
    KNOWN_HALVINGS,
    SHORT_SOURCE,
    Epoch,
    HistoryContradicted,
    NetworkHistory,
    NetworkHistoryRefused,
    Retarget,
    halvings_within,
    is_settled,
    merged_retargets,
    network_history,
    rewritten_span,
)
from mining_assets.domain.settlement import LONDON, period_starts
from mining_assets.domain.wind_units import WindUnit, others_among, wind_among
from mining_assets.pipeline.archiving import NOT_ARCHIVING, NOT_KEPT, Archiving
from mining_assets.pipeline.halvings import Halvings, ask_halvings
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceRefused
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.received import collect
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse import references
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.warehouse.verifications import note_written

_log = logging.getLogger(__name__)

NO_SITES: Mapping[str, str] = MappingProxyType({})
ACCEPT_DIFFICULTY = "mining-assets difficulty --accept-change"
"""The command that takes a difficulty history although it contradicts what is stored."""


def refresh_wind_units(
    warehouse: Warehouse,
    elexon: SyncClient[ElexonClient],
    additions: Iterable[WindUnit],
    sites: Mapping[str, str] = NO_SITES,
    archiving: Archiving = NOT_ARCHIVING,
) -> dict[str, int]:
    """Fetch the register of BM units and add its wind units; returns counts for a person.

    Args:
        warehouse: open.
        elexon: asked for what is fetched.
        additions: wind units that a person added.
        sites: of units by id, which go before the rule of ``domain.sites``.
        archiving: what keeps the answer.

    Raises:
        SourceError: the register could not be had; what is stored stays.
        ArchiveUnavailable: the answer could not be kept; what is stored stays.
    """
    with collect() as received:
        registered = elexon.run(elexon.client.bm_units())
    asked_at = received[-1].requested_at if received else datetime.now(UTC)
    kept = archiving.keep(WIND_BM_UNITS, received, origin=elexon.client.origin)
    units = wind_among(registered, additions)
    if not any(unit.source == "register" for unit in units):
        reason = f"none of the {len(registered)} BM units is typed WIND"
        _record_refused(archiving, warehouse, kept, reason)
        raise SourceRefused(reason, url="reference/bmunits/all")
    with warehouse.writing(WIND_BM_UNITS) as connection:
        counts = references.store_wind_units(connection, units, asked_at)
        references.store_sites(connection, sites)
        references.store_other_units(connection, others_among(registered))
        # Units that were known before stay, so the table may be of several origins.
        origin = references.origin_beside(connection, WIND_BM_UNITS, elexon.client.origin)
        archived = kept.object if kept else None
        references.note_fetch(connection, WIND_BM_UNITS, asked_at, len(registered), origin, archived)
        archiving.record(connection, kept)
    return {"units in the register": len(registered), "wind units": len(units)} | counts


def _record_refused(archiving: Archiving, warehouse: Warehouse, kept: ArchivedFetch | None, reason: str) -> None:
    """Name answers that were refused; where that fails, warn only: the refusal itself is to be raised."""
    try:
        archiving.record_refused(warehouse, kept, reason)
    except ArchiveError as error:
        _log.warning(f"{kept.name if kept else 'references'}: {NOT_KEPT}: {error}")


class RefreshedEpochs(NamedTuple):
    """What a fetch of the difficulty came to.

    Attributes:
        counts: for a person.
        rewritten: the days in which something else is in force now than before; what was calculated there is stale.
    """

    counts: dict[str, int]
    rewritten: list[date]

    def shown(self) -> dict[str, int]:
        """Return the counts with that of the days to derive anew, if there are any."""
        return self.counts | ({"days to derive anew": len(self.rewritten)} if self.rewritten else {})


def refresh_network_epochs(
    warehouse: Warehouse,
    mempool: SyncClient[MempoolClient],
    given: Mapping[int, datetime],
    *,
    accept_change: bool = False,
    archiving: Archiving = NOT_ARCHIVING,
) -> RefreshedEpochs:
    """Fetch the difficulty adjustments, with the times of new halvings, and merge them into what is stored.

    A halving whose time cannot be had, or cannot be right, leaves unknown what depends on it, and is noted.

    Args:
        warehouse: open.
        mempool: asked for what is fetched.
        given: block times of halvings by height that a person set; they override what the source says.
        accept_change: store them also where they contradict settled ones that are stored, which halvings that no
            file tells any more are among.
        archiving: what keeps the answers.

    Raises:
        SourceError: they could not be had.
        ArchiveUnavailable: they could not be kept; what is stored stays.
        SourceRefused: they cannot be true, or contradict what is stored. What is stored stays; a contradiction is
            noted, and stands until an answer is taken.
    """
    with collect() as received:
        answer = mempool.run(mempool.client.difficulty_adjustments())
        fetched = [Retarget(entry.time, entry.height, entry.difficulty) for entry in answer.value]
        try:
            network_history(fetched, answer.fetched_at)
        except NetworkHistoryRefused as refused:
            raise SourceRefused(f"the difficulty history is refused: {refused}", url=answer.url) from None
        halvings = _halvings(warehouse, mempool, fetched, given, ask_again=accept_change)
    origin = mempool.client.origin
    kept = archiving.keep(NETWORK_EPOCHS, received, origin=origin)
    try:
        with warehouse.writing(NETWORK_EPOCHS) as connection:
            refreshed = _store_epochs(
                connection,
                fetched,
                answer.fetched_at,
                origin,
                halvings,
                accept_change=accept_change,
                archive_object=kept.object if kept else None,
            )
            archiving.record(connection, kept)
        return refreshed
    except NetworkHistoryRefused as refused:
        _record_refused(archiving, warehouse, kept, str(refused))
        raise SourceRefused(f"the difficulty history is refused: {refused}", url=answer.url) from None
    except HistoryContradicted as contradicted:
        reason = f"the difficulty history contradicts what is stored: {contradicted}"
        with warehouse.writing(NETWORK_EPOCHS) as connection:
            references.note_reference_refused(connection, NETWORK_EPOCHS, reason, answer.fetched_at)
        _record_refused(archiving, warehouse, kept, reason)
        raise SourceRefused(f"{reason}; if the source is right: `{ACCEPT_DIFFICULTY}`", url=answer.url) from None


def _halvings(
    warehouse: Warehouse,
    mempool: SyncClient[MempoolClient],
    fetched: Sequence[Retarget],
    given: Mapping[int, datetime],
    *,
    ask_again: bool,
) -> Halvings:
    """Return the times of the halvings that the retargets reach: as given, as settled when stored, else as asked now.

    Args:
        warehouse: open.
        mempool: asked for what is fetched.
        fetched: what was fetched.
        given: block times by height that a person gave.
        ask_again: ask also for those that are settled: a file may have told them that tells them no more.
    """
    with warehouse.reading() as connection:
        untampered = not references.is_tampered(connection, NETWORK_EPOCHS)
        stored = references.stored_epochs(connection) if untampered else ()
        confirmed_at = references.last_fetch(connection, NETWORK_EPOCHS)
    before = {epoch.height: epoch.block_time for epoch in stored if epoch.kind == "halving"}
    known = {**before, **KNOWN_HALVINGS, **given}
    recent = {height for height, time in before.items() if ask_again or not is_settled(time, confirmed_at)}
    recent -= {*KNOWN_HALVINGS, *given}
    heights = {epoch.height for epoch in stored if epoch.kind == "retarget"} | {each.height for each in fetched}
    unsure = [height for height in halvings_within(heights) if height not in known or height in recent]
    told = ask_halvings(mempool, known, unsure) if unsure else Halvings(known, {}, {})
    return replace(told, given=frozenset(given))


def _store_epochs(
    connection: Connection,
    fetched: list[Retarget],
    fetched_at: datetime,
    origin: str | None,
    halvings: Halvings,
    *,
    accept_change: bool,
    archive_object: str | None,
) -> RefreshedEpochs:
    before = references.stored_epochs(connection)
    trusted = () if references.is_tampered(connection, NETWORK_EPOCHS) else before
    confirmed_at = references.last_fetch(connection, NETWORK_EPOCHS)
    if before and not trusted and not accept_change:
        _refuse_shorter(before, fetched)
    retargets = merged_retargets(trusted, confirmed_at, fetched, accept_change=accept_change)
    lags = retargets[-1].height > max(retarget.height for retarget in fetched)
    until = confirmed_at if lags and confirmed_at else fetched_at
    halvings = halvings.beside(retargets)
    try:
        history = network_history(retargets, until, halvings.known, halvings.awaited)
    except NetworkHistoryRefused as refused:
        raise HistoryContradicted(str(refused)) from None
    if any(retarget not in fetched for retarget in retargets):  # some that are stored stay beside the answer's
        origin = references.origin_beside(connection, NETWORK_EPOCHS, origin)
    added = references.store_network_history(connection, history, origin, archive_object)
    references.note_halvings_lacking(connection, halvings.lacking, fetched_at)
    counts = {"epochs": len(history.epochs), "new": added}
    if lags:
        counts["not listed by the source"] = sum(retarget not in fetched for retarget in retargets)
    span = rewritten_span(trusted, history.epochs, confirmed_at)
    rewritten = _days_of(span[0], min(span[1], history.known_until)) if span else []
    note_written(connection, rewritten)  # so that they count as unverified, should their verification never come
    return RefreshedEpochs(counts, rewritten)


def _refuse_shorter(tampered: Sequence[Epoch], fetched: Sequence[Retarget]) -> None:
    """Refuse a list that does not replace all of a table that was tampered with: what it lacks would be lost.

    Raises:
        NetworkHistoryRefused: saying what to do.
    """
    lowest, reached = min(fetched), min(tampered)
    if lowest.height > reached.height:
        raise NetworkHistoryRefused(
            f"network_epochs was altered from height {reached.height} on, and the list begins at {lowest.height} only; "
            f"{SHORT_SOURCE}, or give up what is older: `{ACCEPT_DIFFICULTY}`"
        )


def _days_of(start: datetime, end: datetime) -> list[date]:
    first, last = (instant.astimezone(LONDON).date() for instant in (start, end))
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def known_wind_units(
    warehouse: Warehouse, additions: Iterable[WindUnit], sites: Mapping[str, str] = NO_SITES
) -> dict[str, WindUnit]:
    """Return every known wind unit, curated additions included; store what is new in the lists.

    Empty when the register was never fetched, or units were taken out of its table: it has to be fetched then.

    Args:
        warehouse: open.
        additions: wind units that a person added.
        sites: as for :func:`refresh_wind_units`.
    """
    added = list(additions)
    units = stored_wind_units(warehouse, added)
    if not units:
        return {}
    with warehouse.reading() as connection:
        stored = references.wind_units(connection)
        moved = references.moved_units(connection, sites)
    unknown = [addition for addition in added if addition.bm_unit_id not in stored]
    if unknown or moved:
        with warehouse.writing(WIND_BM_UNITS) as connection:
            references.store_wind_units(connection, unknown, datetime.now(UTC))
            references.store_sites(connection, sites)
            if unknown:
                references.note_content(connection, WIND_BM_UNITS)
    return units


def stored_wind_units(warehouse: Warehouse, additions: Iterable[WindUnit]) -> dict[str, WindUnit]:
    """Return every known wind unit, curated additions included, and write nothing; empty as for the above.

    Args:
        warehouse: open.
        additions: wind units that a person added; the stored one counts where both are there.
    """
    with warehouse.reading() as connection:
        units = registered_units(connection)
    return {addition.bm_unit_id: addition for addition in additions} | units if units else {}


def registered_units(connection: Connection) -> dict[str, WindUnit]:
    """Read every wind unit that is stored; none when the register was never fetched, or its table was altered."""
    if references.last_fetch(connection, WIND_BM_UNITS) is None or references.is_tampered(connection, WIND_BM_UNITS):
        return {}
    return references.wind_units(connection)


def unit_asked_for(warehouse: Warehouse, text: str, units: Mapping[str, WindUnit]) -> str:
    """Find the id of the unit that a text names, as ``naming.unit_named`` does, by the sites that are stored.

    Raises:
        NoSuchUnitError: it names none of the units, or several.
    """
    with warehouse.reading() as connection:
        sites = references.unit_sites(connection)
    return unit_named(text, units, sites)


def doubtful_sites(warehouse: Warehouse, sites: Mapping[str, str]) -> list[str]:
    """Return what a person's list of sites names that is not known; nothing while no unit is known.

    Args:
        warehouse: open.
        sites: the list that ships with the person's over it; what only ships is not looked at.
    """
    shipped = shipped_sites()
    told = {unit: site for unit, site in sites.items() if shipped.get(unit) != site}
    if not told:
        return []
    with warehouse.reading() as connection:
        units = references.wind_units(connection)
    return doubts_of_sites(told, units, shipped) if units else []


def stored_network_history(warehouse: Warehouse) -> NetworkHistory:
    """Return the network's history as stored."""
    with warehouse.reading() as connection:
        return references.network_history(connection)


def reaches(history: NetworkHistory, days: Iterable[date]) -> bool:
    """Return whether the history covers every period of some days."""
    return first_unknown(history, days) is None


def first_unknown(history: NetworkHistory, days: Iterable[date]) -> datetime | None:
    """Return the start of the first period of some days whose difficulty is not known, or None."""
    starts = pd.Series([start for day in days for start in period_starts(day)], dtype="datetime64[us, UTC]")
    unknown = starts[history.unknown(starts)]
    return unknown.iloc[0].to_pydatetime() if len(unknown) else None
