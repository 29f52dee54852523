"""Whether the figures of a report may be trusted, in words."""

from dataclasses import dataclass, replace
from math import isclose

from mining_assets.domain.date_ranges import day_ranges
from mining_assets.domain.settlement import FINAL_FROM, FINAL_MEANS
from mining_assets.domain.tolerance import RELATIVE_TOLERANCE
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation.findings import Verification
from mining_assets.report.frames import DAY_KINDS, day_kinds
from mining_assets.warehouse.reporting import ReportData
from mining_assets.warehouse.status import Status


@dataclass(frozen=True)
class Verdict:
    """What may be said of the totals.

    Attributes:
        level: empty, incomplete, inconsistent, unverified, provisional or final.
        headline: the same for people.
        explanation: a sentence on what the totals are of.
    """

    level: str
    headline: str
    explanation: str

    @property
    def can_be_mended(self) -> bool:
        """Whether there is something for `mining-assets reconcile` to do."""
        return self.level in ("empty", "incomplete", "inconsistent")


def verdict(report_data: ReportData, looked: Verification | None) -> Verdict:
    """Judge the range as a whole: it is as good as its worst day, and no better than the last look at its days.

    What its caveats may move is said with it, when that is much.

    Args:
        looked: what the report itself verified of its days; None when they are too many for that.
    """
    judged = _judged(report_data, looked)
    warning = report_data.status.caveats.warning
    return replace(judged, explanation=f"{judged.explanation} {warning}") if warning else judged


def _judged(report_data: ReportData, looked: Verification | None) -> Verdict:
    status = report_data.status
    days, known, whole = len(status.days), len(report_data.daily), status.whole
    if not known:
        there = ", ".join(f"{count:,} {state}" for state, count in status.states.items() if count)
        told = f"No day has figures that count ({there}), and nothing is shown as zero."
        return Verdict("empty", "Nothing is known", told)
    basis = verified_by_value(status, looked)
    if known < days or whole < days:
        told = f"Figures are of {_of(known, days)}; the others are unknown, not zero. Verified by value: {basis}."
        return Verdict("incomplete", "Not complete", told)
    if looked is not None and looked.errors:
        first = min(looked.errors, key=lambda finding: str(finding.span))
        what = f"{first.span} {first.check.table}: {first.example}"
        told = f"{_all(days)} there, but verifying found what does not agree: {what}. `mining-assets verify` says all."
        return Verdict("inconsistent", "Not consistent", told)
    if not status.is_right:
        told = f"{_all(days)} there, but the last verification found what does not agree."
        return Verdict("inconsistent", "Not consistent", told)
    if not _records_add_up(report_data):
        told = "The records do not add up to the summaries of their days: `mining-assets verify` says of which."
        return Verdict("inconsistent", "Not consistent", told)
    if looked is None and status.verified.unverified_days:
        told = f"{_all(days)} there, but not every day was verified. Verified by value: {basis}. "
        return Verdict("unverified", "Not verified", f"{told}`mining-assets verify` does so.")
    if status.states["provisional"]:
        told = (
            f"{_all(days)} there; the settlement may still change {status.states['provisional']:,} of them. "
            f"A day is final once it was fetched {FINAL_FROM}. {FINAL_MEANS} "
            f"Verified by value: {basis}."
        )
        return Verdict("provisional", "Provisional", told)
    told = f"{_all(days)} whole and settled, and everything derived agrees. Verified by value: {basis}. {FINAL_MEANS}"
    return Verdict("final", "Final", told)


def verified_by_value(status: Status, looked: Verification | None) -> str:
    """Say what of a report's days was verified by value, and when."""
    return status.verified.sentence if looked is None else "every day when this was made"


def open_ranges(report_data: ReportData) -> list[tuple[str, int, str]]:
    """Days that are not final, in ranges of the same kind: from–to, days, what they are; in order."""
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
    """Whether the records, of which the units' figures are, give the totals, which are the summaries'.

    Damage that no verification has found yet shows here first.
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
