"""What is said of a range is never greener than what was counted, or verified by value, since it was last written."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Executable, delete, select, update

from mining_assets.cli.status import as_dict, as_text
from mining_assets.reconciliation.plan import needs
from mining_assets.reconciliation.verify import verify_and_store_days
from mining_assets.report import build
from mining_assets.report.build import judge
from mining_assets.warehouse import counting
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    bitcoin_monthly_summaries,
    bitcoin_price,
    bitcoin_yearly_summaries,
    calculation_days,
    curtailment_records,
    daily_summaries,
    historical_bitcoin_calculations,
    monthly_summaries,
    settlement_days,
    settlement_ledger,
    verifications,
    wind_generation,
    yearly_summaries,
)
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.clean import BOUNDS, QUIET, SCOPE, SHORT, WINDY, derive_all, scan_all, windy
from mining_assets_tests.support.samples import MODELS, OTHER_FARM, damage, store

RECORDS, MADE = curtailment_records.c, historical_bitcoin_calculations.c
SOME_CALCULATIONS = delete(historical_bitcoin_calculations).where(
    MADE.settlement_date == WINDY, MADE.farm_id == OTHER_FARM
)
ONE_RECORD = delete(curtailment_records).where(RECORDS.settlement_date == WINDY, RECORDS.settlement_period == 48)
NOW = datetime(2025, 5, 2, tzinfo=UTC)


def status(warehouse: Warehouse) -> Status:
    with warehouse.reading() as connection:
        return read_status(connection, SHORT, WINDY, MODELS, BOUNDS)


def verdict(warehouse: Warehouse) -> tuple[str, str]:
    with warehouse.reading() as connection:
        _, judged, _ = judge(connection, SHORT, WINDY, None, MODELS, BOUNDS)
    return judged.level, judged.explanation


@pytest.fixture
def too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """A range of three days is longer than those that are counted throughout and that a report verifies itself."""
    monkeypatch.setattr(counting, "COUNTED_DAYS", 1)
    monkeypatch.setattr(build, "VERIFIED_HERE", 2)


# Verified since when.


def test_days_are_verified_since_the_oldest_of_their_last_verifications(ground: Warehouse) -> None:
    damage(ground, delete(verifications))
    assert status(ground).verified.sentence == (
        f"0 of 3 days; not since it was last written: {SHORT} to {WINDY}, 2025-03, 2025-04, 2025"
    )
    begun = datetime.now(UTC)
    verify_and_store_days(ground, [QUIET], SCOPE)
    some = status(ground).verified
    assert (some.unverified, some.everything) == (((SHORT, SHORT), (WINDY, WINDY)), False)
    assert some.sentence.startswith("1 of 3 days at ")
    scan_all(ground)
    whole = status(ground).verified
    assert whole.everything
    assert whole.since is not None
    assert begun <= whole.since
    verify_and_store_days(ground, [QUIET, WINDY], SCOPE)
    assert status(ground).verified.since == whole.since, "the oldest, not the newest"
    assert f"Verified by value: everything at {whole.since:%Y-%m-%d %H:%M} UTC or later" in as_text(status(ground))
    assert as_dict(status(ground))["verified"]["unverified"] == []


@pytest.mark.parametrize("rewritten", ["a fetch", "a calculation", "a summary"])
def test_what_is_written_again_is_not_verified_any_more(ground: Warehouse, rewritten: str) -> None:
    scan_all(ground)
    if rewritten == "a fetch":
        store(ground, windy())
    else:
        damage(ground, SOME_CALCULATIONS if rewritten == "a calculation" else update(daily_summaries).values(farms=9))
        derive_all(ground)
    found = status(ground).verified
    assert (WINDY, WINDY) in [(last, last) for _, last in found.unverified]
    assert as_dict(status(ground))["verified"]["unverified_days"] == found.unverified_days > 0
    scan_all(ground)
    assert status(ground).verified.everything


# Counted on every look.


def test_deleted_calculations_are_missing_at_the_next_look(ground: Warehouse) -> None:
    scan_all(ground)
    before = status(ground)
    damage(ground, SOME_CALCULATIONS)
    found = status(ground)
    assert found.total("actual") == before.total("actual") - 3
    assert found.total("missing") == 3
    assert found.completion < 100
    assert not found.is_right
    assert needs(found.days, NOW) == {WINDY: "derive"}
    derive_all(ground)
    assert status(ground).is_right


def test_deleted_records_make_the_day_damaged_at_the_next_look(ground: Warehouse) -> None:
    scan_all(ground)
    before = status(ground).total("records")
    damage(ground, ONE_RECORD)
    found = status(ground)
    assert found.days.loc[WINDY, "state"] == "damaged"
    assert found.total("records") == before - 1
    assert needs(found.days, NOW) == {WINDY: "refetch"}
    store(ground, windy())
    assert status(ground).is_right


def test_rows_that_nothing_notes_are_not_a_day_that_never_was(ground: Warehouse) -> None:
    for table in (settlement_ledger, settlement_days):
        damage(ground, delete(table).where(table.c.settlement_date == WINDY))
    damage(ground, delete(historical_bitcoin_calculations), delete(calculation_days), delete(daily_summaries))
    damage(ground, delete(bitcoin_daily_summaries))
    found = status(ground).days.loc[WINDY]
    assert (found["state"], found["records"]) == ("partial", 4)


@pytest.mark.usefixtures("too_long")
def test_what_is_not_counted_is_told_as_verified_at_an_instant(ground: Warehouse) -> None:
    scan_all(ground)
    damage(ground, delete(historical_bitcoin_calculations).where(MADE.settlement_date == SHORT))
    found = status(ground)
    assert found.is_right, "nobody has looked"
    assert f"Counted just now: records and calculations of {WINDY} to {WINDY}; earlier ones" in as_text(found)
    level, told = verdict(ground)
    assert level == "final"
    assert f"Verified by value: {found.verified.sentence}." in told
    store(ground, windy())
    assert verdict(ground)[0] == "unverified"


# Every kind of damage.

DAMAGE: dict[str, Executable] = {
    "a record deleted": ONE_RECORD,
    "a record altered": update(curtailment_records).values(payment=1.0).where(RECORDS.settlement_date == WINDY),
    "calculations deleted": SOME_CALCULATIONS,
    "a calculation altered": update(historical_bitcoin_calculations)
    .values(bitcoin_mined=1.0)
    .where(MADE.settlement_date == WINDY),
    "the ledger deleted": delete(settlement_ledger).where(settlement_ledger.c.settlement_date == WINDY),
    "the ledger altered": update(settlement_ledger).values(wind_mwh=-1.0),
    "the figures deleted": delete(settlement_days).where(settlement_days.c.settlement_date == WINDY),
    "the figures altered": update(settlement_days).values(farms=9),
    "the notes deleted": delete(calculation_days),
    "the notes altered": update(calculation_days).values(bitcoin_mined=1.0),
    "daily summaries deleted": delete(daily_summaries),
    "daily summaries altered": update(daily_summaries).values(total_payment=1.0),
    "Bitcoin of days deleted": delete(bitcoin_daily_summaries),
    "Bitcoin of days altered": update(bitcoin_daily_summaries).values(bitcoin_mined=1.0),
    "values of days altered": update(bitcoin_daily_summaries).values(bitcoin_value=1.0),
    "months deleted": delete(monthly_summaries),
    "months altered": update(monthly_summaries).values(total_payment=1.0),
    "Bitcoin of months deleted": delete(bitcoin_monthly_summaries),
    "years deleted": delete(yearly_summaries),
    "Bitcoin of years altered": update(bitcoin_yearly_summaries).values(bitcoin_mined=1.0),
    "a price altered": update(bitcoin_price).values(price=1.0),
    "generation altered": update(wind_generation).values(generated_energy=1.0),
}


@pytest.mark.system
@pytest.mark.parametrize("kind", DAMAGE)
def test_a_report_that_can_look_is_not_final_over_damage_of_any_kind(ground: Warehouse, kind: str) -> None:
    scan_all(ground)
    assert verdict(ground)[0] == "final"
    damage(ground, DAMAGE[kind])
    level, told = verdict(ground)
    assert level in ("inconsistent", "incomplete", "empty"), told


# What was emptied is built again by the steps that mend.


@pytest.mark.system
@pytest.mark.parametrize(
    "table",
    [
        historical_bitcoin_calculations,
        calculation_days,
        daily_summaries,
        bitcoin_daily_summaries,
        monthly_summaries,
        bitcoin_monthly_summaries,
        yearly_summaries,
        bitcoin_yearly_summaries,
    ],
    ids=lambda table: table.name,
)
def test_a_derived_table_that_was_emptied_is_seen_and_built_again(ground: Warehouse, table: object) -> None:
    scan_all(ground)
    with ground.reading() as connection:
        rows = len(connection.execute(select(table)).all())  # type: ignore[call-overload]
    damage(ground, delete(table))  # type: ignore[arg-type]
    found = status(ground)
    assert not found.is_right
    assert needs(found.days, NOW) or found.differing
    derive_all(ground)
    assert status(ground).is_right
    with ground.reading() as connection:
        assert len(connection.execute(select(table)).all()) == rows  # type: ignore[call-overload]


def test_a_check_that_fails_on_many_days_is_one_line_of_the_status(ground: Warehouse) -> None:
    days = [date(2025, 4, number) for number in (1, 2, 3, 5)]
    errors = tuple(("bitcoin_price", "completeness", day) for day in days)
    found = replace(status(ground), errors=(*errors, ("network_epochs", "sequence", "all")))
    text = as_text(found)
    assert "  2025-04-01 to 2025-04-03, 2025-04-05 bitcoin_price completeness\n" in text
    assert "  all network_epochs sequence\n" in text
