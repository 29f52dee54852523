"""The archive of answers: which fetches are in it, and in which object the answer behind a row is kept."""

import sqlalchemy as sa
from alembic import op

from mining_assets.warehouse.columns import Count, Instant, Name

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table of archived fetches, and name the object in the three ledgers."""
    op.create_table(
        "archived_fetches",
        sa.Column("name", Name, nullable=False),
        sa.Column("subject", Name, nullable=False),
        sa.Column("fetched_at", Instant, nullable=False),
        sa.Column("object", Name, nullable=False),
        sa.Column("object_bytes", Count, nullable=False),
        sa.Column("answers", Count, nullable=False),
        sa.Column("settlement_period", Count),
        sa.Column("refused", Name),
        sa.PrimaryKeyConstraint("name", "subject", "fetched_at", "object", name="archived_fetches_pk"),
    )
    op.create_index("archived_fetches_object", "archived_fetches", ["object"])
    for table in ("settlement_ledger", "day_fetches", "reference_fetches"):
        op.add_column(table, sa.Column("archive_object", Name))
