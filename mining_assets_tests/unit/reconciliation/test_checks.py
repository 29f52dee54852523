"""Every check fails on its own damage, names it, and says nothing of a clean warehouse.

Those of the archive are in ``pipeline.test_verify_archive``.
"""

import pytest

from mining_assets.reconciliation.checks import CHECKS, Check
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.case import Case
from mining_assets_tests.support.clean import DAYS, MONTHS, YEARS, scan_all
from mining_assets_tests.support.derived_cases import OF_REFERENCES, OF_WHAT_IS_DERIVED
from mining_assets_tests.support.record_cases import OF_RECORDS
from mining_assets_tests.support.series_cases import OF_SERIES

OF_WAREHOUSE = {check for check in CHECKS if not check.of_archive}
CASES = (*OF_RECORDS, *OF_WHAT_IS_DERIVED, *OF_SERIES, *OF_REFERENCES)


def named(check: Check) -> str:
    return f"{check.table}.{check.name}"


def test_a_clean_warehouse_gives_no_finding_at_all(ground: Warehouse) -> None:
    verification = scan_all(ground)
    assert verification.findings == []
    assert verification.spans == {*DAYS, *MONTHS, *YEARS, "all"}
    assert set(verification.tables) == {check.table for check in OF_WAREHOUSE}


# The checks work on frames, so that the databases differ in little: PostgreSQL has the first case of every check.
FIRST_OF_EACH = list({case.check: case for case in reversed(CASES)}.values())
ON_BOTH = [
    pytest.param(db, case, id=f"{db}, {case.about}", marks=() if case in FIRST_OF_EACH else pytest.mark.system)
    for db, cases in (("sqlite", CASES), ("postgresql", FIRST_OF_EACH))
    for case in cases
]


@pytest.mark.parametrize(("backend", "case"), ON_BOTH, indirect=["backend"])
def test_damage_makes_just_its_check_fail_and_is_named(case: Case, ground: Warehouse) -> None:
    case.harm(ground)
    verification = scan_all(ground)
    assert {named(finding.check) for finding in verification.findings} == {named(check) for check in case.fails}
    (found,) = verification.found(case.check)
    assert found.span == case.span
    assert found.problems == case.problems
    for part in case.says:
        assert part in found.example


def test_every_check_has_damage_that_makes_it_fail_alone() -> None:
    assert {case.check for case in CASES if not case.also} == OF_WAREHOUSE
