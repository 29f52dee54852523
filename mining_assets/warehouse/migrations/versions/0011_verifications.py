"""When each day, month and year was last written and last verified by value; until then nothing counts as verified."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "span_writes",
        sa.Column("span", sa.Text(), nullable=False, comment="Day (2025-06-01), month (2025-06) or year (2025)."),
        sa.Column(
            "written_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When anything of it was last written by the product.",
        ),
        sa.PrimaryKeyConstraint("span", name=op.f("span_writes_pk")),
        comment="When each span was last written: what was verified before has to be verified again.",
    )
    op.create_table(
        "verifications",
        sa.Column(
            "span",
            sa.Text(),
            nullable=False,
            comment="Day (2025-06-01), month (2025-06) or year (2025); all for references.",
        ),
        sa.Column(
            "verified_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="As it was then, everything of it was last verified by value.",
        ),
        sa.PrimaryKeyConstraint("span", name=op.f("verifications_pk")),
        comment="When each span was last verified by value; what was found is in integrity_findings.",
    )
