"""The verdict of a report: how far its figures can be trusted, in words."""

from dataclasses import dataclass, replace
from math import isclose

from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.finality import FINAL_FROM, FINAL_MEANS
from mining_assets.domain.tolerance import RELATIVE_TOLERANCE
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation.findings import Verification
from mining_assets.report.frames import DAY_KINDS, day_kinds
from mining_assets.warehouse.reporting import ReportData
from mining_assets.warehouse.status import Status


@dataclass(frozen=True)
class Verdict:
    """How far the totals can be trusted.

    Attributes:
        level: empty, incomplete, inconsistent, unverified, provisional or final.
        headline: the level in words.
        explanation: a sentence on what the totals cover.
    """

    level: str
    headline: str
    explanation: str

    @property
    def can_be_repaired(self) -> bool:
        """Whether `mining-assets reconcile` has something to do."""
        return self.level in ("empty", "incomplete", "inconsistent")


def verdict(report_data: ReportData, verification: Verification | None) -> Verdict:
    """Judge the range: it is as good as its worst day and its last verification.

    The explanation ends with a warning when caveats may change the totals by much.

    Args:
        report_data: the data of the report.
        verification: the verification of its days that was made for this report; None when they are too many.
    """
    judged = _judged(report_data, verification)
    warning = report_data.status.caveats.warning
    return replace(judged, explanation=f"{judged.explanation} {warning}") if warning else judged


def _judged(report_data: ReportData, verification: Verification | None) -> Verdict:
    status = report_data.status
    days, known, trusted = len(status.days), len(report_data.daily), status.trusted
    if not known:
        there = ", ".join(f"{count:,} {state}" for state, count in status.states.items() if count)
        text = f"No day is complete ({there}), so there are no figures; nothing is shown as zero."
        return Verdict("empty", "Nothing is known", text)
    basis = verified_by_value(status, verification)
    if known < days or trusted < days:
        text = f"Figures cover {_of(known, days)}; the others are unknown, not zero. Verified by value: {basis}."
        return Verdict("incomplete", "Not complete", text)
    if verification is not None and verification.errors:
        first = min(verification.errors, key=lambda finding: str(finding.span))
        what = f"{first.span} {first.check.table}: {first.example}"
        text = f"{_all(days)} complete, but a check fails: {what}. `mining-assets verify` shows all failures."
        return Verdict("inconsistent", "Not consistent", text)
    if not status.is_right:
        text = f"{_all(days)} complete, but checks failed at the last verification. `mining-assets verify` shows them."
        return Verdict("inconsistent", "Not consistent", text)
    if not _records_add_up(report_data):
        text = "The records do not add up to the daily summaries. `mining-assets verify` shows the days."
        return Verdict("inconsistent", "Not consistent", text)
    if verification is None and status.verified.unverified_days:
        text = f"{_all(days)} complete, but not all are verified. Verified by value: {basis}. "
        return Verdict("unverified", "Not verified", f"{text}Run `mining-assets verify`.")
    if status.states["provisional"]:
        text = (
            f"{_all(days)} complete; the settlement may still change {status.states['provisional']:,} of them. "
            f"A day is final once it was fetched {FINAL_FROM}. {FINAL_MEANS} "
            f"Verified by value: {basis}."
        )
        return Verdict("provisional", "Provisional", text)
    text = f"{_all(days)} complete and settled, and all checks pass. Verified by value: {basis}. {FINAL_MEANS}"
    return Verdict("final", "Final", text)


def verified_by_value(status: Status, verification: Verification | None) -> str:
    """Describe which of a report's days were verified by value, and when."""
    return status.verified.sentence if verification is None else "every day when this was made"


def open_ranges(report_data: ReportData) -> list[tuple[str, int, str]]:
    """List the days that are not final as ranges of one kind: from–to, number of days, description; in order."""
    kinds = day_kinds(report_data.status.days)
    found = []
    for kind in DAY_KINDS:
        if kind in ("final", "quiet"):
            continue
        for first, last in day_ranges(kinds.index[kinds == kind], longest=len(kinds)):
            span = f"{first}" if first == last else f"{first} to {last}"
            found.append((span, (last - first).days + 1, DAY_KINDS[kind]))
    return sorted(found)


def _records_add_up(report_data: ReportData) -> bool:
    """Return whether the records of the units add up to the totals of the summaries.

    This shows damage that no verification has found yet.
    """
    pairs = (("curtailed_energy", "total_curtailed_energy"), ("payment", "total_payment"))
    return all(
        isclose(report_data.units[name].sum(), report_data.daily[total].sum(), rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-6)
        for name, total in pairs
    )


def _of(some: int, days: int) -> str:
    return f"{some:,} of {count_of(days, 'day')}"


def _all(days: int) -> str:
    return "The day is" if days == 1 else f"All {days:,} days are"
