"""Finding the BM unit that a person means, and what is odd of the units and sites that a person's list names.

People write ids, names of units and names of sites, in any case and spacing. Which units are of one site is said in
``sites``; nothing here decides it.
"""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from mining_assets.domain.sites import sites_of, unit_name
from mining_assets.domain.wind_units import WindUnit
from mining_assets.domain.wording import count_of

_LISTED = 12
_NEAR = 0.5
_MISSPELLED = 0.8
"""From this likeness on a name that is nowhere else is told as one that may be meant otherwise."""


class NoSuchUnitError(LookupError):
    """A text that names no BM unit, or several; says so in one line."""


def unit_named(text: str, units: Mapping[str, WindUnit], sites: Mapping[str, str]) -> str:
    """Find the id of the wind BM unit that a text names by its id, its name, or its site where that has one unit only.

    Args:
        text: in any case and spacing.
        units: every wind unit known, by id.
        sites: the site of each, by id.

    Raises:
        NoSuchUnitError: nothing known has that name, or several units have it, which are listed.
    """
    if text in units:
        return text
    names = {each: unit_name(each, unit.bm_unit_name) or "" for each, unit in units.items()}
    wanted = _squeezed(text)
    for named in ({each: each for each in units}, names, sites):
        found = sorted(each for each in units if wanted and _squeezed(named.get(each, "")) == wanted)
        if len(found) == 1:
            return found[0]
        if found:
            listed = ", ".join(f"{each} ({names[each]})" if names[each] else each for each in found[:_LISTED])
            more = f" and {len(found) - _LISTED} more" if len(found) > _LISTED else ""
            raise NoSuchUnitError(f"'{text}' is {count_of(len(found), 'BM unit')}: {listed}{more}; name one of them")
    near = _nearest(text, [*units, *filter(None, names.values()), *sites.values()])
    hint = f"; nearest: {', '.join(near)}" if near else ""
    raise NoSuchUnitError(f"'{text}' is not a known wind BM unit, unit name or site{hint}")


def doubts_of_sites(told: Mapping[str, str], units: Mapping[str, WindUnit], shipped: Mapping[str, str]) -> list[str]:
    """List what of a person's list of sites may be misspelled: units that nobody knows, and sites close to another.

    Args:
        told: the list, sites by unit id.
        units: every wind unit known, by id.
        shipped: the list that ships, which with the rule of ``sites`` says which sites there are.
    """
    doubts = []
    for unit in (each for each in told if each not in units):
        near = _nearest(unit, units, most=1)
        doubts.append(f"{unit} is not a known wind BM unit" + (f"; nearest: {near[0]}" if near else ""))
    known = {*sites_of(units.values(), shipped).values()}
    for site in sorted({*told.values()} - known):
        if near := [each for each in _nearest(site, known, cutoff=_MISSPELLED) if not _are_neighbours(site, each)]:
            doubts.append(f"{site!r} is not a known site; nearest: {near[0]}")
    return doubts


def _are_neighbours(site: str, other: str) -> bool:
    """Return whether two names mean two sites, as Hornsea 1 and 2 or Dogger Bank A and B; else one is misspelt."""
    words, others = site.casefold().split(), other.casefold().split()
    return len(words) != len(others) or any(len(word) <= 2 or word.isdigit() for word in {*words} ^ {*others})


def _nearest(text: str, known: Iterable[str], most: int = 3, cutoff: float = _NEAR) -> list[str]:
    """Return the known names that are most like a text, whatever their case."""
    by_plain = {name.casefold(): name for name in known}
    return [by_plain[each] for each in get_close_matches(text.casefold(), by_plain, n=most, cutoff=cutoff)]


def _squeezed(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())
