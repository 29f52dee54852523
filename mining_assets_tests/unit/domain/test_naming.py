"""Which BM unit a person means by a text, and what a person's list of sites names that nobody knows."""

import pytest

from mining_assets.domain.naming import NoSuchUnitError, doubts_of_sites, unit_named
from mining_assets.domain.sites import sites_of
from mining_assets.domain.wind_units import WindUnit

NAMES = {
    "T_MOWEO-1": "Moray East OWF1",
    "T_MOWEO-2": "Moray East OWF2",
    "T_MOWWO-1": "Moray West 1",
    "T_FARR-1": "Farr Windfarm",
    "E_BURBO": None,
    "T_HOWAO-1": "Hornsea 1",
    "T_TWNA-1": "Twin Hill",
    "T_OTHR-1": "Twin Hill",
}
UNITS = {unit: WindUnit(unit, name) for unit, name in NAMES.items()}
SITES = sites_of(UNITS.values(), {"T_FARR-1": "Farr"})


@pytest.mark.parametrize(
    ("text", "unit"),
    [
        ("T_MOWEO-2", "T_MOWEO-2"),
        ("t_moweo-2", "T_MOWEO-2"),
        ("moray east owf1", "T_MOWEO-1"),
        ("Farr Windfarm", "T_FARR-1"),
        ("FARR", "T_FARR-1"),
        ("E_BURBO", "E_BURBO"),
    ],
)
def test_an_id_a_name_or_a_site_of_one_unit_names_it(text: str, unit: str) -> None:
    assert unit_named(text, UNITS, SITES) == unit


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "Moray East",
            "'Moray East' is 2 BM units: T_MOWEO-1 (Moray East OWF1), T_MOWEO-2 (Moray East OWF2); name one",
        ),
        ("twin hill", "'twin hill' is 2 BM units: T_OTHR-1 (Twin Hill), T_TWNA-1 (Twin Hill); name one of them"),
        ("T_MOWEO-9", "'T_MOWEO-9' is not a known wind BM unit, unit name or site; nearest: T_MOWEO-2"),
        ("Moray Wets", "nearest: Moray West"),
        ("", "is not a known wind BM unit"),
        ("-", "is not a known wind BM unit"),
    ],
)
def test_another_text_is_answered_with_the_units_or_the_nearest_names(text: str, says: str) -> None:
    with pytest.raises(NoSuchUnitError) as raised:
        unit_named(text, UNITS, SITES)
    assert says in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("told", "doubt"),
    [
        ({"T_MOWEO-7": "Moray East"}, "T_MOWEO-7 is not a known wind BM unit; nearest: T_MOWEO-2"),
        ({"T_MOWEO-1": "Moray Eats"}, "'Moray Eats' is not a known site; nearest: Moray East"),
        ({"T_MOWEO-1": "Moray East"}, None),
        ({"T_HOWAO-1": "Hornsea 2"}, None),  # a neighbour
        ({"T_FARR-1": "Farr II"}, None),
        ({"E_BURBO": "Burbo Bank"}, None),
    ],
)
def test_a_list_of_sites_is_doubted_where_it_names_what_nobody_knows(told: dict[str, str], doubt: str | None) -> None:
    assert doubts_of_sites(told, UNITS, {"T_FARR-1": "Farr"}) == ([doubt] if doubt else [])
