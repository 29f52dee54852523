"""The ids of the units in the stored register, read by the database's driver alone.

It is for completion, which has no time to import SQLAlchemy. All else reads the register by
:mod:`mining_assets.warehouse.references`.
"""

import sqlite3
from contextlib import closing
from pathlib import Path
from urllib.parse import unquote

_QUERY = "SELECT DISTINCT bm_unit_id FROM wind_bm_units ORDER BY bm_unit_id"
_LOCK_SECONDS, _CONNECT_SECONDS, _STATEMENT_MS = 0.2, 2, 1000


def unit_ids(address: str) -> list[str]:
    """Return the ids, in order, of the warehouse at an address; nothing is made and no lock waited for.

    Raises:
        Exception: what the driver raises where the warehouse cannot be read.
    """
    if address.startswith("sqlite"):
        file = Path(unquote(address.split("://", 1)[1].split("?", 1)[0])[1:])
        with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True, timeout=_LOCK_SECONDS)) as opened:
            return [unit for (unit,) in opened.execute(_QUERY)]
    import psycopg  # only where it is used: it takes a while

    options = f"-c default_transaction_read_only=on -c statement_timeout={_STATEMENT_MS}"
    conninfo = f"postgresql://{address.split('://', 1)[1]}"
    with psycopg.connect(conninfo, connect_timeout=_CONNECT_SECONDS, options=options) as connection:
        return [unit for (unit,) in connection.execute(_QUERY)]
