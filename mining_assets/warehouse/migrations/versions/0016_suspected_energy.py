"""How much energy a finding is about; of those that are stored it is not known until their span is verified again."""

import sqlalchemy as sa
from alembic import op

from mining_assets.warehouse.columns import Number

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MWH = "MWh that the problems are about, positive: by how much a total may be wrong; absent where that is not known."


def upgrade() -> None:
    op.add_column("integrity_findings", sa.Column("mwh", Number, nullable=True, comment=MWH))
