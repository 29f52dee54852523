"""A warehouse in which days of every kind stand side by side, and a lead party whose name is an attack."""

from datetime import UTC, date, datetime, timedelta

from sqlalchemy import insert

from mining_assets.pipeline.fetch_references import stored_network_history
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import healing_attempts, integrity_findings
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, clean, settled, windy
from mining_assets_tests.support.samples import MODELS, before_final, damage, derive_days, fetched_day, record, store

FIRST, LAST = date(2025, 3, 28), date(2025, 4, 6)
PROVISIONAL, DAMAGED, QUARANTINED = date(2025, 4, 2), date(2025, 4, 3), date(2025, 4, 4)
KNOWN = (SHORT, QUIET, WINDY, PROVISIONAL)
BOUNDS = (FIRST, LAST)
ATTACK = '</title></svg><script>alert("£")</script><img src=x onerror=alert(1)>'
ENDING = datetime(2025, 5, 1, tzinfo=UTC)


def mixed(warehouse: Warehouse) -> None:
    """Make an empty database that warehouse: KNOWN days are whole, WINDY was restated, all others are not known."""
    clean(warehouse)
    restated = windy(record(5, day=WINDY, volume=-8.0))
    store(warehouse, restated)
    for day, party, at in ((PROVISIONAL, ATTACK, before_final(PROVISIONAL)), (DAMAGED, "B", settled(DAMAGED))):
        rows = [record(period, day=day, lead_party_name=party, volume=-1.5 * period) for period in (1, 2, 30)]
        store(warehouse, fetched_day(*rows, day=day, at=at))
    days = (WINDY, PROVISIONAL, DAMAGED)
    derive_days(warehouse, days, stored_network_history(warehouse), MODELS)
    found = {
        **dict.fromkeys(("problems", "missing", "orphan", "stale"), 0),
        "table_name": "curtailment_records",
        "check_name": "ledger_agreement",
        "span": str(DAMAGED),
        "settlement_date": DAMAGED,
        "severity": "error",
        "effect": "damaged",
        "example": "a row is gone",
        "found_at": ENDING,
        "open_since": ENDING,
    }
    quarantined = {
        "settlement_date": QUARANTINED,
        "attempts": 6,
        "last_attempt_at": ENDING,
        "next_attempt_at": ENDING + timedelta(days=1),
        "last_error": f"{QUARANTINED} period 7 bid: 500 <Internal Server Error>",
        "quarantined_at": ENDING,
    }
    damage(warehouse, insert(integrity_findings).values(found), insert(healing_attempts).values(quarantined))
