"""Where each price comes from. Those that are stored are mempool.space's: there was no other source."""

import sqlalchemy as sa
from alembic import op

from mining_assets.warehouse.columns import Name

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

SOURCE = "Who said so: mempool, coinbase, or file, which a person gave."
TABLE = "Price of Bitcoin day by day, and where it comes from. A price that is not known has no row."
PACE = "elexon, mempool or coinbase."
KNOWN = "source IN ('file', 'mempool', 'coinbase')"


def upgrade() -> None:
    on_sqlite = op.get_context().dialect.name == "sqlite"
    op.add_column("bitcoin_price", sa.Column("source", Name, nullable=True, comment=SOURCE))
    op.execute("UPDATE bitcoin_price SET source = 'mempool'")
    with op.batch_alter_table("bitcoin_price") as table:
        table.alter_column("source", existing_type=Name, existing_comment=SOURCE, nullable=False)
        table.create_check_constraint(op.f("bitcoin_price_source"), KNOWN)
    if not on_sqlite:  # SQLite keeps no comments
        op.create_table_comment("bitcoin_price", TABLE)
        op.alter_column("request_pacing", "source", existing_type=Name, comment=PACE)
