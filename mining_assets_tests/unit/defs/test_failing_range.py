"""A range run in which a day fails shows its checks all the same, and names the day in them."""

from datetime import date

import dagster as dg
import pytest

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.defs.check_evaluations import check_key
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.checks import CHECKS
from mining_assets_tests.support.harness import environment, run_range
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

pytestmark = pytest.mark.system

FIRST, BAD, LAST = date(2025, 6, 2), date(2025, 6, 3), date(2025, 6, 4)


Evaluations = dict[dg.AssetCheckKey, dg.AssetCheckEvaluation]


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory: pytest.TempPathFactory) -> Evaluations:
    """What the UI shows after a run over three days of which the middle one cannot be had."""
    world = GeneratedWorld(seed=5, units=6, light=True, windy_days=[FIRST, LAST])
    with Twin(world) as twin:
        twin.fault(Fault(kind="status", status=500, date=BAD, route="stack", period=9))
        twin.fault(Fault(kind="status", status=500, date=LAST, route="cashflows"))
        made = environment(tmp_path_factory.mktemp("failing"), twin, start_date=FIRST, end_date=LAST)
        with made.instance() as instance:
            ran = run_range(made, FIRST, LAST, instance=instance, roll_ups=False)
    assert ran.errors
    with made.instance() as instance:
        return {key: found for key in map(check_key, CHECKS) if (found := _newest(instance, key))}


def _newest(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> dg.AssetCheckEvaluation | None:
    for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=10):
        event = record.event.dagster_event if record.event else None
        if event and event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            return event.asset_check_evaluation_data
    return None


def test_every_check_of_the_chain_is_evaluated_though_the_step_fails(evaluated: Evaluations) -> None:
    assert set(evaluated) == {check_key(check) for check in CHECKS if dg.AssetKey(check.table) in DAILY_CHAIN}
    failed = {key for key, each in evaluated.items() if not each.passed}
    # The world has a wind farm that the register does not type as one.
    assert failed == {check_key(check) for check in (checks.COMPLETENESS, checks.ORACLE, checks.UNKNOWN_UNITS)}


def test_the_day_that_failed_is_named_and_the_others_are_covered(evaluated: Evaluations) -> None:
    complete = evaluated[check_key(checks.COMPLETENESS)]
    assert complete.severity == dg.AssetCheckSeverity.ERROR
    assert str(complete.description).endswith(
        f"on 1 day, 1 of them covered by this run (3 days from {FIRST} to {LAST}). First {BAD}: never fetched"
    )
    assert complete.metadata["days (this run)"].value == 3
    assert complete.metadata["whole days (this run)"].value == 2
    (row,) = complete.metadata["bad days"].value.records  # type: ignore[union-attr]
    assert (row.data["day"], row.data["problems"], row.data["first of them"]) == (str(BAD), 1, "never fetched")
    calculated = evaluated[check_key(checks.CALCULATIONS_COMPLETE)]
    assert calculated.passed
    assert calculated.metadata["completion (%) (this run)"].value == 100.0
    assert calculated.metadata["expected (this run)"].value == calculated.metadata["actual (this run)"].value


def test_a_suspicion_is_a_warning(evaluated: Evaluations) -> None:
    oracle = evaluated[check_key(checks.ORACLE)]
    assert oracle.severity == dg.AssetCheckSeverity.WARN
    assert f"First {LAST}: could not be compared" in str(oracle.description)
