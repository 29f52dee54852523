"""The tables of the warehouse, by what they are about. Column comments are the documentation that the Dagster UI shows.

Dates are DATE on PostgreSQL and ISO text on SQLite. Energies are MWh, payments £, Bitcoin BTC, all in double precision.
The views are in ``warehouse.views``.
"""

from mining_assets.warehouse.schema.archive import archived_fetches
from mining_assets.warehouse.schema.base import metadata, optional, required
from mining_assets.warehouse.schema.derived import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    bitcoin_yearly_summaries,
    calculation_days,
    daily_summaries,
    historical_bitcoin_calculations,
    monthly_summaries,
    yearly_summaries,
)
from mining_assets.warehouse.schema.reconciliation import (
    alerts_sent,
    healing_attempts,
    integrity_findings,
    integrity_scans,
    request_pacing,
    source_outages,
    span_writes,
    verifications,
)
from mining_assets.warehouse.schema.references import (
    network_epochs,
    other_bm_units,
    reference_fetches,
    reference_refusals,
    wind_bm_units,
)
from mining_assets.warehouse.schema.series import bitcoin_price, day_fetches, wind_generation
from mining_assets.warehouse.schema.settlement import (
    curtailment_records,
    oracle_comparisons,
    refused_answers,
    restatements,
    settlement_days,
    settlement_ledger,
    unknown_wind_units,
)

__all__ = [
    "alerts_sent",
    "archived_fetches",
    "bitcoin_daily_summaries",
    "bitcoin_monthly_summaries",
    "bitcoin_price",
    "bitcoin_yearly_summaries",
    "calculation_days",
    "curtailment_records",
    "daily_summaries",
    "day_fetches",
    "healing_attempts",
    "historical_bitcoin_calculations",
    "integrity_findings",
    "integrity_scans",
    "metadata",
    "monthly_summaries",
    "network_epochs",
    "optional",
    "oracle_comparisons",
    "other_bm_units",
    "reference_fetches",
    "reference_refusals",
    "refused_answers",
    "request_pacing",
    "required",
    "restatements",
    "settlement_days",
    "settlement_ledger",
    "source_outages",
    "span_writes",
    "unknown_wind_units",
    "verifications",
    "wind_bm_units",
    "wind_generation",
    "yearly_summaries",
]
