"""What the day's volumes said of rows that repeat an acceptance; of what is stored nothing was decided."""

import sqlalchemy as sa
from alembic import op

from mining_assets.warehouse.columns import Flag

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "settlement_ledger",
        sa.Column(
            "repeats_confirmed",
            Flag,
            nullable=True,
            comment="Rows that repeat an acceptance: 1 the day's volumes have them too, 0 left out, absent: none, or "
            "not decided.",
        ),
    )
