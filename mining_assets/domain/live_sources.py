"""The live sources: where they are, and whom to name beside what came from them."""

LIVE_ELEXON = "https://data.elexon.co.uk/bmrs/api/v1"
LIVE_MEMPOOL = "https://mempool.space/api/v1"
LIVE_COINBASE = "https://api.exchange.coinbase.com"
LIVE_ADDRESSES = frozenset({LIVE_ELEXON, LIVE_MEMPOOL, LIVE_COINBASE})
"""Where the live sources are: what is asked unless the settings say otherwise."""

ELEXON_CREDIT = (
    "Contains BMRS data © Elexon Limited copyright and database right. Supported by National Energy SO Open Data."
)
"""What has to be said beside everything that came from Elexon."""
