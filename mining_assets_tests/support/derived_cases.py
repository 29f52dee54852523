"""Damage to what is derived from the records, and to the references."""

from dataclasses import asdict
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import Executable, delete, insert, update

from mining_assets.domain.periods import parse_period
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.findings import ALL
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.references import (
    note_content,
    note_fetch,
    note_halvings_lacking,
    note_reference_refused,
    stored_epochs,
)
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    bitcoin_yearly_summaries,
    calculation_days,
    daily_summaries,
    historical_bitcoin_calculations,
    monthly_summaries,
    network_epochs,
    reference_fetches,
    wind_bm_units,
    yearly_summaries,
)
from mining_assets_tests.support.case import Case, change, does, remove
from mining_assets_tests.support.clean import DAYS, QUIET, SHORT, WINDY
from mining_assets_tests.support.samples import FARM, OTHER_FARM

calculated, epochs, units = historical_bitcoin_calculations.c, network_epochs.c, wind_bm_units.c


def lacking_a_retarget(warehouse: Warehouse) -> None:
    """A history that was fetched without one of its retargets."""
    with warehouse.writing("harm") as connection:
        connection.execute(delete(network_epochs).where(network_epochs.c.height == 635_040))
        note_content(connection, network_epochs.name)


def contradicted(warehouse: Warehouse) -> None:
    """The source says something else of a settled retarget than what is stored."""
    refused_at = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
    with warehouse.writing("harm") as connection:
        note_reference_refused(connection, network_epochs.name, "height 635040: another time", refused_at)


def before_a_halving_that_is_not_known(warehouse: Warehouse) -> None:
    """The history ends at the retarget before a halving whose time the source did not tell."""
    until = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
    with warehouse.writing("harm") as connection:
        after = datetime.combine(max(DAYS), time(), UTC) + timedelta(days=3)
        epoch = max(epoch for epoch in stored_epochs(connection) if epoch.block_time < after)
        connection.execute(delete(network_epochs).where(epochs.height > epoch.height))
        heights = range(epoch.height + 2016, 1_048_321, 2016)
        every = (until - epoch.block_time) / len(heights)
        later = [
            {**asdict(epoch), "height": height, "block_time": until - every * left}
            for left, height in enumerate(reversed(heights))
        ]
        connection.execute(insert(network_epochs), later)
        note_fetch(connection, network_epochs.name, until, len(later))
        note_halvings_lacking(connection, {1_050_000: "no answer"}, datetime(2026, 1, 2, 3, 4, tzinfo=UTC))


def aged(name: str) -> Executable:
    """The reference was last fetched three days ago."""
    then = datetime.now(UTC) - timedelta(days=3)
    return update(reference_fetches).where(reference_fetches.c.name == name).values(fetched_at=then)


def _energy_moved() -> tuple[Executable, Executable]:
    """Two calculations altered so that their sum stays: no count and no sum shows it."""
    farm = {"farm_id": FARM, "miner_model": "S9"}
    table = historical_bitcoin_calculations
    more, less = (calculated.bitcoin_mined + amount for amount in (1e-7, -1e-7))
    return (
        change(table, SHORT, {"bitcoin_mined": more}, settlement_period=1, **farm),
        change(table, SHORT, {"bitcoin_mined": less}, settlement_period=46, **farm),
    )


OF_WHAT_IS_DERIVED = (
    Case(
        "a calculation is under another farm, so that the number and the sum are right",
        checks.CALCULATIONS_COMPLETE,
        does(
            change(
                historical_bitcoin_calculations,
                WINDY,
                {"farm_id": "T_GONEW-1"},
                settlement_period=2,
                miner_model="S9",
            )
        ),
        WINDY,
        (f"period 2 {OTHER_FARM} S9", "missing"),
        problems=2,
    ),
    Case(
        "a calculation is lost",
        checks.CALCULATIONS_COMPLETE,
        does(remove(historical_bitcoin_calculations, SHORT, settlement_period=46, miner_model="M20S")),
        SHORT,
        (f"period 46 {FARM} M20S", "missing"),
        problems=2,  # the calculation, and the number that was noted
        also=(checks.BITCOIN_DAILY_SUMS,),  # the day's sum has lost it too
    ),
    Case(
        "the number of calculations noted is not that stored",
        checks.CALCULATIONS_COMPLETE,
        does(change(calculation_days, SHORT, {"calculations": 2}, miner_model="S9")),
        SHORT,
        ("S9", "noted 2 calculations, stored 3"),
    ),
    Case(
        "a calculation used another difficulty",
        checks.CALCULATIONS_CONSISTENT,
        does(
            change(
                historical_bitcoin_calculations,
                SHORT,
                {"difficulty": 1.0},
                settlement_period=3,
                miner_model="S9",
            )
        ),
        SHORT,
        (f"period 3 {OTHER_FARM} S9", "difficulty is 1.0, should be"),
    ),
    Case(
        "Bitcoin was moved from one calculation to another, so that the sum is right",
        checks.CALCULATIONS_CONSISTENT,
        does(*_energy_moved()),
        SHORT,
        (f"period 1 {FARM} S9", "bitcoin_mined is"),
        problems=4,  # two are stale, and the same two are out of the models' ratio
    ),
    Case(
        "a figure of a daily summary is altered that months do not sum",
        checks.DAILY_SUMS,
        does(change(daily_summaries, WINDY, {"farms": 9})),
        WINDY,
        ("farms is 9, should be 2",),
    ),
    Case(
        "the payment of a daily summary is altered",
        checks.DAILY_SUMS,
        does(change(daily_summaries, WINDY, {"total_payment": 1.0})),
        WINDY,
        ("total_payment is 1.0, should be 850",),
        also=(checks.SUMS["monthly_summaries"],),  # the month is the sum of what its days say
    ),
    Case(
        "the Bitcoin noted of a day is altered",
        checks.BITCOIN_DAILY_SUMS,
        does(change(calculation_days, WINDY, {"bitcoin_mined": 1.0}, miner_model="S19J_PRO")),
        WINDY,
        ("S19J_PRO", "bitcoin_mined is 1.0, should be"),
    ),
    Case(
        "a row of a day's Bitcoin is lost",
        checks.BITCOIN_DAILY_SUMS,
        does(remove(bitcoin_daily_summaries, QUIET, miner_model="M20S")),
        QUIET,
        ("M20S", "the row is missing"),
        also=(checks.SUMS["bitcoin_monthly_summaries"],),  # the month has a complete day less
    ),
    Case(
        "a figure of a month is altered that years do not sum",
        checks.SUMS["monthly_summaries"],
        does(update(monthly_summaries).where(monthly_summaries.c.year_month == "2025-03").values(farms=1)),
        parse_period("2025-03"),
        ("farms is 1, should be 2",),
    ),
    Case(
        "the row of a month is lost",
        checks.SUMS["monthly_summaries"],
        does(delete(monthly_summaries).where(monthly_summaries.c.year_month == "2025-04")),
        parse_period("2025-04"),
        ("the row is missing",),
        also=(checks.SUMS["yearly_summaries"],),  # the year is the sum of the months there are
    ),
    Case(
        "a month says wrongly how many days it has",
        checks.SUMS["bitcoin_monthly_summaries"],
        does(
            update(bitcoin_monthly_summaries)
            .where(bitcoin_monthly_summaries.c.year_month == "2025-04", bitcoin_monthly_summaries.c.miner_model == "S9")
            .values(days_expected=30)
        ),
        parse_period("2025-04"),
        ("S9", "days_expected is 30, should be 1"),
    ),
    Case(
        "the energy of a year is altered",
        checks.SUMS["yearly_summaries"],
        does(update(yearly_summaries).values(total_curtailed_energy=yearly_summaries.c.total_curtailed_energy * 2)),
        parse_period("2025"),
        ("total_curtailed_energy is",),
    ),
    Case(
        "the Bitcoin of a year is altered by a millionth",
        checks.SUMS["bitcoin_yearly_summaries"],
        does(
            update(bitcoin_yearly_summaries)
            .where(bitcoin_yearly_summaries.c.miner_model == "S19J_PRO")
            .values(bitcoin_mined=bitcoin_yearly_summaries.c.bitcoin_mined * (1 + 1e-6))
        ),
        parse_period("2025"),
        ("S19J_PRO", "bitcoin_mined is"),
    ),
)

OF_REFERENCES = (
    Case(
        "an epoch has another subsidy than its height",
        checks.EPOCHS_VALID,
        does(update(network_epochs).where(epochs.height == 840_672).values(block_subsidy=6.25)),
        ALL,
        ("height 840672", "the retarget is not as it must be"),
        # 2025-04-01 lies in a later epoch, so no calculation is concerned.
    ),
    Case(
        "a halving is lost",
        checks.EPOCHS_VALID,
        does(delete(network_epochs).where(epochs.height == 630_000, epochs.kind == "halving")),
        ALL,
        ("height 630000", "the halving is missing"),
    ),
    Case(
        "a retarget is off the grid",
        checks.EPOCHS_VALID,
        does(update(network_epochs).where(epochs.height == 32_256).values(height=32_257)),
        ALL,
        ("height 32257 is not a multiple of 2016",),
    ),
    Case(
        "a retarget is lost",
        checks.EPOCHS_VALID,
        does(delete(network_epochs).where(epochs.height == 635_040)),
        ALL,
        ("not what was stored when it was last fetched",),
        also=(checks.EPOCHS_SPACING,),
    ),
    Case(
        "a difficulty is altered",
        checks.EPOCHS_VALID,
        does(update(network_epochs).where(epochs.height == 635_040).values(difficulty=1.0)),
        ALL,
        ("not what was stored when it was last fetched",),
    ),
    Case(
        "the source contradicts what is stored",
        checks.EPOCHS_ACCEPTED,
        contradicted,
        ALL,
        ("refused since 2026-01-02 03:04 UTC: height 635040",),
    ),
    Case(
        "the time of a halving is not known",
        checks.EPOCHS_HALVINGS,
        before_a_halving_that_is_not_known,
        ALL,
        ("height 1050000", "is not known, since 2026-01-02 03:04 UTC: no answer"),
    ),
    Case(
        "the source itself lacks a retarget",
        checks.EPOCHS_SPACING,
        lacking_a_retarget,
        ALL,
        ("height 637056", "4032 blocks and"),
    ),
    Case(
        "the difficulty was not fetched lately",
        checks.EPOCHS_FRESH,
        does(aged(network_epochs.name)),
        ALL,
        ("last fetched 20",),
    ),
    Case(
        "a farm with records is not in the register",
        checks.UNITS_KEPT,
        does(delete(wind_bm_units).where(units.bm_unit_id == OTHER_FARM)),
        ALL,
        (OTHER_FARM, "has records and is not in the register"),
    ),
    Case(
        "a unit has no current version",
        checks.UNITS_KEPT,
        does(update(wind_bm_units).where(units.bm_unit_id == FARM).values(is_current=False)),
        ALL,
        (FARM, "has no current version"),
    ),
    Case(
        "the register was never fetched",
        checks.UNITS_FRESH,
        does(delete(reference_fetches).where(reference_fetches.c.name == wind_bm_units.name)),
        ALL,
        ("never fetched",),
    ),
)
