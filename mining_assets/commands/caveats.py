"""The caveats of a range as the commands show them: a section of lines, and for machines."""

from collections.abc import Iterator
from typing import Any

from mining_assets.domain.caveats import Caveats


def caveat_lines(caveats: Caveats) -> Iterator[str]:
    """Yield the section of the caveats; a line says so when none is known."""
    if not caveats.all:
        yield "Caveats: none is known"
        return
    yield f"Caveats: {len(caveats.all)}"
    if caveats.warning:
        yield f"  {caveats.warning}"
    yield from (f"  {caveat.sentence}" for caveat in caveats.all)


def caveats_as_dicts(caveats: Caveats) -> list[dict[str, Any]]:
    """Give the caveats for machines; amounts that are not known are null."""
    return [
        {
            "check": caveat.check,
            "text": caveat.text,
            "days": caveat.days,
            "from": str(caveat.first),
            "to": str(caveat.last),
            "mwh": caveat.mwh,
            "gbp": caveat.pounds,
        }
        for caveat in caveats.all
    ]
