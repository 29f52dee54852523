"""Damage to the records of days and their ledger, and what is suspicious about them."""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Executable, insert, update

from mining_assets.domain.valuation import BITCOIN_PRICE
from mining_assets.reconciliation import checks
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    curtailment_records,
    oracle_comparisons,
    refused_answers,
    settlement_days,
    settlement_ledger,
    unknown_wind_units,
    wind_bm_units,
)
from mining_assets_tests.support.case import Case, change, does, remove
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, derive_all, windy
from mining_assets_tests.support.samples import FARM, OTHER_FARM, record, store

records, units = curtailment_records.c, wind_bm_units.c


def add_record(**changes: object) -> Executable:
    row = record(day=WINDY, sequence_number=90, **changes)
    return insert(curtailment_records).values(**row, payment=row["volume"] * row["original_price"])


def stored_anew(*more: dict[str, object]) -> Callable[[Warehouse], None]:
    """No damage at all: a day with odd rows, brought in as any other."""

    def harm(warehouse: Warehouse) -> None:
        store(warehouse, windy(*more))
        derive_all(warehouse)

    return harm


NULL_PROGRESS = {"raw_rows": 0, "confirmed_by": "volumes"}
DERIVED_OF_A_BROKEN_DAY = (checks.CALCULATIONS_COMPLETE, checks.DAILY_SUMS, checks.BITCOIN_DAILY_SUMS)
AT_10 = {"settlement_period": 10}

OF_RECORDS = (
    Case(
        "a period is empty on both sides and nobody said so",
        checks.COMPLETENESS,
        does(change(settlement_ledger, WINDY, NULL_PROGRESS, side="offer", **AT_10)),
        WINDY,
        ("period 10 offer", "empty on both sides, confirmed by nobody"),
    ),
    Case(
        "the last period of the short day is not in the ledger",
        checks.COMPLETENESS,
        does(remove(settlement_ledger, SHORT, settlement_period=46)),
        SHORT,
        ("period 46 bid", "not in the ledger"),
        problems=2,
        # A day that is not whole may have nothing derived: its calculations and summaries are orphans.
        also=DERIVED_OF_A_BROKEN_DAY,
    ),
    Case(
        "the ledger has a period that the day does not have",
        checks.COMPLETENESS,
        does(change(settlement_ledger, QUIET, {"settlement_period": 49}, settlement_period=40)),
        QUIET,
        ("period 40 bid", "not in the ledger"),
        problems=4,  # both sides of 40 are lacking, both of 49 are too much
    ),
    Case(
        "the figures of a day are gone",
        checks.COMPLETENESS,
        does(remove(settlement_days, QUIET)),
        QUIET,
        ("its figures are not in settlement_days",),
        # The quiet day has no calculations, but its summaries are there and must not be.
        also=(checks.DAILY_SUMS, checks.BITCOIN_DAILY_SUMS),
    ),
    Case(
        "one figure of a record is altered that no sum shows",
        checks.LEDGER_AGREEMENT,
        does(change(curtailment_records, WINDY, {"acceptance_id": 1}, settlement_period=1, sequence_number=1)),
        WINDY,
        ("period 1 bid", "2 rows, -15.000000 MWh", "and another content hash"),
    ),
    Case(
        "a figure of the day is not that of its records",
        checks.LEDGER_AGREEMENT,
        does(change(settlement_days, WINDY, {"total_payment": 1.0})),
        WINDY,
        ("settlement_days.total_payment", "is 1.0, the records give"),
    ),
    Case(
        "the hash of the day is not that of its ledger",
        checks.LEDGER_AGREEMENT,
        does(change(settlement_days, QUIET, {"content_hash": "0" * 64})),
        QUIET,
        ("content_hash", "is not that of the ledger"),
    ),
    Case(
        "a record is lost",
        checks.LEDGER_AGREEMENT,
        does(remove(curtailment_records, SHORT, settlement_period=3)),
        SHORT,
        ("period 3 bid", "0 rows, 0.000000 MWh; the ledger has 1 row, -4.500000 MWh"),
        # The ledger's row, and six figures of the day: energy, flagged, payment, records, farms, periods, farm-periods.
        problems=8,
        # What was derived from it is now too much, more is paid for than is there, and the month counts its farms in
        # the records.
        also=(
            checks.CALCULATIONS_COMPLETE,
            checks.DAILY_SUMS,
            checks.OF_SERIES[BITCOIN_PRICE].figures,
            checks.SUMS["monthly_summaries"],
        ),
    ),
    Case(
        "a payment is not volume × price",
        checks.VALIDITY,
        does(change(curtailment_records, WINDY, {"payment": -records.payment}, settlement_period=1, sequence_number=2)),
        WINDY,
        ("period 1 bid #2", "payment is not volume × original price"),
    ),
    Case(
        "a row starts when its period does not",
        checks.VALIDITY,
        does(
            change(
                curtailment_records,
                SHORT,
                {"start_time": datetime(2025, 3, 30, 1, 30, tzinfo=UTC)},
                settlement_period=3,
            )
        ),
        SHORT,
        ("period 3 bid #1", "start_time is not the period's UTC start"),
    ),
    Case(
        "the short day has a row in a period that it does not have",
        checks.VALIDITY,
        does(add_record(settlement_date=SHORT, settlement_period=47, volume=0.0)),
        SHORT,
        ("period 47 bid #90", "the day has no such period"),
    ),
    Case(
        "a newer answer was refused",
        checks.SHRUNK,
        does(
            insert(refused_answers).values(
                settlement_date=WINDY,
                refused_at=datetime.now(UTC),
                energy_stored=25.0,
                energy_answered=5.0,
                reason="stored 25.000 MWh, now 5.000 MWh",
            )
        ),
        WINDY,
        ("stored 25.000 MWh, now 5.000 MWh",),
    ),
    Case(
        "a farm's capacity is too low for what was curtailed",
        checks.CAPACITY,
        does(update(wind_bm_units).where(units.bm_unit_id == FARM).values(generation_capacity=20.0)),
        WINDY,
        (f"period 1 {FARM}", "15.000 MWh, its capacity allows 10.500"),
    ),
    Case(
        "a price is beyond what is likely",
        checks.BOUNDS,
        stored_anew(record(5, day=WINDY, farm_id=OTHER_FARM, original_price=-501.0)),
        WINDY,
        (f"period 5 bid {OTHER_FARM}", "£-501.00/MWh"),
    ),
    Case(
        "a day is beyond what is likely",
        checks.BOUNDS,
        stored_anew(record(5, day=WINDY, farm_id=OTHER_FARM, volume=-140_000.0)),
        WINDY,
        ("140,025 MWh",),
        # One farm cannot be turned down by so much, which is another suspicion.
        also=(checks.CAPACITY,),
    ),
    Case(
        "a stack holds a unit that may be wind",
        checks.UNKNOWN_UNITS,
        does(insert(unknown_wind_units).values(settlement_date=SHORT, bm_unit_id="T_NEWO-1", rows=3, bid_mwh=-7.5)),
        SHORT,
        ("T_NEWO-1", "-7.500 MWh of bids in 3 rows"),
    ),
    Case(
        "it is not known which units were left out",
        checks.UNKNOWN_UNITS,
        does(change(settlement_days, QUIET, {"uncounted_bid_mwh": None})),
        QUIET,
        ("fetched by an earlier version",),
    ),
    Case(
        "the same acceptance is told twice and nothing says which reading is right",
        checks.REPEATS,
        stored_anew(record(1, day=WINDY, sequence_number=3), record(1, day=WINDY, sequence_number=4, volume=-0.25)),
        WINDY,
        (f"period 1 bid {FARM}", "acceptance 4711 (pair -1) is counted twice, 10.000 MWh"),
    ),
    Case(
        "the stacks are not what the whole day's figures say",
        checks.ORACLE,
        does(change(oracle_comparisons, WINDY, {"problem": "2 units and periods differ", "differing": 2})),
        WINDY,
        ("2 units and periods differ",),
    ),
    Case(
        "the whole day's figures could not be had",
        checks.ORACLE,
        does(change(oracle_comparisons, QUIET, {"problem": "could not be compared: HTTP 503"})),
        QUIET,
        ("could not be compared: HTTP 503",),
    ),
)
