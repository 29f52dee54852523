"""Which BM units are wind farms.

The register of BM units shows only the present, and not all of it: retired units disappear, some wind units are not
typed WIND in some months, some rows have no id, some appear twice. So a unit once known as wind stays one, curated
additions are possible, and ids that look like wind without being known are listed rather than dropped in silence.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Protocol

WIND_FUEL_TYPE = "WIND"

# Elexon names wind units T_xxxxW-n (transmission) or E_xxxxW-n (embedded).
_WIND_LIKE = re.compile(r"[ET]_[A-Z0-9]{2,6}W-\d+")


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
    def name(self) -> str | None: ...
    @property
    def lead_party_name(self) -> str | None: ...
    @property
    def generation_capacity(self) -> float | None: ...


def wind_among(registered: Iterable[RegisteredUnit], additions: Iterable[WindUnit]) -> list[WindUnit]:
    """The wind units of a register answer and the curated additions, each id once.

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


def looks_like_wind(bm_unit_id: str) -> bool:
    """Whether an id has the form of a wind farm's."""
    return _WIND_LIKE.fullmatch(bm_unit_id) is not None


def _as_wind(unit: RegisteredUnit, source: Literal["register", "addition"]) -> WindUnit:
    assert unit.bm_unit_id
    return WindUnit(unit.bm_unit_id, unit.name, unit.lead_party_name, unit.generation_capacity, source)
