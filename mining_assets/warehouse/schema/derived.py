"""What is calculated from the records of days, and the sums of days, months and years."""

from sqlalchemy import CheckConstraint, Column, PrimaryKeyConstraint, Table

from mining_assets.domain.daily_series import figures_of
from mining_assets.warehouse.columns import Count, Day, Instant, Name, Number
from mining_assets.warehouse.schema.base import PERIOD_RANGE, metadata, optional, period_key, required, totals

historical_bitcoin_calculations = Table(
    "historical_bitcoin_calculations",
    metadata,
    *period_key(),
    required("farm_id", Name, "Elexon BM unit id of the wind farm."),
    required("miner_model", Name, "ASIC model."),
    required("curtailed_energy", Number, "MWh curtailed on that farm in that period; > 0."),
    required("bitcoin_mined", Number, "BTC the energy could have mined: subsidy only, uptime 1."),
    required("difficulty", Number, "Network difficulty in force at the period's start."),
    required("block_subsidy", Number, "BTC per block in force at the period's start."),
    required("calculated_at", Instant, "When this was worked out."),
    PrimaryKeyConstraint("settlement_date", "settlement_period", "farm_id", "miner_model"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint("curtailed_energy > 0 AND bitcoin_mined >= 0", name="positive"),
    CheckConstraint("difficulty > 0 AND block_subsidy >= 0", name="network"),
    sqlite_strict=True,
    comment="Bitcoin per farm, half hour and miner model.",
)

calculation_days = Table(
    "calculation_days",
    metadata,
    required("settlement_date", Day, "Settlement day."),
    required("miner_model", Name, "ASIC model."),
    required("hashrate_th", Number, "TH/s used."),
    required("power_w", Number, "W used."),
    required("records_hash", Name, "Content hash of the day's records that were used."),
    required("calculations", Count, "Calculations stored."),
    required("curtailed_energy", Number, "Their energy, MWh."),
    required("bitcoin_mined", Number, "Their Bitcoin, BTC."),
    PrimaryKeyConstraint("settlement_date", "miner_model"),
    sqlite_strict=True,
    comment="What was calculated from what, written with the calculations in one transaction.",
)


def _of_series(table: str) -> list[Column[object]]:
    """Return the columns of a daily summary that need a daily series, as the registry describes them."""
    return [
        optional(name, Number, comment)
        for _, figures in figures_of(table)
        for name, comment in figures.comments.items()
    ]


def _of_series_in_spans(table: str) -> list[Column[object]]:
    """Return the columns of months and years that need a daily series, and on how many days each is known.

    Args:
        table: the daily summary below them.
    """
    columns: list[Column[object]] = []
    for _, figures in figures_of(table):
        columns += [optional(name, Number, comment) for name, comment in figures.comments.items()]
        columns.append(optional(figures.days_known, Count, figures.days_known_comment))
    return columns


def _completeness() -> list[Column[object]]:
    return [
        required("days_expected", Count, "Days of this span within the first and last partition."),
        required("days_complete", Count, "Days of it that are whole and in these figures."),
    ]


def _bitcoin() -> list[Column[object]]:
    return [
        required("miner_model", Name, "ASIC model."),
        required("curtailed_energy", Number, "MWh behind the figure (gross)."),
        required("bitcoin_mined", Number, "BTC the energy could have mined: subsidy only, uptime 1."),
    ]


daily_summaries = Table(
    "daily_summaries",
    metadata,
    required("summary_date", Day, "Settlement day."),
    *totals(),
    *_of_series("daily_summaries"),
    PrimaryKeyConstraint("summary_date"),
    sqlite_strict=True,
    comment="Curtailment of a whole day. Zeros are certified; a day that is not whole has no row.",
)

monthly_summaries = Table(
    "monthly_summaries",
    metadata,
    required("year_month", Name, "Month, as 2025-06."),
    *totals(),
    *_completeness(),
    *_of_series_in_spans("daily_summaries"),
    PrimaryKeyConstraint("year_month"),
    sqlite_strict=True,
    comment="Sum of the days of a month that are whole; no row when none is.",
)

yearly_summaries = Table(
    "yearly_summaries",
    metadata,
    required("year", Name, "Year, as 2025."),
    *totals(),
    *_completeness(),
    *_of_series_in_spans("daily_summaries"),
    PrimaryKeyConstraint("year"),
    sqlite_strict=True,
    comment="Sum of the months of a year.",
)

bitcoin_daily_summaries = Table(
    "bitcoin_daily_summaries",
    metadata,
    required("summary_date", Day, "Settlement day."),
    *_bitcoin(),
    *_of_series("bitcoin_daily_summaries"),
    PrimaryKeyConstraint("summary_date", "miner_model"),
    sqlite_strict=True,
    comment="Bitcoin of a fully calculated day per miner model.",
)

bitcoin_monthly_summaries = Table(
    "bitcoin_monthly_summaries",
    metadata,
    required("year_month", Name, "Month, as 2025-06."),
    *_bitcoin(),
    *_completeness(),
    *_of_series_in_spans("bitcoin_daily_summaries"),
    PrimaryKeyConstraint("year_month", "miner_model"),
    sqlite_strict=True,
    comment="Sum of the calculated days of a month per miner model.",
)

bitcoin_yearly_summaries = Table(
    "bitcoin_yearly_summaries",
    metadata,
    required("year", Name, "Year, as 2025."),
    *_bitcoin(),
    *_completeness(),
    *_of_series_in_spans("bitcoin_daily_summaries"),
    PrimaryKeyConstraint("year", "miner_model"),
    sqlite_strict=True,
    comment="Sum of the months of a year per miner model.",
)
