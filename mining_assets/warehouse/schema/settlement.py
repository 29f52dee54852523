"""What Elexon says of days, and the control tables that remember what was asked and answered."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table

from mining_assets.warehouse.columns import Count, Day, Flag, Identity, Instant, Name, Number
from mining_assets.warehouse.schema.base import (
    PERIOD_RANGE,
    SIDE_IS_KNOWN,
    archive_object,
    metadata,
    optional,
    origin,
    period_key,
    required,
    totals,
)

curtailment_records = Table(
    "curtailment_records",
    metadata,
    *period_key(),
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

settlement_ledger = Table(
    "settlement_ledger",
    metadata,
    *period_key(),
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
    archive_object(),
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
    *totals(),
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
    origin(),
    PrimaryKeyConstraint("settlement_date"),
    CheckConstraint("periods IN (46, 48, 50)", name="periods"),
    sqlite_strict=True,
    comment="Each whole day and its figures, written with its records in one transaction.",
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

refused_answers = Table(
    "refused_answers",
    metadata,
    required("settlement_date", Day, "Day whose newer answer was refused."),
    required("refused_at", Instant, "When."),
    required("energy_stored", Number, "Gross MWh that stay stored."),
    required("energy_answered", Number, "Gross MWh of the answer."),
    required("reason", Name, "Why, with both figures."),
    PrimaryKeyConstraint("settlement_date"),
    sqlite_strict=True,
    comment="Answers that would have shrunk a day. A stored answer removes the row.",
)

oracle_comparisons = Table(
    "oracle_comparisons",
    metadata,
    required("settlement_date", Day, "Settlement day."),
    required("compared_at", Instant, "When."),
    optional("energy_stack", Number, "MWh of wind bids in the stacks, positive."),
    optional("energy_volumes", Number, "MWh of the same units in the day's indicative volumes."),
    optional("cash_stack", Number, "£ from the stacks: Σ volume × price × loss multiplier."),
    optional("cash_flows", Number, "£ of the same units in the day's indicative cashflows."),
    required("differing", Count, "Units and periods whose volume differs."),
    optional("problem", Name, "How they differ, or why they could not be compared; none when they agree."),
    PrimaryKeyConstraint("settlement_date"),
    sqlite_strict=True,
    comment="The stacks against Elexon's whole-day volumes and cashflows, at the last fetch.",
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
