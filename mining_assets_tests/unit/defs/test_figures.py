"""Every check shows how many problems and days are open, whether it passes or fails, in figures that can be read."""

from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import pytest

from mining_assets.defs.check_evaluations import check_key, check_results
from mining_assets.reconciliation.checks import CHECKS, Check
from mining_assets.reconciliation.findings import Verification, problems, store_findings
from mining_assets_tests.support.clean import SCOPE, SHORT, WINDY, clean
from mining_assets_tests.support.rounding import unrounded
from mining_assets_tests.support.templates import Templates

FOUND_AT = datetime(2025, 5, 1, 3, tzinfo=UTC)
SPANS = {"day": (SHORT, WINDY), "month": ("2025-03", "2025-04"), "year": ("2025",), "reference": ("all",)}
OPEN_DAYS = {"day": 2, "month": 3, "year": 3}
Results = dict[Check, dg.AssetCheckResult]


def judged(templates: Templates, folder: Path, verification: Verification) -> Results:
    with templates.copy("sqlite", clean, folder) as warehouse:
        with warehouse.writing("findings") as connection:
            store_findings(connection, verification, FOUND_AT)
        results = list(check_results(verification, warehouse, SCOPE, map(check_key, CHECKS)))
    return dict(zip(CHECKS, results, strict=True))


@pytest.fixture(scope="module")
def failing(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Results:
    verification = Verification(spans={span for spans in SPANS.values() for span in spans})
    for check in CHECKS:
        spans = SPANS[check.level]
        verification.add(check, problems(spans, ["key"] * len(spans), ["is not as it must be"] * len(spans)))
        verification.count(check, expected=3, missing=1)
    return judged(templates, tmp_path_factory.mktemp("failing"), verification)


@pytest.fixture(scope="module")
def passing(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Results:
    return judged(templates, tmp_path_factory.mktemp("passing"), Verification())


def counted(result: dg.AssetCheckResult, name: str) -> int:
    entry = result.metadata[name]
    assert isinstance(entry, dg.IntMetadataValue), entry
    assert entry.value is not None
    return entry.value


@pytest.mark.parametrize("check", CHECKS, ids=[f"{check.table}.{check.name}" for check in CHECKS])
def test_a_check_shows_problems_and_open_days_always(check: Check, failing: Results, passing: Results) -> None:
    assert passing[check].passed
    assert not failing[check].passed
    assert counted(passing[check], "problems") == 0
    assert counted(failing[check], "problems") == len(SPANS[check.level])
    assert counted(passing[check], f"open {check.level}s") == 0
    assert counted(failing[check], f"open {check.level}s") == len(SPANS[check.level])
    if check.level != "reference":
        assert counted(passing[check], "open days") == 0
        assert counted(failing[check], "open days") == OPEN_DAYS[check.level]
    assert "expected (this run)" in failing[check].metadata  # not of all days, as the problems are
    assert [name for name in failing[check].metadata if "_" in name] == []
    assert unrounded(failing[check].metadata) == unrounded(passing[check].metadata) == []
