"""Where data came from: how it is written beside the data, and what that means to whoever reads the data.

An origin is a plain text: the address that was asked, ``https://data.elexon.co.uk/bmrs/api/v1``, followed by
``(generated)`` when the answers said of themselves that they are made up. It is one text, not an address and a flag, so
that nobody can read or copy the one without the other, and so that it says what it means wherever it is shown as it is
stored. Data of several origins has them all, joined by ``; ``: an address holds no blank. What counts is what was
stored with the data, never the settings of whoever reads it. Absent means unknown: the data was stored by a version
that noted no origin.
"""

from collections.abc import Collection, Iterable
from enum import StrEnum

GENERATED_MARK = " (generated)"
UNKNOWN_PART = "unknown"
"""Stands for the part of a day whose origin is unknown, beside one that is known."""
GIVEN = "file"
"""The origin of what a person gave in a file of their own; ``bitcoin_price.source`` says so too."""
_JOINT = "; "
_MASKED_USER = "//***@"


class Kind(StrEnum):
    """What an origin means, the one that a reader must hear of first first."""

    GENERATED = "generated"
    OTHER = "other address"
    UNKNOWN = "unknown"
    LIVE = "live"


def origin_text(address: str, *, generated: bool) -> str:
    """Write down an origin.

    Args:
        address: of the source, with its user masked and without a query.
        generated: whether an answer of it said that it is generated.
    """
    return address + (GENERATED_MARK if generated else "")


def joined_origins(origins: Iterable[str | None]) -> str | None:
    """Write down the origin of data of which each part has one of these; None while that of every part is unknown."""
    parts = {part: None for origin in origins for part in (origin or UNKNOWN_PART).split(_JOINT)}
    return None if set(parts) <= {UNKNOWN_PART} else _JOINT.join(parts)


def kind_of(origin: str | None, live: Collection[str]) -> Kind:
    """Judge an origin by the part of it that a reader must hear of first.

    Args:
        live: the addresses of the live sources. A user that is masked before one does not make it another.
    """
    kinds = {_kind_of_part(part, live) for part in (origin or UNKNOWN_PART).split(_JOINT)}
    return next(kind for kind in Kind if kind in kinds)


def _kind_of_part(part: str, live: Collection[str]) -> Kind:
    if part.endswith(GENERATED_MARK):
        return Kind.GENERATED
    if part == UNKNOWN_PART:
        return Kind.UNKNOWN
    return Kind.LIVE if part == GIVEN or part.replace(_MASKED_USER, "//") in live else Kind.OTHER
