"""The world of the tests that fetch a day, and how its rows and ledger are read."""

from collections.abc import Collection
from datetime import date
from typing import Any

from mining_assets.domain.settlement import SIDES, Side, periods_in
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.days import FetchedDay
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 3, 8)
SHORT_DAY, LONG_DAY = date(2025, 3, 30), date(2025, 10, 26)
Served = tuple[Twin, SyncClient[ElexonClient]]


def truth(world: GeneratedWorld, day: date, units: Collection[str]) -> list[dict[str, Any]]:
    """The rows of the wind units as the world has them, with their side."""
    return [
        row | {"side": side}
        for period in range(1, periods_in(day) + 1)
        for side in SIDES
        for row in world.stack(day, period, side)
        if row["id"] in units
    ]


def of_ledger(fetched: FetchedDay, period: int, side: Side) -> dict[str, Any]:
    ledger = fetched.ledger
    return ledger[(ledger["settlement_period"] == period) & (ledger["side"] == side)].iloc[0].to_dict()


def windy_period(world: GeneratedWorld) -> int:
    return int(world.plan(DAY).intensity.argmax()) + 1
