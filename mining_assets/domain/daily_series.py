"""The registry of daily series: everything that is fetched day by day beside the settlement, each described once.

What a series is called, what a day of it must look like, when it is fetched again, whom to credit and which figures of
the summaries depend on it stands here; everybody else iterates over :data:`DAILY_SERIES`. How it is fetched stands in
``pipeline/fetch_series.py``, its columns in ``warehouse/schema/series.py``, the arithmetic of its figures in
``valuation.py``.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import pandas as pd

from mining_assets.domain.finality import refetches_due
from mining_assets.domain.live_sources import ELEXON_CREDIT, LIVE_COINBASE, LIVE_ELEXON, LIVE_MEMPOOL
from mining_assets.domain.valuation import (
    BITCOIN_PRICE,
    PRICE_SOURCES,
    WIND_GENERATION,
    days_with_share,
    days_with_value,
    is_price_of,
    why_incomplete,
    with_ratio,
    with_share,
)

SummaryTable = Literal["daily_summaries", "bitcoin_daily_summaries"]


@dataclass(frozen=True)
class SummaryFigures:
    """The figures of a summary that need a series; where a day of it is not known, they are absent.

    Attributes:
        table: the daily summary that has them; the months and years above it have them too.
        comments: what each of their columns holds, by its name; the same in days, months and years.
        additive: those of the columns that months and years add up. Of the first it is counted on how many days it
            is known.
        days_known: the column of months and years that says so.
        days_known_comment: what that column holds.
        of_days: adds the columns to rows of days (summary_date, total_payment and others), given the value of each
            day that is known.
        ratios: adds the columns that are not additive to rows of any span that have the additive ones.
        check: the name of the check that recomputes them.
        asserts: what the check asserts.
    """

    table: SummaryTable
    comments: Mapping[str, str]
    additive: tuple[str, ...]
    days_known: str
    days_known_comment: str
    of_days: "Callable[[pd.DataFrame, pd.Series[float]], pd.DataFrame]"
    ratios: Callable[[pd.DataFrame], pd.DataFrame]
    check: str
    asserts: str

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(self.comments)


@dataclass(frozen=True)
class DailySeries:
    """A figure of each day that is fetched from a source of its own.

    None of it is needed for a day to be complete: a day that a source does not have stays absent, never zero.

    Attributes:
        name: of its table and its asset.
        title: as a line of ``status`` begins.
        noun: what each day has, as in "the price of every day".
        plural: what several days have.
        description: of the asset, for the UI.
        group: of assets that it is shown in.
        kinds: of the asset.
        asserts: what the check of its rows asserts, beside that they are what was fetched.
        why_wrong: says what is wrong in itself with the rows of a day, in the order of their key; None when nothing is.
        day_values: sums the rows up to one value for each day.
        shown: returns what the UI shows of a day's rows, by label; instants as they are.
        credits: whom to name beside it, by the address of the live source.
        is_revised: whether its source revises days that are over: then it is fetched again when the settlement is.
        sources: where a day may come from, the source that is taken first of several first; the table's last column
            says which it was. Empty where there is one source.
        figures: what depends on it.
    """

    name: str
    title: str
    noun: str
    plural: str
    description: str
    group: str
    kinds: frozenset[str]
    asserts: str
    why_wrong: Callable[[date, pd.DataFrame], str | None]
    day_values: "Callable[[pd.DataFrame], pd.Series[float]]"
    shown: Callable[[pd.DataFrame], Mapping[str, Any]]
    credits: Mapping[str, str]
    is_revised: bool = False
    sources: tuple[str, ...] = field(default=())
    figures: SummaryFigures | None = None

    def refetches_due(self, fetched_at: "pd.Series[datetime]", now: datetime) -> "pd.Series[bool]":
        """Return on which days what is stored is to be fetched again.

        What its source revises is fetched again when the settlement is; all else of the past does not change.

        Args:
            fetched_at: instants by date.
            now: any time zone.
        """
        if self.is_revised:
            return refetches_due(fetched_at, now)
        return pd.Series(False, index=fetched_at.index)


def _why_price_is_wrong(day: date, rows: pd.DataFrame) -> str | None:
    quoted_at = rows["quoted_at"].iloc[0]
    return None if is_price_of(day, quoted_at) else f"quoted at {quoted_at}"


def _shown_of_price(rows: pd.DataFrame) -> dict[str, Any]:
    (row,) = rows.to_dict("records")
    return {"price (£/BTC)": row["price"], "quoted at": row["quoted_at"], "source": row["source"]}


def _shown_of_generation(rows: pd.DataFrame) -> dict[str, Any]:
    return {"settlement periods": len(rows), "generated energy (MWh)": float(rows["generated_energy"].sum())}


_PRICE = DailySeries(
    name=BITCOIN_PRICE,
    title="Bitcoin prices",
    noun="price",
    plural="prices",
    description=(
        "Price of Bitcoin (£) at noon UTC of each day: from the file that a person gave, else from "
        "mempool.space, else from Coinbase Exchange, and each says which. A price that is not known has no "
        "row, never a zero; the value of what was mined on that day is unknown then, and nothing else."
    ),
    group="bitcoin",
    kinds=frozenset({"bitcoin", "sql"}),
    asserts="Every price is as it was fetched, and of its own date.",
    why_wrong=_why_price_is_wrong,
    day_values=lambda rows: rows.set_index("settlement_date")["price"],
    shown=_shown_of_price,
    credits={
        LIVE_MEMPOOL: "Bitcoin prices by mempool.space.",
        LIVE_COINBASE: "Bitcoin prices by Coinbase Exchange.",
    },
    sources=PRICE_SOURCES,
    figures=SummaryFigures(
        table="bitcoin_daily_summaries",
        comments={
            "bitcoin_value": (
                "£ that the Bitcoin was worth, each day's at the price of that date; absent while any day's is unknown."
            ),
            "total_payment": "£ paid for the same energy (gross); positive = paid to the farms.",
            "value_ratio": "Value ÷ payment; absent while the value is unknown, and where the payment is 0.",
        },
        additive=("bitcoin_value", "total_payment"),
        days_known="days_priced",
        days_known_comment="Complete days whose Bitcoin price is known: of days_complete.",
        of_days=days_with_value,
        ratios=with_ratio,
        check="worth",
        asserts=(
            "Value, payment and ratio match those recomputed from the day's price and payment, and are absent where "
            "the price is unknown."
        ),
    ),
)

_GENERATION = DailySeries(
    name=WIND_GENERATION,
    title="Wind generation",
    noun="generation",
    plural="generation",
    description=(
        "What metered wind generated half hour by half hour (MWh; FUELHH, fuel type WIND, MW ÷ 2), for days "
        "of which every period is known. Wind embedded in the distribution networks is not in it."
    ),
    group="curtailment",
    kinds=frozenset({"elexon", "sql"}),
    asserts="Every generation is as it was fetched, with each period once and the right start time.",
    why_wrong=lambda day, rows: why_incomplete(day, rows, "generated_energy"),
    day_values=lambda rows: rows.groupby("settlement_date")["generated_energy"].sum(),
    shown=_shown_of_generation,
    credits={LIVE_ELEXON: ELEXON_CREDIT},
    is_revised=True,
    figures=SummaryFigures(
        table="daily_summaries",
        comments={
            "generated_energy": (
                "MWh that metered wind generated on the same days (FUELHH WIND); absent while that of any day is "
                "unknown."
            ),
            "curtailed_share": (
                "Curtailed ÷ (generated + curtailed) energy, 0 to 1, gross; absent while the generation is unknown."
            ),
        },
        additive=("generated_energy",),
        days_known="days_with_generation",
        days_known_comment="Complete days whose generation is known: of days_complete.",
        of_days=days_with_share,
        ratios=with_share,
        check="share",
        asserts="Generation and share match those recomputed from wind_generation, and are absent where it is unknown.",
    ),
)

DAILY_SERIES: Mapping[str, DailySeries] = {series.name: series for series in (_PRICE, _GENERATION)}
"""Every daily series by its name, in the order in which they are fetched."""
SERIES = tuple(DAILY_SERIES)


def figures_of(table: str) -> list[tuple[str, SummaryFigures]]:
    """Return the figures of a daily summary that need a series, each with the name of the series."""
    return [
        (series.name, series.figures)
        for series in DAILY_SERIES.values()
        if series.figures is not None and series.figures.table == table
    ]


def with_series_figures(rows: pd.DataFrame, table: str, values: "Mapping[str, pd.Series[float]]") -> pd.DataFrame:
    """Add to rows of a daily summary the figures that need a series.

    Args:
        rows: a row per day, or per day and miner model, with total_payment (£).
        table: the daily summary.
        values: by the name of the series, the value of each day that is known.
    """
    for name, figures in figures_of(table):
        rows = figures.of_days(rows, values[name])
    return rows


def nouns() -> str:
    """Return what the daily series are called in a sentence: "prices and generation"."""
    *first, last = (series.plural for series in DAILY_SERIES.values())
    return f"{', '.join(first)} and {last}" if first else last
