"""Which units are wind: from a dirty register and curated additions."""

from dataclasses import dataclass

import pytest

from mining_assets.domain.wind import WindUnit, looks_like_wind, wind_among


@dataclass(frozen=True)
class Registered:
    """A row of the register."""

    bm_unit_id: str | None
    fuel_type: str | None = "WIND"
    name: str | None = "Some Farm"
    lead_party_name: str | None = "Some Party"
    generation_capacity: float | None = 50.0


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


def test_an_addition_that_the_register_does_not_type_wind_gets_the_registers_particulars() -> None:
    addition = WindUnit("T_CRYRW-4", source="addition")
    units = wind_among([Registered("T_CRYRW-4", "OTHER", "Crystal", "Rig", 13.8)], [addition])
    assert units == [WindUnit("T_CRYRW-4", "Crystal", "Rig", 13.8, "addition")]


def test_an_addition_that_the_register_has_come_to_type_wind_is_of_the_register() -> None:
    addition = WindUnit("T_CRYRW-4", lead_party_name="Old", source="addition")
    assert [unit.source for unit in wind_among([Registered("T_CRYRW-4")], [addition])] == ["register"]


@pytest.mark.parametrize("bm_unit_id", ["T_CRYRW-4", "E_BLKWW-1", "T_GLNKW-1", "T_MOWEW-12", "T_ABW-1"])
def test_ids_of_this_form_look_like_wind(bm_unit_id: str) -> None:
    assert looks_like_wind(bm_unit_id)


@pytest.mark.parametrize(
    "bm_unit_id",
    ["T_DRAXX-1", "2__BLOND003", "12345", "", "T_CRYRW", "T_CRYRW-", "xT_CRYRW-4", "T_CRYRW-4x", "I_TLINKW-1"],
)
def test_other_ids_do_not(bm_unit_id: str) -> None:
    assert not looks_like_wind(bm_unit_id)
