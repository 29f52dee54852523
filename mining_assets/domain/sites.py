"""Which BM units are of one site: a wind farm, as people mean it, often is several BM units.

The rule goes by what the register says, and rather leaves units apart than joins those of two farms:

1. **Ids.** Elexon's ids of a farm's units differ in their last number only: ``T_MOWEO-1``, ``T_MOWEO-2``. Units whose
   id is the same up to that number may be one site. Any other id (``2__PSTAT001``, ``E_BURBO``) is a site of its own.
2. **Names.** Of those, units are one site when the first five letters and digits of their names agree, whatever the
   case, blanks and dashes. A name that only repeats the id says nothing: such a unit goes with the others when these
   agree among each other, and stays alone when they do not.

A site is named as its unit is; one of more units by the beginning that their names share, without the words that
number units (``Moray East OWF1``, ``Moray East OWF2``: Moray East). What the rule cannot know, a list says, unit by
unit: which are one site although their ids differ (Clyde), which are not although they agree (Walney), better names.
Lead parties say nothing of sites: Hornsea 2 has three, and one has many farms.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from mining_assets.domain.wind_units import WindUnit, farm_code

_AGREEING = 5
"""So many letters and digits of two units' names agree when they are of one site."""
_OF_UNITS = frozenset(
    {"bmu", "export", "farm", "generator", "limited", "ltd", "module", "offshore", "osp", "ospe", "ospw", "owf", "unit"}
    | {"wf", "wind", "windfarm", "z"}
)
"""Words before a unit's number, which are no part of a site's name."""
# Where a name may be cut: at blanks and dashes, and between letters and digits, never within a word or a number.
_WORDS = re.compile(r"\d+|[^\W\d_]+(?:['’.][^\W\d_]+)*")


def sites_of(units: Iterable[WindUnit], told: Mapping[str, str]) -> dict[str, str]:
    """Name the site of every unit by its id.

    Args:
        units: every wind unit known.
        told: sites by unit id that a person's list says; they go before the rule, and a unit that is not among the
            units is passed over. Units that are told the same site are one; so is a site of the rule of that name.
    """
    known = {unit.bm_unit_id: unit for unit in units}
    sites = {unit: told[unit] for unit in known if unit in told}
    found = list(_groups([known[each] for each in sorted(known) if each not in told]))
    names = [site_name(group) for group in found]
    for group, name in zip(found, names, strict=True):
        first = group[0].bm_unit_id
        sites |= {unit.bm_unit_id: name if names.count(name) == 1 else f"{name} ({first})" for unit in group}
    return sites


def site_name(units: Sequence[WindUnit]) -> str:
    """Name the site that consists of some units."""
    names = [name for unit in units if (name := _registered_name(unit))]
    if not names:
        return units[0].bm_unit_id if len(units) == 1 else farm_code(units[0].bm_unit_id)
    shared = names[0] if len(units) == 1 or len(names) == 1 else _shared_beginning(names)
    return shared or names[0]


def unit_name(bm_unit_id: str, name: str | None) -> str | None:
    """Return a unit's name as people read it; None where the register tells none that says more than the id."""
    return _registered_name(WindUnit(bm_unit_id, name))


def _groups(units: Sequence[WindUnit]) -> Iterable[list[WindUnit]]:
    """Group units by the rule, in the order of their first unit's id."""
    by_farm: dict[str, list[WindUnit]] = defaultdict(list)
    for unit in units:
        by_farm[farm_code(unit.bm_unit_id)].append(unit)
    for same_site in by_farm.values():
        by_name: dict[str, list[WindUnit]] = defaultdict(list)
        for unit in same_site:
            by_name[_squeezed(_registered_name(unit) or "")[:_AGREEING]].append(unit)
        nameless = by_name.pop("", [])
        if len(by_name) <= 1:
            yield same_site
        else:
            yield from by_name.values()
            yield from ([unit] for unit in nameless)


def _registered_name(unit: WindUnit) -> str | None:
    """Return a unit's name, with plain blanks, unless it only repeats the id or its code."""
    name = " ".join((unit.bm_unit_name or "").replace("_", " ").split())
    code = farm_code(unit.bm_unit_id)
    ids = (_squeezed(unit.bm_unit_id), _squeezed(unit.bm_unit_id.partition("_")[2]))
    repeats = _squeezed(name).startswith(ids) or _squeezed(name) in (_squeezed(code), _squeezed(code[2:]))
    return None if repeats or not name else name


def _squeezed(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def _shared_beginning(names: Sequence[str]) -> str:
    """Cut names to the words that all begin with, less the words that number units; empty when they share none."""
    split = [list(_WORDS.finditer(name)) for name in names]
    count = 0
    for words in zip(*split, strict=False):
        if len({word[0].casefold() for word in words}) > 1:
            break
        count += 1
    kept = split[0][:count]
    while kept and kept[-1][0].casefold() in _OF_UNITS:
        kept.pop()
    return names[0][: kept[-1].end()] if kept else ""
