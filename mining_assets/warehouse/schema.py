"""The tables of the warehouse. Column comments are the documentation that the Dagster UI shows.

Three kinds: what the settlement says (``curtailment_records``) and what is derived from it; the control tables, which
remember what was asked and answered (``settlement_ledger``, ``settlement_days``, ``calculation_days``,
``restatements``); and the reference data (wind units, network epochs). Dates are DATE on PostgreSQL and ISO text on
SQLite. Energies are MWh, payments £, Bitcoin BTC, all in double precision.
"""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    text,
)

from mining_assets.warehouse.columns import Count, Day, Identity, Instant, Name, Number

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)

PERIOD_RANGE = "settlement_period BETWEEN 1 AND 50"
SIDE_IS_KNOWN = "side IN ('bid', 'offer')"


def _required(name: str, type_: object, comment: str) -> Column[object]:
    return Column(name, type_, nullable=False, comment=comment)  # type: ignore[arg-type]


def _optional(name: str, type_: object, comment: str) -> Column[object]:
    return Column(name, type_, nullable=True, comment=comment)  # type: ignore[arg-type]


def _period_key() -> list[Column[object]]:
    return [
        _required("settlement_date", Day, "Settlement day: a Europe/London calendar day."),
        _required("settlement_period", Count, "Half hour of that day, from 1 to its 46, 48 or 50."),
    ]


curtailment_records = Table(
    "curtailment_records",
    metadata,
    *_period_key(),
    _required("start_time", Instant, "UTC start of the period."),
    _required("side", Name, "Stack: bid (generate less) or offer (here: undoes an earlier bid)."),
    _required("sequence_number", Count, "Rank in that side's stack; unique per date, period and side."),
    _required("farm_id", Name, "Elexon BM unit id of the wind farm."),
    _optional("lead_party_name", Name, "Lead party of the unit in the register when the row was stored."),
    _optional("acceptance_id", Identity, "Bid-offer acceptance number."),
    _optional("bid_offer_pair_id", Count, "Bid-offer pair: −1…−6 below, +1…+6 above the notified level."),
    _optional("so_flag", Boolean, "Taken for system reasons, mostly transmission limits; absent counts as no."),
    _optional("cadl_flag", Boolean, "Acceptance shorter than 10 minutes; absent counts as no."),
    _required("volume", Number, "MWh in the half hour, signed as received: bids ≤ 0, offers ≥ 0."),
    _required("original_price", Number, "£/MWh; with it payment is worked out."),
    _optional("final_price", Number, "£/MWh after the price calculation; information only."),
    _optional("transmission_loss_multiplier", Number, "Settled cash = volume × original price × this."),
    _required("payment", Number, "£ = volume × original price; positive = paid to the farm."),
    _required("vintage", Instant, "When the settlement run made this row (createdDateTime)."),
    PrimaryKeyConstraint("settlement_date", "settlement_period", "side", "sequence_number"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint(SIDE_IS_KNOWN, name="side"),
    CheckConstraint("(side = 'bid' AND volume <= 0) OR (side = 'offer' AND volume >= 0)", name="sign"),
    comment="Rows of the settlement stacks that belong to wind units, at the grain at which they were settled.",
)

historical_bitcoin_calculations = Table(
    "historical_bitcoin_calculations",
    metadata,
    *_period_key(),
    _required("farm_id", Name, "Elexon BM unit id of the wind farm."),
    _required("miner_model", Name, "ASIC model."),
    _required("curtailed_energy", Number, "MWh curtailed on that farm in that period; > 0."),
    _required("bitcoin_mined", Number, "BTC the energy could have mined: subsidy only, uptime 1."),
    _required("difficulty", Number, "Network difficulty in force at the period's start."),
    _required("block_subsidy", Number, "BTC per block in force at the period's start."),
    _required("calculated_at", Instant, "When this was worked out."),
    PrimaryKeyConstraint("settlement_date", "settlement_period", "farm_id", "miner_model"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint("curtailed_energy > 0 AND bitcoin_mined >= 0", name="positive"),
    CheckConstraint("difficulty > 0 AND block_subsidy >= 0", name="network"),
    comment="Bitcoin per farm, half hour and miner model.",
)


def _totals() -> list[Column[object]]:
    return [
        _required("total_curtailed_energy", Number, "MWh of all accepted wind bids (gross), positive."),
        _required("system_flagged_energy", Number, "MWh of those with the system flag, positive."),
        _required("undone_energy", Number, "MWh of wind offers that took bids back; net = gross − this."),
        _required("total_payment", Number, "£ for the gross energy; positive = paid to the farms."),
        _required("undone_payment", Number, "£ for the undone energy, same sign convention; net = total + this."),
        _required("curtailment_records", Count, "Curtailment records: wind bid rows below zero."),
        _required("farms", Count, "Distinct farms curtailed."),
        _required("periods_curtailed", Count, "Settlement periods with curtailment."),
    ]


def _completeness() -> list[Column[object]]:
    return [
        _required("days_expected", Count, "Days of this span within the first and last partition."),
        _required("days_complete", Count, "Days of it that are whole and in these figures."),
    ]


def _bitcoin() -> list[Column[object]]:
    return [
        _required("miner_model", Name, "ASIC model."),
        _required("curtailed_energy", Number, "MWh behind the figure (gross)."),
        _required("bitcoin_mined", Number, "BTC the energy could have mined: subsidy only, uptime 1."),
    ]


daily_summaries = Table(
    "daily_summaries",
    metadata,
    _required("summary_date", Day, "Settlement day."),
    *_totals(),
    PrimaryKeyConstraint("summary_date"),
    comment="Curtailment of a whole day. Zeros are certified; a day that is not whole has no row.",
)
monthly_summaries = Table(
    "monthly_summaries",
    metadata,
    _required("year_month", Name, "Month, as 2025-06."),
    *_totals(),
    *_completeness(),
    PrimaryKeyConstraint("year_month"),
    comment="Sum of the days of a month that are whole; no row when none is.",
)
yearly_summaries = Table(
    "yearly_summaries",
    metadata,
    _required("year", Name, "Year, as 2025."),
    *_totals(),
    *_completeness(),
    PrimaryKeyConstraint("year"),
    comment="Sum of the months of a year.",
)
bitcoin_daily_summaries = Table(
    "bitcoin_daily_summaries",
    metadata,
    _required("summary_date", Day, "Settlement day."),
    *_bitcoin(),
    PrimaryKeyConstraint("summary_date", "miner_model"),
    comment="Bitcoin of a fully calculated day per miner model.",
)
bitcoin_monthly_summaries = Table(
    "bitcoin_monthly_summaries",
    metadata,
    _required("year_month", Name, "Month, as 2025-06."),
    *_bitcoin(),
    *_completeness(),
    PrimaryKeyConstraint("year_month", "miner_model"),
    comment="Sum of the calculated days of a month per miner model.",
)
bitcoin_yearly_summaries = Table(
    "bitcoin_yearly_summaries",
    metadata,
    _required("year", Name, "Year, as 2025."),
    *_bitcoin(),
    *_completeness(),
    PrimaryKeyConstraint("year", "miner_model"),
    comment="Sum of the months of a year per miner model.",
)

settlement_ledger = Table(
    "settlement_ledger",
    metadata,
    *_period_key(),
    _required("side", Name, "bid or offer."),
    _required("fetched_at", Instant, "When the stack was last asked for."),
    _optional("vintage", Instant, "Newest settlement run seen with this content; none on an empty side."),
    _required("raw_rows", Count, "Rows of the whole stack, all units."),
    _required("wind_rows", Count, "Rows of wind units: those stored."),
    _required("wind_mwh", Number, "Σ volume of the wind rows, signed as received."),
    _required("content_hash", Name, "SHA-256 of the wind rows' content."),
    _required(
        "confirmed_by",
        Name,
        "What certifies the answer: rows, volumes, unreachable (volumes could not be asked) or operator.",
    ),
    PrimaryKeyConstraint("settlement_date", "settlement_period", "side"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint(SIDE_IS_KNOWN, name="side"),
    CheckConstraint("wind_rows BETWEEN 0 AND raw_rows", name="rows"),
    CheckConstraint("(raw_rows > 0) = (confirmed_by = 'rows')", name="confirmed"),
    comment="What was asked and answered: one row per period and side of every stored day.",
)

settlement_days = Table(
    "settlement_days",
    metadata,
    _required("settlement_date", Day, "Settlement day."),
    _required("periods", Count, "Settlement periods of the day: 46, 48 or 50."),
    _required("fetched_at", Instant, "When the first stack of the last whole fetch was asked for."),
    _optional("vintage", Instant, "Newest settlement run in it."),
    _required("content_hash", Name, "Hash over the hashes of its periods and sides."),
    *_totals(),
    _required(
        "farm_periods",
        Count,
        "Distinct (period, farm) with curtailed energy: what calculations are expected for.",
    ),
    PrimaryKeyConstraint("settlement_date"),
    CheckConstraint("periods IN (46, 48, 50)", name="periods"),
    comment="Each whole day and its figures, written with its records in one transaction.",
)

calculation_days = Table(
    "calculation_days",
    metadata,
    _required("settlement_date", Day, "Settlement day."),
    _required("miner_model", Name, "ASIC model."),
    _required("hashrate_th", Number, "TH/s used."),
    _required("power_w", Number, "W used."),
    _required("records_hash", Name, "Content hash of the day's records that were used."),
    _required("calculations", Count, "Calculations stored."),
    _required("curtailed_energy", Number, "Their energy, MWh."),
    _required("bitcoin_mined", Number, "Their Bitcoin, BTC."),
    PrimaryKeyConstraint("settlement_date", "miner_model"),
    comment="What was calculated from what, written with the calculations in one transaction.",
)

restatements = Table(
    "restatements",
    metadata,
    _required("settlement_date", Day, "Settlement day whose content changed at a later fetch."),
    _required("restated_at", Instant, "When the change was stored."),
    _required("hash_before", Name, "Content hash before."),
    _required("hash_after", Name, "Content hash after."),
    _required("energy_before", Number, "Gross MWh before."),
    _required("energy_after", Number, "Gross MWh after."),
    _required("payment_before", Number, "£ before."),
    _required("payment_after", Number, "£ after."),
    _required("records_before", Count, "Curtailment records before."),
    _required("records_after", Count, "Curtailment records after."),
    PrimaryKeyConstraint("settlement_date", "restated_at"),
    comment="History of days that the settlement changed after they had been stored.",
)

unknown_wind_units = Table(
    "unknown_wind_units",
    metadata,
    _required("settlement_date", Day, "Settlement day."),
    _required("bm_unit_id", Name, "Stack id that looks like wind and is not in the wind register."),
    _required("rows", Count, "Its rows that day, both sides."),
    _required("bid_mwh", Number, "Σ of its bid volumes, MWh, signed as received."),
    PrimaryKeyConstraint("settlement_date", "bm_unit_id"),
    comment="Units that may be wind farms and are not counted: to be added to the wind units, or ruled out.",
)

wind_bm_units = Table(
    "wind_bm_units",
    metadata,
    _required("bm_unit_id", Name, "Elexon BM unit id."),
    _required("seen_from", Instant, "When these particulars were first seen."),
    _required("seen_until", Instant, "When they were last seen."),
    _optional("bm_unit_name", Name, "Name in the register."),
    _optional("lead_party_name", Name, "Lead party."),
    _optional("generation_capacity", Number, "Registered capacity in MW; some are absent or 0."),
    _required("source", Name, "register or addition (curated)."),
    _required("is_current", Boolean, "Whether this is the unit's newest version."),
    PrimaryKeyConstraint("bm_unit_id", "seen_from"),
    Index(None, "bm_unit_id", unique=True, postgresql_where=text("is_current"), sqlite_where=text("is_current")),
    comment="Every wind unit ever known, a row per version of its particulars. A unit once known as wind stays.",
)

network_epochs = Table(
    "network_epochs",
    metadata,
    _required("block_time", Instant, "Header time of the block with which it begins."),
    _required("height", Count, "Height of that block."),
    _required("kind", Name, "retarget (difficulty changes) or halving (subsidy changes)."),
    _required("difficulty", Number, "Network difficulty from then on."),
    _required("block_subsidy", Number, "BTC per block from then on."),
    PrimaryKeyConstraint("height", "kind"),
    CheckConstraint("difficulty > 0", name="difficulty"),
    CheckConstraint("height >= 0", name="height"),
    comment="Difficulty and block subsidy by block time.",
)

reference_fetches = Table(
    "reference_fetches",
    metadata,
    _required("name", Name, "wind_bm_units or network_epochs."),
    _required("fetched_at", Instant, "When it was last asked for with success."),
    _required("rows", Count, "Rows of that answer."),
    PrimaryKeyConstraint("name"),
    comment="When each reference was last fetched.",
)
