"""Where data came from: how it is written beside the data, and what that means to whoever reads the data.

An origin is a plain text: the address that was asked, ``https://data.elexon.co.uk/bmrs/api/v1``, followed by
``(generated)`` when the answers said of themselves that they are made up. It is one text, not an address and a flag, so
that nobody can read or copy the one without the other, and so that it says what it means wherever it is shown as it is
stored. Data of several origins has them all, joined by ``; ``: an address holds no blank. What counts is what was
stored with the data, never the settings of whoever reads it. Absent means unknown: the data was stored by a version
that noted no origin.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mining_assets.domain.daily_series import DAILY_SERIES
from mining_assets.domain.live_sources import ELEXON_CREDIT, LIVE_ADDRESSES, LIVE_ELEXON, LIVE_MEMPOOL
from mining_assets.domain.wording import count_of

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


_HEADLINES = {
    Kind.GENERATED: "Generated data: not real figures",
    Kind.OTHER: "Not all data is from the live sources",
    Kind.UNKNOWN: "Where all data came from is not known",
}
_LISTED = 3  # addresses
_REFERENCES = {"wind_bm_units": "the register of units", "network_epochs": "the difficulty"}


def _credits() -> dict[str, dict[str, str]]:
    credited: dict[str, dict[str, str]] = {
        LIVE_ELEXON: {"settlement_days": ELEXON_CREDIT, "wind_bm_units": ELEXON_CREDIT},
        LIVE_MEMPOOL: {"network_epochs": "Bitcoin difficulty by mempool.space."},
    }
    for series in DAILY_SERIES.values():
        for address, credit in series.credits.items():
            credited.setdefault(address, {})[series.name] = credit
    return credited


_CREDITS = _credits()
"""What has to be said of data of a live source, by its address and the data."""


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


def origin_below(origin: str | None, address: str) -> str:
    """Return the part of an origin that is an address; where it has no such part, that address as the others are.

    Args:
        origin: of several sources, among them perhaps the one at the address.
        address: of a source, with its user masked and without a query.
    """
    parts = (origin or "").split(_JOINT)
    marked = origin_text(address, generated=True)
    generated = marked in parts if {address, marked} & {*parts} else kind_of(origin) is Kind.GENERATED
    return origin_text(address, generated=generated)


def kind_of(origin: str | None, live: Collection[str] = LIVE_ADDRESSES) -> Kind:
    """Judge an origin by the part of it that a reader must hear of first.

    Args:
        origin: as it is stored; None when it is unknown.
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


@dataclass(frozen=True)
class StoredOrigin:
    """What is stored of one kind of data from one origin.

    Attributes:
        data: the series or the reference, by its table's name; ``settlement_days`` for the days themselves.
        origin: as it is stored; None when it is unknown.
        days: how many days; None for a reference, which is of no day.
    """

    data: str
    origin: str | None
    days: int | None = None


@dataclass(frozen=True)
class Origins:
    """Where everything came from that a range of days is made of.

    Attributes:
        all: each kind of data and origin once.
        live: the addresses of the live sources.
    """

    all: tuple[StoredOrigin, ...]
    live: frozenset[str] = LIVE_ADDRESSES

    @property
    def kind(self) -> Kind:
        """What a reader must hear of first; live also when nothing is stored: then there is nothing to hear of."""
        kinds = {kind_of(stored.origin, self.live) for stored in self.all}
        return next((kind for kind in Kind if kind in kinds), Kind.LIVE)

    @property
    def sentence(self) -> str:
        """What a reader must know of where data is from; empty when all of it is from the live sources."""
        return "" if self.kind is Kind.LIVE else f"{self.headline}. {self.details}"

    @property
    def headline(self) -> str:
        """The sentence without what it is about."""
        return _HEADLINES.get(self.kind, "")

    @property
    def details(self) -> str:
        """What is not from the live sources, and where it is from."""
        by_origin: dict[str | None, list[str]] = {}
        for stored in self.all:
            if kind_of(stored.origin, self.live) is not Kind.LIVE:
                by_origin.setdefault(stored.origin, []).append(_named(stored))
        told = [f"{', '.join(names)} from {_address(origin)}" for origin, names in by_origin.items()]
        if len(told) > _LISTED:
            told[_LISTED:] = [f"others from {count_of(len(told) - _LISTED, 'other address', 'other addresses')}"]
        joined = "; ".join(told)
        return f"{joined[:1].upper()}{joined[1:]}." if joined else ""

    @property
    def credits(self) -> list[str]:
        """Whom to name beside the figures: the live sources that they are from, and no other.

        What is of unknown origin may be Elexon's: then its right is named, with that reservation.
        """
        parts = [(stored.data, part) for stored in self.all for part in (stored.origin or UNKNOWN_PART).split(_JOINT)]
        named = [
            credit
            for address, of_data in _CREDITS.items()
            for data, credit in of_data.items()
            if any(data == of and part.replace(_MASKED_USER, "//") == address for of, part in parts)
        ]
        if any(part == UNKNOWN_PART and of in _CREDITS[LIVE_ELEXON] for of, part in parts):
            named.append(f"What is of unknown origin, as far as it is Elexon's: {ELEXON_CREDIT}")
        return list(dict.fromkeys(named))

    def has(self, data: Collection[str], *kinds: Kind) -> bool:
        """Return whether any of these data is stored whose origin is of one of these kinds."""
        return any(stored.data in data and kind_of(stored.origin, self.live) in kinds for stored in self.all)

    def as_dict(self) -> dict[str, Any]:
        """Return it for machines: the kind, the sentence (null when all is live), and each data with its origin."""
        return {
            "kind": str(self.kind),
            "sentence": self.sentence or None,
            "sources": [
                {
                    "data": stored.data,
                    "origin": stored.origin,
                    "kind": str(kind_of(stored.origin, self.live)),
                    "days": stored.days,
                }
                for stored in self.all
            ],
        }


def other_source(origins: Origins, address: str) -> str:
    """Return a sentence where stored days came from elsewhere than they would be fetched from now; else an empty text.

    Args:
        origins: of the days.
        address: of the source that would be asked, with its user masked.
    """
    days = {
        stored.origin: stored.days or 0
        for stored in origins.all
        if stored.data == "settlement_days" and stored.origin and stored.origin.removesuffix(GENERATED_MARK) != address
    }
    if not days:
        return ""
    are = "is" if sum(days.values()) == 1 else "are"
    first = next(iter(days))
    more = f" and {count_of(len(days) - 1, 'other address', 'other addresses')}" if len(days) > 1 else ""
    return (
        f"{count_of(sum(days.values()), 'day')} {are} stored from {_address(first)}{more}; "
        f"what is fetched now comes from {address}"
    )


def _named(stored: StoredOrigin) -> str:
    if stored.days is None:
        return _REFERENCES[stored.data]
    days = count_of(stored.days, "day")
    return f"{days} of {DAILY_SERIES[stored.data].plural}" if stored.data in DAILY_SERIES else days


def _address(origin: str | None) -> str:
    return "an address that is not known" if origin is None else origin.replace(_JOINT, " and ")
