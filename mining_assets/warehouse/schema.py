"""The tables of the warehouse. Column comments are the documentation that the Dagster UI shows.

Three kinds: what the settlement says (``curtailment_records``) and what is derived from it, with what it is held
against day by day (``bitcoin_price``, ``wind_generation``); the control tables, which remember what was asked and
answered (``settlement_ledger``, ``settlement_days``, ``calculation_days``, ``restatements``, ``day_fetches``); and the
reference data (wind units, network epochs). Dates are DATE on PostgreSQL and ISO text on
SQLite. Energies are MWh, payments £, Bitcoin BTC, all in double precision.
"""

from sqlalchemy import (
    CheckConstraint,
    Column,
    Index,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    event,
    text,
)

from mining_assets.warehouse.columns import VALUE, Count, Day, Flag, Identity, Instant, Name, Number, condition

metadata = MetaData(
    naming_convention={
        "pk": "%(table_name)s_pk",
        "ck": "%(table_name)s_%(constraint_name)s",
        "ix": "%(table_name)s_%(column_0_N_name)s",
    }
)

PERIOD_RANGE = "settlement_period BETWEEN 1 AND 50"
SIDE_IS_KNOWN = "side IN ('bid', 'offer')"


def required(name: str, type_: object, comment: str) -> Column[object]:
    """A column that always has a value."""
    return _guarded(Column(name, type_, nullable=False, comment=comment))  # type: ignore[arg-type]


def optional(name: str, type_: object, comment: str) -> Column[object]:
    """A column whose value may be absent."""
    return _guarded(Column(name, type_, nullable=True, comment=comment))  # type: ignore[arg-type]


def _guarded(column: Column[object]) -> Column[object]:
    """Let the column's table refuse what the column's type alone would take, such as infinite numbers."""

    @event.listens_for(column, "after_parent_attach")
    def _add_checks(column: Column[object], table: Table) -> None:
        for dialect in ("sqlite", "postgresql"):
            if wanted := condition(column.type, column.name, dialect):
                check = CheckConstraint(wanted, name=f"{column.name}{VALUE}")
                table.append_constraint(check.ddl_if(dialect=dialect))

    return column


def _period_key() -> list[Column[object]]:
    return [
        required("settlement_date", Day, "Settlement day: a Europe/London calendar day."),
        required("settlement_period", Count, "Half hour of that day, from 1 to its 46, 48 or 50."),
    ]


curtailment_records = Table(
    "curtailment_records",
    metadata,
    *_period_key(),
    required("start_time", Instant, "UTC start of the period."),
    required("side", Name, "Stack: bid (generate less) or offer (here: undoes an earlier bid)."),
    required("sequence_number", Count, "Rank in that side's stack; unique per date, period and side."),
    required("farm_id", Name, "Elexon BM unit id of the wind farm."),
    optional("lead_party_name", Name, "Lead party of the unit in the register when the row was stored."),
    optional("acceptance_id", Identity, "Bid-offer acceptance number."),
    optional("bid_offer_pair_id", Count, "Bid-offer pair: −1…−6 below, +1…+6 above the notified level."),
    optional("so_flag", Flag, "Taken for system reasons, mostly transmission limits; absent counts as no."),
    optional("cadl_flag", Flag, "Acceptance shorter than 10 minutes; absent counts as no."),
    required("volume", Number, "MWh in the half hour, signed as received: bids ≤ 0, offers ≥ 0."),
    required("original_price", Number, "£/MWh; with it payment is worked out."),
    optional("final_price", Number, "£/MWh after the price calculation; information only."),
    optional("transmission_loss_multiplier", Number, "Settled cash = volume × original price × this."),
    required("payment", Number, "£ = volume × original price; positive = paid to the farm."),
    required("vintage", Instant, "When the settlement run made this row (createdDateTime)."),
    PrimaryKeyConstraint("settlement_date", "settlement_period", "side", "sequence_number"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint(SIDE_IS_KNOWN, name="side"),
    CheckConstraint("(side = 'bid' AND volume <= 0) OR (side = 'offer' AND volume >= 0)", name="sign"),
    sqlite_strict=True,
    comment="Rows of the settlement stacks that belong to wind units, at the grain at which they were settled.",
)

historical_bitcoin_calculations = Table(
    "historical_bitcoin_calculations",
    metadata,
    *_period_key(),
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


def _origin() -> Column[object]:
    return optional(
        "origin",
        Name,
        "Address of the source that answered, with (generated) behind it when it said that its answers are made up; "
        "several are joined by ; and absent means unknown.",
    )


def _totals() -> list[Column[object]]:
    return [
        required("total_curtailed_energy", Number, "MWh of all accepted wind bids (gross), positive."),
        required("system_flagged_energy", Number, "MWh of those with the system flag, positive."),
        required("undone_energy", Number, "MWh of wind offers that took bids back; net = gross − this."),
        required("total_payment", Number, "£ for the gross energy; positive = paid to the farms."),
        required("undone_payment", Number, "£ for the undone energy, same sign convention; net = total + this."),
        required("curtailment_records", Count, "Curtailment records: wind bid rows below zero."),
        required(
            "farms", Count, "Distinct BM units with curtailed energy; units that were only undone are not among them."
        ),
        required("periods_curtailed", Count, "Settlement periods with curtailment."),
    ]


def _share() -> list[Column[object]]:
    return [
        optional(
            "generated_energy",
            Number,
            "MWh that metered wind generated on the same days (FUELHH WIND); absent while that of any day is unknown.",
        ),
        optional(
            "curtailed_share",
            Number,
            "Curtailed ÷ (generated + curtailed) energy, 0 to 1, gross; absent while the generation is unknown.",
        ),
    ]


def _worth() -> list[Column[object]]:
    return [
        optional(
            "bitcoin_value",
            Number,
            "£ that the Bitcoin was worth, each day's at the price of that date; absent while any day's is unknown.",
        ),
        optional("total_payment", Number, "£ paid for the same energy (gross); positive = paid to the farms."),
        optional(
            "value_ratio", Number, "Value ÷ payment; absent while the value is unknown, and where the payment is 0."
        ),
    ]


def _days_with_generation() -> Column[object]:
    return optional("days_with_generation", Count, "Complete days whose generation is known: of days_complete.")


def _days_priced() -> Column[object]:
    return optional("days_priced", Count, "Complete days whose Bitcoin price is known: of days_complete.")


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
    *_totals(),
    *_share(),
    PrimaryKeyConstraint("summary_date"),
    sqlite_strict=True,
    comment="Curtailment of a whole day. Zeros are certified; a day that is not whole has no row.",
)
monthly_summaries = Table(
    "monthly_summaries",
    metadata,
    required("year_month", Name, "Month, as 2025-06."),
    *_totals(),
    *_completeness(),
    *_share(),
    _days_with_generation(),
    PrimaryKeyConstraint("year_month"),
    sqlite_strict=True,
    comment="Sum of the days of a month that are whole; no row when none is.",
)
yearly_summaries = Table(
    "yearly_summaries",
    metadata,
    required("year", Name, "Year, as 2025."),
    *_totals(),
    *_completeness(),
    *_share(),
    _days_with_generation(),
    PrimaryKeyConstraint("year"),
    sqlite_strict=True,
    comment="Sum of the months of a year.",
)
bitcoin_daily_summaries = Table(
    "bitcoin_daily_summaries",
    metadata,
    required("summary_date", Day, "Settlement day."),
    *_bitcoin(),
    *_worth(),
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
    *_worth(),
    _days_priced(),
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
    *_worth(),
    _days_priced(),
    PrimaryKeyConstraint("year", "miner_model"),
    sqlite_strict=True,
    comment="Sum of the months of a year per miner model.",
)

settlement_ledger = Table(
    "settlement_ledger",
    metadata,
    *_period_key(),
    required("side", Name, "bid or offer."),
    required("fetched_at", Instant, "When the stack was last asked for."),
    optional("vintage", Instant, "Newest settlement run seen with this content; none on an empty side."),
    required("raw_rows", Count, "Rows of the whole stack, all units."),
    required("wind_rows", Count, "Rows of wind units: those stored."),
    required("wind_mwh", Number, "Σ volume of the wind rows, signed as received."),
    required("content_hash", Name, "SHA-256 of the wind rows' content."),
    required(
        "confirmed_by",
        Name,
        "What certifies the answer: rows, volumes, unreachable (volumes could not be asked) or operator.",
    ),
    optional(
        "repeats_confirmed",
        Flag,
        "Rows that repeat an acceptance: 1 the day's volumes have them too, 0 left out, absent: none, or not decided.",
    ),
    PrimaryKeyConstraint("settlement_date", "settlement_period", "side"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint(SIDE_IS_KNOWN, name="side"),
    CheckConstraint("wind_rows BETWEEN 0 AND raw_rows", name="rows"),
    CheckConstraint("(raw_rows > 0) = (confirmed_by = 'rows')", name="confirmed"),
    sqlite_strict=True,
    comment="What was asked and answered: one row per period and side of every stored day.",
)

settlement_days = Table(
    "settlement_days",
    metadata,
    required("settlement_date", Day, "Settlement day."),
    required("periods", Count, "Settlement periods of the day: 46, 48 or 50."),
    required("fetched_at", Instant, "When the first stack of the last whole fetch was asked for."),
    optional("vintage", Instant, "Newest settlement run in it."),
    required("content_hash", Name, "Hash over the hashes of its periods and sides."),
    *_totals(),
    required(
        "farm_periods",
        Count,
        "Distinct (period, farm) with curtailed energy: what calculations are expected for.",
    ),
    optional(
        "uncounted_bid_mwh",
        Number,
        "Σ of the bid volumes of all BM units not counted as wind, MWh, signed as received; absent where they were "
        "not kept: fetched by an earlier version.",
    ),
    _origin(),
    PrimaryKeyConstraint("settlement_date"),
    CheckConstraint("periods IN (46, 48, 50)", name="periods"),
    sqlite_strict=True,
    comment="Each whole day and its figures, written with its records in one transaction.",
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

bitcoin_price = Table(
    "bitcoin_price",
    metadata,
    required("settlement_date", Day, "Day that is valued at this price."),
    required("price", Number, "£ per BTC at noon UTC of that date."),
    required("quoted_at", Instant, "Time of the quotation: of the same UTC date."),
    required("source", Name, "Who said so: mempool, coinbase, or file, which a person gave."),
    PrimaryKeyConstraint("settlement_date"),
    CheckConstraint("price > 0", name="price"),
    CheckConstraint("source IN ('file', 'mempool', 'coinbase')", name="source"),
    sqlite_strict=True,
    comment="Price of Bitcoin day by day, and where it comes from. A price that is not known has no row.",
)

wind_generation = Table(
    "wind_generation",
    metadata,
    *_period_key(),
    required("start_time", Instant, "UTC start of the period."),
    required("generated_energy", Number, "MWh that metered wind generated in the half hour: FUELHH WIND in MW ÷ 2."),
    PrimaryKeyConstraint("settlement_date", "settlement_period"),
    CheckConstraint(PERIOD_RANGE, name="period"),
    CheckConstraint("generated_energy >= 0", name="energy"),
    sqlite_strict=True,
    comment="Wind generation of Great Britain half hour by half hour, for whole days only. Embedded wind is not in it.",
)

day_fetches = Table(
    "day_fetches",
    metadata,
    required("name", Name, "bitcoin_price or wind_generation."),
    required("settlement_date", Day, "Day that was asked for."),
    optional("fetched_at", Instant, "When it was last fetched with success; absent while it never was."),
    optional("content_hash", Name, "SHA-256 of the rows that were stored then; another content was not fetched."),
    required("attempts", Count, "How often healing asked in vain since it was last right."),
    optional("last_attempt_at", Instant, "When healing last asked."),
    optional("next_attempt_at", Instant, "Not asked again by itself before this."),
    optional("last_error", Name, "Why it failed last; absent after a success."),
    _origin(),
    PrimaryKeyConstraint("name", "settlement_date"),
    sqlite_strict=True,
    comment="What was asked and answered of prices and generation, a row per day, with the back-off of days that fail.",
)

restatements = Table(
    "restatements",
    metadata,
    required("settlement_date", Day, "Settlement day whose content changed at a later fetch."),
    required("restated_at", Instant, "When the change was stored."),
    required("hash_before", Name, "Content hash before."),
    required("hash_after", Name, "Content hash after."),
    required("energy_before", Number, "Gross MWh before."),
    required("energy_after", Number, "Gross MWh after."),
    required("payment_before", Number, "£ before."),
    required("payment_after", Number, "£ after."),
    required("records_before", Count, "Curtailment records before."),
    required("records_after", Count, "Curtailment records after."),
    PrimaryKeyConstraint("settlement_date", "restated_at"),
    sqlite_strict=True,
    comment="History of days that the settlement changed after they had been stored.",
)

unknown_wind_units = Table(
    "unknown_wind_units",
    metadata,
    required("settlement_date", Day, "Settlement day."),
    required("bm_unit_id", Name, "BM unit id in the stacks that was not counted as wind."),
    required("rows", Count, "Its rows that day, both sides."),
    required("bid_mwh", Number, "Σ of its bid volumes, MWh, signed as received."),
    PrimaryKeyConstraint("settlement_date", "bm_unit_id"),
    Index(None, "bm_unit_id"),
    sqlite_strict=True,
    comment="Units with accepted bids that were not counted as wind; other_bm_units explains those that are not wind.",
)

other_bm_units = Table(
    "other_bm_units",
    metadata,
    required("bm_unit_id", Name, "Elexon BM unit id."),
    required("kind", Name, "What it is: its fuel type, or the kind of unit."),
    PrimaryKeyConstraint("bm_unit_id"),
    sqlite_strict=True,
    comment="What the newest register answer explains as something other than wind.",
)

wind_bm_units = Table(
    "wind_bm_units",
    metadata,
    required("bm_unit_id", Name, "Elexon BM unit id."),
    required("seen_from", Instant, "When these particulars were first seen."),
    required("seen_until", Instant, "When they were last seen."),
    optional("bm_unit_name", Name, "Name in the register."),
    optional("lead_party_name", Name, "Lead party."),
    optional("generation_capacity", Number, "Registered capacity in MW; some are absent or 0."),
    required("source", Name, "register or addition (curated)."),
    required("is_current", Flag, "Whether this is the unit's newest version."),
    optional(
        "site",
        Name,
        "Site (wind farm) that the unit is of, as far as its names and ids or a list tell; units of one site share it.",
    ),
    PrimaryKeyConstraint("bm_unit_id", "seen_from"),
    Index(None, "bm_unit_id", unique=True, postgresql_where=text("is_current"), sqlite_where=text("is_current")),
    sqlite_strict=True,
    comment="Every wind unit ever known, a row per version of its particulars. A unit once known as wind stays.",
)

network_epochs = Table(
    "network_epochs",
    metadata,
    required("block_time", Instant, "Header time of the block with which it begins."),
    required("height", Count, "Height of that block."),
    required("kind", Name, "retarget (difficulty changes) or halving (subsidy changes)."),
    required("difficulty", Number, "Network difficulty from then on."),
    required("block_subsidy", Number, "BTC per block from then on."),
    PrimaryKeyConstraint("height", "kind"),
    CheckConstraint("difficulty > 0", name="difficulty"),
    CheckConstraint("height >= 0", name="height"),
    sqlite_strict=True,
    comment="Difficulty and block subsidy by block time.",
)

reference_fetches = Table(
    "reference_fetches",
    metadata,
    required("name", Name, "wind_bm_units or network_epochs."),
    required("fetched_at", Instant, "When it was last asked for with success."),
    required("rows", Count, "Rows of that answer."),
    optional("content_hash", Name, "SHA-256 of what the table then held; another content was not fetched."),
    _origin(),
    PrimaryKeyConstraint("name"),
    sqlite_strict=True,
    comment="When each reference was last fetched.",
)
