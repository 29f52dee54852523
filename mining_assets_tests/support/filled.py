"""A warehouse with rows in every table: two settled days and all derived from them, and a made-up row elsewhere."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import TEXT, BigInteger, Boolean, Date, DateTime, Float, Integer, Table, insert, select

from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.warehouse.columns import Instant
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import DAY, FARM, OTHER_FARM, after_final, derive, fetched_day, record, store

NEXT_DAY = DAY + timedelta(days=1)
AT = datetime(2025, 6, 5, 12, 30, 15, 123456, tzinfo=UTC)
# What the checks of a table ask of a made-up row, beside values of the right type.
FITTING: dict[str, dict[str, Any]] = {
    "curtailment_records": {"side": "bid", "volume": -1.5},
    "settlement_days": {"periods": 48},
    "settlement_ledger": {"side": "bid", "confirmed_by": "rows"},
    "integrity_findings": {"severity": "error", "effect": "damaged"},
    "network_epochs": {"kind": "retarget"},
    "bitcoin_price": {"source": "mempool"},
}


def filled(warehouse: Warehouse) -> None:
    """Upgrade an empty warehouse and fill it."""
    upgrade(warehouse)
    fill(warehouse)


def fill(warehouse: Warehouse) -> None:
    """Rows for every table of the present schema."""
    first = [
        record(1, volume=-10.5, lead_party_name="Énergie “du Nord” Ltd\t\\N"),
        record(1, sequence_number=2, volume=-5.25, so_flag=None, cadl_flag=False, final_price=None, acceptance_id=None),
        record(2, farm_id=OTHER_FARM, volume=-1 / 3, original_price=-70.123456789, acceptance_id=9_876_543_210),
        record(2, "offer", volume=3.0),
    ]
    store(warehouse, fetched_day(*first, unknown=[("T_WINDY-1", 2, -1.5)]))
    store(warehouse, fetched_day(record(7, day=NEXT_DAY, farm_id=FARM), day=NEXT_DAY))
    # A later run settles the first day differently: a restatement.
    store(warehouse, fetched_day(*first, record(3, volume=-20.0), at=after_final(DAY, 24)))
    derive(warehouse, DAY, NEXT_DAY)
    list(roll_up_days(warehouse, [DAY], (date(2025, 1, 1), None)))
    with warehouse.writing("filling") as connection:
        for table in metadata.sorted_tables:
            if not connection.execute(select(1).select_from(table)).first():
                connection.execute(insert(table).values(made_up(table)))


def made_up(table: Table) -> dict[str, Any]:
    """A row that the table takes: of the schema, or of a database of any revision."""
    known = metadata.tables[table.name].columns if table.name in metadata.tables else {}
    kinds = {
        column.name: known[column.name].type if type(column.type) is TEXT and column.name in known else column.type
        for column in table.columns
    }
    fitting = {name: value for name, value in FITTING.get(table.name, {}).items() if name in kinds}
    made = {name: _value(kind, name) for name, kind in kinds.items()} | fitting
    # A text column of a reflected table takes dates and instants as SQLite keeps them.
    return {name: _as_text(made[name]) if type(table.c[name].type) is TEXT else made[name] for name in made}


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value.isoformat() if isinstance(value, date) else value


def _value(type_: Any, name: str) -> Any:
    match type_:
        case Boolean():
            return True
        case Date():
            return DAY
        case Instant():
            return AT
        case DateTime():
            return AT if type_.timezone else AT.replace(tzinfo=None)
        case BigInteger():
            return 2**40
        case Integer():
            return 1
        case Float():
            return 0.1 + 0.2
        case _:
            return f"some {name}"
