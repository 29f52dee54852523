"""From the material of a report to its figures: pure, and what is not known stays absent in all of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mining_assets.domain.rollups import bitcoin_months_from_days, month_of, months_from_days, span_bounds
from mining_assets.domain.settlement import periods_in
from mining_assets.domain.valuation import curtailed_share
from mining_assets.domain.wording import count_of
from mining_assets.warehouse.predicates import TRUSTED
from mining_assets.warehouse.reporting import ReportData

DAY_KINDS = {
    "final": "final",
    "quiet": "final, nothing curtailed (a certified zero)",
    "provisional": "provisional: the settlement may still change it",
    "inconsistent": "whole, but what is derived from it does not agree",
    "missing": "missing: not known",
    "partial": "partial: some of it is gone",
    "damaged": "damaged: not what was fetched",
    "quarantined": "quarantined: healing gave it up",
}
"""What a day is drawn as, and in words; the later ones win."""


@dataclass(frozen=True)
class Mined:
    """Bitcoin of a range for a miner model.

    Attributes:
        days: the whole days that are calculated.
        bitcoin: BTC of those; None when there is none.
        days_priced: of those, how many have a price.
        value: £; None unless all of them have one.
        payment: £ paid for the energy of the same days.
    """

    model: str
    days: int
    bitcoin: float | None
    days_priced: int
    value: float | None
    payment: float | None


@dataclass(frozen=True)
class Totals:
    """What heads a report. Every figure is that of the days known, or None when there is none.

    Attributes:
        days: of the range.
        days_known: whole and summarized.
        energy, flagged, undone: MWh, positive.
        payment: £, positive = paid to the farms.
        days_with_generation: of those known.
        share: curtailed ÷ (generated + curtailed); None unless the generation of all of them is known.
    """

    days: int
    days_known: int
    energy: float | None
    flagged: float | None
    undone: float | None
    payment: float | None
    days_with_generation: int
    share: float | None
    mined: tuple[Mined, ...]


def totals(report_data: ReportData) -> Totals:
    """The totals of the range."""
    daily, coins = report_data.daily, report_data.bitcoin
    sums = daily.sum(numeric_only=True, skipna=False)
    generated = _known(daily["generated_energy"])

    def figure(name: str) -> float | None:
        return float(sums[name]) if len(daily) else None

    share = curtailed_share(pd.Series([daily["total_curtailed_energy"].sum()]), pd.Series([generated], dtype="float64"))
    return Totals(
        days=len(report_data.status.days),
        days_known=len(daily),
        energy=figure("total_curtailed_energy"),
        flagged=figure("system_flagged_energy"),
        undone=figure("undone_energy"),
        payment=figure("total_payment"),
        days_with_generation=int(daily["generated_energy"].notna().sum()),
        share=_number(share.iloc[0]),
        mined=tuple(_mined(model, coins[coins["miner_model"] == model]) for model in report_data.models),
    )


def _mined(model: str, rows: pd.DataFrame) -> Mined:
    return Mined(
        model=model,
        days=len(rows),
        bitcoin=_known(rows["bitcoin_mined"]),
        days_priced=int(rows["bitcoin_value"].notna().sum()),
        value=_known(rows["bitcoin_value"]),
        payment=_known(rows["total_payment"]),
    )


def _known(figures: "pd.Series[float]") -> float | None:
    """The sum, when there is something to add up and all of it is known."""
    return _number(figures.sum(skipna=False)) if len(figures) else None


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def day_kinds(states: pd.DataFrame) -> "pd.Series[str]":
    """What each day is drawn as, one of ``DAY_KINDS``, from its state as from ``states.day_states``."""
    kinds = states["state"].astype(object)
    whole = kinds.isin(TRUSTED)
    kinds = kinds.mask((kinds == "final") & (states["records"] == 0), "quiet")
    kinds = kinds.mask(whole & states["inconsistent"], "inconsistent")
    return kinds.mask(states["quarantined"], "quarantined")


def months_in(report_data: ReportData) -> pd.DataFrame:
    """How much of each month of the range is known: year_month, days, days_known, days_final and state.

    The state is unknown (no day is known), incomplete, provisional or final.
    """
    days = report_data.status.days
    known = days.index.isin(set(report_data.daily["summary_date"]))
    months = pd.DataFrame(
        {
            "year_month": [month_of(day) for day in days.index],
            "days": 1,
            "days_known": known.astype(int),
            "days_final": (known & (days["state"] == "final")).astype(int),
        }
    )
    counted = months.groupby("year_month", sort=True).sum().reset_index()
    return counted.assign(state=[_month_state(row) for row in counted.itertuples()])


def _month_state(month: "pd.Series[int]") -> str:
    if month.days_known == 0:
        return "unknown"
    if month.days_known < month.days:
        return "incomplete"
    return "final" if month.days_final == month.days else "provisional"


def curtailment_months(report_data: ReportData) -> pd.DataFrame:
    """The months of the range with their sums, absent where no day is known.

    Returns:
        as ``months_in``, and total_curtailed_energy, system_flagged_energy, undone_energy (MWh), total_payment (£),
        average_price (£/MWh), generated_energy (MWh), curtailed_share, days_with_generation.
    """
    sums = months_from_days(report_data.daily)
    names = ["total_curtailed_energy", "system_flagged_energy", "undone_energy", "total_payment"]
    share = ["generated_energy", "curtailed_share", "days_with_generation"]
    rows = months_in(report_data).merge(sums[["year_month", *names, *share]], how="left", on="year_month")
    energy = rows["total_curtailed_energy"]
    return rows.assign(
        average_price=(rows["total_payment"] / energy).where(energy != 0),
        days_with_generation=rows["days_with_generation"].fillna(0).astype(int),
    )


def bitcoin_months(report_data: ReportData) -> pd.DataFrame:
    """The months of the range by miner model, absent where no day is calculated.

    Returns:
        year_month, miner_model, days, days_known (calculated), bitcoin_mined (BTC), bitcoin_value and total_payment
        (£), value_ratio, days_priced; all models of a month, month by month.
    """
    names = ["bitcoin_mined", "bitcoin_value", "total_payment", "value_ratio", "days_complete", "days_priced"]
    sums = bitcoin_months_from_days(report_data.bitcoin)[["year_month", "miner_model", *names]]
    every = months_in(report_data)[["year_month", "days"]].merge(
        pd.DataFrame({"miner_model": report_data.models}), how="cross"
    )
    rows = every.merge(sums, how="left", on=["year_month", "miner_model"])
    for count in ("days_complete", "days_priced"):
        rows[count] = rows[count].fillna(0).astype(int)
    return rows.rename(columns={"days_complete": "days_known"})


def half_hour_grid(report_data: ReportData) -> pd.DataFrame:
    """Every half hour of the month's days in the range: day, settlement_period, curtailed_energy (MWh or absent)."""
    if report_data.month is None:
        return pd.DataFrame(columns=["day", "settlement_period", "curtailed_energy"])
    begin, end = span_bounds(report_data.month)
    days = [day for day in report_data.status.days.index if begin <= day <= end]
    keys = [(day, period) for day in days for period in range(1, periods_in(day) + 1)]
    index = pd.MultiIndex.from_tuples(keys, names=["settlement_date", "settlement_period"]) if keys else None
    known = report_data.half_hours.set_index(["settlement_date", "settlement_period"])["curtailed_energy"]
    grid = known.reindex(index) if index is not None else known
    return grid.reset_index().rename(columns={"settlement_date": "day"})


def farms_ranked(units: pd.DataFrame) -> pd.DataFrame:
    """Sum up farms, the most energy first: BM units of a site together, a unit without one by its id.

    Returns:
        site, units (how many BM units), bm_units (their ids), lead_party_name (all they had), curtailed_energy, payment
        and average_price.
    """
    sited = units.assign(site=units["site"].fillna(units["farm_id"]))
    groups = sited.groupby("site")
    sums = groups[["curtailed_energy", "payment"]].sum()
    sums.insert(0, "units", groups["farm_id"].nunique())
    sums.insert(1, "bm_units", groups["farm_id"].agg(_listed))
    sums.insert(
        2, "lead_party_name", sited.dropna(subset=["lead_party_name"]).groupby("site")["lead_party_name"].agg(_listed)
    )
    return _ranked(sums.reset_index())


def units_ranked(units: pd.DataFrame) -> pd.DataFrame:
    """Sum up BM units, the most energy first.

    Returns:
        farm_id, bm_unit_name and site (absent where none is told), lead_party_name (all it had), curtailed_energy,
        payment and average_price.
    """
    groups = units.groupby("farm_id")
    sums = groups[["curtailed_energy", "payment"]].sum()
    for place, name in enumerate(("bm_unit_name", "site", "lead_party_name")):
        sums.insert(place, name, units.dropna(subset=[name]).groupby("farm_id")[name].agg(_listed))
    return _ranked(sums.reset_index())


def _listed(names: "pd.Series[str]") -> str:
    return ", ".join(sorted(set(names)))


def lead_parties_ranked(units: pd.DataFrame) -> pd.DataFrame:
    """Lead parties with energy, payment and rate, the most energy first."""
    named = units.assign(lead_party_name=units["lead_party_name"].fillna("(none told)"))
    return _ranked(named.groupby("lead_party_name")[["curtailed_energy", "payment"]].sum().reset_index())


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["curtailed_energy", rows.columns[0]], ascending=[False, True], ignore_index=True)
    return with_rate(ordered)


def leading(ranked: pd.DataFrame, count: int) -> pd.DataFrame:
    """The first rows, and one for all others, so that the rows add up to the total."""
    top, others = ranked.head(count), ranked.iloc[count:]
    if len(others):
        summed = [name for name in ("units", "curtailed_energy", "payment") if name in ranked]
        rest = {ranked.columns[0]: f"{count_of(len(others), 'other')}", **others[summed].sum()}
        top = pd.concat([top, pd.DataFrame([rest])], ignore_index=True)
    return with_rate(top)


def with_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows with average_price, £/MWh."""
    energy = rows["curtailed_energy"]
    return rows.assign(average_price=(rows["payment"] / energy).where(energy != 0))


def restated_months(restated: pd.DataFrame) -> pd.DataFrame:
    """Restatements by the month of their day: year_month, restatements, and the changes in MWh and £."""
    rows = restated.assign(
        year_month=pd.Series([month_of(day) for day in restated["settlement_date"]], dtype="str"),
        restatements=1,
        energy_change=restated["energy_after"] - restated["energy_before"],
        payment_change=restated["payment_after"] - restated["payment_before"],
    )
    names = ["restatements", "energy_change", "payment_change"]
    return rows.groupby("year_month", sort=True)[names].sum().reset_index()


def counted(kinds: Sequence[str]) -> dict[str, int]:
    """How many days there are of each kind, of those kinds that there are, in their order."""
    there = pd.Series(kinds, dtype=object).value_counts()
    return {kind: int(there[kind]) for kind in DAY_KINDS if kind in there}
