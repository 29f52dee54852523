"""Which units are wind: from a dirty register and curated additions."""

import gzip
import json
from collections import Counter
from dataclasses import dataclass, replace

import pytest

from mining_assets.domain.wind_units import (
    WindUnit,
    farm_code,
    is_bm_unit,
    looks_like_wind,
    not_wind,
    others_among,
    wind_among,
    wind_like,
)
from mining_assets_tests.support.twin.recorded import NO_DATA, recorded_data

FOLDER = recorded_data()


@dataclass(frozen=True)
class Registered:
    """A row of the register."""

    bm_unit_id: str | None
    fuel_type: str | None = "WIND"
    name: str | None = "Some Farm"
    lead_party_name: str | None = "Some Party"
    generation_capacity: float | None = 50.0
    unit_type: str | None = "T"


def test_the_units_typed_wind_are_wind_and_no_others() -> None:
    registered = [
        Registered("T_BBBBW-1"),
        Registered("T_GAS-1", "CCGT"),
        Registered("E_NONE-1", None),
        Registered("E_A-1"),
    ]
    assert wind_among(registered, []) == [
        WindUnit("E_A-1", "Some Farm", "Some Party", 50.0, "register"),
        WindUnit("T_BBBBW-1", "Some Farm", "Some Party", 50.0, "register"),
    ]


@pytest.mark.parametrize("absent", [None, ""])
def test_rows_without_an_id_are_left_out(absent: str | None) -> None:
    assert wind_among([Registered(absent), Registered("E_A-1")], []) == wind_among([Registered("E_A-1")], [])


def test_of_a_duplicate_the_first_row_counts() -> None:
    units = wind_among([Registered("T_AW-4", name="first"), Registered("T_AW-4", name="second")], [])
    assert [unit.bm_unit_name for unit in units] == ["first"]


def test_a_duplicate_that_is_first_not_typed_wind_is_judged_by_its_first_row() -> None:
    assert wind_among([Registered("T_AW-4", "OTHER"), Registered("T_AW-4", "WIND")], []) == []


def test_an_addition_that_the_register_lacks_is_taken_as_given() -> None:
    addition = WindUnit("2__BLOND003", None, "A Party", 20.0, "addition")
    assert wind_among([Registered("E_A-1")], [addition])[0] == addition


def test_an_addition_of_another_type_gets_the_registers_particulars() -> None:
    addition = WindUnit("T_CRYRW-4", source="addition")
    units = wind_among([Registered("T_CRYRW-4", "OTHER", "Crystal", "Rig", 13.8)], [addition])
    assert units == [WindUnit("T_CRYRW-4", "Crystal", "Rig", 13.8, "addition")]


def test_an_addition_that_the_register_has_come_to_type_wind_is_of_the_register() -> None:
    addition = WindUnit("T_CRYRW-4", lead_party_name="Old", source="addition")
    assert [unit.source for unit in wind_among([Registered("T_CRYRW-4")], [addition])] == ["register"]


@pytest.mark.parametrize("bm_unit_id", ["T_CRYRW-4", "E_BLKWW-1", "T_GLNKW-1", "T_MOWEW-12", "T_ABW-1", "T_SGRWO-2"])
def test_ids_of_this_form_look_like_wind(bm_unit_id: str) -> None:
    assert looks_like_wind(bm_unit_id)


@pytest.mark.parametrize(
    "bm_unit_id",
    ["T_DRAXX-1", "2__BLOND003", "12345", "", "T_CRYRW", "T_CRYRW-", "xT_CRYRW-4", "T_CRYRW-4x", "I_TLINKW-1"],
)
def test_other_ids_do_not(bm_unit_id: str) -> None:
    assert not looks_like_wind(bm_unit_id)


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        (Registered("T_GAS-1", "CCGT"), "CCGT"),
        (Registered("E_BATT-1", "OTHER"), "OTHER"),
        (Registered("I_LINK-1", None, unit_type="I"), "interconnector"),
        (Registered("I_LINK-1", None, unit_type=None), "interconnector"),
        (Registered("2__ASUPP000", None, unit_type="G"), "supplier's base unit"),
        (Registered("2__ASUPP001", None, unit_type="S"), None),
        (Registered("V__AGGR001", None, unit_type="V"), None),
        (Registered("T_SGRWO-2", None), None),
        (Registered("T_SGRWO-2", ""), None),
        (Registered("T_SGRWO-2", "WIND"), None),
    ],
)
def test_a_unit_may_be_wind_unless_its_fuel_or_kind_explains_it(unit: Registered, told: str | None) -> None:
    assert not_wind(unit) == told
    assert others_among([unit]) == ({} if told is None else {unit.bm_unit_id: told})


@pytest.mark.parametrize(("stack_id", "is_one"), [(None, False), ("", False), ("12345", False), ("T_A-1", True)])
def test_trades_are_no_bm_units(stack_id: str | None, is_one: bool) -> None:
    assert is_bm_unit(stack_id) is is_one


def recorded_register() -> list[Registered]:
    assert FOLDER is not None
    rows = json.loads(gzip.decompress((FOLDER / "elexon/bm_units.json.gz").read_bytes()))
    return [Registered(row["elexonBmUnit"], row["fuelType"], unit_type=row["bmUnitType"]) for row in rows]


@pytest.mark.skipif(FOLDER is None, reason=NO_DATA)
def test_no_recorded_wind_unit_is_explained_away_without_its_fuel_type() -> None:
    register = recorded_register()
    wind = [unit for unit in register if unit.bm_unit_id and unit.fuel_type == "WIND"]
    assert len(wind) == 214
    assert others_among(replace(unit, fuel_type=None) for unit in wind) == {}


@pytest.mark.skipif(FOLDER is None, reason=NO_DATA)
def test_what_the_recorded_register_explains_and_what_it_leaves_open() -> None:
    register = recorded_register()
    others = others_among(register)
    known = {*others, *(unit.bm_unit_id for unit in wind_among(register, []))}
    left = Counter(unit.unit_type for unit in register if unit.bm_unit_id and unit.bm_unit_id not in known)
    assert left == {"S": 250, "T": 119, "V": 86, "E": 83}
    assert "2__BLOND003" not in others  # it has wind bids, and no fuel type
    assert Counter(others.values())["interconnector"] == 1149
    assert Counter(others.values())["supplier's base unit"] == 548


@pytest.mark.parametrize(
    ("bm_unit_id", "is_like"),
    [
        ("T_NEWW-1", True),
        ("T_NEWO-1", True),
        ("T_FARR-3", True),  # T_FARR-1 is known
        ("T_FARRD-1", False),
        ("T_WHLWB-1", False),
        ("E_ARNKB-2", False),
        ("2__TWAGG001", False),
        ("V__AGGR001", False),
        ("AG-FLX01", False),
    ],
)
def test_a_unit_is_like_wind_by_the_form_of_its_id_or_its_farm(bm_unit_id: str, is_like: bool) -> None:
    assert wind_like([bm_unit_id], ["T_FARR-1", "2__PSTAT001"]) == ({bm_unit_id} if is_like else set())


@pytest.mark.skipif(FOLDER is None, reason=NO_DATA)
def test_which_units_of_the_recorded_register_are_like_wind() -> None:
    register = recorded_register()
    wind = {unit.bm_unit_id for unit in wind_among(register, [])}
    # Each as if the register did not type it, beside the others.
    unlike = {unit for unit in wind if not wind_like([unit], wind - {unit})}
    assert len(wind) == 213
    assert {unit for unit in unlike if unit[:3] not in ("2__", "C__")} == {"E_BURBO"}
    assert len(unlike) == 13
    left = {unit.bm_unit_id for unit in register if unit.bm_unit_id} - wind - set(others_among(register))
    farms = {"T_DWEXW-1", "E_BRNLW-1", "E_GFLDW-1", "E_KHLLW-1", "T_HAGHW-2"}
    assert wind_like(left, wind) == farms | {"E_DERW-1"}


def test_a_farm_code_is_the_id_without_the_number_of_the_unit() -> None:
    assert [farm_code(unit) for unit in ("T_MOWEO-1", "2__PSTAT001", "E_BURBO")] == [
        "T_MOWEO",
        "2__PSTAT001",
        "E_BURBO",
    ]
