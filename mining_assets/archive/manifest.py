"""The manifest of a subject: a line of JSON for each fetch of it, that names the object it is in.

The lines are in the order in which the fetches were named, which need not be the order in which they were made.
A subject is what a fetch was for: a settlement day, or the month in which anything else was fetched.
"""

from datetime import UTC, datetime, timedelta

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from mining_assets.archive.errors import ObjectDamaged
from mining_assets.archive.objects import Packed
from mining_assets.domain.origin import origin_below

SETTLEMENT_STACKS = "settlement_stacks"
"""What the fetches of settlement days are called, the only ones whose subject is a day; and their asset."""


class ArchivedFetch(BaseModel):
    """A fetch whose answers are kept.

    Attributes:
        name: what was fetched: ``settlement_stacks``, a daily series or a reference table.
        subject: the settlement day (2025-06-03), or the month of the fetch (2025-06).
        fetched_at: when the first request that was answered was sent, UTC.
        object: SHA-256 of the object's index, by which it is named.
        object_bytes: of the object, as compressed when it was written.
        answers: how many answers it holds.
        body_bytes: of all their bodies together.
        vintage: newest settlement run (createdDateTime) in it, where it has any.
        origin: where it came from, as ``domain.origin`` writes it.
        base: address below which the paths of the object were asked for, without credentials; of the first answer
            where there are several.
        bases: of each answer, in the order of the object, where there are several; empty where there is one, and of
            fetches that were kept before this was noted.
        days: of a daily series, the ranges of days that were asked for: 2025-06-01/2025-06-07.
        settlement_period: the one that was fetched alone; None for a whole day.
        accept_empty: settlement periods that a person confirmed to be empty.
        accept_shrink: whether a person accepted a smaller day.
        refused: why nothing was stored from it; empty when it was.
        requested_after: of each answer, in the order of the object, microseconds after ``fetched_at``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    subject: str
    fetched_at: AwareDatetime
    object: str = Field(pattern=r"^[0-9a-f]{64}$")
    object_bytes: int
    answers: int
    body_bytes: int
    vintage: AwareDatetime | None = None
    origin: str | None = None
    base: str = ""
    bases: tuple[str, ...] = ()
    days: tuple[str, ...] = ()
    settlement_period: int | None = None
    accept_empty: tuple[int, ...] = ()
    accept_shrink: bool = False
    refused: str = ""
    requested_after: tuple[int, ...]

    @property
    def requested_at(self) -> list[datetime]:
        """The UTC instant of each answer's request, in the order of the object."""
        return [self.fetched_at + timedelta(microseconds=after) for after in self.requested_after]

    @property
    def base_of_each(self) -> tuple[str, ...]:
        """The base address of each answer, in the order of the object."""
        return self.bases or (self.base,) * self.answers

    def origin_of(self, base: str) -> str:
        """Return where the answers below one of the base addresses came from, as ``domain.origin`` writes it."""
        return origin_below(self.origin, base) if self.bases else self.origin or ""

    def line(self) -> str:
        """Return the line of the manifest, without what has its default."""
        return self.model_dump_json(exclude_defaults=True) + "\n"


def requested_after(packed: Packed) -> tuple[datetime, tuple[int, ...]]:
    """Return the instant of the first request, and of each the microseconds after it, in the order of the object."""
    first = min(answer.requested_at for answer in packed.answers).astimezone(UTC)
    microsecond = timedelta(microseconds=1)
    return first, tuple((answer.requested_at - first) // microsecond for answer in packed.answers)


def parse_manifest(written: bytes, location: str, *, sound_only: bool = False) -> list[ArchivedFetch]:
    """Return the fetches of a manifest, in its order.

    Args:
        written: the manifest.
        location: named in an error.
        sound_only: leave out lines that are damaged.

    Raises:
        ObjectDamaged: a line of it is not one that was written.
    """
    fetches = []
    for number, line in enumerate(written.splitlines(), start=1):
        try:
            fetches.append(ArchivedFetch.model_validate_json(line))
        except ValidationError as error:
            if sound_only:
                continue
            first = error.errors()[0]
            field = ".".join(map(str, first["loc"])) or "the line"
            raise ObjectDamaged(location, f"line {number}: {field}: {first['msg']}") from None
    return fetches
