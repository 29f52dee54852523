"""Prices and generation day by day, and what the summaries say of value and share.

The new columns of stored summaries are filled as far as they are known, so that no day has to be derived again: what
was paid for the energy is, prices and generation are not.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

GENERATED = "MWh that metered wind generated on the same days (FUELHH WIND); absent while that of any day is unknown."
SHARE = "Curtailed ÷ (generated + curtailed) energy, 0 to 1, gross; absent while the generation is unknown."
VALUE = "£ that the Bitcoin was worth, each day's at the price of that date; absent while any day's is unknown."
PAYMENT = "£ paid for the same energy (gross); positive = paid to the farms."
RATIO = "Value ÷ payment; absent while the value is unknown, and where the payment is 0."
WITH_GENERATION = "Complete days whose generation is known: of days_complete."
PRICED = "Complete days whose Bitcoin price is known: of days_complete."
OUTAGE_BEFORE, OUTAGE_NOW = (
    "elexon or mempool.",
    "elexon, mempool, or which of their daily series: bitcoin_price, wind_generation.",
)


def _number(name: str, comment: str) -> sa.Column[float]:
    return sa.Column(name, sa.Double(precision=53), nullable=True, comment=comment)


def _count(name: str, comment: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=True, comment=comment)


def upgrade() -> None:
    _create_tables()
    for level in ("daily", "monthly", "yearly"):
        with op.batch_alter_table(f"{level}_summaries") as table:
            table.add_column(_number("generated_energy", GENERATED))
            table.add_column(_number("curtailed_share", SHARE))
            if level != "daily":
                table.add_column(_count("days_with_generation", WITH_GENERATION))
        with op.batch_alter_table(f"bitcoin_{level}_summaries") as table:
            table.add_column(_number("bitcoin_value", VALUE))
            table.add_column(_number("total_payment", PAYMENT))
            table.add_column(_number("value_ratio", RATIO))
            if level != "daily":
                table.add_column(_count("days_priced", PRICED))
    _fill()
    if op.get_bind().dialect.name == "postgresql":  # SQLite keeps no comments
        op.alter_column("source_outages", "source", comment=OUTAGE_NOW, existing_comment=OUTAGE_BEFORE)


def _create_tables() -> None:
    op.create_table(
        "bitcoin_price",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Day that is valued at this price."),
        sa.Column("price", sa.Double(precision=53), nullable=False, comment="£ per BTC at noon UTC of that date."),
        sa.Column(
            "quoted_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Time of the quotation: of the same UTC date.",
        ),
        sa.CheckConstraint("price > 0", name=op.f("bitcoin_price_price")),
        sa.PrimaryKeyConstraint("settlement_date", name=op.f("bitcoin_price_pk")),
        comment="Price of Bitcoin day by day, from mempool.space. A price that is not known has no row.",
    )
    op.create_table(
        "wind_generation",
        sa.Column(
            "settlement_date",
            sa.Date(),
            nullable=False,
            comment="Settlement day: a Europe/London calendar day.",
        ),
        sa.Column(
            "settlement_period",
            sa.Integer(),
            nullable=False,
            comment="Half hour of that day, from 1 to its 46, 48 or 50.",
        ),
        sa.Column("start_time", sa.DateTime(timezone=True), nullable=False, comment="UTC start of the period."),
        sa.Column(
            "generated_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh that metered wind generated in the half hour: FUELHH WIND in MW ÷ 2.",
        ),
        sa.CheckConstraint("settlement_period BETWEEN 1 AND 50", name=op.f("wind_generation_period")),
        sa.CheckConstraint("generated_energy >= 0", name=op.f("wind_generation_energy")),
        sa.PrimaryKeyConstraint("settlement_date", "settlement_period", name=op.f("wind_generation_pk")),
        comment=(
            "Wind generation of Great Britain half hour by half hour, for whole days only. Embedded wind is not in it."
        ),
    )
    op.create_table(
        "day_fetches",
        sa.Column("name", sa.Text(), nullable=False, comment="bitcoin_price or wind_generation."),
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Day that was asked for."),
        sa.Column(
            "fetched_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When it was last fetched with success; absent while it never was.",
        ),
        sa.Column(
            "content_hash",
            sa.Text(),
            nullable=True,
            comment="SHA-256 of the rows that were stored then; another content was not fetched.",
        ),
        sa.Column(
            "attempts",
            sa.Integer(),
            nullable=False,
            comment="How often healing asked in vain since it was last right.",
        ),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=True, comment="When healing last asked."),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Not asked again by itself before this.",
        ),
        sa.Column("last_error", sa.Text(), nullable=True, comment="Why it failed last; absent after a success."),
        sa.PrimaryKeyConstraint("name", "settlement_date", name=op.f("day_fetches_pk")),
        comment=(
            "What was asked and answered of prices and generation, a row per day, with the back-off of days that fail."
        ),
    )


def _fill() -> None:
    op.execute(
        "UPDATE bitcoin_daily_summaries SET total_payment = (SELECT total_payment FROM daily_summaries"
        " WHERE daily_summaries.summary_date = bitcoin_daily_summaries.summary_date)"
    )
    op.execute(
        "UPDATE bitcoin_monthly_summaries SET days_priced = 0, total_payment ="
        " (SELECT SUM(below.total_payment) FROM bitcoin_daily_summaries AS below"
        " WHERE below.miner_model = bitcoin_monthly_summaries.miner_model"
        " AND SUBSTR(CAST(below.summary_date AS TEXT), 1, 7) = bitcoin_monthly_summaries.year_month)"
    )
    op.execute(
        "UPDATE bitcoin_yearly_summaries SET days_priced = 0, total_payment ="
        " (SELECT SUM(below.total_payment) FROM bitcoin_monthly_summaries AS below"
        " WHERE below.miner_model = bitcoin_yearly_summaries.miner_model"
        " AND SUBSTR(below.year_month, 1, 4) = bitcoin_yearly_summaries.year)"
    )
    op.execute("UPDATE monthly_summaries SET days_with_generation = 0")
    op.execute("UPDATE yearly_summaries SET days_with_generation = 0")
