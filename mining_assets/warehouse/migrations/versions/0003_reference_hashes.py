"""A content hash for each reference, so that a change from outside is found."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("reference_fetches") as table:
        table.add_column(
            sa.Column(
                "content_hash",
                sa.Text(),
                nullable=True,
                comment="SHA-256 of what the table then held; another content was not fetched.",
            )
        )
