"""No secret leaves the environment: not into a file, an output, a log, a run's config or an answer to the UI."""

import json
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mining_assets_tests.support.dagster_processes import asked, free_port, is_up, running
from mining_assets_tests.support.harness import Environment, environment, run_cli, wait_for
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST, BROKEN = date(2025, 6, 2), date(2025, 6, 4), date(2025, 6, 3)
SECRETS = {
    name: f"Unmistakable-{name}-7f3a" for name in ("elexon", "mempool", "coinbase", "database", "webhook", "libpq")
}

# What the UI asks of runs, of the code and of the deployment.
RUNS = "{ runsOrError { ... on Runs { results { runId jobName runConfigYaml tags { key value } } } } }"
LOGS = """query ($id: ID!) { logsForRun(runId: $id, limit: 1000) { __typename ... on EventConnection { events {
  ... on MessageEvent { message } ... on ErrorEvent { error { message stack causes { message stack } } } } } } }"""
RESOURCES = """{ repositoriesOrError { ... on RepositoryConnection { nodes {
  allTopLevelResourceDetails { name description resourceType configuredValues { key value } }
  jobs { name modes { resources { name description configField { configTypeKey } } } } } } } }"""
DEPLOYMENT = "{ instance { info runLauncher { name } daemonHealth { id } } }"
DRY_RUN = """mutation ($sensor: SensorSelector!) { sensorDryRun(selectorData: $sensor, cursor: null) {
  __typename ... on DryRunInstigationTick { evaluationResult { skipReason error { message stack causes { message } } } }
  ... on PythonError { message stack } } }"""
LOCATION = {"repositoryLocationName": "mining_assets.definitions", "repositoryName": "__repository__"}


@pytest.fixture
def made(tmp_path: Path, postgresql: Cluster) -> Iterator[tuple[Environment, Twin]]:
    """An environment with a secret in every address."""
    name = postgresql.create()
    address = postgresql.address(name).set(drivername="postgresql", password=SECRETS["database"])
    with Twin(GeneratedWorld(seed=2, units=6, light=True)) as twin:
        plain = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
        secret = plain.but(
            elexon_url=twin.elexon_url.replace("//", f"//user:{SECRETS['elexon']}@"),
            mempool_url=twin.mempool_url.replace("//", f"//user:{SECRETS['mempool']}@"),
            coinbase_url=twin.coinbase_url.replace("//", f"//user:{SECRETS['coinbase']}@"),
            warehouse_url=address.render_as_string(hide_password=False),
            alert_webhook=f"http://127.0.0.1:9/{SECRETS['webhook']}",  # nobody is there
        )
        yield Environment(secret.home, {**secret.variables, "PGPASSWORD": SECRETS["libpq"]}), twin
    postgresql.drop(name)


def leaks(what: str, content: str | bytes) -> list[str]:
    text = content if isinstance(content, bytes) else content.encode()
    return [f"the secret of {name} in {what}" for name, secret in SECRETS.items() if secret.encode() in text]


def answers(url: str) -> Iterator[tuple[str, Any]]:
    runs = asked(url, RUNS)["runsOrError"]["results"]
    assert len(runs) > 2
    yield "runs", runs
    for run in runs:
        yield f"the log of {run['jobName']}", asked(url, LOGS, id=run["runId"])
    yield "resources", asked(url, RESOURCES)
    yield "deployment", asked(url, DEPLOYMENT)
    for sensor in ("alert_sensor", "reconciliation_sensor"):
        yield sensor, asked(url, DRY_RUN, sensor={**LOCATION, "sensorName": sensor})


def test_no_secret_is_anywhere_to_be_read(made: tuple[Environment, Twin], tmp_path: Path) -> None:
    variables, twin = made
    found: list[str] = []

    def command(*arguments: object, ends_with: int) -> None:
        ended = run_cli(variables, *arguments)
        assert ended.returncode == ends_with, ended.stdout + ended.stderr
        found.extend(leaks(f"the output of {arguments}", ended.stdout + ended.stderr))

    command("settings", ends_with=0)
    command("settings", "--json", ends_with=0)
    command("doctor", ends_with=1)  # no tables yet
    command("doctor", "--json", "--bundle", tmp_path / "doctor.zip", ends_with=1)
    with zipfile.ZipFile(tmp_path / "doctor.zip") as bundle:
        for name in bundle.namelist():
            found.extend(leaks(f"the bundle's {name}", bundle.read(name)))
    command("status", ends_with=3)  # no tables yet
    command("db", "upgrade", ends_with=0)
    twin.fault(Fault(kind="status", status=500, route="stack", date=BROKEN))
    command("range", FIRST, LAST, ends_with=1)
    twin.clear_faults()
    twin.down = True
    command("date", BROKEN, ends_with=3)
    twin.down = False
    command("status", "--json", ends_with=1)
    command("db", "copy", "--from", variables.variables["MINING_ASSETS_WAREHOUSE_URL"], "--to",
            f"sqlite:///{tmp_path}/copy.sqlite", ends_with=0)  # fmt: skip

    port = free_port()
    url = f"http://127.0.0.1:{port}"
    with running(variables, "dagster_webserver", "-h", "127.0.0.1", "-p", str(port)) as webserver:
        wait_for("the webserver", 90, lambda: webserver.poll() is not None or is_up(url), interval=0.3)
        seen = dict(answers(url))
    tested = seen["alert_sensor"]["sensorDryRun"]["evaluationResult"]
    assert tested["error"] is None
    assert "sends nothing; due: " in tested["skipReason"]  # as Dagster tests it, without an earlier tick
    for what, answer in seen.items():
        found.extend(leaks(f"the UI's {what}", json.dumps(answer)))

    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(path.name == "runs.db" for path in files)
    assert any(path.suffix == ".log" for path in files)
    for path in files:
        found.extend(leaks(str(path), path.read_bytes()))
    assert found == []


def test_a_secret_would_be_found(tmp_path: Path) -> None:
    assert leaks("a file", f"http://user:{SECRETS['elexon']}@host") == ["the secret of elexon in a file"]
