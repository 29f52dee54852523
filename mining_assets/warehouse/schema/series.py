"""The daily series, and what was asked and answered of them."""

from sqlalchemy import CheckConstraint, PrimaryKeyConstraint, Table

from mining_assets.warehouse.columns import Count, Day, Instant, Name, Number
from mining_assets.warehouse.schema.base import (
    PERIOD_RANGE,
    archive_object,
    metadata,
    optional,
    origin,
    period_key,
    required,
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
    *period_key(),
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
    origin(),
    archive_object(),
    PrimaryKeyConstraint("name", "settlement_date"),
    sqlite_strict=True,
    comment="What was asked and answered of prices and generation, a row per day, with the back-off of days that fail.",
)
