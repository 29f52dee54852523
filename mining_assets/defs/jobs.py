"""The jobs over assets: the daily chain, the months, the years, the references and the report."""

import dagster as dg

from mining_assets.defs.assets.references import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.defs.assets.report import RECONCILIATION_REPORT
from mining_assets.defs.assets.rollups import MONTHLY, YEARLY
from mining_assets.defs.run_requests import DAILY_JOB, MONTHLY_JOB, YEARLY_JOB, selection
from mining_assets.reconciliation.plan import FETCH

REFERENCE_JOB, REPORT_JOB = "references", "report"

ASSET_JOBS = (
    dg.define_asset_job(
        DAILY_JOB,
        selection=dg.AssetSelection.assets(*selection([FETCH])),
        description="Days: fetch what is missing, calculate, summarize. `refetch` fetches whole days again.",
    ),
    dg.define_asset_job(
        MONTHLY_JOB,
        selection=dg.AssetSelection.assets(*MONTHLY),
        description="Months from their days.",
    ),
    dg.define_asset_job(
        YEARLY_JOB,
        selection=dg.AssetSelection.assets(*YEARLY),
        description="Years from their months.",
    ),
    dg.define_asset_job(
        REFERENCE_JOB,
        selection=dg.AssetSelection.assets(WIND_BM_UNITS, NETWORK_EPOCHS),
        description="The wind register and the network's difficulty, as they are now.",
    ),
    dg.define_asset_job(
        REPORT_JOB,
        selection=dg.AssetSelection.assets(RECONCILIATION_REPORT),
        description="The report on all days, as one HTML file.",
    ),
)
