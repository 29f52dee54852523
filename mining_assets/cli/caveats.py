"""The caveats of a range as the commands show them: a section of lines, and for machines."""

from collections.abc import Iterator
from typing import Any

from mining_assets.domain.caveats import Caveats, share_of


def caveat_lines(caveats: Caveats) -> Iterator[str]:
    """Yield the section of the caveats; a line says so when none is known."""
    if not caveats.all:
        yield "Caveats: none is known"
        return
    yield f"Caveats: {len(caveats.all)}"
    if caveats.warning:
        yield f"  {caveats.warning}"
    yield from (f"  {sentence}" for sentence in caveats.sentences)


def caveats_as_dicts(caveats: Caveats) -> list[dict[str, Any]]:
    """Give the caveats for machines; amounts that are not known are null, and so are shares of a total of 0."""
    return [
        {
            "check": caveat.check,
            "text": caveat.text,
            "days": caveat.days,
            "from": str(caveat.first),
            "to": str(caveat.last),
            "mwh": caveat.mwh,
            "gbp": caveat.pounds,
            "mwh_share": _share(caveat.mwh, caveats.energy),
            "gbp_share": _share(caveat.pounds, caveats.payment),
            "moves_totals": caveat.moves_totals,
        }
        for caveat in caveats.all
    ]


def _share(change: float | None, total: float) -> float | None:
    return None if change is None or total == 0 else share_of(change, total)
