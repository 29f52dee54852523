"""The schema as it was before anything was deployed; all that came before it is part of it."""

from alembic import op

from mining_assets.warehouse.migrations.baseline import days, references  # noqa: F401  (add their tables)
from mining_assets.warehouse.migrations.baseline.tables import tables

revision = "0017"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make all tables; the views follow at the end of the upgrade."""
    tables.create_all(op.get_bind(), checkfirst=False)
