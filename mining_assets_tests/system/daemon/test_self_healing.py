"""With the real daemon, an instance heals by itself: from gaps, damage and restatements, from an outage, and around a
day that cannot be mended."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from pathlib import Path

import dagster as dg
import pytest

from mining_assets.curated import miner_models
from mining_assets.reconciliation.attempts import HEALING_TAG
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.dagster_processes import running
from mining_assets_tests.support.damage import damage
from mining_assets_tests.support.harness import (
    Environment,
    assert_same_tables,
    days_asked,
    days_between,
    environment,
    run_cli,
    tables,
    wait_for,
)
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

# Sixty days with the autumn's clock change in them.
FIRST, LAST = date(2025, 9, 2), date(2025, 10, 31)
CLOCK_CHANGE = date(2025, 10, 26)
GAP = days_between(date(2025, 10, 5), date(2025, 10, 9))
NEVER_REACHED = days_between(date(2025, 10, 29), LAST)
RECORDS_LOST, RECORDS_ALTERED, LEDGER_LOST = date(2025, 10, 12), date(2025, 10, 20), CLOCK_CHANGE
CALCULATIONS_LOST, SUMMARY_EDITED = date(2025, 10, 3), date(2025, 10, 14)
PROVISIONAL = [date(2025, 10, 16), date(2025, 10, 17)]
REFETCHED = {*GAP, *NEVER_REACHED, RECORDS_LOST, RECORDS_ALTERED, LEDGER_LOST, *PROVISIONAL}

ATTEMPTS = 2
SECONDS_TO_HEAL = 420


def status(made: Environment) -> Status:
    settings = made.settings
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        date_range = (settings.start_date, LAST)
        return read_status(connection, settings.start_date, LAST, miner_models(settings), date_range)


def fetched_early(made: Environment, day: date) -> None:
    """Make a day look as if it had been fetched on the morning after, when it was still provisional."""
    at = datetime.combine(day + timedelta(days=1), time(9)).isoformat(" ")
    damage(made, "UPDATE settlement_ledger SET fetched_at = :at WHERE settlement_date = :day", at=at, day=str(day))
    damage(made, "UPDATE settlement_days SET fetched_at = :at WHERE settlement_date = :day", at=at, day=str(day))


def healing_runs(made: Environment) -> list[dg.DagsterRun]:
    with made.instance() as instance:
        return [run for run in instance.get_runs() if HEALING_TAG in run.tags]


def filled_but_for_gaps(made: Environment) -> None:
    for first, last in (
        (FIRST, GAP[0] - timedelta(days=1)),
        (GAP[-1] + timedelta(days=1), NEVER_REACHED[0] - timedelta(days=1)),
    ):
        ran = run_cli(made, "range", first, last, timeout=300)
        assert ran.returncode == 0, ran.stderr


def damaged(made: Environment) -> None:
    damage(made, "DELETE FROM curtailment_records WHERE settlement_date = :day", day=str(RECORDS_LOST))
    damage(
        made,
        "UPDATE curtailment_records SET volume = 2 * volume WHERE settlement_date = :day AND side = 'bid'",
        day=str(RECORDS_ALTERED),
    )
    damage(
        made,
        "DELETE FROM settlement_ledger WHERE settlement_date = :day AND settlement_period > 40",
        day=str(LEDGER_LOST),
    )
    damage(made, "DELETE FROM historical_bitcoin_calculations WHERE settlement_date = :day", day=str(CALCULATIONS_LOST))
    damage(made, "UPDATE daily_summaries SET total_payment = 1 WHERE summary_date = :day", day=str(SUMMARY_EDITED))
    for day in PROVISIONAL:
        fetched_early(made, day)


@long
def test_gaps_damage_and_restatements_heal_within_counted_runs_and_requests(tmp_path: Path) -> None:
    world = GeneratedWorld(seed=11, light=True, windy_days=days_between(FIRST, LAST))
    with Twin(world) as twin:
        made = environment(
            tmp_path, twin, start_date=FIRST, end_date=LAST, heal_interval_seconds=5, integrity_scan_seconds=60
        )
        filled_but_for_gaps(made)
        damaged(made)
        for day in PROVISIONAL:
            world.restate(day, scale=1.05)
        twin.record.clear()
        with running(made, "dagster._daemon", "run"):
            wait_for("all days final", SECONDS_TO_HEAL, lambda: healed(made), interval=2)
        assert days_asked(twin.requests) == REFETCHED
        periods = sum(50 if day == CLOCK_CHANGE else 48 for day in REFETCHED)
        assert twin.count(route="stack") == 2 * periods
        assert twin.count(route="volumes") == twin.count(route="cashflows") == len(REFETCHED)
        runs = healing_runs(made)
        kinds = Counter(run.tags[HEALING_TAG] for run in runs)
        # Two gaps, three damaged days and one pair of provisional ones; two days to derive; and the months and years
        # that nobody's change leads to, if the roll-up sensor left any.
        assert kinds["fetch"] == 6
        assert kinds["derive"] == 2
        assert kinds["roll up"] <= 2
        restated = status(made).days["restated"]
        assert set(restated.index[restated]) == set(PROVISIONAL)

        (tmp_path / "clean").mkdir()
        clean = environment(tmp_path / "clean", twin, start_date=FIRST, end_date=LAST)
        ran = run_cli(clean, "range", FIRST, LAST, timeout=300)
        assert ran.returncode == 0, ran.stderr
    left, right = tables(made), tables(clean)
    for noted in ("restatements", "reference_fetches"):  # what happened on the way, not what there is
        del left[noted], right[noted]
    assert_same_tables(left, right)


def healed(made: Environment) -> bool:
    now = status(made)
    return now.is_right and now.states["final"] == len(now.days)


@long
@pytest.mark.parametrize("broken", [date(2025, 10, 28)])
def test_an_outage_costs_little_and_a_broken_day_is_quarantined_alone(tmp_path: Path, broken: date) -> None:
    first = date(2025, 10, 20)
    world = GeneratedWorld(seed=12, light=True)
    with Twin(world) as twin:
        made = environment(
            tmp_path,
            twin,
            start_date=first,
            end_date=LAST,
            heal_interval_seconds=5,
            heal_attempts=ATTEMPTS,
            retry_attempts=2,
        )
        with made.instance():
            pass  # two processes that create Dagster's own SQLite files at once get in each other's way
        with running(made, "dagster._daemon", "run"):
            twin.down = True
            wait_for("two failed probes", SECONDS_TO_HEAL, lambda: len(finished(made)) >= 2, interval=1)
            asked_in_vain, runs_in_vain = len(twin.requests), len(healing_runs(made))
            # A probe is one day: some requests at once for its stacks, and one to see whether Elexon answers at all.
            assert runs_in_vain <= 4
            assert asked_in_vain <= runs_in_vain * 2 * (made.settings.concurrency + 12)
            assert not status(made).days["quarantined"].any()
            twin.fault(Fault(kind="status", status=500, route="stack", date=broken, period=7, side="bid"))
            twin.down = False
            wait_for("the broken day alone", SECONDS_TO_HEAL, lambda: quarantined_alone(made, broken), interval=2)
        final = status(made)
        state = final.days.loc[broken]
        assert "period" in state["last_error"] or "/bid/2025-10-28/7" in state["last_error"]
        assert state["attempts"] == ATTEMPTS
        shown = run_cli(made, "status")
        assert shown.returncode == 1
        assert f"{broken} since" in shown.stdout
        twin.clear_faults()
        mended = run_cli(made, "date", broken)
        assert mended.returncode == 0, mended.stderr
        assert status(made).is_right
        assert not status(made).days["quarantined"].any()


def finished(made: Environment) -> list[dg.DagsterRun]:
    return [run for run in healing_runs(made) if run.is_finished]


def quarantined_alone(made: Environment, broken: date) -> bool:
    now = status(made)
    days = now.days.loc[date(2025, 10, 20) :]
    others = days.drop(index=broken)
    mended = (others["state"] == "final").all() and not others["inconsistent"].any() and not now.differing
    return bool(mended and days.loc[broken, "quarantined"])
