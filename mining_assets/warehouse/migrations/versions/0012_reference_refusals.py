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
            comment="network_epochs, or a halving and its height.",
        ),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="When it was first refused."),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False, comment="When it was last refused."),
        sa.Column(
            "reason",
            sa.Text(),
            nullable=False,
            comment="Why: what is stored and what was fetched instead, or what failed.",
        ),
        sa.PrimaryKeyConstraint("name", name=op.f("reference_refusals_pk")),
        comment="Answers on references that were refused or could not be had. A row leaves when an answer is taken.",
    )
