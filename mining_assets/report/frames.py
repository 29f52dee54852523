"""The frames and totals that a report shows, made from its data: pure; what is unknown stays absent."""

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from mining_assets.domain.day_state import FINAL, TRUSTED
from mining_assets.domain.periods import Month
from mining_assets.domain.rollups import bitcoin_months_from_days, months_from_days
from mining_assets.domain.settlement import periods_in
from mining_assets.domain.valuation import curtailed_share
from mining_assets.domain.wording import count_of
from mining_assets.warehouse.reporting import ReportData

DAY_KINDS = {
    "final": "final",
    "quiet": "final, nothing curtailed (a certified zero)",
    "provisional": "provisional: the settlement may still change it",
    "inconsistent": "complete, but its calculations or summaries do not match",
    "missing": "missing: not known",
    "partial": "partial: part of its data was lost",
    "damaged": "damaged: not what was fetched",
    "quarantined": "quarantined: failed several times, tried once a day",
}
"""The kinds of days in the calendar, and their descriptions; where several apply, the last one wins."""


@dataclass(frozen=True)
class Mined:
    """Bitcoin of a range for a miner model.

    Attributes:
        days: number of complete days with calculations.
        bitcoin: BTC of those days; None when there are none.
        days_priced: number of those days with a price.
        value: £; None unless all of those days have a price.
        payment: £ paid for the energy of those days.
    """

    model: str
    days: int
    bitcoin: float | None
    days_priced: int
    value: float | None
    payment: float | None


@dataclass(frozen=True)
class Totals:
    """The totals at the top of a report, each over the known days, or None when there are none.

    Attributes:
        days: number of days in the range.
        days_known: number of days that are complete and summarized.
        energy, flagged, undone: MWh, positive.
        payment: £, positive = paid to the farms.
        days_with_generation: number of known days whose generation is known.
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
    """Compute the totals of the range."""
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
    """Return the sum, or None when there is nothing to add up or some of it is unknown."""
    return _number(figures.sum(skipna=False)) if len(figures) else None


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def day_kinds(states: pd.DataFrame) -> "pd.Series[str]":
    """Return the kind of each day, a key of ``DAY_KINDS``, from the frame of ``day_states``."""
    kinds = states["state"].astype(object)
    trusted = kinds.isin(TRUSTED)
    kinds = kinds.mask((kinds == FINAL) & (states["records"] == 0), "quiet")
    kinds = kinds.mask(trusted & states["inconsistent"], "inconsistent")
    return kinds.mask(states["quarantined"], "quarantined")


def months_in(report_data: ReportData) -> pd.DataFrame:
    """Count the known days of each month of the range: year_month, days, days_known, days_final and state.

    The state is unknown (no day is known), incomplete, provisional or final.
    """
    days = report_data.status.days
    known = days.index.isin(set(report_data.daily["summary_date"]))
    months = pd.DataFrame(
        {
            "year_month": [str(Month.of(day)) for day in days.index],
            "days": 1,
            "days_known": known.astype(int),
            "days_final": (known & (days["state"] == FINAL)).astype(int),
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
    """Sum up the months of the range; sums are absent where no day is known.

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
    """Sum up the months of the range by miner model; sums are absent where no day has calculations.

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
    """Return every half hour of the month's days in the range: day, settlement_period, curtailed_energy (MWh)."""
    if report_data.month is None:
        return pd.DataFrame(columns=["day", "settlement_period", "curtailed_energy"])
    month = report_data.month
    days = [day for day in report_data.status.days.index if month.first <= day <= month.last]
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
    """Sum up lead parties, the most energy first: lead_party_name, curtailed_energy, payment and average_price."""
    named = units.assign(lead_party_name=units["lead_party_name"].fillna("(unknown)"))
    return _ranked(named.groupby("lead_party_name")[["curtailed_energy", "payment"]].sum().reset_index())


def _ranked(rows: pd.DataFrame) -> pd.DataFrame:
    ordered = rows.sort_values(["curtailed_energy", rows.columns[0]], ascending=[False, True], ignore_index=True)
    return with_rate(ordered)


def leading(ranked: pd.DataFrame, count: int) -> pd.DataFrame:
    """Return the first rows and one for all others, so that the rows add up to the total."""
    top, others = ranked.head(count), ranked.iloc[count:]
    if len(others):
        summed = [name for name in ("units", "curtailed_energy", "payment") if name in ranked]
        rest = {ranked.columns[0]: f"{count_of(len(others), 'other')}", **others[summed].sum()}
        top = pd.concat([top, pd.DataFrame([rest])], ignore_index=True)
    return with_rate(top)


def with_rate(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with average_price, £/MWh; absent where the energy is 0."""
    energy = rows["curtailed_energy"]
    return rows.assign(average_price=(rows["payment"] / energy).where(energy != 0))


def restated_months(restated: pd.DataFrame) -> pd.DataFrame:
    """Sum up restatements by month: year_month, restatements (count), energy_change (MWh), payment_change (£)."""
    rows = restated.assign(
        year_month=pd.Series([str(Month.of(day)) for day in restated["settlement_date"]], dtype="str"),
        restatements=1,
        energy_change=restated["energy_after"] - restated["energy_before"],
        payment_change=restated["payment_after"] - restated["payment_before"],
    )
    names = ["restatements", "energy_change", "payment_change"]
    return rows.groupby("year_month", sort=True)[names].sum().reset_index()


def counted(kinds: Sequence[str]) -> dict[str, int]:
    """Count the days of each kind that occurs, in the order of ``DAY_KINDS``."""
    there = pd.Series(kinds, dtype=object).value_counts()
    return {kind: int(there[kind]) for kind in DAY_KINDS if kind in there}
