"""Removing from the archive what nobody needs: orphans, and vintages that a person names or that are old.

What is an orphan is decided in ``archive_check``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.pipeline.archive_check import NAMES, Named, Orphan, named_by_warehouse, orphan_lines
from mining_assets.warehouse.archived import archived_names, forget_archived
from mining_assets.warehouse.connection import Warehouse

UNDER_WAY = timedelta(hours=1)
"""A younger object may belong to a fetch that has not committed yet."""


class InUse(Exception):
    """A vintage that was named may not be removed, or there is none; nothing was."""


@dataclass
class Pruning:
    """What there is to remove.

    Attributes:
        removed: orphans, and what becomes one when its vintage is removed.
        kept: orphans that are too young to be removed.
        superseded: SHA-256 of the objects that are vintages which are older than wanted.
    """

    removed: list[Orphan] = field(default_factory=list)
    kept: list[Orphan] = field(default_factory=list)
    superseded: set[str] = field(default_factory=set)

    @property
    def bytes(self) -> int:
        """Bytes that are given back."""
        return sum(each.bytes for each in self.removed)


def plan_pruning(
    warehouse: Warehouse, archive: Archive, vintages: Collection[str] = (), before: datetime | None = None
) -> Pruning:
    """Return what would be removed; nothing is.

    Args:
        warehouse: open.
        archive: that its answers are in.
        vintages: SHA-256 of objects to remove although committed fetches name them.
        before: also removes the vintages of settlement days that are older, see :func:`superseded`.

    Raises:
        InUse: one of the vintages is named by a ledger now, or by no fetch.
        ArchiveUnavailable: the archive cannot be reached.
        ObjectDamaged: a manifest cannot be read.
    """
    pruning, known = Pruning(), set[str]()
    archive.reach()
    with warehouse.reading() as connection:
        names = sorted({*NAMES, *archived_names(connection)})
    for name in names:
        # Listed before the warehouse is read: what is committed meanwhile is named by then, and stays.
        listed = dict(archive.subjects(name))
        with warehouse.reading() as connection:
            named = named_by_warehouse(connection, name)
        for subject in sorted({*listed, *named} - {""}):
            of = named.get(subject, Named())
            _refuse(of, vintages)
            known |= of.objects
            lines = archive.fetches(name, subject)
            old = superseded(lines, of, before) if before and name == SETTLEMENT_STACKS else set()
            pruning.superseded |= old
            left = _without(of, {*vintages, *old})
            _plan_subject(archive, name, subject, left, (listed.get(subject, []), lines), pruning)
    if unknown := sorted(set(vintages) - known):
        raise InUse(f"no committed fetch has the object {unknown[0]}")
    return pruning


def superseded(lines: Sequence[ArchivedFetch], named: Named, before: datetime) -> set[str]:
    """Return the objects of a settlement day that are older than an instant and that a later one took the place of.

    What counts is the newest settlement run in an object; where it has none, when it was last fetched. Whatever a
    ledger names stays. A later fetch of the whole day takes the place of all before it; one of a single period takes
    the place of that period alone, and of no refused answer, which waits for a person's decision.

    Args:
        lines: of the day's manifest.
        named: what the warehouse names of the day.
        before: the instant.
    """
    committed = [line for line in lines if (line.fetched_at, line.object) in named.fetches]
    last = {line.object: line.fetched_at for line in sorted(committed, key=lambda line: line.fetched_at)}
    runs = {line.object: line.vintage or last[line.object] for line in committed}
    used = [line for line in committed if line.object in named.in_use and not line.refused]
    needed = {line.object for line in committed if not any(_replaces(later, line) for later in used)}
    return {digest for digest, run in runs.items() if digest not in {*named.in_use, *needed} and run < before}


def _replaces(later: ArchivedFetch, line: ArchivedFetch) -> bool:
    """Tell whether an answer that is in use took the place of another one."""
    if later.fetched_at <= line.fetched_at:
        return False
    return later.settlement_period is None or (later.settlement_period == line.settlement_period and not line.refused)


def prune(warehouse: Warehouse, archive: Archive, pruning: Pruning, vintages: Collection[str] = ()) -> list[Orphan]:
    """Remove what was planned, as far as nobody needs it by now, and return it.

    The fetches of a vintage are forgotten first: a crash leaves an object that nobody names, never a name without one.

    Args:
        warehouse: open.
        archive: that its answers are in.
        pruning: as planned.
        vintages: as for :func:`plan_pruning`.

    Raises:
        InUse: one of the vintages is named by a ledger by now; its subject stays as it is.
        ArchiveUnavailable: the archive cannot be reached any more, or may not be written.
    """
    removed: list[Orphan] = []
    for name, subject in sorted({(each.name, each.subject) for each in pruning.removed}):
        planned = [each for each in pruning.removed if (each.name, each.subject) == (name, subject)]
        scope = subject if name == SETTLEMENT_STACKS else name  # the lock of those who write this manifest
        objects = {each.object for each in planned}
        if objects & {*vintages, *pruning.superseded}:
            with warehouse.writing(scope) as connection:
                named = named_by_warehouse(connection, name).get(subject, Named())
                _refuse(named, objects.intersection(vintages))
                forgotten = objects & {*vintages, *pruning.superseded} - named.in_use
                forget_archived(connection, name, subject, forgotten)
        with warehouse.writing(scope) as connection:
            named = named_by_warehouse(connection, name).get(subject, Named())
            removed += _remove(archive, name, subject, named, planned)
    return removed


def _refuse(named: Named, vintages: Collection[str]) -> None:
    if used := sorted(named.in_use.intersection(vintages)):
        raise InUse(f"the stored data was made of the object {used[0]}: it stays")


def _without(named: Named, vintages: Collection[str]) -> Named:
    """Return what is named when some objects are not any more."""
    return Named(
        {(instant, digest) for instant, digest in named.fetches if digest not in vintages},
        {digest: size for digest, size in named.bytes.items() if digest not in vintages},
        named.in_use,
    )


def _plan_subject(
    archive: Archive,
    name: str,
    subject: str,
    named: Named,
    found: tuple[Sequence[str], Sequence[ArchivedFetch]],
    pruning: Pruning,
) -> None:
    listed, lines = found
    for digest in listed:
        if digest not in named.objects:
            orphan = Orphan(name, subject, digest, bytes=archive.size(name, subject, digest))
            (pruning.kept if _young(archive, orphan) else pruning.removed).append(orphan)
    young = {each.object for each in pruning.kept if (each.name, each.subject) == (name, subject)}
    for line in orphan_lines(lines, named):
        orphan = Orphan(name, subject, line.object, line.fetched_at)
        (pruning.kept if line.object in young else pruning.removed).append(orphan)


def _young(archive: Archive, orphan: Orphan) -> bool:
    written = archive.written_at(orphan.name, orphan.subject, orphan.object)
    return datetime.now(UTC) - written < UNDER_WAY


def _remove(archive: Archive, name: str, subject: str, named: Named, planned: Sequence[Orphan]) -> list[Orphan]:
    """Remove orphans of a subject while nobody else writes it."""
    orphans = {(line.object, line.fetched_at) for line in orphan_lines(archive.fetches(name, subject), named)}
    lines = [each for each in planned if (each.object, each.fetched_at) in orphans]
    archive.strike(name, subject, {(each.object, each.fetched_at) for each in lines})
    objects = [each for each in planned if each.fetched_at is None and each.object not in named.objects]
    objects = [each for each in objects if not _young(archive, each)]
    for each in objects:
        archive.remove(name, subject, each.object)
    return [*lines, *objects]
