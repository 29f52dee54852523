"""The tables of the baseline about references and reconciliation."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, text

from mining_assets.warehouse.columns import Count, Day, Flag, Identity, Instant, Name, Number
from mining_assets.warehouse.migrations.baseline.tables import optional, required, table

table(
    "wind_bm_units",
    required("bm_unit_id", Name),
    required("seen_from", Instant),
    required("seen_until", Instant),
    optional("bm_unit_name", Name),
    optional("lead_party_name", Name),
    optional("generation_capacity", Number),
    required("source", Name),
    required("is_current", Flag),
    optional("site", Name),
    PrimaryKeyConstraint("bm_unit_id", "seen_from"),
    Index(None, "bm_unit_id", unique=True, postgresql_where=text("is_current"), sqlite_where=text("is_current")),
)
table(
    "other_bm_units",
    required("bm_unit_id", Name),
    required("kind", Name),
    PrimaryKeyConstraint("bm_unit_id"),
)
table(
    "network_epochs",
    required("block_time", Instant),
    required("height", Count),
    required("kind", Name),
    required("difficulty", Number),
    required("block_subsidy", Number),
    PrimaryKeyConstraint("height", "kind"),
    CheckConstraint("difficulty > 0", name="difficulty"),
    CheckConstraint("height >= 0", name="height"),
)
table(
    "reference_fetches",
    required("name", Name),
    required("fetched_at", Instant),
    required("rows", Count),
    optional("content_hash", Name),
    optional("origin", Name),
    PrimaryKeyConstraint("name"),
)
table(
    "reference_refusals",
    required("name", Name),
    required("since", Instant),
    required("refused_at", Instant),
    required("reason", Name),
    PrimaryKeyConstraint("name"),
)

table(
    "integrity_findings",
    required("table_name", Name),
    required("check_name", Name),
    required("span", Name),
    optional("settlement_date", Day),
    required("severity", Name),
    required("effect", Name),
    required("problems", Count),
    required("missing", Count),
    required("orphan", Count),
    required("stale", Count),
    required("example", Name),
    required("found_at", Instant),
    required("open_since", Instant),
    optional("mwh", Number),
    PrimaryKeyConstraint("table_name", "check_name", "span"),
    CheckConstraint("effect IN ('damaged', 'inconsistent', 'nothing')", name="effect"),
    CheckConstraint("severity IN ('error', 'warn')", name="severity"),
    Index(None, "settlement_date"),
)
table(
    "integrity_scans",
    required("scope", Name),
    required("finished_at", Instant),
    required("first_day", Day),
    required("last_day", Day),
    required("errors", Count),
    PrimaryKeyConstraint("scope"),
)
table(
    "span_writes",
    required("span", Name),
    required("written_at", Instant),
    PrimaryKeyConstraint("span"),
)
table(
    "verifications",
    required("span", Name),
    required("verified_at", Instant),
    PrimaryKeyConstraint("span"),
)
table(
    "healing_attempts",
    required("settlement_date", Day),
    required("attempts", Count),
    required("last_attempt_at", Instant),
    required("next_attempt_at", Instant),
    optional("last_error", Name),
    optional("quarantined_at", Instant),
    PrimaryKeyConstraint("settlement_date"),
)
table(
    "source_outages",
    required("source", Name),
    required("since", Instant),
    required("attempts", Count),
    required("next_attempt_at", Instant),
    required("last_error", Name),
    PrimaryKeyConstraint("source"),
)
table(
    "alerts_sent",
    required("cause", Name),
    required("sent_on", Day),
    PrimaryKeyConstraint("cause", "sent_on"),
)
table(
    "request_pacing",
    required("source", Name),
    required("due", Identity),
    PrimaryKeyConstraint("source"),
)
