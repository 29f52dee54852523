"""Which BM units are of one site: on units made up for the purpose, and on the whole recorded register."""

import gzip
from collections import defaultdict

import pytest

from mining_assets.curated import shipped_sites
from mining_assets.domain.sites import site_name, sites_of, unit_name
from mining_assets.domain.wind_units import WindUnit, wind_among
from mining_assets.sources.elexon_schema import parse_bm_units
from mining_assets_tests.support.twin.recorded import NO_DATA, recorded_data

SEVERAL = {
    "AIKENGALL": "T_AKGLW-2 T_AKGLW-3",
    "Beatrice": "T_BEATO-1 T_BEATO-2 T_BEATO-3 T_BEATO-4",
    "Beinn An Tuirc": "E_BTUIW-2 E_BTUIW-3",
    "Black Law": "T_BLLA-1 T_BLLA-2",
    "Clyde": "T_CLDCW-1 T_CLDNW-1 T_CLDSW-1",
    "Crossdykes": "T_CRDEW-1 T_CRDEW-2",
    "Crystal Rig": "T_CRYRW-2 T_CRYRW-3 T_CRYRW-4",
    "Dogger Bank A": "T_DBAWO-1 T_DBAWO-2 T_DBAWO-3 T_DBAWO-4 T_DBAWO-5",
    "Dorenell": "T_DOREW-1 T_DOREW-2",
    "Dudgeon": "T_DDGNO-1 T_DDGNO-2 T_DDGNO-3 T_DDGNO-4",
    "East Anglia One": "T_EAAO-1 T_EAAO-2",
    "Farr": "T_FARR-1 T_FARR-2",
    "Galloper": "T_GANW-11 T_GANW-13 T_GANW-22 T_GANW-24",
    "Gordon Bush": "T_GORDW-1 T_GORDW-2",
    "Greater Gabbard": "T_GRGBW-1 T_GRGBW-2 T_GRGBW-3",
    "Griffin": "T_GRIFW-1 T_GRIFW-2",
    "Gunfleet Sands": "T_GNFSW-1 T_GNFSW-2",
    "Gwynt y Môr": "T_GYMR-15 T_GYMR-17 T_GYMR-26 T_GYMR-28",
    "Hornsea 1": "T_HOWAO-1 T_HOWAO-2 T_HOWAO-3",
    "Hornsea 2": "T_HOWBO-1 T_HOWBO-2 T_HOWBO-3",
    "Humber": "T_HMGTO-1 T_HMGTO-2",
    "Lincs": "T_LNCSW-1 T_LNCSW-2",
    "London Array": "T_LARYW-1 T_LARYW-2 T_LARYW-3 T_LARYW-4",
    "Moray East": "T_MOWEO-1 T_MOWEO-2 T_MOWEO-3",
    "Moray West": "T_MOWWO-1 T_MOWWO-2 T_MOWWO-3 T_MOWWO-4",
    "Neart na Gaoithe": "T_NNGAO-1 T_NNGAO-2",
    "North Kyle": "T_NOKYW-1 T_NOKYW-2",
    "RACE BANK": "T_RCBKO-1 T_RCBKO-2",
    "Rampion": "T_RMPNO-1 T_RMPNO-2",
    "Robin Rigg": "T_RREW-1 T_RRWW-1",
    "Seagreen1": "T_SGRWO-1 T_SGRWO-2 T_SGRWO-3 T_SGRWO-4 T_SGRWO-5 T_SGRWO-6",
    "Sheringham Shoal": "T_SHRSW-1 T_SHRSW-2",
    "Stronelairg": "T_STLGW-1 T_STLGW-2 T_STLGW-3",
    "Thanet": "T_THNTO-1 T_THNTO-2",
    "Triton Knoll": "T_TKNEW-1 T_TKNWW-1",
    "Tullo": "E_TULWW-1 E_TULWW-2",
    "Viking Energy": "T_VKNGW-1 T_VKNGW-2 T_VKNGW-3 T_VKNGW-4",
    "Walney": "T_WLNYO-2 T_WLNYW-1",
    "Walney Extension": "T_WLNYO-3 T_WLNYO-4",
    "West of Duddon Sands": "T_WDNSO-1 T_WDNSO-2",
    "Whitelee": "T_WHILW-1 T_WHILW-2",
}
"""Every site of several units in the recorded register, each looked at by a person. All other units are alone."""


@pytest.fixture(scope="module")
def recorded() -> list[WindUnit]:
    """Every wind unit of the recorded register, and the one that it lacks of a site with others."""
    folder = recorded_data()
    if folder is None:
        pytest.skip(NO_DATA)
    body = gzip.decompress((folder / "elexon" / "bm_units.json.gz").read_bytes())
    return wind_among(parse_bm_units(body), [WindUnit("T_CRYRW-4", source="addition")])


def by_site(sites: dict[str, str]) -> dict[str, str]:
    groups: dict[str, list[str]] = defaultdict(list)
    for unit in sorted(sites):
        groups[sites[unit]].append(unit)
    return {site: " ".join(units) for site, units in groups.items()}


def test_the_units_of_the_recorded_register_come_together_by_site_alone(
    recorded: list[WindUnit],
) -> None:
    assert len(recorded) == 214
    found = by_site(sites_of(recorded, shipped_sites()))
    assert {site: units for site, units in found.items() if " " in units} == SEVERAL
    assert len(found) == len(recorded) - sum(units.count(" ") for units in SEVERAL.values())


def test_what_the_list_that_ships_names_is_in_the_recorded_register(recorded: list[WindUnit]) -> None:
    assert set(shipped_sites()) <= {unit.bm_unit_id for unit in recorded}


def test_the_rule_alone_joins_no_units_whose_names_are_of_different_farms(recorded: list[WindUnit]) -> None:
    names = {unit.bm_unit_id: unit_name(unit.bm_unit_id, unit.bm_unit_name) for unit in recorded}
    for units in by_site(sites_of(recorded, {})).values():
        told = {name.replace(" ", "").casefold()[:5] for unit in units.split() if (name := names[unit])}
        assert len(told) <= 1, units
        assert len({unit.partition("-")[0] for unit in units.split()}) == 1, units


def test_sites_do_not_depend_on_the_order_of_the_units(recorded: list[WindUnit]) -> None:
    assert sites_of(reversed(recorded), shipped_sites()) == sites_of(recorded, shipped_sites())


def test_units_whose_ids_agree_and_names_do_not_stay_apart() -> None:
    units = [WindUnit("T_AAAW-1", "North Moor"), WindUnit("T_AAAW-2", "South Moor"), WindUnit("T_AAAW-3")]
    assert sites_of(units, {}) == {"T_AAAW-1": "North Moor", "T_AAAW-2": "South Moor", "T_AAAW-3": "T_AAAW-3"}
    assert sites_of(units[1:], {}) == {"T_AAAW-2": "South Moor", "T_AAAW-3": "South Moor"}


def test_units_whose_names_agree_and_ids_do_not_stay_apart_and_are_told_apart() -> None:
    units = [
        WindUnit("T_AAAW-1", "Moor"),
        WindUnit("T_BBBW-1", "Moor"),
        WindUnit("E_AAAW-2", "Moor"),
        WindUnit("2__M1"),
    ]
    assert sites_of(units, {}) == {
        "T_AAAW-1": "Moor (T_AAAW-1)",
        "T_BBBW-1": "Moor (T_BBBW-1)",
        "E_AAAW-2": "Moor (E_AAAW-2)",
        "2__M1": "2__M1",
    }


def test_a_list_joins_parts_and_passes_over_what_is_not_known() -> None:
    units = [WindUnit("T_AAAW-1", "Moor 1"), WindUnit("T_AAAW-2", "Moor 2"), WindUnit("T_BBBW-1", "Hill")]
    told = {"T_AAAW-2": "Moor Extension", "T_BBBW-1": "Moor 1", "T_NOPE-1": "Nowhere"}
    assert sites_of(units, told) == {"T_AAAW-1": "Moor 1", "T_AAAW-2": "Moor Extension", "T_BBBW-1": "Moor 1"}


@pytest.mark.parametrize(
    ("names", "site"),
    [
        (("Moray East OWF1", "Moray East OWF2"), "Moray East"),
        (("HORNSEA_1A", "HORNSEA_1B"), "HORNSEA 1"),
        (("Crystal Rig II Windfarm", "Crystal Rig III"), "Crystal Rig"),
        (("Galloper OSP 11", "Galloper OSP 13"), "Galloper"),
        (("Gordon Bush", "Gordonbush WF Extension"), "Gordon Bush"),
        (("Unit 1", "Unit 2"), "Unit 1"),
        (("Pen y Cymoedd  Wind_Farm",), "Pen y Cymoedd Wind Farm"),
        ((None, "T_AAAW-2"), "T_AAAW"),
        ((None, "Moor Extension"), "Moor Extension"),
        (("AAAW",), "T_AAAW-1"),
        (("T-AAAW-1 Export",), "T_AAAW-1"),
    ],
)
def test_a_site_is_named_by_what_its_units_names_share(names: tuple[str | None, ...], site: str) -> None:
    assert site_name([WindUnit(f"T_AAAW-{number}", name) for number, name in enumerate(names, start=1)]) == site
