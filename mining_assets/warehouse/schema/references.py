"""The reference data: wind units and the network's epochs, and what was asked and answered of them."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table, text

from mining_assets.warehouse.columns import Count, Flag, Instant, Name, Number
from mining_assets.warehouse.schema.base import archive_object, metadata, optional, origin, required

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

other_bm_units = Table(
    "other_bm_units",
    metadata,
    required("bm_unit_id", Name, "Elexon BM unit id."),
    required("kind", Name, "What it is: its fuel type, or the kind of unit."),
    PrimaryKeyConstraint("bm_unit_id"),
    sqlite_strict=True,
    comment="What the newest register answer explains as something other than wind.",
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
    origin(),
    archive_object(),
    PrimaryKeyConstraint("name"),
    sqlite_strict=True,
    comment="When each reference was last fetched.",
)

reference_refusals = Table(
    "reference_refusals",
    metadata,
    required("name", Name, "network_epochs, or a halving and its height."),
    required("since", Instant, "When it was first refused."),
    required("refused_at", Instant, "When it was last refused."),
    required("reason", Name, "Why: what is stored and what was fetched instead, or what failed."),
    PrimaryKeyConstraint("name"),
    sqlite_strict=True,
    comment="Answers on references that were refused or could not be had. A row leaves when an answer is taken.",
)
