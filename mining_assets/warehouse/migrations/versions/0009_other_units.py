"""Every unit with accepted bids that is not counted as wind, and what the register explains them as."""

import sqlalchemy as sa
from alembic import op

from mining_assets.warehouse.columns import Name, Number

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "other_bm_units",
        sa.Column("bm_unit_id", Name, nullable=False, comment="Elexon BM unit id."),
        sa.Column("kind", Name, nullable=False, comment="What it is: its fuel type, or the kind of unit."),
        sa.PrimaryKeyConstraint("bm_unit_id", name=op.f("other_bm_units_pk")),
        comment="What the newest register answer explains as something other than wind.",
    )
    op.create_index(op.f("unknown_wind_units_bm_unit_id"), "unknown_wind_units", ["bm_unit_id"])
    op.add_column(
        "settlement_days",
        sa.Column(
            "uncounted_bid_mwh",
            Number,
            nullable=True,
            comment="Σ of the bid volumes of all BM units not counted as wind, MWh, signed as received; absent where "
            "they were not kept: fetched by an earlier version.",
        ),
    )
    if op.get_context().dialect.name == "postgresql":  # SQLite keeps no comments
        op.create_table_comment(
            "unknown_wind_units",
            "Units with accepted bids that were not counted as wind; other_bm_units explains those that are not wind.",
        )
        op.alter_column(
            "unknown_wind_units",
            "bm_unit_id",
            existing_type=Name,
            comment="BM unit id in the stacks that was not counted as wind.",
        )
