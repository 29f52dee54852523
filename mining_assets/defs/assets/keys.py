"""The asset keys of the daily chain: the names of the tables that it keeps, and of what it archives."""

import dagster as dg

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.daily_series import SERIES
from mining_assets.pipeline import results
from mining_assets.warehouse import names

STACKS = dg.AssetKey(SETTLEMENT_STACKS)
RECORDS = dg.AssetKey(results.RECORDS)
CALCULATIONS, DAILY, BITCOIN_DAILY = map(dg.AssetKey, names.DERIVED_TABLES)
DERIVED = (CALCULATIONS, DAILY, BITCOIN_DAILY)
SETTLED = (RECORDS, *DERIVED)
SERIES_ASSETS = tuple(map(dg.AssetKey, SERIES))
CHAIN_STEP = "daily_chain"
DAILY_CHAIN = (STACKS, *SETTLED, *SERIES_ASSETS)
