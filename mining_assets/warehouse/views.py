"""The read-only views, one for each question that analysts ask. Column comments are their documentation.

Only complete days are in them, so that what is not known has no row and never reads as zero. Daily and hourly views are
derived from the records, so they do not depend on the summaries. How they are made is in ``view_queries``.
"""

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, Table

from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.warehouse.columns import Count, Day, Instant, Name, Number
from mining_assets.warehouse.schema import optional, required

views = MetaData()


def _day() -> list[Column[object]]:
    return [
        required("settlement_date", Day, "Settlement day: a Europe/London calendar day."),
        required("state", Name, f"final or provisional: may the settlement still change the day? {FINAL_MEANS}"),
    ]


def _measures() -> list[Column[object]]:
    return [
        required("curtailed_energy", Number, "MWh of accepted wind bids (gross), positive."),
        required("system_flagged_energy", Number, "MWh of those with the system flag."),
        required("undone_energy", Number, "MWh of wind offers that took bids back; net = gross − this."),
        required("payment", Number, "£ for the gross energy; positive = paid to the farms."),
        required("undone_payment", Number, "£ for the undone energy, same sign convention; net = payment + this."),
    ]


def _rates() -> list[Column[object]]:
    return [
        optional("average_price", Number, "£/MWh paid for the gross energy; absent where nothing was curtailed."),
        required("curtailment_records", Count, "Curtailment records: wind bid rows below zero."),
        required("periods_curtailed", Count, "Settlement periods with curtailment."),
    ]


def _farms(of: str) -> Column[object]:
    told = f"Distinct BM units of the {of} with curtailed energy; units that were only undone are not among them."
    return required("farms", Count, told)


whole_days = Table(
    "whole_days",
    views,
    *_day(),
    required("periods", Count, "Settlement periods of the day: 46, 48 or 50."),
    required("fetched_at", Instant, "When it was last fetched whole."),
    optional("vintage", Instant, "Newest settlement run in it."),
    PrimaryKeyConstraint("settlement_date"),
    comment="Which days are known? A day that is missing, partial or found damaged has no row here, nor in any view.",
)
half_hourly_curtailment = Table(
    "half_hourly_curtailment",
    views,
    *_day(),
    required("settlement_period", Count, "Half hour of that day, from 1 to its 46, 48 or 50."),
    required("start_time", Instant, "UTC start of the period."),
    required("local_hour", Count, "Hour on a London clock, 0 to 23."),
    *_measures(),
    PrimaryKeyConstraint("settlement_date", "settlement_period"),
    comment="When within a day? A row for every half hour of every whole day; a zero is certified.",
)
hourly_curtailment = Table(
    "hourly_curtailment",
    views,
    *_day(),
    required("hour_start", Instant, "UTC start of the hour."),
    required("local_hour", Count, "Hour on a London clock, 0 to 23; 1 comes twice when the clocks go back."),
    *_measures(),
    PrimaryKeyConstraint("hour_start"),
    comment="At which hours? A row for every UTC hour of every whole day; a zero is certified.",
)
daily_by_farm = Table(
    "daily_by_farm",
    views,
    *_day(),
    required("farm_id", Name, "Elexon BM unit id: the unit, of which a wind farm may have several."),
    optional("bm_unit_name", Name, "Name of the unit in the newest register; absent where none is told."),
    optional("site", Name, "Site (wind farm) that the unit is of; units of one site share it."),
    optional("lead_party_name", Name, "Lead party of the unit when the day was stored."),
    *_measures(),
    *_rates(),
    PrimaryKeyConstraint("settlement_date", "farm_id"),
    comment="Which BM unit, on which day? A unit without a row on a whole day had nothing curtailed or undone.",
)
daily_by_site = Table(
    "daily_by_site",
    views,
    *_day(),
    required("site", Name, "Site (wind farm); the BM unit's id where no site is known."),
    _farms("site"),
    *_measures(),
    *_rates(),
    PrimaryKeyConstraint("settlement_date", "site"),
    comment="Which wind farm, on which day? All BM units of a site together; daily_by_farm has them one by one.",
)
daily_by_lead_party = Table(
    "daily_by_lead_party",
    views,
    *_day(),
    optional("lead_party_name", Name, "Lead party of the units when the day was stored; absent where none is told."),
    _farms("lead party"),
    *_measures(),
    *_rates(),
    PrimaryKeyConstraint("settlement_date", "lead_party_name"),
    comment="Whose units, on which day?",
)
monthly_by_miner_model = Table(
    "monthly_by_miner_model",
    views,
    required("year_month", Name, "Month, as 2025-06."),
    required("miner_model", Name, "ASIC model."),
    required(
        "state", Name, f"incomplete (days are lacking), provisional (all there, not all final) or final. {FINAL_MEANS}"
    ),
    required("days_expected", Count, "Days of the month within the first and last partition."),
    required("days_complete", Count, "Days of it that are calculated and in these figures."),
    required("days_final", Count, "Whole days of it that are final."),
    required("curtailed_energy", Number, "MWh behind the figure (gross)."),
    required("bitcoin_mined", Number, "BTC the energy could have mined: subsidy only, uptime 1."),
    optional("bitcoin_value", Number, "£ at each day's own price; absent while any day's is unknown."),
    optional("total_payment", Number, "£ paid for the same energy (gross); positive = paid to the farms."),
    optional("value_ratio", Number, "Value ÷ payment; absent while unknown, and where the payment is 0."),
    optional("days_priced", Count, "Complete days whose Bitcoin price is known."),
    PrimaryKeyConstraint("year_month", "miner_model"),
    comment="How much Bitcoin, by month and model, and may the figure still change?",
)
