"""Dagster's own commands in a checkout, without any variable that says where: on the home of `mining-assets`."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mining_assets_tests.support.dagster_processes import RUNS, asked, free_port, is_up
from mining_assets_tests.support.harness import Environment, environment, run_cli, wait_for
from mining_assets_tests.support.paths import ROOT
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 3)
SECONDS = 180
COMMANDS = {
    "dagster definitions validate": "All code locations passed validation",
    "dagster job list": "Job: daily",
    "dg check defs": "All definitions loaded successfully",
    "dg list defs": "curtailment_records",
}
ELSEWHERE = {
    "dagster job list -m mining_assets.definitions": "DAGSTER_HOME is not set",
    "dagster definitions validate -m mining_assets.definitions": "DAGSTER_HOME is not set",
    "dg check defs": "must be run inside a Dagster workspace or project directory",
}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of what Dagster reads of the checkout."""
    folder = tmp_path / "checkout"
    shutil.copytree(ROOT / "mining_assets", folder / "mining_assets", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "workspace.yaml", "dagster.yaml"):
        shutil.copyfile(ROOT / name, folder / name)
    return folder


@pytest.fixture
def without_home(tmp_path: Path) -> Iterator[Environment]:
    """An environment that names no home; the sources are a twin."""
    with Twin(GeneratedWorld(seed=3, units=6, light=True, windy_days=[DAY])) as twin:
        made = environment(tmp_path, twin, start_date=DAY, end_date=DAY)
        yield Environment(made.home, {**made.variables, "DAGSTER_HOME": ""})


def run(command: str, made: Environment, folder: Path) -> "subprocess.CompletedProcess[str]":
    program, *arguments = command.split()
    variables = {name: value for name, value in made.of_process().items() if name != "DAGSTER_HOME"}
    return subprocess.run(
        [str(Path(sys.executable).parent / program), *arguments],
        env=variables | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(folder.parent)},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_works_and_leaves_nothing_beside_the_home(
    checkout: Path, without_home: Environment, command: str
) -> None:
    before = {entry.name for entry in checkout.iterdir()}
    ran = run(command, without_home, checkout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert COMMANDS[command] in ran.stdout + ran.stderr
    assert {entry.name for entry in checkout.iterdir()} <= before | {".dagster_home"}


@pytest.mark.parametrize("command", ELSEWHERE)
def test_elsewhere_one_line_says_what_is_missing(tmp_path: Path, without_home: Environment, command: str) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    ran = run(command, without_home, folder)
    assert ran.returncode != 0
    told = next(line for line in (ran.stderr + ran.stdout).splitlines() if ELSEWHERE[command] in line)
    assert "work in the project's own folder" in told or "pyproject.toml" in told
    assert list(folder.iterdir()) == []


def test_dagster_dev_shows_the_runs_of_commands_beside_its_own(checkout: Path, without_home: Environment) -> None:
    done = run_cli(without_home, "date", DAY, cwd=checkout)
    assert done.returncode == 0, done.stderr
    before = {entry.name for entry in checkout.iterdir()}
    variables = {name: value for name, value in without_home.of_process().items() if name != "DAGSTER_HOME"}
    url = f"http://127.0.0.1:{(port := free_port())}"
    log = checkout.parent / "dev.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            # Tests in the background of a shell ignore interrupts, and so would all that they start.
            ["env", "--default-signal=INT", sys.executable, "-m", "dagster", "dev", "-p", str(port)],
            env=variables | {"PYTHONDONTWRITEBYTECODE": "1", "DAGSTER_DISABLE_TELEMETRY": "1"},
            cwd=checkout,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        wait_for("the UI", SECONDS, lambda: process.poll() is not None or is_up(url), interval=0.3)
        assert process.poll() is None, log.read_text()
        runs = asked(url, RUNS)["runsOrError"]["results"]
        assert "daily" in {each["jobName"] for each in runs}
        os.kill(process.pid, signal.SIGINT)
        process.wait(SECONDS)
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert {entry.name for entry in checkout.iterdir()} == before
