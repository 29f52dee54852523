"""What of the archive of answers counts: the fetches whose outcome was committed."""

from sqlalchemy import Index, PrimaryKeyConstraint, Table

from mining_assets.warehouse.columns import Count, Instant, Name
from mining_assets.warehouse.schema.base import metadata, optional, required

archived_fetches = Table(
    "archived_fetches",
    metadata,
    required("name", Name, "What was fetched: settlement_stacks, a daily series, or a reference table."),
    required("subject", Name, "Settlement day that it is of (2025-06-03), or month of the fetch (2025-06)."),
    required("fetched_at", Instant, "When the first request that was answered was sent."),
    required("object", Name, "SHA-256 of the object's index, by which the archive names it."),
    required("object_bytes", Count, "Size of the object, compressed."),
    required("answers", Count, "Answers in it."),
    optional("settlement_period", Count, "The settlement period that was fetched alone; absent for anything else."),
    optional("refused", Name, "Why nothing was stored from it; absent when it was stored."),
    PrimaryKeyConstraint("name", "subject", "fetched_at", "object"),
    Index(None, "object"),
    sqlite_strict=True,
    comment="Every fetch whose answers are in the archive, committed with what was stored from it.",
)
