"""What verification found, what healing tried, which alerts were sent, and the common pace of requests."""

from sqlalchemy import CheckConstraint, Index, PrimaryKeyConstraint, Table

from mining_assets.warehouse.columns import Count, Day, Identity, Instant, Name, Number
from mining_assets.warehouse.schema.base import metadata, optional, required

integrity_findings = Table(
    "integrity_findings",
    metadata,
    required("table_name", Name, "Table in which something is wrong or suspicious."),
    required("check_name", Name, "Check that found it."),
    required("span", Name, "Day (2025-06-01), month (2025-06) or year (2025) concerned; all for references."),
    optional("settlement_date", Day, "The day, when the span is one."),
    required("severity", Name, "error: wrong or missing data; warn: a suspicion."),
    required("effect", Name, "What it makes of a day: damaged, inconsistent or nothing."),
    required("problems", Count, "How many keys of the span are concerned."),
    required("missing", Count, "Of those: calculations that are missing."),
    required("orphan", Count, "Calculations that should not be there."),
    required("stale", Count, "Calculations whose values are not what they should be."),
    required("example", Name, "The first of them, with what is and what should be."),
    required("found_at", Instant, "When it was found."),
    required(
        "open_since",
        Instant,
        "When the check was first found to fail on the span; verifying it again keeps this while it fails.",
    ),
    optional(
        "mwh",
        Number,
        "MWh that the problems are about, positive: by how much a total may be wrong; absent where that is not known.",
    ),
    PrimaryKeyConstraint("table_name", "check_name", "span"),
    CheckConstraint("severity IN ('error', 'warn')", name="severity"),
    CheckConstraint("effect IN ('damaged', 'inconsistent', 'nothing')", name="effect"),
    Index(None, "settlement_date"),
    sqlite_strict=True,
    comment="What the last verification of each span found. Replaced when the span is verified again.",
)

integrity_scans = Table(
    "integrity_scans",
    metadata,
    required("scope", Name, "recent, all, or archive (which read its slices)."),
    required("finished_at", Instant, "When it was last completed."),
    required("first_day", Day, "First day verified."),
    required("last_day", Day, "Last day verified."),
    required("errors", Count, "Findings that mean wrong or missing data."),
    PrimaryKeyConstraint("scope"),
    sqlite_strict=True,
    comment="When the scans last ran to their end.",
)

span_writes = Table(
    "span_writes",
    metadata,
    required("span", Name, "Day (2025-06-01), month (2025-06) or year (2025)."),
    required("written_at", Instant, "When anything of it was last written by the product."),
    PrimaryKeyConstraint("span"),
    sqlite_strict=True,
    comment="When each span was last written: what was verified before has to be verified again.",
)

verifications = Table(
    "verifications",
    metadata,
    required("span", Name, "Day (2025-06-01), month (2025-06) or year (2025); all for references."),
    required("verified_at", Instant, "As it was then, everything of it was last verified by value."),
    PrimaryKeyConstraint("span"),
    sqlite_strict=True,
    comment="When each span was last verified by value; what was found is in integrity_findings.",
)

healing_attempts = Table(
    "healing_attempts",
    metadata,
    required("settlement_date", Day, "Day that does not come right."),
    required("attempts", Count, "How often healing was asked for since it was last right."),
    required("last_attempt_at", Instant, "When it was last tried."),
    required("next_attempt_at", Instant, "Not tried again by itself before this."),
    optional("last_error", Name, "Why it failed last."),
    optional("quarantined_at", Instant, "When healing gave it up; any success ends that."),
    PrimaryKeyConstraint("settlement_date"),
    sqlite_strict=True,
    comment="Days that fail, with their back-off. A day that comes right leaves the table.",
)

source_outages = Table(
    "source_outages",
    metadata,
    required("source", Name, "elexon, mempool, or which of their daily series: bitcoin_price, wind_generation."),
    required("since", Instant, "When it was first found away."),
    required("attempts", Count, "How often it was asked since, in vain."),
    required("next_attempt_at", Instant, "Not asked again by itself before this."),
    required("last_error", Name, "How it failed last."),
    PrimaryKeyConstraint("source"),
    sqlite_strict=True,
    comment="Sources that do not answer at all. While one is away no day is blamed for it.",
)

alerts_sent = Table(
    "alerts_sent",
    metadata,
    required("cause", Name, "What the alert was about."),
    required("sent_on", Day, "UTC calendar day."),
    PrimaryKeyConstraint("cause", "sent_on"),
    sqlite_strict=True,
    comment="At most one alert per cause and day.",
)

request_pacing = Table(
    "request_pacing",
    metadata,
    required("source", Name, "elexon, mempool or coinbase."),
    required("due", Identity, "When a request would be due, in µs since 1970."),
    PrimaryKeyConstraint("source"),
    sqlite_strict=True,
    comment="How fast the sources are asked by all processes together; used on PostgreSQL.",
)
