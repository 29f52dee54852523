"""The sections over the months of the range: curtailment, Bitcoin, value, and share of wind."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from mining_assets.domain.day_state import TRUSTED
from mining_assets.domain.periods import Month
from mining_assets.domain.wording import count_of
from mining_assets.report import charts
from mining_assets.report.charts import UNKNOWN, colour_of, dash_of, draw, month_name
from mining_assets.report.frames import bitcoin_months, curtailment_months
from mining_assets.report.section import Chart, Section, Swatch
from mining_assets.report.tables import Column, csv_address, number, table
from mining_assets.warehouse.reporting import ReportData

PAID = "paid to wind farms"


def curtailment(report_data: ReportData) -> Section:
    """Show energy and payment by month."""
    months = curtailment_months(report_data)
    complete = months["state"].isin(TRUSTED)
    drawings = [
        Chart(title, draw(charts.month_bars(_labelled(months, name, form, complete), name, unit, colour)), alternative)
        for title, name, unit, colour, form, alternative in (
            (
                "Curtailed energy, MWh",
                "total_curtailed_energy",
                "MWh",
                1,
                lambda value: f"{value:,.0f} MWh",
                f"Bars of curtailed energy by month. {_extremes(months, 'total_curtailed_energy', ' MWh')}",
            ),
            (
                "Paid to wind farms, £",
                "total_payment",
                "£",
                2,
                lambda value: number(value, 0, "£"),
                f"Bars of payment by month. {_extremes(months, 'total_payment', ' pounds')}",
            ),
        )
    ]
    return Section(
        name="curtailment_by_month",
        title="Curtailed energy and payment by month",
        lead="All accepted wind bids (gross), and the payment for them; below zero, farms paid. The first and the last "
        "month count only their days in the range.",
        charts=tuple(drawings),
        legend=_month_legend(months, complete, 1, 2),
        table=table(
            months,
            [
                Column("year_month", "Month"),
                Column("state", "State"),
                Column("days_known", "Days known", 0),
                Column("days", "of days", 0),
                Column("total_curtailed_energy", "MWh", 1),
                Column("system_flagged_energy", "system-flagged MWh", 1),
                Column("undone_energy", "undone MWh", 1),
                Column("total_payment", "£ paid", 0),
                Column("average_price", "£/MWh", 2),
            ],
        ),
        csv=csv_address(months.drop(columns=["generated_energy", "curtailed_share", "days_with_generation"])),
    )


def bitcoin(report_data: ReportData) -> Section:
    """Show Bitcoin by month and model."""
    months = bitcoin_months(report_data)
    lines = _series(months, "bitcoin_mined", lambda value: f"{value:,.4f} BTC")
    return Section(
        name="bitcoin_by_month",
        title="Bitcoin that it could have mined, by month and model",
        lead="Each line is an alternative: the same energy in another machine. Block subsidy only, at full uptime.",
        charts=(
            Chart(
                "BTC",
                draw(charts.month_lines(lines, "bitcoin_mined", "BTC", _model_colours(report_data))),
                f"A line per miner model over the months. {_extremes(months, 'bitcoin_mined', ' BTC', 4)}",
            ),
        ),
        legend=_line_legend(_model_colours(report_data), lines, "bitcoin_mined"),
        table=table(
            months,
            [
                Column("year_month", "Month"),
                Column("miner_model", "Model"),
                Column("days_known", "Days calculated", 0),
                Column("days", "of days", 0),
                Column("bitcoin_mined", "BTC", 6),
            ],
        ),
        csv=csv_address(months[["year_month", "miner_model", "days", "days_known", "bitcoin_mined"]]),
    )


def paid_and_value(report_data: ReportData) -> Section:
    """Show the payment beside the value of the Bitcoin, by month and model."""
    months = bitcoin_months(report_data)
    names = ["year_month", "miner_model", "days_known", "days"]
    values = months[[*names, "bitcoin_value"]].rename(columns={"bitcoin_value": "pounds"})
    # Of every model the payment is the same; that of the model with the most days stands for all.
    paid = months.sort_values("days_known", kind="stable").drop_duplicates("year_month", keep="last")
    paid = paid[[*names, "total_payment"]].rename(columns={"total_payment": "pounds"})
    both = pd.concat([paid.assign(miner_model=PAID), values], ignore_index=True).sort_values(
        "year_month", kind="stable"
    )
    series = {PAID: 2} | {f"{model} value": colour for model, colour in _model_colours(report_data).items()}
    both["miner_model"] = [name if name == PAID else f"{name} value" for name in both["miner_model"]]
    lines = _series(both.reset_index(drop=True), "pounds", lambda value: number(value, 0, "£"))
    return Section(
        name="paid_and_mined_value",
        title="Paid, and the value of what it could have mined",
        lead="Each day's Bitcoin at the price of its own date. A month has no value while the price of any of its days "
        "is unknown.",
        charts=(
            Chart(
                "£",
                draw(charts.month_lines(lines, "pounds", "£", series)),
                f"Lines of payment and of value per model. {_extremes(months, 'bitcoin_value', ' pounds')}",
            ),
        ),
        legend=_line_legend(series, lines, "pounds"),
        table=table(
            months,
            [
                Column("year_month", "Month"),
                Column("miner_model", "Model"),
                Column("days_priced", "Days priced", 0),
                Column("days_known", "of days calculated", 0),
                Column("total_payment", "£ paid", 0),
                Column("bitcoin_value", "£ value", 0),
                Column("value_ratio", "value ÷ paid", 3),
            ],
        ),
        csv=csv_address(months.drop(columns=["days", "bitcoin_mined"])),
    )


def share(report_data: ReportData) -> Section:
    """Show the curtailed share of wind by month."""
    months = curtailment_months(report_data)
    trusted = months["state"].isin(TRUSTED)
    rows = _labelled(months, "curtailed_share", lambda value: f"{value:.1%} of wind", trusted)
    percent = months.assign(percent=months["curtailed_share"] * 100)
    return Section(
        name="curtailed_share",
        title="Share of wind that was curtailed",
        lead="Curtailed ÷ (generated + curtailed). Generation is that of metered wind (FUELHH); embedded wind is not "
        "in it. Unknown while the generation of any day is unknown.",
        charts=(
            Chart(
                "",
                draw(charts.month_bars(rows, "curtailed_share", "%", 4)),
                f"Bars of the share by month. {_extremes(percent, 'percent', ' %', 1)}",
            ),
        ),
        legend=_month_legend(months, trusted, 4, absent=months["curtailed_share"].isna()),
        table=table(
            percent,
            [
                Column("year_month", "Month"),
                Column("days_with_generation", "Days with generation", 0),
                Column("days_known", "of days known", 0),
                Column("total_curtailed_energy", "curtailed MWh", 1),
                Column("generated_energy", "generated MWh", 1),
                Column("percent", "share, %", 2),
            ],
        ),
        csv=csv_address(
            months[
                [
                    "year_month",
                    "days_known",
                    "days_with_generation",
                    "total_curtailed_energy",
                    "generated_energy",
                    "curtailed_share",
                ]
            ]
        ),
    )


def _labelled(months: pd.DataFrame, name: str, form: Any, complete: "pd.Series[bool]") -> pd.DataFrame:
    """Return the months with a label for each bar."""
    labels = []
    for month, value, known, days in zip(
        months["year_month"], months[name], months["days_known"], months["days"], strict=True
    ):
        note = "" if known == days else f" ({known} of {count_of(days, 'day')})"
        labels.append(f"{month_name(Month.parse(month))}: {'unknown' if pd.isna(value) else form(value)}{note}")
    return months.assign(label=labels, complete=complete)


def _series(months: pd.DataFrame, name: str, form: Any) -> pd.DataFrame:
    """Return the months and models with a label for each point."""
    labels = [
        f"{month_name(Month.parse(month))}, {model}: {'unknown' if pd.isna(value) else form(value)}"
        for month, model, value in zip(months["year_month"], months["miner_model"], months[name], strict=True)
    ]
    complete = months["days_known"] == months["days"]
    return months.rename(columns={"miner_model": "series"}).assign(label=labels, complete=complete)


def _extremes(months: pd.DataFrame, name: str, unit: str, decimals: int = 0) -> str:
    """Describe the highest month and the number of unknown ones, for the alternative text."""
    known = months[months[name].notna()]
    unknown = len(set(months["year_month"]) - set(known["year_month"]))
    most = ""
    if len(known):
        top = known.loc[known[name].idxmax()]
        most = f"The highest is {number(top[name], decimals)}{unit} in {month_name(Month.parse(top['year_month']))}."
    return f"{most} Unknown months: {unknown}.".strip()


def _month_legend(
    months: pd.DataFrame, complete: "pd.Series[bool]", *colours: int, absent: "pd.Series[bool] | None" = None
) -> tuple[Swatch, ...]:
    absent = months["state"] == "unknown" if absent is None else absent
    found = []
    if (complete & ~absent).any():
        found += [Swatch(colour_of(colour), "all its days are known") for colour in colours[:1]]
    if (~complete & ~absent).any():
        found += [Swatch(f"url(#part-{colour})", "days are missing") for colour in colours[:1]]
    if absent.any():
        found.append(Swatch(UNKNOWN, "unknown"))
    return tuple(found)


def _model_colours(report_data: ReportData) -> dict[str, int]:
    """Return the colour of each miner model, the same in every chart and never that of payments."""
    colours = [1, 3, 4, 5, 6]
    return {model: colours[order % len(colours)] for order, model in enumerate(report_data.models)}


def _line_legend(series: Mapping[str, int], lines: pd.DataFrame, name: str) -> tuple[Swatch, ...]:
    found = [Swatch(colour_of(colour), each, " ".join(map(str, dash_of(colour)))) for each, colour in series.items()]
    known = lines[name].notna()
    if (known & ~lines["complete"]).any():
        found.append(Swatch("url(#hollow)", "days are missing"))
    if not known.all():
        found.append(Swatch(UNKNOWN, "unknown"))
    return tuple(found)
