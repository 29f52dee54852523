"""Removing from the archive what nobody needs: orphans, and vintages that a person names.

What is an orphan is decided in ``archive_check``.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from mining_assets.archive.manifest import SETTLEMENT_STACKS
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
    """

    removed: list[Orphan] = field(default_factory=list)
    kept: list[Orphan] = field(default_factory=list)

    @property
    def bytes(self) -> int:
        """Bytes that are given back."""
        return sum(each.bytes for each in self.removed)


def plan_pruning(warehouse: Warehouse, archive: Archive, vintages: Collection[str] = ()) -> Pruning:
    """Return what would be removed; nothing is.

    Args:
        warehouse: open.
        archive: that its answers are in.
        vintages: SHA-256 of objects to remove although committed fetches name them.

    Raises:
        InUse: one of the vintages is named by a ledger now, or by no fetch.
        ArchiveUnavailable: the archive cannot be reached.
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
            _plan_subject(archive, name, subject, _without(of, vintages), listed.get(subject, []), pruning)
    if unknown := sorted(set(vintages) - known):
        raise InUse(f"no committed fetch has the object {unknown[0]}")
    return pruning


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
        if forgotten := {each.object for each in planned}.intersection(vintages):
            with warehouse.writing(scope) as connection:
                _refuse(named_by_warehouse(connection, name).get(subject, Named()), forgotten)
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
    archive: Archive, name: str, subject: str, named: Named, listed: Sequence[str], pruning: Pruning
) -> None:
    for digest in listed:
        if digest not in named.objects:
            orphan = Orphan(name, subject, digest, bytes=archive.size(name, subject, digest))
            (pruning.kept if _young(archive, orphan) else pruning.removed).append(orphan)
    young = {each.object for each in pruning.kept if (each.name, each.subject) == (name, subject)}
    for line in orphan_lines(archive.fetches(name, subject), named):
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
