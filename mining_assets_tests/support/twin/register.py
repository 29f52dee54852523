"""A generated register of BM units, with the dirt of the real one.

Every name is recognizably made up (``TW…``). Besides ordinary rows there are rows without an Elexon id, one
id twice, numbers as strings, a missing and a zero capacity, and one unit that is a wind farm but not typed
so.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

UNTYPED_WIND = "T_TWINW-9"
MAX_WIND_UNITS = 400

# (prefix of the id, fuel type, share of the units beside wind)
OTHER_KINDS: list[tuple[str, str | None, int]] = [
    ("T_TWGAS-", "CCGT", 30),
    ("T_TWPEAK-", "OCGT", 12),
    ("T_TWPUMP-", "PS", 10),
    ("T_TWHYDR-", "NPSHYD", 14),
    ("T_TWBIOM-", "BIOMASS", 8),
    ("E_TWBATT-", "OTHER", 26),
    ("2__TWAGG00", None, 30),
    ("T_TWNUKE-", "NUCLEAR", 4),
    ("I_TWLINK-", "INTFR", 2),
]


@dataclass(frozen=True)
class Unit:
    """A BM unit: what generation needs to know of it."""

    id: str
    fuel: str | None
    capacity: float
    price: float
    loss_multiplier: float
    tendency: float  # how readily a wind unit is bid down, 0 to 1


def wind_units(rng: np.random.Generator, count: int) -> list[Unit]:
    """``count`` wind units, two to a farm, and after them the one that the register does not type as wind."""
    if not 1 <= count <= MAX_WIND_UNITS:
        raise ValueError(f"between 1 and {MAX_WIND_UNITS} wind units, not {count}")
    units = [_wind_unit(rng, _wind_id(index), index) for index in range(count)]
    return [*units, _wind_unit(rng, UNTYPED_WIND, count)]


def other_units(rng: np.random.Generator) -> list[Unit]:
    """Units of other kinds, which fill the stack beside wind."""
    return [
        Unit(
            f"{prefix}{number}",
            fuel,
            float(rng.integers(5, 500)),
            0.0,
            round(float(rng.uniform(0.98, 1.02)), 7),
            0.0,
        )
        for prefix, fuel, count in OTHER_KINDS
        for number in range(1, count + 1)
    ]


def register(units: list[Unit]) -> list[dict[str, Any]]:
    """The answer of the register for these units, dirt included."""
    rows = [_register_row(unit) for unit in units]
    wind = [row for row in rows if row["fuelType"] == "WIND"]
    if len(wind) > 4:
        wind[2]["generationCapacity"] = None
        wind[3]["generationCapacity"] = "0.000"
    rows.insert(len(rows) // 2, wind[0] | {"nationalGridBmUnit": "TWDUP-1", "eic": None})
    rows += [_without_elexon_id(f"TWNUL-{number}", "WIND" if number < 3 else None) for number in range(1, 7)]
    return rows


def _wind_id(index: int) -> str:
    farm = index // 2
    return f"{'E' if farm % 9 == 8 else 'T'}_TW{chr(65 + farm // 26)}{chr(65 + farm % 26)}W-{index % 2 + 1}"


def _wind_unit(rng: np.random.Generator, unit: str, index: int) -> Unit:
    # A few farms bid a positive price and pay for being turned down.
    price = rng.uniform(5, 40) if index % 23 == 7 else np.clip(rng.normal(-75, 18), -110, -40)
    return Unit(
        unit,
        None if unit == UNTYPED_WIND else "WIND",
        round(float(rng.uniform(12, 250)), 1),
        round(float(price), 2),
        round(float(rng.uniform(0.955, 1.005)), 7),
        float(min(1.0, rng.beta(2, 2) * 1.2)),
    )


def _register_row(unit: Unit) -> dict[str, Any]:
    kind, _, name = unit.id.partition("_")
    embedded = kind != "T"
    return {
        "nationalGridBmUnit": name.lstrip("_"),
        "elexonBmUnit": unit.id,
        "eic": None,
        "fuelType": unit.fuel,
        "leadPartyName": "Twin Energy Limited",
        "bmUnitType": {"2": "S"}.get(kind, kind),
        "fpnFlag": True,
        "bmUnitName": f"Twin {name.lstrip('_')}",
        "leadPartyId": "TWIN",
        "demandCapacity": "-2.000",
        "generationCapacity": f"{unit.capacity:.3f}",
        "productionOrConsumptionFlag": "P",
        "transmissionLossFactor": f"{unit.loss_multiplier - 1:.7f}",
        "workingDayCreditAssessmentImportCapability": "-0.800",
        "nonWorkingDayCreditAssessmentImportCapability": "-0.800",
        "workingDayCreditAssessmentExportCapability": f"{unit.capacity * 0.4:.3f}",
        "nonWorkingDayCreditAssessmentExportCapability": f"{unit.capacity * 0.4:.3f}",
        "creditQualifyingStatus": True,
        "demandInProductionFlag": False,
        "gspGroupId": "_N" if embedded else None,
        "gspGroupName": "South Scotland" if embedded else None,
        "interconnectorId": "TW_LINK" if kind == "I" else None,
    }


def _without_elexon_id(name: str, fuel: str | None) -> dict[str, Any]:
    kept = {
        "nationalGridBmUnit": name,
        "fuelType": fuel,
        "creditQualifyingStatus": False,
        "demandInProductionFlag": False,
    }
    return dict.fromkeys(_register_row(Unit("T_TW", None, 0, 0, 1, 0))) | kept
