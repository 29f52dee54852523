"""Answers that were refused because they contradict a stored reference."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reference_refusals",
        sa.Column(
            "name",
            sa.Text(),
            nullable=False,
            comment="Reference whose source contradicts what is stored: network_epochs.",
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="When it was first refused."),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False, comment="When it was last refused."),
        sa.Column("reason", sa.Text(), nullable=False, comment="What is stored and what was fetched instead."),
        sa.PrimaryKeyConstraint("name", name=op.f("reference_refusals_pk")),
        comment="Answers refused because they contradict a stored reference. A row leaves when an answer is taken.",
    )
