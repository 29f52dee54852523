"""With the real daemon and its queue of runs: what a person asks for overtakes what heals."""

from datetime import date
from importlib.resources import files
from pathlib import Path

import dagster as dg

from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.defs.run_requests import DAILY_JOB
from mining_assets.reconciliation.attempts import HEALING_TAG
from mining_assets.reconciliation.plan import FETCH
from mining_assets_tests.support.dagster_processes import LAUNCH, asked
from mining_assets_tests.support.harness import Environment, days_between, environment, wait_for
from mining_assets_tests.support.serving import user_interface
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 2), date(2025, 6, 6)
WANTED = date(2025, 6, 4)  # healing begins with the newest and the oldest days
SECONDS = 300
BACKFILL = "dagster/backfill"


def test_what_a_person_asks_for_begins_before_healing_queued_earlier(tmp_path: Path) -> None:
    with Twin(GeneratedWorld(seed=5, units=6, light=True, windy_days=days_between(FIRST, LAST))) as twin:
        # At this pace a healing run fetches one day.
        made = environment(tmp_path, twin, start_date=FIRST, end_date=LAST, heal_runs=3, requests_per_second=3)
        one_run_at_a_time(made)
        with made.instance() as instance:
            occupying = run_under_way(made, instance)
            with user_interface(made) as url:
                wait_for("healing runs in the queue", SECONDS, lambda: len(queued(instance, HEALING_TAG)) == 2)
                params = {
                    "assetSelection": [{"path": list(key.path)} for key in DAILY_CHAIN],
                    "partitionNames": [str(WANTED)],
                }
                launched = asked(url, LAUNCH, params=params)["launchPartitionBackfill"]
                assert launched["__typename"] == "LaunchBackfillSuccess", launched
                wait_for("the person's run in the queue", SECONDS, lambda: queued(instance, BACKFILL))
                instance.report_run_canceled(occupying)
                wait_for("the next run", SECONDS, lambda: in_order(instance, occupying))
                order = in_order(instance, occupying)
    assert BACKFILL in order[0].tags, [run.tags for run in order]


def one_run_at_a_time(made: Environment) -> None:
    """Give the home the project's instance file with room for one run, where none is watched."""
    packaged = (files("mining_assets") / "packaged" / "dagster.yaml").read_text()
    made.home.mkdir()
    for setting, other in (
        ("max_concurrent_runs: 2", "max_concurrent_runs: 1"),
        ("run_monitoring:\n  enabled: true", "run_monitoring:\n  enabled: false"),
    ):
        assert setting in packaged
        packaged = packaged.replace(setting, other)
    (made.home / "dagster.yaml").write_text(packaged)


def run_under_way(made: Environment, instance: dg.DagsterInstance) -> dg.DagsterRun:
    """A healing run that began and takes the only place, until it is reported to have ended."""
    job = build_definitions(made.settings).resolve_job_def(DAILY_JOB)
    run = instance.create_run_for_job(job, tags={HEALING_TAG: FETCH})
    instance.report_dagster_event(dg.DagsterEvent(dg.DagsterEventType.PIPELINE_START.value, DAILY_JOB), run.run_id)
    return run


def queued(instance: dg.DagsterInstance, tag: str) -> list[dg.DagsterRun]:
    return [run for run in instance.get_runs(dg.RunsFilter(statuses=[dg.DagsterRunStatus.QUEUED])) if tag in run.tags]


def in_order(instance: dg.DagsterInstance, occupying: dg.DagsterRun) -> list[dg.DagsterRun]:
    """The runs that have begun, but for one, in the order of their beginning."""
    begun = [record for record in instance.get_run_records() if record.start_time is not None]
    begun.sort(key=lambda record: record.start_time or 0)
    return [record.dagster_run for record in begun if record.dagster_run.run_id != occupying.run_id]
