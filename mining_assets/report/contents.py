"""The contents of the report: every section in the order of the page.

The sections over months are in ``month_sections``; the frames that sections show are made in ``frames``.
"""

from collections.abc import Iterator

import pandas as pd

from mining_assets.domain.periods import Month
from mining_assets.domain.wording import count_of
from mining_assets.report import charts, month_sections
from mining_assets.report.charts import UNKNOWN, draw, month_name
from mining_assets.report.frames import (
    DAY_KINDS,
    counted,
    day_kinds,
    farms_ranked,
    half_hour_grid,
    lead_parties_ranked,
    leading,
    restated_months,
    units_ranked,
)
from mining_assets.report.section import Chart, Section, Swatch
from mining_assets.report.tables import Column, csv_address, number, table
from mining_assets.warehouse.reporting import ReportData

LEADING = 15
LISTED = 30


def contents(report_data: ReportData) -> Iterator[Section]:
    """Yield every section in the order of the page."""
    yield _calendar(report_data)
    yield month_sections.curtailment(report_data)
    yield month_sections.bitcoin(report_data)
    yield month_sections.paid_and_value(report_data)
    yield month_sections.share(report_data)
    yield _half_hours(report_data)
    yield _farms(report_data)
    yield _units(report_data)
    yield _lead_parties(report_data)
    yield _restatements(report_data)
    yield _quarantine(report_data)


def _calendar(report_data: ReportData) -> Section:
    states = report_data.calendar
    kinds = day_kinds(states)
    counts = counted(list(kinds))
    months = pd.crosstab(pd.Series([str(Month.of(day)) for day in kinds.index], name="month"), kinds.to_numpy())
    months = months.reindex(columns=list(counts)).reset_index()
    days = states[["state", "inconsistent", "restated", "quarantined", "records", "expected", "missing"]]
    days = days.assign(kind=kinds).rename_axis("date").reset_index()
    said = ", ".join(f"{count:,} {kind}" for kind, count in counts.items())
    return Section(
        name="days",
        title="Every day",
        lead=f"Settlement days from {states.index[0]} to {states.index[-1]} by state; unknown days are hatched. "
        "Only a complete day can show that nothing was curtailed.",
        charts=(Chart("", draw(charts.calendar(kinds)), f"Calendar of {count_of(len(kinds), 'day')}: {said}."),),
        legend=tuple(Swatch(f"url(#day-{kind})", f"{DAY_KINDS[kind]} · {count:,}") for kind, count in counts.items()),
        table=table(months, [Column("month", "Month"), *(Column(kind, kind, 0) for kind in counts)]),
        csv=csv_address(days),
    )


def _half_hours(report_data: ReportData) -> Section:
    grid = half_hour_grid(report_data)
    wide = grid.pivot(index="day", columns="settlement_period", values="curtailed_energy")
    periods = [f"{period}" for period in wide.columns]
    wide.columns = pd.Index(periods)
    ends = wide.notna().sum(axis=1)
    name = month_name(report_data.month) if report_data.month else ""
    drawings: tuple[Chart, ...] = ()
    if len(grid):
        said = f"{int((ends > 0).sum())} of {count_of(len(wide), 'day')} known. {_peak(grid)}"
        drawings = (
            Chart(
                "MWh in each half hour",
                draw(charts.heat_map(grid)),
                f"Heat map of MWh by half hour and day of {name}. {said}",
            ),
        )
    return Section(
        name="half_hours",
        title=f"Half hour by half hour: {name}" if name else "Half hour by half hour",
        lead="MWh curtailed in each settlement period. Days on which the clocks change have 46 or 50 periods; after "
        "the change the scale is an hour off local time.",
        charts=drawings,
        legend=_heat_legend(grid),
        table=table(wide.reset_index(), [Column("day", "Day"), *(Column(period, period, 1) for period in periods)]),
        csv=csv_address(grid),
        absent="" if len(grid) else "No complete day: there are no half hours to show.",
    )


def _farms(report_data: ReportData) -> Section:
    return _ranking(
        farms_ranked(report_data.units),
        Column("site", "Farm"),
        name="farms",
        title="Farms that lost most",
        lead="All BM units of a wind farm together, with their lead parties on those days.",
        colour=1,
        more=[Column("units", "BM units", 0), Column("bm_units", "Ids"), Column("lead_party_name", "Lead party")],
    )


def _units(report_data: ReportData) -> Section:
    return _ranking(
        units_ranked(report_data.units),
        Column("farm_id", "BM unit"),
        name="units",
        title="BM units that lost most",
        lead="Elexon BM units with their register names, farms, and lead parties on those days.",
        colour=1,
        more=[Column("bm_unit_name", "Name"), Column("site", "Farm"), Column("lead_party_name", "Lead party")],
    )


def _lead_parties(report_data: ReportData) -> Section:
    return _ranking(
        lead_parties_ranked(report_data.units),
        Column("lead_party_name", "Lead party"),
        name="lead_parties",
        title="Lead parties that lost most",
        lead="All units of a lead party together.",
        colour=3,
        more=[],
    )


def _ranking(
    ranked: pd.DataFrame, by: Column, *, name: str, title: str, lead: str, colour: int, more: list[Column]
) -> Section:
    of = by.name
    rows = leading(ranked, LEADING)
    top = rows.head(min(LEADING, len(ranked)))
    rates = zip(top[of], top["curtailed_energy"], top["payment"], top["average_price"], strict=True)
    said = [
        f"{who}: {energy:,.0f} MWh, {number(paid, 0, '£')}, {number(price, 2, '£')}/MWh"
        for who, energy, paid, price in rates
    ]
    drawings: tuple[Chart, ...] = ()
    if len(top):
        alternative = f"Bars of curtailed energy, the most first. {'; '.join(said[:3])}."
        beside = [
            f"{energy:,.0f} at {number(price, 2, '£')}/MWh"
            for energy, price in zip(top["curtailed_energy"], top["average_price"], strict=True)
        ]
        drawing = draw(charts.ranking(top.assign(label=said, beside=beside), of, colour))
        drawings = (Chart("Curtailed energy, MWh", drawing, alternative),)
    figures = [
        Column("curtailed_energy", "MWh", 1),
        Column("payment", "£ paid", 0),
        Column("average_price", "£/MWh", 2),
    ]
    texts = [column.name for column in more if column.decimals is None]
    shown = rows.astype(dict.fromkeys(texts, object)).fillna(dict.fromkeys(texts, ""))
    return Section(
        name=name,
        title=title,
        lead=f"{lead} Known days only.",
        charts=drawings,
        table=table(shown, [by, *more, *figures]),
        csv=csv_address(ranked),
        absent="" if len(top) else "No known day had curtailment.",
    )


def _restatements(report_data: ReportData) -> Section:
    months = restated_months(report_data.restated)
    count = len(report_data.restated)
    newest = report_data.restated.head(1)
    last = ""
    if count:
        day = newest["settlement_date"].iloc[0]
        last = (
            f" {count:,} in this range; the newest is of {day}: mining-assets history {day} shows what each fetch "
            "of it changed, by unit and period."
        )
    return Section(
        name="restatements",
        title="Restatements",
        lead=f"Days that the settlement changed after they were stored, by month. These are events, not errors.{last}",
        table=table(
            months,
            [
                Column("year_month", "Month of the day"),
                Column("restatements", "Restatements", 0),
                Column("energy_change", "change, MWh", 1),
                Column("payment_change", "change, £", 0),
            ],
        ),
        csv=csv_address(report_data.restated.drop(columns=["hash_before", "hash_after"])),
        absent="" if count else "No day of this range was restated.",
    )


def _quarantine(report_data: ReportData) -> Section:
    names = ["quarantined_at", "attempts", "last_error"]
    days = report_data.status.days
    quarantined = days.loc[days["quarantined"], names].rename_axis("day").reset_index()
    more = len(quarantined) - LISTED
    return Section(
        name="quarantine",
        title="Quarantine",
        lead="Days that failed several times; they are now tried once a day."
        + (f" The first {LISTED} of {len(quarantined):,}; the CSV has all." if more > 0 else ""),
        table=table(
            quarantined.head(LISTED),
            [
                Column("day", "Day"),
                Column("quarantined_at", "Since"),
                Column("attempts", "Attempts", 0),
                Column("last_error", "Last error"),
            ],
        ),
        csv=csv_address(quarantined),
        absent="" if len(quarantined) else "No day of this range is in quarantine.",
    )


def _peak(grid: pd.DataFrame) -> str:
    if not grid["curtailed_energy"].notna().any():
        return ""
    top = grid.loc[grid["curtailed_energy"].idxmax()]
    return f"The highest is {top['curtailed_energy']:,.1f} MWh on {top['day']} in period {top['settlement_period']}."


def _heat_legend(grid: pd.DataFrame) -> tuple[Swatch, ...]:
    date_range = charts.heat_bounds(grid["curtailed_energy"])
    lows = [0.0, *date_range[:-1]]
    found = [Swatch("var(--heat-0)", "0 (certified)")] if grid["curtailed_energy"].notna().any() else []
    steps = zip(lows, date_range, strict=False)
    found += [Swatch(f"var(--heat-{step})", f"to {high:,.6g}") for step, (_, high) in enumerate(steps, start=1)]
    if grid["curtailed_energy"].isna().any():
        found.append(Swatch(UNKNOWN, "unknown"))
    return tuple(found)
