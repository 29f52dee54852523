"""Keeping the answers of fetches: an object before anything is stored from them, its name with what is stored.

A crash in between leaves an object that nobody names, never a name without an object.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pandas as pd

from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.sources.received import Received
from mining_assets.warehouse.archived import note_archived
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.days import FetchedDay


@dataclass(frozen=True)
class Archiving:
    """What keeps answers, or does not.

    Attributes:
        archive: where they are kept; None keeps nothing.
    """

    archive: Archive | None = None

    def keep(
        self, name: str, received: Sequence[Received], subject: date | None = None, **details: Any
    ) -> ArchivedFetch | None:
        """Keep the answers of a fetch as an object; None where nothing is kept, or nothing was answered.

        Args:
            name: what was fetched: ``SETTLEMENT_STACKS``, a daily series, or a reference table.
            received: what its requests came to.
            subject: the settlement day, for what is archived by day; None for the month of the fetch.
            details: other fields of ``ArchivedFetch``.

        Raises:
            ArchiveUnavailable: the object could not be written.
        """
        if self.archive is None or not any(answer.body is not None for answer in received):
            return None
        first = min(answer.requested_at for answer in received)
        return self.archive.keep(name, str(subject or f"{first:%Y-%m}"), received, **details)

    def record(self, connection: Connection, kept: ArchivedFetch | None) -> None:
        """Name an object that was kept, in its manifest and in the caller's transaction; to be its last step.

        Raises:
            ArchiveUnavailable: the manifest could not be written; the transaction is not to be committed.
        """
        if self.archive is None or kept is None:
            return
        _note(connection, kept)
        self.archive.record(kept)

    def record_refused(self, warehouse: Warehouse, kept: ArchivedFetch | None, reason: str) -> None:
        """Name an object whose answers were refused, in a transaction of its own: nothing else depends on it.

        Args:
            warehouse: open.
            kept: the object; None where nothing is kept.
            reason: why nothing is stored from it.

        Raises:
            ArchiveUnavailable: the manifest could not be written; whoever calls says so and goes on.
        """
        if self.archive is None or kept is None:
            return
        with warehouse.writing(kept.subject, kept.name) as connection:
            self.record(connection, kept.model_copy(update={"refused": reason}))


NOT_ARCHIVING = Archiving()
NOT_KEPT = "the refused answers could not be archived, which nothing else depends on"


@dataclass(frozen=True)
class Replaying(Archiving):
    """What names the object that answers are read from, in place of keeping them again.

    Attributes:
        fetch: whose answers they are.
    """

    fetch: ArchivedFetch | None = None

    def keep(
        self, name: str, received: Sequence[Received], subject: date | None = None, **details: Any
    ) -> ArchivedFetch | None:
        """Return the fetch: its answers are kept already."""
        return self.fetch

    def record(self, connection: Connection, kept: ArchivedFetch | None) -> None:
        """Name the fetch in the caller's transaction; its manifest has it already."""
        if kept is not None:
            _note(connection, kept)


def _note(connection: Connection, kept: ArchivedFetch) -> None:
    note_archived(connection, [kept.model_dump() | {"refused": kept.refused or None}])


def keep_day(
    archiving: Archiving, fetched: FetchedDay, received: Sequence[Received], **details: Any
) -> tuple[FetchedDay, ArchivedFetch | None]:
    """Keep the answers of a day that was fetched; its ledger then names their object.

    Args:
        archiving: what keeps them.
        fetched: what was made of them.
        received: the answers.
        details: as for ``Archiving.keep``.
    """
    vintage = fetched.ledger["vintage"].dropna().max()
    kept = archiving.keep(
        SETTLEMENT_STACKS,
        received,
        fetched.day,
        vintage=None if pd.isna(vintage) else vintage.to_pydatetime(),
        origin=fetched.origin,
        **details,
    )
    return replace(fetched, ledger=named(fetched.ledger, kept)), kept


def named(ledger: pd.DataFrame, kept: ArchivedFetch | None) -> pd.DataFrame:
    """Return ledger rows with the object that their answers are kept in."""
    return ledger.assign(archive_object=kept.object if kept else None)
