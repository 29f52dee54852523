"""Where data came from; of what is stored it was not noted, so it is unknown."""

import sqlalchemy as sa
from alembic import op

from mining_assets.warehouse.columns import Name

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

ORIGIN = (
    "Address of the source that answered, with (generated) behind it when it said that its answers are made up; "
    "several are joined by ; and absent means unknown."
)


def upgrade() -> None:
    for table in ("settlement_days", "day_fetches", "reference_fetches"):
        op.add_column(table, sa.Column("origin", Name, nullable=True, comment=ORIGIN))
