"""Fetch with our Elexon client, 50 requests/s: ``python -m benchmarks.paced_fetch URL WAREHOUSE DAY DAYS``."""

import sys
from datetime import date, timedelta
from pathlib import Path

import dagster as dg
from pydantic import SecretStr

from mining_assets.defs.resources import resources
from mining_assets.settings import Settings

LIMIT = 50.0


def main() -> None:
    """Fetch; whoever else is at work on the same warehouse shares the limit."""
    url, warehouse, first, count = sys.argv[1:]
    settings = Settings(
        home=Path("/nowhere"), elexon_url=url, warehouse_url=SecretStr(warehouse), requests_per_second=LIMIT
    )
    with dg.build_resources({"elexon": resources(settings)["elexon"]}) as opened:
        for offset in range(int(count)):
            day = date.fromisoformat(first) + timedelta(days=offset)
            opened.elexon.run(opened.elexon.client.day_stacks(day))


if __name__ == "__main__":
    main()
