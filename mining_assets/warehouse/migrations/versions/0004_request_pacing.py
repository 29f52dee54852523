"""When each source may be asked next, for all processes together."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "request_pacing",
        sa.Column("source", sa.Text(), nullable=False, comment="elexon or mempool."),
        sa.Column("due", sa.BigInteger(), nullable=False, comment="When a request would be due, in µs since 1970."),
        sa.PrimaryKeyConstraint("source", name=op.f("request_pacing_pk")),
        comment="How fast the sources are asked by all processes together; used on PostgreSQL.",
    )
