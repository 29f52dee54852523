"""Read-only views, one for each question that analysts ask.

A later migration that changes a column under a view drops the views concerned first and creates them again after it.
Each view joins or groups, so that PostgreSQL takes none of them for one that can be written through.
"""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_CURTAILED = "CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END"
_MEASURES = f"""
    SUM({_CURTAILED}) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN {_CURTAILED} ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN r.side = 'offer' THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) AS payment,
    SUM(CASE WHEN r.side = 'offer' THEN r.payment ELSE 0.0 END) AS undone_payment"""
_COUNTS = """
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN 1 ELSE 0 END) AS curtailment_records,
    COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.settlement_period END) AS periods_curtailed"""
_PRICE = f"""
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) / NULLIF(SUM({_CURTAILED}), 0)
        AS average_price"""

# What the two databases say differently. SQLite knows no time zones: British Summer Time lasts from the last Sunday of
# March to that of October, and at midnight of those Sundays it has not begun and not ended yet.
_MARCH = "DATE(STRFTIME('%Y', l.settlement_date) || '-04-01', 'weekday 0', '-7 days')"
_OCTOBER = "DATE(STRFTIME('%Y', l.settlement_date) || '-11-01', 'weekday 0', '-7 days')"
_WORDS = {
    "sqlite": {
        "final_from": "DATE(d.settlement_date, '+1 day') || ' 15:00:00.000000'",
        "start_time": (
            "STRFTIME('%Y-%m-%d %H:%M:%S', l.settlement_date, ((l.settlement_period - 1) * 30"
            f" - CASE WHEN l.settlement_date > {_MARCH} AND l.settlement_date <= {_OCTOBER} THEN 60 ELSE 0 END)"
            " || ' minutes') || '.000000'"
        ),
        "local_hour": (
            f"((l.settlement_period - 1) * 30 + CASE"
            f" WHEN l.settlement_date = {_MARCH} AND l.settlement_period > 2 THEN 60"
            f" WHEN l.settlement_date = {_OCTOBER} AND l.settlement_period > 4 THEN -60 ELSE 0 END) / 60"
        ),
        "year_month": "SUBSTR(w.settlement_date, 1, 7)",
    },
    "postgresql": {
        "final_from": "(d.settlement_date + 1 + TIME '15:00') AT TIME ZONE 'UTC'",
        "start_time": (
            "(CAST(l.settlement_date AS timestamp) AT TIME ZONE 'Europe/London')"
            " + (l.settlement_period - 1) * INTERVAL '30 minutes'"
        ),
        "local_hour": (
            "CAST(EXTRACT(HOUR FROM ((CAST(l.settlement_date AS timestamp) AT TIME ZONE 'Europe/London')"
            " + (l.settlement_period - 1) * INTERVAL '30 minutes') AT TIME ZONE 'Europe/London') AS integer)"
        ),
        "year_month": "TO_CHAR(w.settlement_date, 'YYYY-MM')",
    },
}

_VIEWS = {
    "whole_days": """
        SELECT d.settlement_date,
            CASE WHEN d.fetched_at >= {final_from} THEN 'final' ELSE 'provisional' END AS state,
            d.periods, d.fetched_at, d.vintage
        FROM settlement_days AS d JOIN settlement_ledger AS l ON l.settlement_date = d.settlement_date
        WHERE NOT EXISTS (
            SELECT 1 FROM integrity_findings AS f
            WHERE f.settlement_date = d.settlement_date AND f.effect = 'damaged')
        GROUP BY d.settlement_date
        HAVING COUNT(*) = 2 * d.periods""",
    "half_hourly_curtailment": """
        SELECT w.settlement_date, l.settlement_period, {start_time} AS start_time, {local_hour} AS local_hour, w.state,
            {measures}
        FROM whole_days AS w
            JOIN settlement_ledger AS l ON l.settlement_date = w.settlement_date AND l.side = 'bid'
            LEFT JOIN curtailment_records AS r
                ON r.settlement_date = l.settlement_date AND r.settlement_period = l.settlement_period
        GROUP BY w.settlement_date, l.settlement_date, l.settlement_period, w.state""",
    "hourly_curtailment": """
        SELECT settlement_date, MIN(start_time) AS hour_start, MIN(local_hour) AS local_hour, state,
            SUM(curtailed_energy) AS curtailed_energy, SUM(system_flagged_energy) AS system_flagged_energy,
            SUM(undone_energy) AS undone_energy, SUM(payment) AS payment, SUM(undone_payment) AS undone_payment
        FROM half_hourly_curtailment
        GROUP BY settlement_date, (settlement_period - 1) / 2, state""",
    "daily_by_farm": """
        SELECT w.settlement_date, w.state, r.farm_id, MAX(r.lead_party_name) AS lead_party_name,
            {measures}, {price}, {counts}
        FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
        WHERE r.volume <> 0
        GROUP BY w.settlement_date, w.state, r.farm_id""",
    "daily_by_lead_party": """
        SELECT w.settlement_date, w.state, r.lead_party_name, COUNT(DISTINCT r.farm_id) AS farms,
            {measures}, {price}, {counts}
        FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
        WHERE r.volume <> 0
        GROUP BY w.settlement_date, w.state, r.lead_party_name""",
    "monthly_by_miner_model": """
        SELECT b.year_month, b.miner_model,
            CASE WHEN b.days_complete < b.days_expected THEN 'incomplete'
                WHEN COALESCE(f.days, 0) < b.days_expected THEN 'provisional' ELSE 'final' END AS state,
            b.days_expected, b.days_complete, COALESCE(f.days, 0) AS days_final,
            b.curtailed_energy, b.bitcoin_mined, b.bitcoin_value, b.total_payment, b.value_ratio, b.days_priced
        FROM bitcoin_monthly_summaries AS b LEFT JOIN (
            SELECT {year_month} AS year_month, COUNT(*) AS days
            FROM whole_days AS w WHERE w.state = 'final' GROUP BY {year_month}
        ) AS f ON f.year_month = b.year_month""",
}


def upgrade() -> None:
    connection = op.get_bind()
    words = _WORDS[connection.dialect.name] | {"measures": _MEASURES, "price": _PRICE, "counts": _COUNTS}
    for name, query in _VIEWS.items():
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query.format(**words)}")
