"""Prices that may be those of a week are forgotten, to be fetched again.

Before about September 2021 the source has one quotation a week, stamped with the week's first instant (Thursday,
0:00 UTC) though it is of the week's end; it was stored as the price of that day. Those of later Thursdays are asked for
again with them, since nothing in a row tells the two apart.
"""

from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

EPOCH, WEEK = datetime(1970, 1, 1, tzinfo=UTC), timedelta(weeks=1)
FORGET_AT_ONCE = 1000  # days


def upgrade() -> None:
    connection = op.get_bind()
    prices = sa.table(
        "bitcoin_price", sa.column("settlement_date", sa.Date), sa.column("quoted_at", sa.DateTime(timezone=True))
    )
    notes = sa.table(
        "day_fetches",
        sa.column("name"),
        sa.column("settlement_date", sa.Date),
        sa.column("fetched_at"),
        sa.column("content_hash"),
    )
    rows = connection.execute(sa.select(prices)).all()
    weekly: list[date] = [
        row.settlement_date
        for row in rows
        if (row.quoted_at.replace(tzinfo=row.quoted_at.tzinfo or UTC) - EPOCH) % WEEK == timedelta(0)
    ]
    for start in range(0, len(weekly), FORGET_AT_ONCE):
        some = weekly[start : start + FORGET_AT_ONCE]
        connection.execute(sa.delete(prices).where(prices.c.settlement_date.in_(some)))
        connection.execute(
            sa.update(notes)
            .where(notes.c.name == "bitcoin_price", notes.c.settlement_date.in_(some))
            .values(fetched_at=None, content_hash=None)
        )
