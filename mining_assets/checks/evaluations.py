"""The catalog's checks as Dagster shows them: what each asserts, and what a verification says of it.

All are unpartitioned and look at the days of their run: partitioned checks cannot attribute results in range runs.
Their metadata lists the bad days. None is blocking: in a range that would stop all days for one.
"""

from collections.abc import Iterable
from typing import Any

import dagster as dg

from mining_assets.verification.catalog import CHECKS, Check
from mining_assets.verification.findings import Verification

_LISTED = 20
OPERATORS_PAGE = "checks.md"


def check_key(check: Check) -> dg.AssetCheckKey:
    """The key under which Dagster knows a check."""
    return dg.AssetCheckKey(dg.AssetKey(check.table), check.name)


def check_specs(tables: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """The specs of all checks on some assets."""
    wanted = set(tables)
    return [
        dg.AssetCheckSpec(check.name, asset=check.table, description=check.description)
        for check in CHECKS
        if check.table in wanted
    ]


def check_results(
    verification: Verification, wanted: Iterable[dg.AssetCheckKey], docs_url: str | None = None
) -> list[dg.AssetCheckResult]:
    """The results of the checks wanted, for a step to yield; ``docs_url`` is where people find the docs folder."""
    keys = set(wanted)
    return [
        dg.AssetCheckResult(
            asset_key=check.table,
            check_name=check.name,
            passed=not verification.found(check),
            severity=_severity(check),
            description=_summary(verification, check),
            metadata=_metadata(verification, check, docs_url),
        )
        for check in CHECKS
        if check_key(check) in keys
    ]


def check_evaluations(
    verification: Verification, wanted: Iterable[dg.AssetCheckKey], docs_url: str | None = None
) -> list[dg.AssetCheckEvaluation]:
    """The same as events, for a step that fails, or that is not the checks' own."""
    return [
        dg.AssetCheckEvaluation(
            asset_key=result.asset_key,  # type: ignore[arg-type]
            check_name=str(result.check_name),
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata,
        )
        for result in check_results(verification, wanted, docs_url)
    ]


def _severity(check: Check) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if check.severity == "error" else dg.AssetCheckSeverity.WARN


def _summary(verification: Verification, check: Check) -> str:
    found = verification.found(check)
    if not found:
        return f"Holds on {_covered(verification, check)}."
    problems = sum(finding.problems for finding in found)
    where = f"{problems:,} problems on {len(found):,} of {_covered(verification, check)}"
    return f"{where}, first {found[0].span}: {found[0].example}"


def _covered(verification: Verification, check: Check) -> str:
    """The spans on which a check was evaluated, in words."""
    if check.level == "reference":
        return "the reference"
    length = {"day": len("2025-06-01"), "month": len("2025-06"), "year": len("2025")}[check.level]
    spans = sorted(span for span in map(str, verification.spans) if len(span) == length)
    if len(spans) < 2:
        return spans[0] if spans else f"no {check.level}"
    return f"{len(spans):,} {check.level}s from {spans[0]} to {spans[-1]}"


def _metadata(verification: Verification, check: Check, docs_url: str | None) -> dict[str, Any]:
    found = verification.found(check)
    metadata: dict[str, Any] = {"covered": _covered(verification, check), **verification.counts.get(check, {})}
    counts = verification.counts.get(check, {})
    if counts.get("expected"):
        metadata["completion (%)"] = 100 * (counts["expected"] - counts["missing"]) / counts["expected"]
    if not found:
        return metadata
    records = [
        dg.TableRecord({"span": str(finding.span), "problems": finding.problems, "first": finding.example})
        for finding in found[:_LISTED]
    ]
    return metadata | {
        "problems": sum(finding.problems for finding in found),
        "bad spans": len(found),
        "first bad": dg.MetadataValue.table(records),
        "what to do": dg.MetadataValue.text(check.remedy_on(found[0].span)),
        "operator's page": _operators_page(check, docs_url),
    }


def _operators_page(check: Check, docs_url: str | None) -> dg.MetadataValue[Any]:
    """Where it is told what the failure means: a link, or the file when nobody said where people read it."""
    section = f"{OPERATORS_PAGE}#{check.anchor}"
    return dg.MetadataValue.url(f"{docs_url}/{section}") if docs_url else dg.MetadataValue.path(f"docs/{section}")
