"""The register of BM units: its dirt is kept, its absence is not taken for an answer."""

import pytest

from mining_assets.sources.elexon_schema import BmUnit
from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets_tests.support.bodies import UNIT, asked


def units(body: object) -> tuple[BmUnit, ...]:
    return asked(body, lambda client: client.bm_units())


def test_unit_is_read() -> None:
    (unit,) = units([UNIT])
    assert unit == BmUnit(
        bm_unit_id="T_MADEUP-1",
        national_grid_id="MADEUP-1",
        name="Made Up Wind Farm",
        fuel_type="WIND",
        unit_type="T",
        lead_party_id="MADEUP",
        lead_party_name="Made Up Wind Limited",
        generation_capacity=99.0,
        demand_capacity=-2.0,
        transmission_loss_factor=-0.030134,
        gsp_group_name=None,
    )


def test_dirt_of_the_register_is_kept_as_it_is() -> None:
    body = [
        UNIT,
        UNIT,
        UNIT | {"elexonBmUnit": None, "generationCapacity": None},
        UNIT | {"elexonBmUnit": "", "generationCapacity": "n/a", "demandCapacity": "nan"},
        UNIT | {"generationCapacity": 44, "demandCapacity": -0.5},
        {"elexonBmUnit": "T_BARE-1"},
    ]
    answer = units(body)
    assert [unit.bm_unit_id for unit in answer] == ["T_MADEUP-1", "T_MADEUP-1", None, None, "T_MADEUP-1", "T_BARE-1"]
    assert [unit.generation_capacity for unit in answer] == [99, 99, None, None, 44, None]
    assert [unit.demand_capacity for unit in answer] == [-2, -2, -2, None, -0.5, None]


@pytest.mark.parametrize("body", [b"[]", b"", b"{}", b'{"data": []}', b"null", b"<html/>", b"[" * 10_000])
def test_register_that_is_no_list_or_empty_is_asked_for_again(body: bytes) -> None:
    with pytest.raises(SourceUnavailable):
        units(body)


@pytest.mark.parametrize("body", [[{}], [UNIT | {"elexonBmUnit": None}], [UNIT | {"elexonBmUnit": ""}]])
def test_register_without_any_id_is_refused(body: object) -> None:
    with pytest.raises(SourceRefused, match="has an elexonBmUnit"):
        units(body)


@pytest.mark.parametrize("row", [1, None, "T_MADEUP-1", UNIT | {"elexonBmUnit": 7}, UNIT | {"fuelType": ["WIND"]}])
def test_register_with_rows_of_another_kind_is_refused(row: object) -> None:
    with pytest.raises(SourceRefused, match="row with index 1"):
        units([UNIT, row])
