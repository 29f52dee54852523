"""Runs that commands make stand in the UI where those of the daemon do: under their job, and on the timeline."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.retries import auto_reexecution_should_retry_run
from dagster._core.remote_origin import InProcessCodeLocationOrigin
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import InProcessWorkspaceLoadTarget
from dagster_graphql.test.utils import execute_dagster_graphql

from mining_assets import CODE_LOCATION
from mining_assets.cli.checkpoint import RECONCILIATION, Checkpoint, checkpoint_path
from mining_assets.cli.main import main
from mining_assets.defs.command_instance import COMMAND_TAG, command_instance, run_tags
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, clean
from mining_assets_tests.support.harness import Environment
from mining_assets_tests.support.samples import FARM
from mining_assets_tests.support.templates import Templates

REPOSITORY = {"repositoryName": "__repository__", "repositoryLocationName": CODE_LOCATION}
# What the job's page asks for, and what the timeline does: it leaves out runs without an origin.
RUNS_OF_JOB = "query ($job: PipelineSelector!) { pipelineOrError(params: $job) { ... on Pipeline { runs { runId } } } }"
TIMELINE = """{ runsOrError { ... on Runs { results {
  runId pipelineName tags { key } repositoryOrigin { repositoryName repositoryLocationName } } } } }"""
OF_COMMANDS = [
    (f"date {QUIET}", {"daily", "monthly", "yearly"}),
    (f"range {SHORT} {QUIET} --refetch", {"daily", "monthly", "yearly"}),
    ("reconcile", {"integrity_scan"}),
    ("resume", {"daily", "monthly", "yearly"}),
    ("daily 1", {"daily_check"}),
    (f"reingest {WINDY} --yes", {"reingest"}),
    (f"critical {WINDY} --yes", {"critical"}),
    (f"spot-fix {WINDY} 1 {FARM}", {"spot_fix"}),
    (f"verify {SHORT} {WINDY}", {"integrity_scan"}),
    ("difficulty", {"references"}),
]


@pytest.fixture
def made(templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """A home whose warehouse holds three days, right; no source answers."""
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        made = Environment(tmp_path / "home", {}).but(
            warehouse_url=warehouse.url.render_as_string(),
            start_date=SHORT,
            end_date=WINDY,
            elexon_url="http://127.0.0.1:9",
            mempool_url="http://127.0.0.1:9",
            coinbase_url="http://127.0.0.1:9",
            retry_attempts=1,
        )
        monkeypatch.setattr("os.environ", made.of_process())
        yield made


def run_main(command: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["mining-assets", *command.split()])
        with pytest.raises(SystemExit):
            main()


def told_by_the_ui(instance: dg.DagsterInstance, jobs: set[str]) -> tuple[dict[str, Any], dict[str, set[str]]]:
    """The runs of the timeline by id, and the ids of the recent runs of each job, from the UI's own server code."""
    origin = InProcessCodeLocationOrigin(
        LoadableTargetOrigin(module_name="mining_assets.definitions"), location_name=CODE_LOCATION
    )
    with WorkspaceProcessContext(instance, InProcessWorkspaceLoadTarget([origin])) as process:
        context = process.create_request_context()
        timeline = execute_dagster_graphql(context, TIMELINE).data["runsOrError"]["results"]
        recent = {}
        for job in jobs:
            of_job = {"job": {"pipelineName": job, **REPOSITORY}}
            runs = execute_dagster_graphql(context, RUNS_OF_JOB, of_job).data["pipelineOrError"]["runs"]
            recent[job] = {run["runId"] for run in runs}
    return {run["runId"]: run for run in timeline}, recent


@pytest.mark.system
@pytest.mark.parametrize(
    "commands",
    [
        pytest.param([("verify 2025-03-30 2025-04-01", {"integrity_scan"})], id="verify"),
        pytest.param(OF_COMMANDS, id="all"),
    ],
)
def test_the_runs_of_commands_are_their_jobs(made: Environment, commands: list[tuple[str, set[str]]]) -> None:
    left_over = Checkpoint(checkpoint_path(made.home, RECONCILIATION), ["range"], [SHORT, WINDY], {}, [WINDY])
    runs: dict[str, str] = {}
    for command, jobs in commands:
        if command == "resume":
            left_over.write()
        run_main(command)
        with made.instance() as instance:
            runs_now = {run.run_id: run.job_name for run in instance.get_runs()}
        assert {job for run_id, job in runs_now.items() if run_id not in runs} == jobs, command
        runs = runs_now
    names = set(runs.values())
    with made.instance() as instance:
        timeline, recent = told_by_the_ui(instance, names)
    assert recent == {job: {run_id for run_id, name in runs.items() if name == job} for job in names}
    shown = {tag["key"] for run in timeline.values() for tag in run["tags"]}
    assert COMMAND_TAG in shown
    assert [key for key in shown if "process" in key] == []  # what only the product reads
    assert {run_id: run["repositoryOrigin"] for run_id, run in timeline.items()} == dict.fromkeys(runs, REPOSITORY)


def test_the_daemon_leaves_the_killed_run_of_a_command_to_resume(made: Environment) -> None:
    @dg.job
    def stops() -> None:
        pass

    with made.instance(), command_instance() as instance:
        run = instance.create_run_for_job(stops, tags=run_tags("date 2025-03-31"))
        instance.report_run_failed(run)
        failed = instance.get_run_by_id(run.run_id)
        assert failed is not None
        assert instance.run_retries_enabled
        assert failed.tags["dagster/will_retry"] == "false"
        assert not auto_reexecution_should_retry_run(instance, failed, None)
