"""Storing a year of records and calculating it again, against the drivers alone and a statement per row."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import text

from benchmarks.databases import bare, empty, filled, read_month, write
from benchmarks.generated_days import draw
from benchmarks.measure import Figure, Setting, medians
from benchmarks.warehouses import MODELS, days_of, drawn_history, months_of
from mining_assets.domain.mining import bitcoin_mined
from mining_assets.pipeline.derive import derive
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import FetchedDay, store_day
from mining_assets.warehouse.names import CALCULATIONS
from mining_assets.warehouse.schema import (
    calculation_days,
    curtailment_records,
    historical_bitcoin_calculations,
    settlement_days,
    settlement_ledger,
)
from mining_assets.warehouse.upgrade import upgrade

SLICE_ROWS = 2_000
GOAL_OF_STORING = {"postgresql": 4.0, "sqlite": 2.0}
WAY_OF_STORING = {
    "postgresql": "COPY of the records alone into an empty unlogged table without indexes",
    "sqlite": "executemany of the records alone in one transaction, same schema and indexes",
}


def store(setting: Setting) -> list[Figure]:
    """Store a year of fetched days, each in a transaction of its own with ledger and figures."""
    days = days_of(setting.scale)
    fetched = [day for month in months_of(days) for day in draw(month).fetched()]
    return [_store(setting, backend, fetched) for backend in setting.backends]


def _store(setting: Setting, backend: str, fetched: Sequence[FetchedDay]) -> Figure:
    warehouse = Warehouse(empty(setting, backend, "store"))
    upgrade(warehouse)

    def product() -> None:
        for day in fetched:
            with warehouse.writing(str(day.day)) as connection:
                store_day(connection, day)

    with bare(warehouse) as connection:
        target = curtailment_records.name
        product()
        rows = [row for day in fetched for row in read_month(connection, curtailment_records, [day.day])]
        if backend == "postgresql":
            target = "bare_records"
            connection.execute(f"CREATE UNLOGGED TABLE {target} AS SELECT * FROM {curtailment_records.name} LIMIT 0")

        def clean() -> None:
            for table in {target, curtailment_records.name, settlement_ledger.name, settlement_days.name}:
                connection.execute(f"DELETE FROM {table}" if backend == "sqlite" else f"TRUNCATE {table}")

        limit, seconds = medians(setting.repetitions, lambda: write(connection, target, rows), product, before=clean)
    warehouse.close()
    detail = {"rows": len(rows), "days": len(fetched), "seconds": seconds, "seconds_driver": limit}
    goal = GOAL_OF_STORING[backend]
    return Figure(f"store a year of records, {backend}", seconds / limit, goal, "less", WAY_OF_STORING[backend], detail)


def recompute(setting: Setting) -> list[Figure]:
    """Calculate a year anew, all of it: against a statement per row, and against only reading and writing."""
    return [figure for backend in setting.backends for figure in _recompute(setting, backend)]


def _recompute(setting: Setting, backend: str) -> list[Figure]:
    warehouse, days, _ = filled(setting, backend, 1)
    months, history = list(months_of(days)), drawn_history()

    def product() -> None:
        for month in months:
            with warehouse.writing(*map(str, month)) as connection:
                derive(connection, month, history, MODELS, [CALCULATIONS])

    with bare(warehouse) as connection:
        written = [read_month(connection, historical_bitcoin_calculations, month) for month in months]
        count = sum(map(len, written))

        def read_and_write() -> None:
            for month, rows in zip(months, written, strict=True):
                read_month(connection, curtailment_records, month)
                write(connection, historical_bitcoin_calculations.name, rows)

        def clean() -> None:
            for table in (historical_bitcoin_calculations, calculation_days):
                connection.execute(f"DELETE FROM {table.name}" if backend == "sqlite" else f"TRUNCATE {table.name}")

        limit, seconds = medians(setting.repetitions, read_and_write, product, before=clean)
        clean()
        one_by_one = _row_by_row(warehouse, months[0], [row for rows in written for row in rows])
        (per_slice,) = medians(setting.repetitions, one_by_one)
        clean()
        product()
    by_row = per_slice / min(count, SLICE_ROWS) * count
    detail = {"rows": count, "seconds": seconds, "seconds_driver": limit, "seconds_row_by_row": by_row}
    return [
        Figure(
            f"recompute a year's calculations, {backend}, against a statement per row",
            by_row / seconds,
            30,
            "more",
            f"calculating and upserting row by row, each in its transaction, on a slice of {SLICE_ROWS} rows",
            detail,
        ),
        Figure(
            f"recompute a year's calculations, {backend}, against reading and writing",
            seconds / limit,
            3,
            "less",
            "the driver reading the records and writing the finished rows into the same table",
            detail,
        ),
    ]


def _row_by_row(warehouse: Warehouse, month: Sequence[date], rows: Sequence[tuple[Any, ...]]) -> Callable[[], None]:
    """Return the simple way: every calculation by itself, as a statement and a transaction."""
    table = historical_bitcoin_calculations
    names = [column.name for column in table.columns]
    values = ", ".join(f":{name}" for name in names)
    statement = text(
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({values}) ON CONFLICT (settlement_date, "
        "settlement_period, farm_id, miner_model) DO UPDATE SET bitcoin_mined = excluded.bitcoin_mined"
    )
    models = {model.name: model for model in MODELS}

    def work() -> None:
        for row in rows[:SLICE_ROWS]:
            named = dict(zip(names, row, strict=True))
            named["bitcoin_mined"] = bitcoin_mined(
                named["curtailed_energy"], models[named["miner_model"]], named["difficulty"], named["block_subsidy"]
            )
            named["calculated_at"] = (
                datetime.now(UTC).replace(tzinfo=None) if warehouse.is_sqlite else datetime.now(UTC)
            )
            with warehouse.engine.begin() as connection:
                connection.execute(statement, named)

    return work
