"""An archive that fails at a chosen step of keeping a fetch."""

from collections.abc import Sequence
from typing import Any, Literal

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.manifest import ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.sources.received import Received

Step = Literal["object", "manifest", "commit"]
STEPS: tuple[Step, ...] = ("object", "manifest", "commit")


class FailingArchive(Archive):
    """Fails before the object or the manifest is written, or, as a process that is killed, before the commit.

    Attributes:
        fails_at: the step; None for none.
    """

    fails_at: Step | None = None

    def keep(self, name: str, subject: str, received: Sequence[Received], **details: Any) -> ArchivedFetch:
        self._fail("object")
        return super().keep(name, subject, received, **details)

    def record(self, fetch: ArchivedFetch) -> None:
        self._fail("manifest")
        super().record(fetch)
        self._fail("commit")

    def _fail(self, step: Step) -> None:
        if self.fails_at == step:
            raise ArchiveUnavailable(self.address, f"unavailable at the {step}")
