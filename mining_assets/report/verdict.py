"""Whether the figures of a report may be trusted, in words."""

from dataclasses import dataclass
from math import isclose

from mining_assets.domain.healing import day_ranges
from mining_assets.domain.tolerance import RELATIVE_TOLERANCE
from mining_assets.report.shaping import DAY_KINDS, day_kinds
from mining_assets.warehouse.reporting import Material


@dataclass(frozen=True)
class Verdict:
    """What may be said of the totals.

    Attributes:
        level: empty, incomplete, inconsistent, provisional or final.
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


def verdict(material: Material) -> Verdict:
    """Judge the range as a whole: it is as good as its worst day."""
    status = material.status
    days, known, whole = len(status.days), len(material.daily), status.whole
    if not known:
        there = ", ".join(f"{count:,} {state}" for state, count in status.states.items() if count)
        told = f"No day has figures that count ({there}), and nothing is shown as zero."
        return Verdict("empty", "Nothing is known", told)
    if known < days or whole < days:
        told = f"Figures are of {_of(known, days)}; the others are unknown, not zero."
        return Verdict("incomplete", "Not complete", told)
    if not status.is_right:
        told = f"All {days:,} days are there, but the last verification found what does not agree."
        return Verdict("inconsistent", "Not consistent", told)
    if not _records_add_up(material):
        told = "The records do not add up to the summaries of their days: `mining-assets verify` says of which."
        return Verdict("inconsistent", "Not consistent", told)
    if status.states["provisional"]:
        told = (
            f"All {days:,} days are there; the settlement may still change {status.states['provisional']:,} of them. "
            "A day is final once it was fetched after 15:00 UTC of the next day."
        )
        return Verdict("provisional", "Provisional", told)
    return Verdict("final", "Final", f"{_all(days)} whole and settled, and everything derived agrees.")


def open_ranges(material: Material) -> list[tuple[str, int, str]]:
    """Days that are not final, in ranges of the same kind: from–to, days, what they are; in order."""
    kinds = day_kinds(material.status.days)
    found = []
    for kind in DAY_KINDS:
        if kind in ("final", "quiet"):
            continue
        for first, last in day_ranges(kinds.index[kinds == kind], longest=len(kinds)):
            span = f"{first}" if first == last else f"{first} to {last}"
            found.append((span, (last - first).days + 1, DAY_KINDS[kind]))
    return sorted(found)


def _records_add_up(material: Material) -> bool:
    """Whether the records, of which the farms' figures are, give the totals, which are the summaries'.

    Damage that no verification has found yet shows here first.
    """
    pairs = (("curtailed_energy", "total_curtailed_energy"), ("payment", "total_payment"))
    return all(
        isclose(material.farms[name].sum(), material.daily[total].sum(), rel_tol=RELATIVE_TOLERANCE, abs_tol=1e-6)
        for name, total in pairs
    )


def _of(some: int, days: int) -> str:
    return f"{some:,} of {days:,} days"


def _all(days: int) -> str:
    return "The day is" if days == 1 else f"All {days:,} days are"
