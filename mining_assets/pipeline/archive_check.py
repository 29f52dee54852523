"""Is the archive what the warehouse says of it? Every object that it names is read; what nobody names is an orphan.

Nothing is changed here; what removes orphans is in ``archive_prune``.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from mining_assets.archive.errors import ArchiveError, ArchiveUnavailable
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.wording import count_of
from mining_assets.warehouse.archived import archived_names, noted_fetches, objects_of_days, objects_of_others
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS

NAMES = (SETTLEMENT_STACKS, *SERIES, NETWORK_EPOCHS, WIND_BM_UNITS)
"""Everything whose answers are archived."""
_EVER = (date.min, date.max)


@dataclass(frozen=True)
class Problem:
    """An object or a manifest that is not what the warehouse says.

    Attributes:
        name: as ``ArchivedFetch.name``.
        subject: as ``ArchivedFetch.subject``; empty where it is unknown.
        object: its SHA-256; None of a manifest.
        reason: what is wrong, with the address.
    """

    name: str
    subject: str
    object: str | None
    reason: str


@dataclass(frozen=True)
class Orphan:
    """An object, or a line of a manifest, of a fetch that was never committed.

    Attributes:
        name: as ``ArchivedFetch.name``.
        subject: as ``ArchivedFetch.subject``.
        object: the SHA-256 of the object, also of the one that a line names.
        fetched_at: of a line; None of an object.
        bytes: of an object; 0 of a line.
    """

    name: str
    subject: str
    object: str
    fetched_at: datetime | None = None
    bytes: int = 0


@dataclass
class ArchiveCheck:
    """What a check of the archive found.

    Attributes:
        fetches: how many committed fetches it went through.
        objects: how many objects the warehouse names.
        bytes: of those that are right, as noted when they were written.
        problems: what is not as the warehouse says.
        orphans: what no committed fetch names.
    """

    fetches: int = 0
    objects: int = 0
    bytes: int = 0
    problems: list[Problem] = field(default_factory=list)
    orphans: list[Orphan] = field(default_factory=list)


@dataclass
class Named:
    """What the warehouse names of one subject.

    Attributes:
        fetches: instant and object of each committed fetch.
        bytes: of each object of these fetches.
        in_use: objects that a ledger names now.
    """

    fetches: set[tuple[datetime, str]] = field(default_factory=set)
    bytes: dict[str, int] = field(default_factory=dict)
    in_use: set[str] = field(default_factory=set)

    @property
    def objects(self) -> set[str]:
        """Every object that is named."""
        return {*self.bytes, *self.in_use}


def check_archive(
    warehouse: Warehouse,
    archive: Archive,
    days: tuple[date, date] | None = None,
    phase: Callable[[str], None] = lambda _: None,
) -> ArchiveCheck:
    """Read every object and manifest that the warehouse names, and list what it does not name.

    Args:
        warehouse: open.
        archive: that its answers are in.
        days: first and last settlement day; None for everything. What is not archived by day is left out of a range.
        phase: told what is being done.

    Raises:
        ArchiveUnavailable: the store cannot be reached at all.
    """
    check = ArchiveCheck()
    archive.reach()
    # What the warehouse names is read first: whatever is committed by then is in the archive.
    with warehouse.reading() as connection:
        names = [SETTLEMENT_STACKS] if days else sorted({*NAMES, *archived_names(connection)})
        named = {name: named_by_warehouse(connection, name, days) for name in names}
    for name in names:
        phase(f"listing {name}")
        listed = {subject: found for subject, found in archive.subjects(name) if _within(subject, days)}
        for subject in sorted({*listed, *named[name]} - {""}):
            phase(f"checking {name} {subject}")
            check_subject(archive, name, subject, named[name].get(subject, Named()), listed.get(subject, []), check)
        for lost in sorted(named[name].get("", Named()).in_use):
            reason = f"archive: {lost}: the warehouse names it, and has no committed fetch of it"
            check.problems.append(Problem(name, "", lost, reason))
            check.objects += 1
    return check


def named_by_warehouse(connection: Connection, name: str, days: tuple[date, date] | None = None) -> dict[str, Named]:
    """Return what the warehouse names of each subject of a name.

    What a ledger names without any fetch that says which subject it is of is under the subject "".

    Args:
        connection: of the caller's transaction.
        name: as ``ArchivedFetch.name``.
        days: first and last settlement day; None for everything.
    """
    first, last = map(str, days) if days else (None, None)
    found: dict[str, Named] = {}
    subjects_of: dict[str, list[str]] = {}
    for row in noted_fetches(connection, name, first, last).to_dict("records"):
        subject, digest = row["subject"], row["object"]
        named = found.setdefault(subject, Named())
        named.fetches.add((row["fetched_at"].to_pydatetime(), digest))
        named.bytes[digest] = int(row["object_bytes"])
        subjects_of.setdefault(digest, []).append(subject)
    if name == SETTLEMENT_STACKS:
        for day, digest in objects_of_days(connection, *(days or _EVER)):
            found.setdefault(day, Named()).in_use.add(digest)
    else:
        for of, digest in objects_of_others(connection):
            for subject in subjects_of.get(digest, [""]) if of == name else ():
                found.setdefault(subject, Named()).in_use.add(digest)
    return found


def orphan_lines(lines: Sequence[ArchivedFetch], named: Named) -> Iterator[ArchivedFetch]:
    """Yield the lines of a manifest that no committed fetch has."""
    return (line for line in lines if (line.fetched_at, line.object) not in named.fetches)


def _within(subject: str, days: tuple[date, date] | None) -> bool:
    return days is None or str(days[0]) <= subject <= str(days[1])


def check_subject(
    archive: Archive, name: str, subject: str, named: Named, listed: Sequence[str], check: ArchiveCheck
) -> None:
    """Read the objects and the manifest of a subject, and add what is found to a check.

    Args:
        archive: that its answers are in.
        name: as ``ArchivedFetch.name``.
        subject: as ``ArchivedFetch.subject``.
        named: what the warehouse names of it.
        listed: the objects that the archive has of it; those that nobody names are orphans.
        check: takes in what is found.

    Raises:
        ArchiveUnavailable: the store cannot be reached any more.
    """

    def wrong(digest: str | None, error: ArchiveError | str) -> None:
        check.problems.append(Problem(name, subject, digest, str(error)))

    check.fetches += len(named.fetches)
    for digest in sorted(named.objects):
        check.objects += 1
        if error := _error(archive, archive.read, name, subject, digest):
            wrong(digest, error)
        else:
            check.bytes += named.bytes.get(digest, 0)
    lines: list[ArchivedFetch] = []
    if error := _error(archive, lambda *of: lines.extend(archive.fetches(*of)), name, subject):
        wrong(None, error)
    else:
        if lost := named.fetches - {(line.fetched_at, line.object) for line in lines}:
            location = archive.manifest_location(name, subject)
            wrong(None, f"archive: {location}: lacks {count_of(len(lost), 'line')} of committed fetches")
        check.orphans += [Orphan(name, subject, line.object, line.fetched_at) for line in orphan_lines(lines, named)]
    for digest in listed:
        if digest not in named.objects:
            check.orphans.append(Orphan(name, subject, digest, bytes=archive.size(name, subject, digest)))


def _error(archive: Archive, read: Callable[..., Any], *of: str) -> ArchiveError | None:
    """Read something, and return what is wrong with it.

    Raises:
        ArchiveUnavailable: the store cannot be reached any more, which says nothing of the object.
    """
    try:
        read(*of)
    except ArchiveUnavailable as error:
        archive.reach()
        return error
    except ArchiveError as error:
        return error
    return None
