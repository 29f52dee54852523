"""The queries of the read-only views, and making the views. What their columns mean is in ``views``.

Each view joins or groups, so that PostgreSQL takes none of them for one that can be written through. Every upgrade
makes them again; a migration that takes a column from under a view, or changes the columns of one, drops it first.
"""

from collections.abc import Mapping

from sqlalchemy import Connection, func

from mining_assets.domain.day_state import FINAL, PROVISIONAL, is_complete
from mining_assets.warehouse.predicates import as_sql, final_from_sql, is_curtailment, is_undo
from mining_assets.warehouse.schema import curtailment_records, settlement_days

_RECORDS = curtailment_records.alias("r").c
_IS_CURTAILMENT, _IS_UNDO = as_sql(is_curtailment(_RECORDS)), as_sql(is_undo(_RECORDS))
_IS_COMPLETE = as_sql(is_complete(func.count(), settlement_days.alias("d").c.periods))

_CURTAILED = f"CASE WHEN {_IS_CURTAILMENT} THEN -r.volume ELSE 0.0 END"
_PAID = f"CASE WHEN {_IS_CURTAILMENT} THEN r.payment ELSE 0.0 END"
_MEASURES = f"""
    SUM({_CURTAILED}) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN {_CURTAILED} ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN {_IS_UNDO} THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM({_PAID}) AS payment,
    SUM(CASE WHEN {_IS_UNDO} THEN r.payment ELSE 0.0 END) AS undone_payment"""
_RATES = f"""
    SUM({_PAID}) / NULLIF(SUM({_CURTAILED}), 0) AS average_price,
    SUM(CASE WHEN {_IS_CURTAILMENT} THEN 1 ELSE 0 END) AS curtailment_records,
    COUNT(DISTINCT CASE WHEN {_IS_CURTAILMENT} THEN r.settlement_period END) AS periods_curtailed"""
_FARMS = f"COUNT(DISTINCT CASE WHEN {_IS_CURTAILMENT} THEN r.farm_id END) AS farms"
_RECORDS_OF_UNITS = """
    FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
    LEFT JOIN wind_bm_units AS u ON u.bm_unit_id = r.farm_id AND u.is_current
    WHERE r.volume <> 0"""

# What the two databases say differently. SQLite knows no time zones: British Summer Time lasts from the last Sunday of
# March to that of October, and at midnight of those Sundays it has not begun and not ended yet.
_MARCH = "DATE(STRFTIME('%Y', l.settlement_date) || '-04-01', 'weekday 0', '-7 days')"
_OCTOBER = "DATE(STRFTIME('%Y', l.settlement_date) || '-11-01', 'weekday 0', '-7 days')"
_DIALECTS: Mapping[str, Mapping[str, str]] = {
    "sqlite": {
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


def view_queries(dialect: str) -> dict[str, str]:
    """Return the query of each view by its name, those first on which others are built.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
    """
    words = _DIALECTS[dialect]
    final_from = final_from_sql("d.settlement_date", dialect)
    return {
        "whole_days": f"""
        SELECT d.settlement_date,
            CASE WHEN d.fetched_at >= {final_from} THEN '{FINAL}' ELSE '{PROVISIONAL}' END AS state,
            d.periods, d.fetched_at, d.vintage
        FROM settlement_days AS d JOIN settlement_ledger AS l ON l.settlement_date = d.settlement_date
        WHERE NOT EXISTS (
            SELECT 1 FROM integrity_findings AS f
            WHERE f.settlement_date = d.settlement_date AND f.effect = 'damaged')
        GROUP BY d.settlement_date
        HAVING {_IS_COMPLETE}""",
        "half_hourly_curtailment": f"""
        SELECT w.settlement_date, l.settlement_period, {words["start_time"]} AS start_time,
            {words["local_hour"]} AS local_hour, w.state, {_MEASURES}
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
        "daily_by_farm": f"""
        SELECT w.settlement_date, w.state, r.farm_id, MAX(u.bm_unit_name) AS bm_unit_name, MAX(u.site) AS site,
            MAX(r.lead_party_name) AS lead_party_name, {_MEASURES}, {_RATES} {_RECORDS_OF_UNITS}
        GROUP BY w.settlement_date, w.state, r.farm_id""",
        "daily_by_site": f"""
        SELECT w.settlement_date, w.state, COALESCE(u.site, r.farm_id) AS site, {_FARMS}, {_MEASURES}, {_RATES}
        {_RECORDS_OF_UNITS}
        GROUP BY w.settlement_date, w.state, COALESCE(u.site, r.farm_id)""",
        "daily_by_lead_party": f"""
        SELECT w.settlement_date, w.state, r.lead_party_name, {_FARMS}, {_MEASURES}, {_RATES} {_RECORDS_OF_UNITS}
        GROUP BY w.settlement_date, w.state, r.lead_party_name""",
        "monthly_by_miner_model": f"""
        SELECT b.year_month, b.miner_model,
            CASE WHEN b.days_complete < b.days_expected THEN 'incomplete'
                WHEN COALESCE(f.days, 0) < b.days_expected THEN '{PROVISIONAL}' ELSE '{FINAL}' END AS state,
            b.days_expected, b.days_complete, COALESCE(f.days, 0) AS days_final,
            b.curtailed_energy, b.bitcoin_mined, b.bitcoin_value, b.total_payment, b.value_ratio, b.days_priced
        FROM bitcoin_monthly_summaries AS b LEFT JOIN (
            SELECT {words["year_month"]} AS year_month, COUNT(*) AS days
            FROM whole_days AS w WHERE w.state = '{FINAL}' GROUP BY {words["year_month"]}
        ) AS f ON f.year_month = b.year_month""",
    }


def make_views(connection: Connection) -> None:
    """Make the views as this version has them, in place of those that are there.

    On PostgreSQL what others built on a view stays, and so do rights on it.
    """
    on_sqlite = connection.dialect.name == "sqlite"
    for name, query in view_queries(connection.dialect.name).items():
        if on_sqlite:
            connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE {'' if on_sqlite else 'OR REPLACE '}VIEW {name} AS {query}")
