"""The catalog's checks as Dagster shows them: what each asserts, and what a verification says of it.

All are unpartitioned: partitioned checks cannot attribute results in range runs. Each is judged by all that is known of
every day, since Dagster shows its last evaluation only: a run of good days must not hide that others are bad. None is
blocking: in a range that would stop all days for one.
"""

import logging
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from mining_assets.domain.figures import rounded
from mining_assets.domain.periods import DateRange, Month, Year, days_expected
from mining_assets.reconciliation.checks import CHECKS, Check
from mining_assets.reconciliation.findings import Finding, Verification
from mining_assets.reconciliation.judgement import standing_findings, verified_of_all
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.command_lock import judging
from mining_assets.warehouse.connection import Warehouse

_LISTED = 20
_COMPLETION = "completion (%) (this run)"
OPERATORS_PAGE = "checks.md"


def check_key(check: Check) -> dg.AssetCheckKey:
    """Return the key under which Dagster knows a check."""
    return dg.AssetCheckKey(dg.AssetKey(check.table), check.name)


def check_specs(tables: Iterable[str]) -> list[dg.AssetCheckSpec]:
    """Return the specs of all checks on some assets."""
    wanted = set(tables)
    return [
        dg.AssetCheckSpec(check.name, asset=check.table, description=check.description)
        for check in CHECKS
        if check.table in wanted
    ]


def check_results(
    verification: Verification,
    warehouse: Warehouse,
    scope: Scope,
    wanted: Iterable[dg.AssetCheckKey],
    docs_url: str | None = None,
) -> Iterator[dg.AssetCheckResult]:
    """Yield the results of the checks wanted, for a step to yield one by one.

    A check passes when nothing is open of it on any day, month or year, not only on those of the run. Until all are
    taken, and so reported, no other run judges: Dagster shows the last report, which must not be of an older reading.

    Args:
        verification: what the run itself verified, and stored before.
        warehouse: in which the findings of earlier runs are.
        scope: what is verified, by which miner models.
        wanted: the checks to yield.
        docs_url: where people find the docs folder.
    """
    with judging(warehouse, _waits):
        yield from _results(verification, warehouse, scope, wanted, docs_url)


def _waits(holder: str) -> None:
    logging.getLogger(__name__).info("waiting until another run has reported its checks: %s", holder)


def _results(
    verification: Verification,
    warehouse: Warehouse,
    scope: Scope,
    wanted: Iterable[dg.AssetCheckKey],
    docs_url: str | None,
) -> list[dg.AssetCheckResult]:
    keys, now = set(wanted), datetime.now(UTC)
    checks = [check for check in CHECKS if check_key(check) in keys]
    by_check: dict[Check, list[Finding]] = {check: [] for check in checks}
    for finding in standing_findings(warehouse, scope, now, checks):
        by_check[finding.check].append(finding)
    verified = verified_of_all(warehouse, scope, now).sentence
    return [
        dg.AssetCheckResult(
            asset_key=check.table,
            check_name=check.name,
            passed=not found and not _failed_to_evaluate(verification, check),
            severity=_severity(check, found),
            description=_summary(verification, check, found, verified),
            metadata=_metadata(verification, check, found, verified, docs_url, scope.date_range),
        )
        for check, found in by_check.items()
    ]


def check_evaluations(
    verification: Verification,
    warehouse: Warehouse,
    scope: Scope,
    wanted: Iterable[dg.AssetCheckKey],
    docs_url: str | None = None,
) -> Iterator[dg.AssetCheckEvaluation]:
    """Yield the results as events, for a step that fails, or that is not the checks' own, to log one by one."""
    for result in check_results(verification, warehouse, scope, wanted, docs_url):
        yield dg.AssetCheckEvaluation(
            asset_key=result.asset_key,  # type: ignore[arg-type]
            check_name=str(result.check_name),
            passed=result.passed,
            severity=result.severity,
            description=result.description,
            metadata=result.metadata,
        )


def _failed_to_evaluate(verification: Verification, check: Check) -> bool:
    not_evaluated = verification.not_evaluated.get(check)
    return not_evaluated is not None and not_evaluated.is_fault


def _severity(check: Check, found: list[Finding]) -> dg.AssetCheckSeverity:
    """Return the check's own severity; that it could not be evaluated is a warning, as no data is known to be wrong."""
    fails_for_sure = check.severity == "error" and (found or not check.of_archive)
    return dg.AssetCheckSeverity.ERROR if fails_for_sure else dg.AssetCheckSeverity.WARN


def _summary(verification: Verification, check: Check, found: list[Finding], verified: str) -> str:
    verified_range = _verified_range(verification, check)
    not_evaluated = verification.not_evaluated.get(check)
    if not found:
        if not_evaluated:
            return f"Not evaluated by this run: {not_evaluated.reason}."
        as_of = f" Verified by value: {verified}." if _goes_by_value(check) else ""
        return f"Nothing is open anywhere. This run covered {verified_range}.{as_of}"
    of_run = sum(finding.span in verification.spans_of(check) for finding in found)
    known = [finding.since for finding in found if finding.since is not None]
    since = f" since {min(known):%Y-%m-%d %H:%M} UTC" if known else ""
    first = found[0]
    where = f"First {first.span}: " if check.level != "reference" else ""
    return (
        f"Open{since} on {_count(check, len(found))}, {of_run:,} of them covered by this run ({verified_range}). "
        f"{where}{first.example}"
    ) + (f". Not evaluated by this run: {not_evaluated.reason}." if not_evaluated else "")


def _goes_by_value(check: Check) -> bool:
    """Tell whether it is evaluated on every day that is verified by value."""
    return check.level != "reference" and not check.of_archive


def _count(check: Check, number: int) -> str:
    """How many days, months, years or references, in words."""
    return f"{number:,} {check.level}{'' if number == 1 else 's'}"


def _verified_range(verification: Verification, check: Check) -> str:
    """Return the periods on which a check was evaluated, in words."""
    if check.level == "reference":
        return "the reference" if check.table in verification.tables else "no reference"
    kind = {"day": date, "month": Month, "year": Year}[check.level]
    spans = sorted(str(span) for span in verification.spans_of(check) if isinstance(span, kind))
    if len(spans) < 2:
        return spans[0] if spans else f"no {check.level}"
    return f"{len(spans):,} {check.level}s from {spans[0]} to {spans[-1]}"


def _metadata(
    verification: Verification,
    check: Check,
    found: list[Finding],
    verified: str,
    docs_url: str | None,
    date_range: DateRange,
) -> dict[str, Any]:
    counts = verification.counts.get(check, {})
    metadata: dict[str, Any] = {
        "problems": sum(int(finding.problems) for finding in found),
        f"open {check.level}s": len(found),
        **_open_days(check, found, date_range),
        "covered": _verified_range(verification, check),
        **({"verified by value": verified} if _goes_by_value(check) else {}),
        # The names say of what they are: problems and open days are of all days, whatever the run covered.
        **{f"{name.replace('_', ' ')} (this run)": count for name, count in counts.items()},
    }
    if counts.get("expected"):
        completion = 100 * (counts["expected"] - counts["missing"]) / counts["expected"]
        metadata[_COMPLETION] = rounded(_COMPLETION, completion)
    if not found:
        return metadata
    records = [
        dg.TableRecord(
            {
                check.level: str(finding.span),
                "problems": finding.problems,
                "first of them": finding.example,
                "open since": f"{finding.since:%Y-%m-%d %H:%M} UTC" if finding.since else "not verified yet",
                "what to do": check.remedy_on(finding.span),
            }
        )
        for finding in found[:_LISTED]
    ]
    return metadata | {
        f"bad {check.level}s": dg.MetadataValue.table(records),
        "what to do": dg.MetadataValue.text(
            check.remedy_on_days([each.span for each in found if isinstance(each.span, date)])
        ),
        "operator's page": _operators_page(check, docs_url),
    }


def _open_days(check: Check, found: list[Finding], date_range: DateRange) -> dict[str, int]:
    """On how many days something is open: of a month or year, all that are expected in it. Of a reference no day is."""
    if check.level not in ("month", "year"):
        return {}
    periods = [finding.span for finding in found if isinstance(finding.span, Month | Year)]
    return {"open days": sum(days_expected(period, date_range) for period in periods)}


def _operators_page(check: Check, docs_url: str | None) -> dg.MetadataValue[Any]:
    """Where it is told what the failure means: a link, or the file when nobody said where people read it."""
    section = f"{OPERATORS_PAGE}#{check.anchor}"
    return dg.MetadataValue.url(f"{docs_url}/{section}") if docs_url else dg.MetadataValue.path(f"docs/{section}")
