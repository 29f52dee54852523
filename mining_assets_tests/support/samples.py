"""Small made-up settlement days for tests of the domain, the warehouse and the chain."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
from sqlalchemy import Connection, Executable, Table, select

from mining_assets.domain.content_hash import EMPTY_HASH, content_hashes
from mining_assets.domain.curtailment import RECORD_COLUMNS, payment
from mining_assets.domain.finality import final_from
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.network import NEVER_FETCHED, NetworkHistory, Retarget, network_history
from mining_assets.domain.settlement import SIDES, Side, period_start, periods_in
from mining_assets.pipeline.derive import DerivedDays
from mining_assets.pipeline.derive import derive as derive_within
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import LEDGER_COLUMNS, FetchedDay, Outcome, store_day
from mining_assets.warehouse.names import BITCOIN_DAILY_SUMMARIES, CALCULATIONS, DAILY_SUMMARIES
from mining_assets.warehouse.schema import metadata

DAY = date(2025, 6, 3)
FARM = "T_AAAAW-1"
OTHER_FARM = "T_BBBBW-1"
S19J_PRO = MinerModel("S19J_PRO", 100, 3050)
S9 = MinerModel("S9", 13.5, 1323)
M20S = MinerModel("M20S", 68, 3360)
MODELS = (S19J_PRO, S9, M20S)

# Raw rows of other units in each stack, so that a side without wind is still an answer.
OTHER_ROWS = 5

_TYPES = {
    "settlement_period": "int64",
    "start_time": "datetime64[us, UTC]",
    "side": "str",
    "sequence_number": "int64",
    "farm_id": "str",
    "lead_party_name": "str",
    "acceptance_id": "Int64",
    "bid_offer_pair_id": "Int64",
    "so_flag": "boolean",
    "cadl_flag": "boolean",
    "volume": "float64",
    "original_price": "float64",
    "final_price": "float64",
    "transmission_loss_multiplier": "float64",
    "vintage": "datetime64[us, UTC]",
}


def after_final(day: date, hours: float = 1) -> datetime:
    """An instant at which a fetch of the day is final."""
    return final_from(day) + timedelta(hours=hours)


def before_final(day: date, hours: float = 1) -> datetime:
    """An instant at which a fetch of the day is provisional."""
    return final_from(day) - timedelta(hours=hours)


def record(period: int = 1, side: Side = "bid", *, day: date = DAY, **changes: Any) -> dict[str, Any]:
    """One row of a wind unit: 10 MWh at −£70 bid down with the system flag, or undone when it is an offer."""
    return {
        "settlement_date": day,
        "settlement_period": period,
        "start_time": period_start(day, period),
        "side": side,
        "sequence_number": 1,
        "farm_id": FARM,
        "lead_party_name": "Somebody Wind Limited",
        "acceptance_id": 4711,
        "bid_offer_pair_id": -1 if side == "bid" else 1,
        "so_flag": True,
        "cadl_flag": False,
        "volume": -10.0 if side == "bid" else 10.0,
        "original_price": -70.0,
        "final_price": -70.0,
        "transmission_loss_multiplier": 0.97,
        "vintage": datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC) + timedelta(hours=12),
        **changes,
    }


def records(*rows: Mapping[str, Any]) -> pd.DataFrame:
    """Rows as a frame of the records' columns and types."""
    columns = [name for name in RECORD_COLUMNS if name != "payment"]
    frame = pd.DataFrame(list(rows), columns=columns).astype(_TYPES)
    return frame.assign(payment=payment(frame["volume"], frame["original_price"]))[list(RECORD_COLUMNS)]


def fetched_day(
    *rows: Mapping[str, Any],
    day: date = DAY,
    at: datetime | None = None,
    empty: Mapping[tuple[int, Side], str] | None = None,
    unknown: Iterable[tuple[str, int, float]] = (),
    origin: str | None = None,
) -> FetchedDay:
    """A whole fetched day with these wind rows.

    Args:
        at: when it was fetched; after it became final unless told otherwise.
        empty: what certifies each side that answered without any row.
        unknown: wind-like units that are not known: id, rows, bid MWh.
        origin: where it came from.
    """
    frame = records(*rows)
    at, empty = at or after_final(day), empty or {}
    hashes = content_hashes(frame)
    of_side = dict(iter(frame.groupby(["settlement_period", "side"])))
    no_run_of_its_own = datetime.combine(day + timedelta(days=1), datetime.min.time(), UTC)
    ledger = []
    for period in range(1, periods_in(day) + 1):
        for side in SIDES:
            mine = of_side.get((period, side))
            is_empty = (period, side) in empty
            wind_rows = 0 if mine is None else len(mine)
            ledger.append(
                {
                    "settlement_date": day,
                    "settlement_period": period,
                    "side": side,
                    "fetched_at": at + timedelta(seconds=period),
                    "vintage": None if is_empty else no_run_of_its_own if mine is None else mine["vintage"].max(),
                    "raw_rows": 0 if is_empty else wind_rows + OTHER_ROWS,
                    "wind_rows": wind_rows,
                    "wind_mwh": 0.0 if mine is None else float(mine["volume"].sum()),
                    "content_hash": hashes.get((day, period, side), EMPTY_HASH),
                    "confirmed_by": empty.get((period, side), "rows"),
                    "repeats_confirmed": None,
                }
            )
    strangers = pd.DataFrame(list(unknown), columns=["bm_unit_id", "rows", "bid_mwh"]).assign(settlement_date=day)
    return FetchedDay(
        day=day,
        records=frame,
        ledger=pd.DataFrame(ledger, columns=list(LEDGER_COLUMNS)),
        unknown_units=strangers,
        origin=origin,
        oracle=pd.DataFrame([{"settlement_date": day, "compared_at": at, "differing": 0}]),
    )


def store(warehouse: Warehouse, fetched: FetchedDay, *, accept_shrink: bool = False) -> Outcome:
    """Store a fetched day in a transaction of its own."""
    with warehouse.writing(str(fetched.day)) as connection:
        return store_day(connection, fetched, accept_shrink=accept_shrink)


def derive(warehouse: Warehouse, *days: date, models: tuple[MinerModel, ...] = MODELS) -> None:
    """Bring calculations and both daily summaries of the days up to date with their records."""
    derive_days(warehouse, days, history(), models)


def derive_days(
    warehouse: Warehouse, days: Sequence[date], known: NetworkHistory, models: tuple[MinerModel, ...]
) -> None:
    """Do the same under a given history of the network."""
    with warehouse.writing(*map(str, days)) as connection:
        for done in derive_within(connection, days, known, models).values():
            assert not done.failed, done.failed


def history(known_until: datetime = datetime(2030, 1, 1, tzinfo=UTC)) -> NetworkHistory:
    """A short true history: the retargets around the halving of 2024, and one inside 2025-06-14."""
    retargets = [
        Retarget(datetime(2024, 3, 28, 9, 51, 3, tzinfo=UTC), 836_640, 83_126_997_340_024.61),
        Retarget(datetime(2024, 4, 10, 21, 17, 33, tzinfo=UTC), 838_656, 86_388_558_925_171.02),
        Retarget(datetime(2024, 4, 24, 14, 51, 52, tzinfo=UTC), 840_672, 88_104_191_118_793.16),
        Retarget(datetime(2025, 5, 31, 0, 1, 30, tzinfo=UTC), 899_136, 126_982_285_146_989.3),
        Retarget(datetime(2025, 6, 14, 1, 46, 44, tzinfo=UTC), 901_152, 126_411_437_451_912.23),
    ]
    return network_history(retargets, known_until)


class _TakeBackError(Exception):
    """Ends a transaction that must leave nothing."""


@contextmanager
def taken_back(warehouse: Warehouse) -> Iterator[Connection]:
    """A writing transaction that leaves nothing, so that tests can share a warehouse."""
    with suppress(_TakeBackError), warehouse.writing("a test") as connection:
        yield connection
        raise _TakeBackError


def rows_of(warehouse: Warehouse, table: Table) -> list[tuple[Any, ...]]:
    """Every row of a table in the order of its key."""
    with warehouse.reading() as connection:
        return [tuple(row) for row in connection.execute(select(*table.c).order_by(*table.primary_key))]


def everything(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table."""
    with warehouse.reading() as connection:
        return {
            table.name: [tuple(row) for row in connection.execute(select(*table.c).order_by(*table.primary_key))]
            for table in metadata.sorted_tables
        }


def content(warehouse: Warehouse) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but of those that say when something was written or verified."""
    return {name: rows for name, rows in everything(warehouse).items() if name not in ("span_writes", "verifications")}


def damage(warehouse: Warehouse, *statements: Executable) -> None:
    """Change the tables behind the product's back."""
    with warehouse.engine.begin() as connection:
        for statement in statements:
            connection.execute(statement)


def calculate_days(
    warehouse: Warehouse, days: Sequence[date], history: NetworkHistory, models: tuple[MinerModel, ...]
) -> DerivedDays:
    """Bring the calculations of the days up to date, in a transaction of their own."""
    return _derived(warehouse, days, CALCULATIONS, history, models)


def summarize_days(warehouse: Warehouse, days: Sequence[date]) -> DerivedDays:
    """Bring the daily summaries of the days up to date, in a transaction of their own."""
    return _derived(warehouse, days, DAILY_SUMMARIES, NEVER_FETCHED, ())


def summarize_bitcoin_days(warehouse: Warehouse, days: Sequence[date], models: tuple[MinerModel, ...]) -> DerivedDays:
    """Bring the daily Bitcoin summaries of the days up to date, in a transaction of their own."""
    return _derived(warehouse, days, BITCOIN_DAILY_SUMMARIES, NEVER_FETCHED, models)


def _derived(
    warehouse: Warehouse, days: Sequence[date], table: str, history: NetworkHistory, models: tuple[MinerModel, ...]
) -> DerivedDays:
    with warehouse.writing(*map(str, days)) as connection:
        return derive_within(connection, days, history, models, [table])[table]
