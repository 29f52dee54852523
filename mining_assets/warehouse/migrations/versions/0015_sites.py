"""The site (wind farm) of every BM unit, and views that name unit and site.

What ``farms`` counts is the same in every table and view from here on: distinct BM units with curtailed energy.
"""

from collections.abc import Mapping

import sqlalchemy as sa
from alembic import op

from mining_assets.curated import shipped_sites
from mining_assets.domain.sites import sites_of
from mining_assets.domain.wind_units import WindUnit
from mining_assets.warehouse.columns import Name

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

SITE = "Site (wind farm) that the unit is of, as far as its names and ids or a list tell; units of one site share it."
FARMS = "Distinct BM units with curtailed energy; units that were only undone are not among them."
COUNTED = ("settlement_days", "daily_summaries", "monthly_summaries", "yearly_summaries")

_CURTAILED = "CASE WHEN r.side = 'bid' AND r.volume < 0 THEN -r.volume ELSE 0.0 END"
_FIGURES = f"""
    SUM({_CURTAILED}) AS curtailed_energy,
    SUM(CASE WHEN r.so_flag THEN {_CURTAILED} ELSE 0.0 END) AS system_flagged_energy,
    SUM(CASE WHEN r.side = 'offer' THEN r.volume ELSE 0.0 END) AS undone_energy,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) AS payment,
    SUM(CASE WHEN r.side = 'offer' THEN r.payment ELSE 0.0 END) AS undone_payment,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.payment ELSE 0.0 END) / NULLIF(SUM({_CURTAILED}), 0)
        AS average_price,
    SUM(CASE WHEN r.side = 'bid' AND r.volume < 0 THEN 1 ELSE 0 END) AS curtailment_records,
    COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.settlement_period END) AS periods_curtailed"""
_FARMS = "COUNT(DISTINCT CASE WHEN r.side = 'bid' AND r.volume < 0 THEN r.farm_id END) AS farms"
_RECORDS = """
    FROM whole_days AS w JOIN curtailment_records AS r ON r.settlement_date = w.settlement_date
    LEFT JOIN wind_bm_units AS u ON u.bm_unit_id = r.farm_id AND u.is_current
    WHERE r.volume <> 0"""
_VIEWS: Mapping[str, str] = {
    "daily_by_farm": f"""
        SELECT w.settlement_date, w.state, r.farm_id, MAX(u.bm_unit_name) AS bm_unit_name, MAX(u.site) AS site,
            MAX(r.lead_party_name) AS lead_party_name, {_FIGURES} {_RECORDS}
        GROUP BY w.settlement_date, w.state, r.farm_id""",
    "daily_by_site": f"""
        SELECT w.settlement_date, w.state, COALESCE(u.site, r.farm_id) AS site, {_FARMS}, {_FIGURES} {_RECORDS}
        GROUP BY w.settlement_date, w.state, COALESCE(u.site, r.farm_id)""",
    "daily_by_lead_party": f"""
        SELECT w.settlement_date, w.state, r.lead_party_name, {_FARMS}, {_FIGURES} {_RECORDS}
        GROUP BY w.settlement_date, w.state, r.lead_party_name""",
}


def upgrade() -> None:
    connection = op.get_bind()
    op.add_column("wind_bm_units", sa.Column("site", Name, nullable=True, comment=SITE))
    units = sa.table(
        "wind_bm_units",
        *map(sa.column, ("bm_unit_id", "bm_unit_name", "site")),
        sa.column("is_current", sa.Boolean),
    )
    known = connection.execute(sa.select(units.c.bm_unit_id, units.c.bm_unit_name).where(units.c.is_current)).all()
    for unit, site in sites_of((WindUnit(*row) for row in known), shipped_sites()).items():
        connection.execute(sa.update(units).where(units.c.is_current, units.c.bm_unit_id == unit).values(site=site))
    if connection.dialect.name != "sqlite":  # SQLite keeps no comments
        for table in COUNTED:
            op.alter_column(table, "farms", existing_type=sa.Integer(), comment=FARMS)
    for name, query in _VIEWS.items():
        connection.exec_driver_sql(f"DROP VIEW IF EXISTS {name}")
        connection.exec_driver_sql(f"CREATE VIEW {name} AS {query}")
