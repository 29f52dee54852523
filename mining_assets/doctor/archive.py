"""The doctor's look at the archive: whether it takes and gives back what is kept, its disk, and how much it holds.

Whether what it holds is as it was received is checked elsewhere (`mining-assets archive check`).
"""

import os
from contextlib import closing
from threading import Thread

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.store import Archive
from mining_assets.doctor.database import is_missing
from mining_assets.doctor.lines import Line, judged
from mining_assets.doctor.machine import disk_line
from mining_assets.domain.wording import count_of
from mining_assets.setting_values import NO_ARCHIVE
from mining_assets.warehouse.address import URL
from mining_assets.warehouse.archived import archive_space
from mining_assets.warehouse.connection import DBAPIError, Warehouse

NAMES = ("archive", "archive disk", "archive content")
PATIENCE_SECONDS = 15.0
"""A driver may try for minutes what a person who asks whether all is ready does not wait for."""
OFF = (
    f"{NO_ARCHIVE}: no answer is kept, so nothing can be replayed, followed to what was received, or repaired without "
    "a request"
)
_ASSUMED = "files that are written are read back, and can be removed"


def archive_lines(
    address: str | None, warehouse: URL | None, seconds: float = PATIENCE_SECONDS
) -> tuple[list[Line], list[str]]:
    """Look at the archive by writing a small file, reading it and removing it.

    Args:
        address: of the archive; None where answers are not kept.
        warehouse: that has noted what was archived; None where it cannot be read.
        seconds: how long the store may take.

    Returns:
        The lines, and the names of those that could not be had.
    """
    if address is None:
        return [judged(NAMES[0], None, OFF)], []
    try:
        archive = Archive(address)
    except ArchiveError as error:
        problem = f"{error.location}: {error.reason} (extras and addresses: docs/archive.md, Object stores)"
        return [judged(NAMES[0], problem, "", "an address that an installed driver takes")], list(NAMES[1:])
    lines, lacking = [_probe_line(archive, seconds)], []
    if archive.folder is not None and lines[0].status == "pass":
        lines.append(disk_line(archive.folder, NAMES[1]))
    elif archive.folder is not None:
        lacking.append(NAMES[1])
    if warehouse is not None and (content := _content_line(warehouse)):
        lines.append(content)
    else:
        lacking.append(NAMES[2])
    return lines, lacking


def _probe_line(archive: Archive, seconds: float) -> Line:
    errors: list[ArchiveError] = []

    def probe() -> None:
        try:
            archive.probe()
        except ArchiveError as error:
            errors.append(error)

    # Not of a pool: a process waits at its end for the threads of one.
    thread = Thread(target=probe, name="archive probe", daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        return Line(NAMES[0], "", "unreachable", f"{archive.address}: no answer within {seconds:g} s")
    if errors:
        (error,) = errors
        said = f"{archive.address} cannot be used: {error.location}: {error.reason}"
        if archive.folder is None and not _refused(error.__cause__):
            return Line(NAMES[0], "", "unreachable", said)
        return judged(NAMES[0], said, "", _ASSUMED)
    there = archive.folder is None or os.path.exists(archive.folder)
    found = "takes and gives back files" if there else "is not there yet; the first command that fetches makes it"
    return judged(NAMES[0], None, f"{archive.address} {found}", _ASSUMED)


def _refused(error: BaseException | None) -> bool:
    """Return whether a store answered, and would not: no more than one that answers has such errors."""
    if error is None:
        return True
    return isinstance(error, OSError) and not isinstance(error, ConnectionError | TimeoutError)


def _content_line(address: URL) -> Line | None:
    """Return what the warehouse has noted of the archive; None where it has no such table."""
    if is_missing(address):
        return judged(NAMES[2], None, "the database has noted nothing yet")
    with closing(Warehouse(address)) as warehouse:
        try:
            with warehouse.reading() as connection:
                space = archive_space(connection)
        except DBAPIError:
            return None
    objects, fetches, size = (sum(each[name] for each in space) for name in ("objects", "fetches", "bytes"))
    held = f"{count_of(objects, 'object')} of {count_of(fetches, 'fetch', 'fetches')}, {size:,} bytes"
    return judged(NAMES[2], None, f"{held}, as the database has noted them (`mining-assets archive check` reads them)")
