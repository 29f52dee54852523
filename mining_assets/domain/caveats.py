"""What is suspicious of a range of days although nothing of it is wrong, and how far it may move the totals.

A caveat changes no state: the days are whole, and what they say is what the source said. It is told wherever the totals
are, and in the verdict when all caveats together may move the energy or the payment by more than ``MATERIAL``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

MATERIAL = 0.01
"""The share of a total that may move without a word in the verdict."""

_OF_FINDINGS = {
    "capacity_bound": "BM units above their registered capacity: {problems:,} half hours of a unit",
    "day_and_price_bounds": "days above 140,000 MWh or prices beyond ±£500/MWh: {problems:,}",
    "repeated_acceptances": "rows that may count an acceptance twice: {problems:,}",
}
"""What a finding of these checks says, in words."""


@dataclass(frozen=True)
class Caveat:
    """A suspicion about a range.

    Attributes:
        check: the name of the check that watches for it.
        text: what it is, in words, without days and amounts.
        days: how many days are concerned.
        first, last: of these days.
        mwh: by how much the energy may be wrong, MWh ≥ 0; None where that is not known.
        pounds: the same of the payment, £ ≥ 0.
    """

    check: str
    text: str
    days: int
    first: date
    last: date
    mwh: float | None = None
    pounds: float | None = None

    @property
    def sentence(self) -> str:
        """The caveat with its amounts and days."""
        amounts = [f"{self.mwh:,.3f} MWh"] if self.mwh is not None else []
        amounts += [f"£{self.pounds:,.2f}"] if self.pounds is not None else []
        told = " and ".join(amounts) or "by how much is not known"
        days = f"on {self.first}" if self.days == 1 else f"on {self.days:,} days, {self.first} to {self.last}"
        return f"{self.text}; {told}, {days}"


@dataclass(frozen=True)
class Caveats:
    """All caveats of a range beside its totals.

    Attributes:
        energy, payment: of the stored days of the range, MWh (gross) and £.
    """

    all: tuple[Caveat, ...]
    energy: float
    payment: float

    @property
    def share(self) -> float:
        """By what share of the energy or the payment, whichever is more, all of them together may move it; ≥ 0."""
        mwh = sum(caveat.mwh or 0.0 for caveat in self.all)
        pounds = sum(caveat.pounds or 0.0 for caveat in self.all)
        return max(_share(mwh, self.energy), _share(pounds, abs(self.payment)))

    @property
    def warning(self) -> str:
        """The sentence of the verdict; empty while they may move neither total by more than ``MATERIAL``."""
        if self.share <= MATERIAL:
            return ""
        by = "by more than they are" if self.share > 1 else f"by up to {self.share:.1%}"
        return f"What is said under Caveats may move the totals {by.replace('%', ' %')}."


def _share(change: float, total: float) -> float:
    return 0.0 if change == 0 else float("inf") if total == 0 else change / total


def of_possible_wind(units: pd.DataFrame) -> list[Caveat]:
    """Tell of units that may be wind and are in no figure; columns as ``possible_wind.possible_wind_by_day``."""
    if units.empty:
        return []
    days = units["settlement_date"]
    text = f"units that may be wind are in no figure: {units['bm_unit_id'].nunique():,}"
    return [Caveat("unknown_wind_units", text, days.nunique(), days.min(), days.max(), -float(units["bid_mwh"].sum()))]


def of_days_without_units(days: Sequence[date]) -> list[Caveat]:
    """Tell of days of which it is not known whether units that may be wind were left out."""
    text = "days of an earlier version, of which not all units that may be wind are known"
    return [Caveat("unknown_wind_units", text, len(days), min(days), max(days))] if days else []


def of_comparisons(compared: pd.DataFrame) -> list[Caveat]:
    """Tell where stacks and whole-day reports differ, or could not be compared: rows of ``oracle_comparisons``."""
    odd = compared[compared["problem"].notna()]
    found = []
    for rows, text in (
        (odd[odd["differing"] > 0], "stacks and Elexon's whole-day volumes and cashflows differ"),
        (odd[odd["differing"] == 0], "stacks could not be compared with Elexon's whole-day volumes and cashflows"),
    ):
        if rows.empty:
            continue
        mwh, pounds = (
            float(amount) if pd.notna(amount := (rows[a] - rows[b]).abs().sum(min_count=1)) else None
            for a, b in (("energy_stack", "energy_volumes"), ("cash_stack", "cash_flows"))
        )
        days = rows["settlement_date"]
        found.append(Caveat("whole_day_oracle", text, len(rows), days.min(), days.max(), mwh, pounds))
    return found


def of_findings(findings: pd.DataFrame) -> list[Caveat]:
    """Tell what verification found suspicious.

    Args:
        findings: check_name, settlement_date, problems, mwh (absent where it is not known); of other checks nothing is
            told here.
    """
    found = []
    for check, text in _OF_FINDINGS.items():
        rows = findings[findings["check_name"] == check]
        if len(rows):
            days, mwh = rows["settlement_date"], rows["mwh"].astype(float).sum(skipna=False)
            told = text.format(problems=int(rows["problems"].sum()))
            found.append(
                Caveat(check, told, days.nunique(), days.min(), days.max(), None if pd.isna(mwh) else float(mwh))
            )
    return found
