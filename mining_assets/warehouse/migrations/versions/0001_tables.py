"""The tables of the warehouse."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bitcoin_daily_summaries",
        sa.Column("summary_date", sa.Date(), nullable=False, comment="Settlement day."),
        sa.Column("miner_model", sa.Text(), nullable=False, comment="ASIC model."),
        sa.Column(
            "curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh behind the figure (gross).",
        ),
        sa.Column(
            "bitcoin_mined",
            sa.Double(precision=53),
            nullable=False,
            comment="BTC the energy could have mined: subsidy only, uptime 1.",
        ),
        sa.PrimaryKeyConstraint("summary_date", "miner_model", name=op.f("bitcoin_daily_summaries_pk")),
        comment="Bitcoin of a fully calculated day per miner model.",
    )
    op.create_table(
        "bitcoin_monthly_summaries",
        sa.Column("year_month", sa.Text(), nullable=False, comment="Month, as 2025-06."),
        sa.Column("miner_model", sa.Text(), nullable=False, comment="ASIC model."),
        sa.Column(
            "curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh behind the figure (gross).",
        ),
        sa.Column(
            "bitcoin_mined",
            sa.Double(precision=53),
            nullable=False,
            comment="BTC the energy could have mined: subsidy only, uptime 1.",
        ),
        sa.Column(
            "days_expected",
            sa.Integer(),
            nullable=False,
            comment="Days of this span within the first and last partition.",
        ),
        sa.Column(
            "days_complete",
            sa.Integer(),
            nullable=False,
            comment="Days of it that are whole and in these figures.",
        ),
        sa.PrimaryKeyConstraint("year_month", "miner_model", name=op.f("bitcoin_monthly_summaries_pk")),
        comment="Sum of the calculated days of a month per miner model.",
    )
    op.create_table(
        "bitcoin_yearly_summaries",
        sa.Column("year", sa.Text(), nullable=False, comment="Year, as 2025."),
        sa.Column("miner_model", sa.Text(), nullable=False, comment="ASIC model."),
        sa.Column(
            "curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh behind the figure (gross).",
        ),
        sa.Column(
            "bitcoin_mined",
            sa.Double(precision=53),
            nullable=False,
            comment="BTC the energy could have mined: subsidy only, uptime 1.",
        ),
        sa.Column(
            "days_expected",
            sa.Integer(),
            nullable=False,
            comment="Days of this span within the first and last partition.",
        ),
        sa.Column(
            "days_complete",
            sa.Integer(),
            nullable=False,
            comment="Days of it that are whole and in these figures.",
        ),
        sa.PrimaryKeyConstraint("year", "miner_model", name=op.f("bitcoin_yearly_summaries_pk")),
        comment="Sum of the months of a year per miner model.",
    )
    op.create_table(
        "calculation_days",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Settlement day."),
        sa.Column("miner_model", sa.Text(), nullable=False, comment="ASIC model."),
        sa.Column("hashrate_th", sa.Double(precision=53), nullable=False, comment="TH/s used."),
        sa.Column("power_w", sa.Double(precision=53), nullable=False, comment="W used."),
        sa.Column(
            "records_hash",
            sa.Text(),
            nullable=False,
            comment="Content hash of the day's records that were used.",
        ),
        sa.Column("calculations", sa.Integer(), nullable=False, comment="Calculations stored."),
        sa.Column("curtailed_energy", sa.Double(precision=53), nullable=False, comment="Their energy, MWh."),
        sa.Column("bitcoin_mined", sa.Double(precision=53), nullable=False, comment="Their Bitcoin, BTC."),
        sa.PrimaryKeyConstraint("settlement_date", "miner_model", name=op.f("calculation_days_pk")),
        comment="What was calculated from what, written with the calculations in one transaction.",
    )
    op.create_table(
        "curtailment_records",
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
            "side",
            sa.Text(),
            nullable=False,
            comment="Stack: bid (generate less) or offer (here: undoes an earlier bid).",
        ),
        sa.Column(
            "sequence_number",
            sa.Integer(),
            nullable=False,
            comment="Rank in that side's stack; unique per date, period and side.",
        ),
        sa.Column("farm_id", sa.Text(), nullable=False, comment="Elexon BM unit id of the wind farm."),
        sa.Column(
            "lead_party_name",
            sa.Text(),
            nullable=True,
            comment="Lead party of the unit in the register when the row was stored.",
        ),
        sa.Column("acceptance_id", sa.Integer(), nullable=True, comment="Bid-offer acceptance number."),
        sa.Column(
            "bid_offer_pair_id",
            sa.Integer(),
            nullable=True,
            comment="Bid-offer pair: −1…−6 below, +1…+6 above the notified level.",
        ),
        sa.Column(
            "so_flag",
            sa.Boolean(),
            nullable=True,
            comment="Taken for system reasons, mostly transmission limits; absent counts as no.",
        ),
        sa.Column(
            "cadl_flag",
            sa.Boolean(),
            nullable=True,
            comment="Acceptance shorter than 10 minutes; absent counts as no.",
        ),
        sa.Column(
            "volume",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh in the half hour, signed as received: bids ≤ 0, offers ≥ 0.",
        ),
        sa.Column(
            "original_price",
            sa.Double(precision=53),
            nullable=False,
            comment="£/MWh; with it payment is worked out.",
        ),
        sa.Column(
            "final_price",
            sa.Double(precision=53),
            nullable=True,
            comment="£/MWh after the price calculation; information only.",
        ),
        sa.Column(
            "transmission_loss_multiplier",
            sa.Double(precision=53),
            nullable=True,
            comment="Settled cash = volume × original price × this.",
        ),
        sa.Column(
            "payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ = volume × original price; positive = paid to the farm.",
        ),
        sa.Column(
            "vintage",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the settlement run made this row (createdDateTime).",
        ),
        sa.CheckConstraint(
            "(side = 'bid' AND volume <= 0) OR (side = 'offer' AND volume >= 0)",
            name=op.f("curtailment_records_sign"),
        ),
        sa.CheckConstraint("side IN ('bid', 'offer')", name=op.f("curtailment_records_side")),
        sa.CheckConstraint("settlement_period BETWEEN 1 AND 50", name=op.f("curtailment_records_period")),
        sa.PrimaryKeyConstraint(
            "settlement_date",
            "settlement_period",
            "side",
            "sequence_number",
            name=op.f("curtailment_records_pk"),
        ),
        comment="Rows of the settlement stacks that belong to wind units, at the grain at which they were settled.",
    )
    op.create_table(
        "daily_summaries",
        sa.Column("summary_date", sa.Date(), nullable=False, comment="Settlement day."),
        sa.Column(
            "total_curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of all accepted wind bids (gross), positive.",
        ),
        sa.Column(
            "system_flagged_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of those with the system flag, positive.",
        ),
        sa.Column(
            "undone_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of wind offers that took bids back; net = gross − this.",
        ),
        sa.Column(
            "total_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the gross energy; positive = paid to the farms.",
        ),
        sa.Column(
            "undone_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the undone energy, same sign convention; net = total + this.",
        ),
        sa.Column(
            "curtailment_records",
            sa.Integer(),
            nullable=False,
            comment="Curtailment records: wind bid rows below zero.",
        ),
        sa.Column("farms", sa.Integer(), nullable=False, comment="Distinct farms curtailed."),
        sa.Column("periods_curtailed", sa.Integer(), nullable=False, comment="Settlement periods with curtailment."),
        sa.PrimaryKeyConstraint("summary_date", name=op.f("daily_summaries_pk")),
        comment="Curtailment of a whole day. Zeros are certified; a day that is not whole has no row.",
    )
    op.create_table(
        "historical_bitcoin_calculations",
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
        sa.Column("farm_id", sa.Text(), nullable=False, comment="Elexon BM unit id of the wind farm."),
        sa.Column("miner_model", sa.Text(), nullable=False, comment="ASIC model."),
        sa.Column(
            "curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh curtailed on that farm in that period; > 0.",
        ),
        sa.Column(
            "bitcoin_mined",
            sa.Double(precision=53),
            nullable=False,
            comment="BTC the energy could have mined: subsidy only, uptime 1.",
        ),
        sa.Column(
            "difficulty",
            sa.Double(precision=53),
            nullable=False,
            comment="Network difficulty in force at the period's start.",
        ),
        sa.Column(
            "block_subsidy",
            sa.Double(precision=53),
            nullable=False,
            comment="BTC per block in force at the period's start.",
        ),
        sa.Column("calculated_at", sa.DateTime(timezone=True), nullable=False, comment="When this was worked out."),
        sa.CheckConstraint(
            "curtailed_energy > 0 AND bitcoin_mined >= 0",
            name=op.f("historical_bitcoin_calculations_positive"),
        ),
        sa.CheckConstraint(
            "difficulty > 0 AND block_subsidy >= 0", name=op.f("historical_bitcoin_calculations_network")
        ),
        sa.CheckConstraint("settlement_period BETWEEN 1 AND 50", name=op.f("historical_bitcoin_calculations_period")),
        sa.PrimaryKeyConstraint(
            "settlement_date",
            "settlement_period",
            "farm_id",
            "miner_model",
            name=op.f("historical_bitcoin_calculations_pk"),
        ),
        comment="Bitcoin per farm, half hour and miner model.",
    )
    op.create_table(
        "monthly_summaries",
        sa.Column("year_month", sa.Text(), nullable=False, comment="Month, as 2025-06."),
        sa.Column(
            "total_curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of all accepted wind bids (gross), positive.",
        ),
        sa.Column(
            "system_flagged_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of those with the system flag, positive.",
        ),
        sa.Column(
            "undone_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of wind offers that took bids back; net = gross − this.",
        ),
        sa.Column(
            "total_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the gross energy; positive = paid to the farms.",
        ),
        sa.Column(
            "undone_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the undone energy, same sign convention; net = total + this.",
        ),
        sa.Column(
            "curtailment_records",
            sa.Integer(),
            nullable=False,
            comment="Curtailment records: wind bid rows below zero.",
        ),
        sa.Column("farms", sa.Integer(), nullable=False, comment="Distinct farms curtailed."),
        sa.Column("periods_curtailed", sa.Integer(), nullable=False, comment="Settlement periods with curtailment."),
        sa.Column(
            "days_expected",
            sa.Integer(),
            nullable=False,
            comment="Days of this span within the first and last partition.",
        ),
        sa.Column(
            "days_complete",
            sa.Integer(),
            nullable=False,
            comment="Days of it that are whole and in these figures.",
        ),
        sa.PrimaryKeyConstraint("year_month", name=op.f("monthly_summaries_pk")),
        comment="Sum of the days of a month that are whole; no row when none is.",
    )
    op.create_table(
        "network_epochs",
        sa.Column(
            "block_time",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="Header time of the block with which it begins.",
        ),
        sa.Column("height", sa.Integer(), nullable=False, comment="Height of that block."),
        sa.Column(
            "kind",
            sa.Text(),
            nullable=False,
            comment="retarget (difficulty changes) or halving (subsidy changes).",
        ),
        sa.Column("difficulty", sa.Double(precision=53), nullable=False, comment="Network difficulty from then on."),
        sa.Column("block_subsidy", sa.Double(precision=53), nullable=False, comment="BTC per block from then on."),
        sa.CheckConstraint("difficulty > 0", name=op.f("network_epochs_difficulty")),
        sa.CheckConstraint("height >= 0", name=op.f("network_epochs_height")),
        sa.PrimaryKeyConstraint("height", "kind", name=op.f("network_epochs_pk")),
        comment="Difficulty and block subsidy by block time.",
    )
    op.create_table(
        "reference_fetches",
        sa.Column("name", sa.Text(), nullable=False, comment="wind_bm_units or network_epochs."),
        sa.Column(
            "fetched_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When it was last asked for with success.",
        ),
        sa.Column("rows", sa.Integer(), nullable=False, comment="Rows of that answer."),
        sa.PrimaryKeyConstraint("name", name=op.f("reference_fetches_pk")),
        comment="When each reference was last fetched.",
    )
    op.create_table(
        "restatements",
        sa.Column(
            "settlement_date",
            sa.Date(),
            nullable=False,
            comment="Settlement day whose content changed at a later fetch.",
        ),
        sa.Column("restated_at", sa.DateTime(timezone=True), nullable=False, comment="When the change was stored."),
        sa.Column("hash_before", sa.Text(), nullable=False, comment="Content hash before."),
        sa.Column("hash_after", sa.Text(), nullable=False, comment="Content hash after."),
        sa.Column("energy_before", sa.Double(precision=53), nullable=False, comment="Gross MWh before."),
        sa.Column("energy_after", sa.Double(precision=53), nullable=False, comment="Gross MWh after."),
        sa.Column("payment_before", sa.Double(precision=53), nullable=False, comment="£ before."),
        sa.Column("payment_after", sa.Double(precision=53), nullable=False, comment="£ after."),
        sa.Column("records_before", sa.Integer(), nullable=False, comment="Curtailment records before."),
        sa.Column("records_after", sa.Integer(), nullable=False, comment="Curtailment records after."),
        sa.PrimaryKeyConstraint("settlement_date", "restated_at", name=op.f("restatements_pk")),
        comment="History of days that the settlement changed after they had been stored.",
    )
    op.create_table(
        "settlement_days",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Settlement day."),
        sa.Column("periods", sa.Integer(), nullable=False, comment="Settlement periods of the day: 46, 48 or 50."),
        sa.Column(
            "fetched_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the first stack of the last whole fetch was asked for.",
        ),
        sa.Column("vintage", sa.DateTime(timezone=True), nullable=True, comment="Newest settlement run in it."),
        sa.Column(
            "content_hash",
            sa.Text(),
            nullable=False,
            comment="Hash over the hashes of its periods and sides.",
        ),
        sa.Column(
            "total_curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of all accepted wind bids (gross), positive.",
        ),
        sa.Column(
            "system_flagged_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of those with the system flag, positive.",
        ),
        sa.Column(
            "undone_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of wind offers that took bids back; net = gross − this.",
        ),
        sa.Column(
            "total_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the gross energy; positive = paid to the farms.",
        ),
        sa.Column(
            "undone_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the undone energy, same sign convention; net = total + this.",
        ),
        sa.Column(
            "curtailment_records",
            sa.Integer(),
            nullable=False,
            comment="Curtailment records: wind bid rows below zero.",
        ),
        sa.Column("farms", sa.Integer(), nullable=False, comment="Distinct farms curtailed."),
        sa.Column("periods_curtailed", sa.Integer(), nullable=False, comment="Settlement periods with curtailment."),
        sa.Column(
            "farm_periods",
            sa.Integer(),
            nullable=False,
            comment="Distinct (period, farm) with curtailed energy: what calculations are expected for.",
        ),
        sa.CheckConstraint("periods IN (46, 48, 50)", name=op.f("settlement_days_periods")),
        sa.PrimaryKeyConstraint("settlement_date", name=op.f("settlement_days_pk")),
        comment="Each whole day and its figures, written with its records in one transaction.",
    )
    op.create_table(
        "settlement_ledger",
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
        sa.Column("side", sa.Text(), nullable=False, comment="bid or offer."),
        sa.Column(
            "fetched_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When the stack was last asked for.",
        ),
        sa.Column(
            "vintage",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="Newest settlement run seen with this content; none on an empty side.",
        ),
        sa.Column("raw_rows", sa.Integer(), nullable=False, comment="Rows of the whole stack, all units."),
        sa.Column("wind_rows", sa.Integer(), nullable=False, comment="Rows of wind units: those stored."),
        sa.Column(
            "wind_mwh",
            sa.Double(precision=53),
            nullable=False,
            comment="Σ volume of the wind rows, signed as received.",
        ),
        sa.Column("content_hash", sa.Text(), nullable=False, comment="SHA-256 of the wind rows' content."),
        sa.Column(
            "confirmed_by",
            sa.Text(),
            nullable=False,
            comment="What certifies the answer: rows, volumes, unreachable (volumes could not be asked) or operator.",
        ),
        sa.CheckConstraint("(raw_rows > 0) = (confirmed_by = 'rows')", name=op.f("settlement_ledger_confirmed")),
        sa.CheckConstraint("side IN ('bid', 'offer')", name=op.f("settlement_ledger_side")),
        sa.CheckConstraint("settlement_period BETWEEN 1 AND 50", name=op.f("settlement_ledger_period")),
        sa.CheckConstraint("wind_rows BETWEEN 0 AND raw_rows", name=op.f("settlement_ledger_rows")),
        sa.PrimaryKeyConstraint("settlement_date", "settlement_period", "side", name=op.f("settlement_ledger_pk")),
        comment="What was asked and answered: one row per period and side of every stored day.",
    )
    op.create_table(
        "unknown_wind_units",
        sa.Column("settlement_date", sa.Date(), nullable=False, comment="Settlement day."),
        sa.Column(
            "bm_unit_id",
            sa.Text(),
            nullable=False,
            comment="Stack id that looks like wind and is not in the wind register.",
        ),
        sa.Column("rows", sa.Integer(), nullable=False, comment="Its rows that day, both sides."),
        sa.Column(
            "bid_mwh",
            sa.Double(precision=53),
            nullable=False,
            comment="Σ of its bid volumes, MWh, signed as received.",
        ),
        sa.PrimaryKeyConstraint("settlement_date", "bm_unit_id", name=op.f("unknown_wind_units_pk")),
        comment="Units that may be wind farms and are not counted: to be added to the wind units, or ruled out.",
    )
    op.create_table(
        "wind_bm_units",
        sa.Column("bm_unit_id", sa.Text(), nullable=False, comment="Elexon BM unit id."),
        sa.Column(
            "seen_from",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="When these particulars were first seen.",
        ),
        sa.Column("seen_until", sa.DateTime(timezone=True), nullable=False, comment="When they were last seen."),
        sa.Column("bm_unit_name", sa.Text(), nullable=True, comment="Name in the register."),
        sa.Column("lead_party_name", sa.Text(), nullable=True, comment="Lead party."),
        sa.Column(
            "generation_capacity",
            sa.Double(precision=53),
            nullable=True,
            comment="Registered capacity in MW; some are absent or 0.",
        ),
        sa.Column("source", sa.Text(), nullable=False, comment="register or addition (curated)."),
        sa.Column("is_current", sa.Boolean(), nullable=False, comment="Whether this is the unit's newest version."),
        sa.PrimaryKeyConstraint("bm_unit_id", "seen_from", name=op.f("wind_bm_units_pk")),
        comment="Every wind unit ever known, a row per version of its particulars. A unit once known as wind stays.",
    )
    with op.batch_alter_table("wind_bm_units", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("wind_bm_units_bm_unit_id"),
            ["bm_unit_id"],
            unique=True,
            postgresql_where=sa.text("is_current"),
            sqlite_where=sa.text("is_current"),
        )

    op.create_table(
        "yearly_summaries",
        sa.Column("year", sa.Text(), nullable=False, comment="Year, as 2025."),
        sa.Column(
            "total_curtailed_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of all accepted wind bids (gross), positive.",
        ),
        sa.Column(
            "system_flagged_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of those with the system flag, positive.",
        ),
        sa.Column(
            "undone_energy",
            sa.Double(precision=53),
            nullable=False,
            comment="MWh of wind offers that took bids back; net = gross − this.",
        ),
        sa.Column(
            "total_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the gross energy; positive = paid to the farms.",
        ),
        sa.Column(
            "undone_payment",
            sa.Double(precision=53),
            nullable=False,
            comment="£ for the undone energy, same sign convention; net = total + this.",
        ),
        sa.Column(
            "curtailment_records",
            sa.Integer(),
            nullable=False,
            comment="Curtailment records: wind bid rows below zero.",
        ),
        sa.Column("farms", sa.Integer(), nullable=False, comment="Distinct farms curtailed."),
        sa.Column("periods_curtailed", sa.Integer(), nullable=False, comment="Settlement periods with curtailment."),
        sa.Column(
            "days_expected",
            sa.Integer(),
            nullable=False,
            comment="Days of this span within the first and last partition.",
        ),
        sa.Column(
            "days_complete",
            sa.Integer(),
            nullable=False,
            comment="Days of it that are whole and in these figures.",
        ),
        sa.PrimaryKeyConstraint("year", name=op.f("yearly_summaries_pk")),
        comment="Sum of the months of a year.",
    )
