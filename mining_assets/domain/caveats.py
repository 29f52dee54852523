"""What is suspicious of a range of days although nothing of it is wrong, and how far it may move the totals.

A caveat changes no state: the days are complete, and hold what the source published. It stands wherever the totals
do, and in the verdict when all caveats together may move the energy or the payment by more than ``MATERIAL``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from mining_assets.domain.wording import count_of

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
        pounds: by how much the payment may be wrong, £ ≥ 0; None where that is not known.
        moves_totals: whether anything says that the totals are wrong by it; what only stands beside them has no word
            in the verdict.
    """

    check: str
    text: str
    days: int
    first: date
    last: date
    mwh: float | None = None
    pounds: float | None = None
    moves_totals: bool = True

    @property
    def is_measured(self) -> bool:
        """Whether it is known by how much the energy or the payment may be wrong."""
        return self.mwh is not None or self.pounds is not None

    def sentence(self, energy: float, payment: float) -> str:
        """Write the caveat with its days and amounts.

        Where it may move the totals, with their shares of the range's energy (MWh) and payment (£).
        """
        amounts = [f"{self.mwh:,.3f} MWh{self._share(self.mwh, energy)}"] if self.mwh is not None else []
        amounts += [f"£{self.pounds:,.2f}{self._share(self.pounds, payment)}"] if self.pounds is not None else []
        amount = " and ".join(amounts) or "by how much is not known"
        days = f"on {self.first}" if self.days == 1 else f"on {self.days:,} days, {self.first} to {self.last}"
        return f"{self.text}; {amount}, {days}"

    def _share(self, change: float, total: float) -> str:
        return f" ({_percent(change, total)})" if self.moves_totals else ""


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
    def sentences(self) -> tuple[str, ...]:
        """Every caveat in words, with its share of the totals."""
        return tuple(caveat.sentence(self.energy, self.payment) for caveat in self.all)

    @property
    def share(self) -> float:
        """By what share of the energy or the payment, whichever is more, all known amounts may move it; ≥ 0."""
        moving = [caveat for caveat in self.all if caveat.moves_totals]
        mwh = sum(caveat.mwh or 0.0 for caveat in moving)
        pounds = sum(caveat.pounds or 0.0 for caveat in moving)
        return max(share_of(mwh, self.energy), share_of(pounds, self.payment))

    @property
    def has_unmeasured(self) -> bool:
        """Whether one may move the totals, and nobody knows by how much: that is more than 0, not less."""
        return any(caveat.moves_totals and not caveat.is_measured for caveat in self.all)

    @property
    def warning(self) -> str:
        """The sentence of the verdict; empty while all amounts are known and move neither total above ``MATERIAL``."""
        by = []
        if self.share > MATERIAL:
            by.append("by more than they are" if self.share > 1 else f"by up to {_percentage(self.share)}")
        if self.has_unmeasured:
            by.append("by an amount that is not known")
        return f"The caveats may change the totals {', and '.join(by)}." if by else ""


def share_of(change: float, total: float) -> float:
    """Return what share of a total a change is, both without their signs; infinite of a total of 0."""
    return 0.0 if change == 0 else float("inf") if total == 0 else abs(change / total)


def _percent(change: float, total: float) -> str:
    share = share_of(change, total)
    return "of a total of 0" if share == float("inf") else f"{_percentage(share)} of the total"


def _percentage(share: float) -> str:
    return "less than 0.1 %" if 0 < share < 0.001 else f"{share * 100:,.1f} %"


def of_possible_wind(units: pd.DataFrame) -> list[Caveat]:
    """Return the caveats on units that may be wind and are in no figure, those that are not like wind apart.

    Args:
        units: settlement_date, bm_unit_id, bid_mwh (MWh, as received), and wind_like, as ``wind.wind_like`` says.
    """
    found = []
    for like, text in (
        (True, "like wind by id"),
        (False, "not like wind by id (batteries, aggregators)"),
    ):
        rows = units[units["wind_like"] == like]
        if len(rows):
            days, mwh = rows["settlement_date"], 0.0 - float(rows["bid_mwh"].sum())
            told = f"in no figure: {count_of(rows['bm_unit_id'].nunique(), 'unit')} {text}"
            found.append(
                Caveat("unknown_wind_units", told, days.nunique(), days.min(), days.max(), mwh, moves_totals=like)
            )
    return found


def of_days_without_units(days: Sequence[date]) -> list[Caveat]:
    """Return the caveat on days of which it is not known whether units that may be wind were left out, if any."""
    text = "days of an earlier version, of which not all units that may be wind are known"
    return [Caveat("unknown_wind_units", text, len(days), min(days), max(days))] if days else []


def of_comparisons(compared: pd.DataFrame) -> list[Caveat]:
    """Return the caveats on days whose stacks and whole-day reports differ, or could not be compared.

    Args:
        compared: rows of ``oracle_comparisons``.
    """
    odd = compared[compared["problem"].notna()]
    found = []
    # That nothing was compared says of no total that it is wrong.
    for rows, text, differs in (
        (odd[odd["differing"] > 0], "stacks and Elexon's whole-day volumes and cashflows differ", True),
        (
            odd[odd["differing"] == 0],
            "stacks could not be compared with Elexon's whole-day volumes and cashflows",
            False,
        ),
    ):
        if rows.empty:
            continue
        mwh, pounds = (
            float(amount) if pd.notna(amount := (rows[a] - rows[b]).abs().sum(min_count=1)) else None
            for a, b in (("energy_stack", "energy_volumes"), ("cash_stack", "cash_flows"))
        )
        days = rows["settlement_date"]
        found.append(Caveat("whole_day_oracle", text, len(rows), days.min(), days.max(), mwh, pounds, differs))
    return found


def of_findings(findings: pd.DataFrame) -> list[Caveat]:
    """Return the caveats on what verification found suspicious.

    Args:
        findings: check_name, settlement_date, problems, mwh (absent where it is not known); other checks are
            passed over.
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
