"""Which BM units are wind farms.

The register of BM units shows only the present, and not all of it: retired units disappear, some wind units are not
typed WIND in some months, some rows have no id, some appear twice. So a unit once known as wind stays one, curated
additions are possible, and every unit with accepted bids that is not counted as wind is kept by day with its energy.

**What explains a unit as something other than wind** is said by :func:`not_wind` alone. Everything else may be wind,
and is named with its energy. Capacities explain nothing: the recorded register has wind units that may import more than
they export, and some without a capacity. So batteries that the register does not type are named too.

**Which of those are like wind**, so that a total may lack their energy, is said by :func:`wind_like` alone, by the id:
its form, or another unit of the same farm that is known as wind. Of the 213 wind units of the recorded register it
would find all but 13 without their fuel type; those (``2__…``, ``C__…`` and ``E_BURBO``) have ids as batteries and
aggregators have. Of the 538 units that it leaves unexplained it finds six: five wind farms, and Derwent Cogeneration.
Names say less: those of a farm's demand units have "Wind Farm" in them too.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

WIND_FUEL_TYPE = "WIND"

# Users of interconnectors, and a supplier's whole demand in a region: kinds of unit that are no farm of any fuel.
_NO_FARM = {"I": "interconnector", "G": "supplier's base unit"}
_INTERCONNECTOR = "I_"

# Elexon names wind units T_xxxxW-n (transmission) or E_xxxxW-n (embedded), offshore ones T_xxxxO-n.
_WIND_LIKE = re.compile(r"[ET]_[A-Z0-9]{2,6}[WO]-\d+")
# The units of one farm differ in their last number only.
_OF_FARM = re.compile(r"(?P<farm>[A-Z]_[A-Z0-9]+)-\d+")


@dataclass(frozen=True)
class WindUnit:
    """A wind BM unit: Elexon's id, its name, lead party, registered capacity in MW, and where we know it from."""

    bm_unit_id: str
    bm_unit_name: str | None = None
    lead_party_name: str | None = None
    generation_capacity: float | None = None
    source: Literal["register", "addition"] = "register"


class RegisteredUnit(Protocol):
    """A row of the register, as a source gives it."""

    @property
    def bm_unit_id(self) -> str | None: ...
    @property
    def fuel_type(self) -> str | None: ...
    @property
    def unit_type(self) -> str | None: ...
    @property
    def name(self) -> str | None: ...
    @property
    def lead_party_name(self) -> str | None: ...
    @property
    def generation_capacity(self) -> float | None: ...


def wind_among(registered: Iterable[RegisteredUnit], additions: Iterable[WindUnit]) -> list[WindUnit]:
    """List the wind units of a register answer and the curated additions, each id once.

    Rows without an id are left out. Of a duplicate the first row counts. The register's particulars go before an
    addition's, whether or not it types the unit WIND.
    """
    by_id: dict[str, RegisteredUnit] = {}
    for unit in registered:
        if unit.bm_unit_id:
            by_id.setdefault(unit.bm_unit_id, unit)
    wind = {name: _as_wind(unit, "register") for name, unit in by_id.items() if unit.fuel_type == WIND_FUEL_TYPE}
    for addition in additions:
        name = addition.bm_unit_id
        wind.setdefault(name, _as_wind(by_id[name], "addition") if name in by_id else addition)
    return [wind[name] for name in sorted(wind)]


def is_bm_unit(stack_id: str | None) -> bool:
    """Return whether an id is that of a BM unit; a balancing-services trade has none, or a purely numeric one."""
    return bool(stack_id) and not str(stack_id).isdigit()


def not_wind(unit: RegisteredUnit) -> str | None:
    """Return what a unit is when its register row explains it as something other than wind; None when it may be wind.

    A known fuel type other than WIND explains it; without one, its kind: interconnectors (by type or id) and suppliers'
    base units. A supplier's additional unit (``2__…``) or an aggregate (``V__…``) without a fuel type may be wind.
    """
    if unit.fuel_type:
        return None if unit.fuel_type == WIND_FUEL_TYPE else unit.fuel_type
    if unit.unit_type in _NO_FARM:
        return _NO_FARM[unit.unit_type]
    return _NO_FARM["I"] if (unit.bm_unit_id or "").startswith(_INTERCONNECTOR) else None


def others_among(registered: Iterable[RegisteredUnit]) -> dict[str, str]:
    """Return each id that a register answer explains as something other than wind, with what it is.

    Of a duplicate the first row counts, as for :func:`wind_among`.
    """
    by_id: dict[str, RegisteredUnit] = {}
    for unit in registered:
        if unit.bm_unit_id:
            by_id.setdefault(unit.bm_unit_id, unit)
    return {name: told for name, unit in by_id.items() if (told := not_wind(unit)) is not None}


def looks_like_wind(bm_unit_id: str) -> bool:
    """Return whether an id has the form of a wind farm's."""
    return _WIND_LIKE.fullmatch(bm_unit_id) is not None


def wind_like(bm_unit_ids: Iterable[str], known: Iterable[str]) -> set[str]:
    """Return those ids whose energy the totals may lack, since they are like a wind unit's.

    Args:
        bm_unit_ids: of units that nothing explains.
        known: the ids of all units known as wind; another unit of such a unit's farm is like wind whatever its form.
    """
    farms = {farm_code(unit) for unit in known if _OF_FARM.fullmatch(unit)}
    return {unit for unit in bm_unit_ids if looks_like_wind(unit) or farm_code(unit) in farms}


def farm_code(bm_unit_id: str) -> str:
    """Return an id without the number of the unit; the id itself where it has none."""
    matched = _OF_FARM.fullmatch(bm_unit_id)
    return matched["farm"] if matched else bm_unit_id


def _as_wind(unit: RegisteredUnit, source: Literal["register", "addition"]) -> WindUnit:
    assert unit.bm_unit_id
    return WindUnit(unit.bm_unit_id, unit.name, unit.lead_party_name, unit.generation_capacity, source)
