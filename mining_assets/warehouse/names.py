"""The names of tables that other rooms speak of, in checks, assets and results. What is in the tables says ``schema``.

Those of the daily series are in ``domain.daily_series``.
"""

CURTAILMENT_RECORDS = "curtailment_records"
CALCULATIONS = "historical_bitcoin_calculations"
DAILY_SUMMARIES = "daily_summaries"
MONTHLY_SUMMARIES = "monthly_summaries"
YEARLY_SUMMARIES = "yearly_summaries"
BITCOIN_DAILY_SUMMARIES = "bitcoin_daily_summaries"
BITCOIN_MONTHLY_SUMMARIES = "bitcoin_monthly_summaries"
BITCOIN_YEARLY_SUMMARIES = "bitcoin_yearly_summaries"
WIND_BM_UNITS = "wind_bm_units"
NETWORK_EPOCHS = "network_epochs"
ARCHIVED_FETCHES = "archived_fetches"

DERIVED_TABLES = (CALCULATIONS, DAILY_SUMMARIES, BITCOIN_DAILY_SUMMARIES)
"""What is derived from a day's records, in the order in which it depends on each other."""
DAY_TABLES = (CURTAILMENT_RECORDS, *DERIVED_TABLES)
"""What a day consists of, in that order; the daily series beside it are in ``domain.daily_series``."""
