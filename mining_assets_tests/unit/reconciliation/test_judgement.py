"""A check is judged by everything that is known, not by the days of its last run alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import dagster as dg
import pytest
from sqlalchemy import Delete, Executable, Table, delete, insert, update

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.keys import BITCOIN_DAILY, CALCULATIONS, DAILY
from mining_assets.defs.check_evaluations import check_key
from mining_assets.defs.integrity import INTEGRITY_JOB
from mining_assets.defs.run_requests import DAILY_JOB, MONTHLY_JOB
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.checks import Check
from mining_assets.settings import Settings
from mining_assets.warehouse.alerts import standing_causes
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    curtailment_records,
    daily_summaries,
    healing_attempts,
    historical_bitcoin_calculations,
    monthly_summaries,
    settlement_ledger,
    unknown_wind_units,
)
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, clean, scan_all
from mining_assets_tests.support.looking import over
from mining_assets_tests.support.samples import after_final, damage
from mining_assets_tests.support.templates import Templates

pytestmark = pytest.mark.system

QUIET_RUN = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
DERIVED = [CALCULATIONS, DAILY, BITCOIN_DAILY]
ALTERED = (
    update(historical_bitcoin_calculations)
    .where(historical_bitcoin_calculations.c.settlement_date == WINDY)
    .values(difficulty=1.0)
)
SUSPICIOUS = insert(unknown_wind_units).values(settlement_date=WINDY, bm_unit_id="T_NEWW-1", rows=1, bid_mwh=-3.0)


@dataclass
class Shown:
    """Runs on a warehouse, and what the UI shows of a check after them."""

    warehouse: Warehouse
    instance: dg.DagsterInstance
    home: Path

    def run(self, job: str, first: object = None, last: object = None, assets: list[dg.AssetKey] | None = None) -> None:
        definitions = build_definitions(Settings(home=self.home, start_date=SHORT, end_date=WINDY), self.means)
        definitions.resolve_job_def(job).execute_in_process(
            instance=self.instance,
            tags=over(str(first), str(last)) if first else {},
            asset_selection=assets,
            run_config=QUIET_RUN,
            raise_on_error=False,
        )

    @property
    def means(self) -> dict[str, Warehouse]:
        return {"warehouse": self.warehouse}

    def latest(self, check: Check) -> dg.AssetCheckEvaluation:
        key = check_key(check)
        (record,) = self.instance.event_log_storage.get_latest_asset_check_execution_by_key([key]).values()
        assert record.event is not None
        return record.event.dagster_event.asset_check_evaluation_data  # type: ignore[union-attr]


@pytest.fixture
def shown(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Shown]:
    with templates.copy(backend, clean, tmp_path) as warehouse, dg.DagsterInstance.ephemeral() as instance:
        yield Shown(warehouse, instance, tmp_path)


@pytest.mark.parametrize(
    ("harm", "check"), [(ALTERED, checks.CALCULATIONS_CONSISTENT), (SUSPICIOUS, checks.UNKNOWN_UNITS)]
)
def test_a_run_of_good_days_does_not_hide_that_another_day_is_bad(harm: object, check: Check, shown: Shown) -> None:
    damage(shown.warehouse, harm)  # type: ignore[arg-type]
    shown.run(INTEGRITY_JOB)
    found = shown.latest(check)
    assert not found.passed
    shown.run(DAILY_JOB, SHORT, QUIET, DERIVED if check is checks.CALCULATIONS_CONSISTENT else None)
    after = shown.latest(check)
    assert not after.passed
    assert "on 1 day, 0 of them covered by this run" in str(after.description)
    assert f"First {WINDY}: " in str(after.description)
    assert after.metadata["open days"].value == 1
    (row,) = after.metadata["bad days"].value.records  # type: ignore[union-attr]
    assert row.data["day"] == str(WINDY)
    since = found.metadata["bad days"].value.records[0].data["open since"]  # type: ignore[union-attr]
    assert row.data["open since"] == since


def test_the_check_passes_when_the_bad_day_came_right(shown: Shown) -> None:
    damage(shown.warehouse, ALTERED)
    shown.run(INTEGRITY_JOB)
    assert not shown.latest(checks.CALCULATIONS_CONSISTENT).passed
    shown.run(DAILY_JOB, WINDY, WINDY, DERIVED)
    assert shown.latest(checks.CALCULATIONS_CONSISTENT).passed


def test_a_month_that_is_wrong_fails_the_check_of_another_month(shown: Shown) -> None:
    damage(
        shown.warehouse, update(monthly_summaries).where(monthly_summaries.c.year_month == "2025-04").values(farms=9)
    )
    shown.run(INTEGRITY_JOB)
    shown.run(MONTHLY_JOB, "2025-03", "2025-03")
    after = shown.latest(checks.SUMS["monthly_summaries"])
    assert not after.passed
    assert "on 1 month, 0 of them covered by this run (2025-03)" in str(after.description)


def test_a_gap_that_no_scan_has_seen_fails_the_completeness(shown: Shown) -> None:
    damage(shown.warehouse, delete(settlement_ledger).where(settlement_ledger.c.settlement_date == WINDY))
    shown.run(DAILY_JOB, SHORT, SHORT)
    after = shown.latest(checks.COMPLETENESS)
    assert not after.passed
    assert f"First {WINDY}: some of its ledger is gone" in str(after.description)


def rows_of_day(table: Table, **key: object) -> Delete:
    column = table.c["summary_date" if "summary_date" in table.c else "settlement_date"]
    return delete(table).where(column == WINDY, *(table.c[name] == value for name, value in key.items()))


@pytest.mark.parametrize(
    ("harm", "check", "says"),
    [
        (
            rows_of_day(historical_bitcoin_calculations),
            checks.CALCULATIONS_COMPLETE,
            "9 missing calculations",
        ),
        (
            rows_of_day(curtailment_records, settlement_period=2),
            checks.LEDGER_AGREEMENT,
            "its records are not as many as the ledger says",
        ),
        (
            update(calculation_days)
            .where(calculation_days.c.settlement_date == WINDY)
            .values(records_hash="of others"),
            checks.CALCULATIONS_CONSISTENT,
            "9 calculations of other records or another model",
        ),
        (rows_of_day(daily_summaries), checks.DAILY_SUMS, "not the sum of the day's records"),
        (
            rows_of_day(bitcoin_daily_summaries, miner_model="S9"),
            checks.BITCOIN_DAILY_SUMS,
            "not the sum of the day's calculations",
        ),
    ],
    ids=lambda value: value.name if isinstance(value, Check) else "",
)
def test_what_was_lost_unseen_fails_the_check_after_a_run_of_other_days(
    harm: Executable, check: Check, says: str, shown: Shown
) -> None:
    shown.run(INTEGRITY_JOB)
    assert shown.latest(check).passed
    damage(shown.warehouse, harm)
    shown.run(DAILY_JOB, SHORT, QUIET)
    after = shown.latest(check)
    assert not after.passed
    assert after.description == (
        f"Open on 1 day, 0 of them covered by this run (2 days from {SHORT} to {QUIET}). First {WINDY}: {says}"
    )


def test_what_is_outside_the_partitions_is_kept_and_not_told(shown: Shown) -> None:
    quarantined = {
        "settlement_date": WINDY,
        "attempts": 6,
        "last_attempt_at": after_final(WINDY),
        "next_attempt_at": after_final(WINDY),
        "quarantined_at": after_final(WINDY),
    }
    damage(shown.warehouse, ALTERED, insert(healing_attempts).values(quarantined))
    scan_all(shown.warehouse)

    def causes(first: date, last: date) -> set[str]:
        with shown.warehouse.reading() as connection:
            return {cause for cause, _ in standing_causes(connection, first, last)}

    assert causes(SHORT, WINDY) == {"check historical_bitcoin_calculations.consistency", "quarantine"}
    assert causes(SHORT, QUIET) == set()
    assert causes(WINDY, WINDY) == causes(SHORT, WINDY)
