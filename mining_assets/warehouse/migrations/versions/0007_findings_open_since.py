"""Since when a finding is open, kept when its span is verified again and the check still fails."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

COMMENT = "When the check was first found to fail on the span; verifying it again keeps this while it fails."


def upgrade() -> None:
    with op.batch_alter_table("integrity_findings") as table:
        table.add_column(sa.Column("open_since", sa.DateTime(timezone=True), nullable=True, comment=COMMENT))
    op.execute("UPDATE integrity_findings SET open_since = found_at")
    with op.batch_alter_table("integrity_findings") as table:
        table.alter_column(
            "open_since", existing_type=sa.DateTime(timezone=True), existing_comment=COMMENT, nullable=False
        )
