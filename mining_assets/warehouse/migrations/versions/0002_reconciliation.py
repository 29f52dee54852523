"""The tables of reconciliation."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "alerts_sent",
        sa.Column("cause", sa.Text(), nullable=False, comment="What the alert was about."),
        sa.Column("sent_on", sa.Date(), nullable=False, comment="UTC calendar day."),
        sa.PrimaryKeyConstraint("cause", "sent_on", name=op.f("alerts_sent_pk")),
        comment="At most one alert per cause and day.",
    )
    op.create_table(
        "healing_attempts",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Day that does not come right."),
        sa.Column(
            "attempts", sa.Integer(), nullable=False, comment="How often healing was asked for since it was last right."
        ),
        sa.Column("last_attempt_at", sa.DateTime(timezone=True), nullable=False, comment="When it was last tried."),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Not tried again by itself before this.",
        ),
        sa.Column("last_error", sa.Text(), nullable=True, comment="Why it failed last."),
        sa.Column(
            "quarantined_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="When healing gave it up; any success ends that.",
        ),
        sa.PrimaryKeyConstraint("settlement_date", name=op.f("healing_attempts_pk")),
        comment="Days that fail, with their back-off. A day that comes right leaves the table.",
    )
    op.create_table(
        "integrity_findings",
        sa.Column("table_name", sa.Text(), nullable=False, comment="Table in which something is wrong or suspicious."),
        sa.Column("check_name", sa.Text(), nullable=False, comment="Check that found it."),
        sa.Column(
            "span",
            sa.Text(),
            nullable=False,
            comment="Day (2025-06-01), month (2025-06) or year (2025) concerned; all for references.",
        ),
        sa.Column("settlement_date", sa.Date(), nullable=True, comment="The day, when the span is one."),
        sa.Column("severity", sa.Text(), nullable=False, comment="error: wrong or missing data; warn: a suspicion."),
        sa.Column(
            "effect", sa.Text(), nullable=False, comment="What it makes of a day: damaged, inconsistent or nothing."
        ),
        sa.Column("problems", sa.Integer(), nullable=False, comment="How many keys of the span are concerned."),
        sa.Column("missing", sa.Integer(), nullable=False, comment="Of those: calculations that are missing."),
        sa.Column("orphan", sa.Integer(), nullable=False, comment="Calculations that should not be there."),
        sa.Column(
            "stale", sa.Integer(), nullable=False, comment="Calculations whose values are not what they should be."
        ),
        sa.Column("example", sa.Text(), nullable=False, comment="The first of them, with what is and what should be."),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False, comment="When it was found."),
        sa.CheckConstraint("effect IN ('damaged', 'inconsistent', 'nothing')", name=op.f("integrity_findings_effect")),
        sa.CheckConstraint("severity IN ('error', 'warn')", name=op.f("integrity_findings_severity")),
        sa.PrimaryKeyConstraint("table_name", "check_name", "span", name=op.f("integrity_findings_pk")),
        comment="What the last verification of each span found. Replaced when the span is verified again.",
    )
    with op.batch_alter_table("integrity_findings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("integrity_findings_settlement_date"), ["settlement_date"], unique=False)

    op.create_table(
        "integrity_scans",
        sa.Column("scope", sa.Text(), nullable=False, comment="recent or all."),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False, comment="When it was last completed."),
        sa.Column("first_day", sa.Date(), nullable=False, comment="First day verified."),
        sa.Column("last_day", sa.Date(), nullable=False, comment="Last day verified."),
        sa.Column("errors", sa.Integer(), nullable=False, comment="Findings that mean wrong or missing data."),
        sa.PrimaryKeyConstraint("scope", name=op.f("integrity_scans_pk")),
        comment="When the scans last ran to their end.",
    )
    op.create_table(
        "oracle_comparisons",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Settlement day."),
        sa.Column("compared_at", sa.DateTime(timezone=True), nullable=False, comment="When."),
        sa.Column(
            "energy_stack", sa.Double(precision=53), nullable=True, comment="MWh of wind bids in the stacks, positive."
        ),
        sa.Column(
            "energy_volumes",
            sa.Double(precision=53),
            nullable=True,
            comment="MWh of the same units in the day's indicative volumes.",
        ),
        sa.Column(
            "cash_stack",
            sa.Double(precision=53),
            nullable=True,
            comment="£ from the stacks: Σ volume × price × loss multiplier.",
        ),
        sa.Column(
            "cash_flows",
            sa.Double(precision=53),
            nullable=True,
            comment="£ of the same units in the day's indicative cashflows.",
        ),
        sa.Column("differing", sa.Integer(), nullable=False, comment="Units and periods whose volume differs."),
        sa.Column(
            "problem",
            sa.Text(),
            nullable=True,
            comment="How they differ, or why they could not be compared; none when they agree.",
        ),
        sa.PrimaryKeyConstraint("settlement_date", name=op.f("oracle_comparisons_pk")),
        comment="The stacks against Elexon's whole-day volumes and cashflows, at the last fetch.",
    )
    op.create_table(
        "refused_answers",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Day whose newer answer was refused."),
        sa.Column("refused_at", sa.DateTime(timezone=True), nullable=False, comment="When."),
        sa.Column("energy_stored", sa.Double(precision=53), nullable=False, comment="Gross MWh that stay stored."),
        sa.Column("energy_answered", sa.Double(precision=53), nullable=False, comment="Gross MWh of the answer."),
        sa.Column("reason", sa.Text(), nullable=False, comment="Why, with both figures."),
        sa.PrimaryKeyConstraint("settlement_date", name=op.f("refused_answers_pk")),
        comment="Answers that would have shrunk a day. A stored answer removes the row.",
    )
    op.create_table(
        "source_outages",
        sa.Column("source", sa.Text(), nullable=False, comment="elexon or mempool."),
        sa.Column("since", sa.DateTime(timezone=True), nullable=False, comment="When it was first found away."),
        sa.Column("attempts", sa.Integer(), nullable=False, comment="How often it was asked since, in vain."),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Not asked again by itself before this.",
        ),
        sa.Column("last_error", sa.Text(), nullable=False, comment="How it failed last."),
        sa.PrimaryKeyConstraint("source", name=op.f("source_outages_pk")),
        comment="Sources that do not answer at all. While one is away no day is blamed for it.",
    )
    with op.batch_alter_table("curtailment_records", schema=None) as batch_op:
        batch_op.alter_column(
            "acceptance_id", existing_type=sa.INTEGER(), type_=sa.BigInteger(), existing_nullable=True
        )
