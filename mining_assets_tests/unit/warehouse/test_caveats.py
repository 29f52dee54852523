"""Caveats: what is suspicious of a range stands in status, report and verdict, with the amounts that it may move."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from mining_assets.cli.status import as_dict, as_text
from mining_assets.cli.verdict import status_verdict
from mining_assets.domain.caveats import Caveat, Caveats
from mining_assets.report.build import build_report
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import oracle_comparisons, settlement_days, unknown_wind_units, wind_bm_units
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.clean import BOUNDS, DAYS, SHORT, WINDY, clean, scan_all
from mining_assets_tests.support.report_page import read_page
from mining_assets_tests.support.samples import FARM, MODELS, damage
from mining_assets_tests.support.templates import Templates

FIRST, LAST = DAYS[0], DAYS[-1]


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """Three clean days."""
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse


def look(warehouse: Warehouse) -> Status:
    with warehouse.reading() as connection:
        return read_status(connection, FIRST, LAST, MODELS, BOUNDS)


def test_a_range_without_suspicions_says_so(ground: Warehouse) -> None:
    status = look(ground)
    assert status.caveats.all == ()
    assert "Caveats: none is known" in as_text(status)
    assert as_dict(status)["caveats"] == []
    assert "Caveats" not in status_verdict(status).sentence


def report(warehouse: Warehouse) -> tuple[str, str]:
    """The section of the report on the three days, and the explanation of its verdict."""
    made = build_report(warehouse, FIRST, LAST, MODELS, BOUNDS, now=datetime.now(UTC))
    return read_page(made.html).by_id("caveats").text, made.verdict.explanation


def unknown_unit(warehouse: Warehouse, mwh: float, bm_unit_id: str = "T_NEWO-1") -> None:
    row = {"settlement_date": SHORT, "bm_unit_id": bm_unit_id, "rows": 3, "bid_mwh": -mwh}
    damage(warehouse, insert(unknown_wind_units).values(row))


def test_units_that_may_be_wind_are_in_the_verdict_once_they_may_move_a_total(ground: Warehouse) -> None:
    total = look(ground).caveats.energy
    unknown_unit(ground, 0.009 * total)
    status = look(ground)
    assert "may change the totals" not in as_text(status) + report(ground)[1]
    told = f"in no figure: 1 unit like wind by id; {0.009 * total:,.3f} MWh (0.9 % of the total), on {SHORT}"
    assert told in as_text(status)
    damage(ground, update(unknown_wind_units).values(bid_mwh=-0.5 * total))
    status = look(ground)
    warning = "The caveats may change the totals by up to 50.0 %."
    assert status_verdict(status).sentence.endswith(warning)
    section, explanation = report(ground)
    assert explanation.endswith(warning)
    assert f"in no figure: 1 unit like wind by id; {0.5 * total:,.3f} MWh (50.0 % of the total), on {SHORT}" in section
    (caveat,) = as_dict(status)["caveats"]
    assert (caveat["mwh_share"], caveat["gbp_share"], caveat["moves_totals"]) == (pytest.approx(0.5), None, True)


def test_units_not_like_wind_are_told_in_one_line_and_not_in_the_verdict(ground: Warehouse) -> None:
    total = look(ground).caveats.energy
    for unit in ("2__TWAGG001", "AG-FLX01", "E_ARNKB-1"):
        unknown_unit(ground, total, unit)
    unknown_unit(ground, 0.005 * total)
    status = look(ground)
    assert "may change the totals" not in status_verdict(status).sentence + report(ground)[1]
    like, other = status.caveats.sentences
    assert like.startswith("in no figure: 1 unit like wind by id; ")
    assert other.startswith("in no figure: 3 units not like wind by id (batteries, aggregators); ")
    assert f"{3 * total:,.3f} MWh, on" in other
    assert "of the total" not in other
    assert other in as_text(status)
    assert [unit["wind_like"] for unit in as_dict(status)["possible_wind_units"]] == [False, False, False, True]


def test_another_unit_of_a_known_farm_is_like_wind(ground: Warehouse) -> None:
    damage(ground, update(wind_bm_units).where(wind_bm_units.c.bm_unit_id == FARM).values(bm_unit_id="T_FARR-1"))
    unknown_unit(ground, 1.0, "T_FARR-3")
    assert look(ground).possible_wind["wind_like"].tolist() == [True]


def test_days_of_which_not_all_units_are_known_are_in_the_verdict(ground: Warehouse) -> None:
    day = settlement_days.c.settlement_date == WINDY
    damage(ground, update(settlement_days).where(day).values(uncounted_bid_mwh=None))
    warning = "The caveats may change the totals by an amount that is not known."
    assert status_verdict(look(ground)).sentence.endswith(warning)
    assert report(ground)[1].endswith(warning)


def test_days_that_could_not_be_compared_say_of_no_total_that_it_is_wrong(ground: Warehouse) -> None:
    row = {"settlement_date": WINDY, "compared_at": datetime.now(UTC), "differing": 0, "problem": "unreachable"}
    damage(ground, delete(oracle_comparisons), insert(oracle_comparisons).values(row))
    status = look(ground)
    assert "could not be compared" in as_text(status)
    assert status.caveats.warning == ""


def test_more_than_the_capacity_is_told_by_its_excess(ground: Warehouse) -> None:
    farm = wind_bm_units.c.bm_unit_id == FARM
    damage(ground, update(wind_bm_units).where(farm).values(generation_capacity=20.0))
    assert look(ground).caveats.all == ()  # not verified yet
    section, _ = report(ground)  # verifies for itself
    scan_all(ground)
    (caveat,) = look(ground).caveats.all
    # 15 MWh in a half hour, where 20 MW and 5 % allow 10.5
    assert (caveat.check, caveat.days, caveat.first, caveat.mwh) == ("capacity_bound", 1, WINDY, pytest.approx(4.5))
    (sentence,) = look(ground).caveats.sentences
    assert "4.500 MWh (" in sentence
    assert sentence in as_text(look(ground))
    assert sentence in section


def test_what_the_whole_day_reports_say_is_told_with_both_amounts(ground: Warehouse) -> None:
    row = {"settlement_date": WINDY, "compared_at": datetime.now(UTC), "differing": 2, "problem": "2 differ"}
    row |= {"energy_stack": 100.0, "energy_volumes": 90.0, "cash_stack": 500.0, "cash_flows": 650.0}
    damage(ground, delete(oracle_comparisons), insert(oracle_comparisons).values(row))
    (caveat,) = look(ground).caveats.all
    assert (caveat.check, caveat.mwh, caveat.pounds) == ("whole_day_oracle", 10.0, 150.0)
    caveats = look(ground).caveats
    energy, payment = 1000 / caveats.energy, 15000 / abs(caveats.payment)
    told = f"differ; 10.000 MWh ({energy:,.1f} % of the total) and £150.00 ({payment:,.1f} % of the total), on"
    assert f"whole-day volumes and cashflows {told}" in as_text(look(ground))


def test_the_verdict_tells_known_and_unknown_amounts_and_a_total_of_nothing() -> None:
    day = date(2025, 6, 3)
    known, unknown = Caveat("any", "much", 1, day, day, 20.0), Caveat("any", "something", 1, day, day)
    caveats = Caveats((known, unknown), energy=100.0, payment=50.0)
    assert caveats.warning.endswith("by up to 20.0 %, and by an amount that is not known.")
    assert known.sentence(0.0, 0.0) == f"much; 20.000 MWh (of a total of 0), on {day}"
    assert known.sentence(1e6, 0.0) == f"much; 20.000 MWh (less than 0.1 % of the total), on {day}"
    assert unknown.sentence(100.0, 50.0) == f"something; by how much is not known, on {day}"


@pytest.mark.parametrize(
    ("mwh", "pounds", "warning"),
    [
        (1.0, None, ""),
        (1.1, None, "by up to 1.1 %."),
        (None, 2.0, "by up to 4.0 %."),
        (None, None, "may change the totals by an amount that is not known."),
        (201.0, None, "by more than they are."),
    ],
)
def test_the_verdict_tells_what_may_move_a_total_by_over_a_hundredth(
    mwh: float | None, pounds: float | None, warning: str
) -> None:
    day = date(2025, 6, 3)
    caveats = Caveats((Caveat("any", "something", 1, day, day, mwh, pounds),), energy=100.0, payment=-50.0)
    assert caveats.warning.endswith(warning)
    assert bool(caveats.warning) == bool(warning)
