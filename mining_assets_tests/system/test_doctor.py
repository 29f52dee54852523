"""`doctor` as a process, ready on a twin; and what it and the other commands do at once without a network."""

import json
import subprocess
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from mining_assets_tests.support.harness import COMMAND, Environment, environment
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

pytestmark = pytest.mark.system
DAY = date(2025, 12, 31)
NOWHERE = {name: f"https://{name}.invalid/api" for name in ("elexon_url", "mempool_url", "coinbase_url")}
# With all attempts and waits, a command would take hours.
PATIENT = {"retry_attempts": 20, "retry_base_seconds": 60, "retry_max_seconds": 3600}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Environment]:
    with Twin(GeneratedWorld(seed=4, units=10, light=True, windy_days=[DAY])) as twin:
        yield environment(tmp_path, twin, end_date=DAY)


def run(made: Environment, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """A real process, which must not wait for what nobody answers."""
    command, variables = [*COMMAND, *map(str, arguments)], made.of_process() | {"NO_PROXY": "*"}
    return subprocess.run(
        command, env=variables, cwd=made.home.parent, capture_output=True, text=True, timeout=300, check=False
    )


def test_it_is_ready_in_a_process_of_its_own(made: Environment) -> None:
    ran = run(made, "doctor")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "Everything is ready." in ran.stdout


def test_without_a_network_every_source_is_asked_once(made: Environment) -> None:
    ran = run(made.but(**NOWHERE, **PATIENT), "doctor", "--json")
    report = json.loads(ran.stdout)
    assert ran.returncode == 3, ran.stderr
    assert [asked["attempts"] for asked in report["requests"]] == [1, 1, 1]
    assert all("DNS" in asked["reason"] for asked in report["requests"])


@pytest.mark.parametrize("arguments", [("range", DAY, DAY), ("difficulty",)], ids=lambda arguments: arguments[0])
def test_without_a_network_other_commands_end_at_once_too(arguments: tuple[object, ...], made: Environment) -> None:
    ran = run(made.but(**NOWHERE, **PATIENT), *arguments)
    assert ran.returncode == 3, ran.stderr
    assert "DNS" in ran.stdout + ran.stderr


def test_without_a_network_a_long_range_ends_after_its_first_month(made: Environment) -> None:
    assert run(made, "date", "2025-11-10").returncode == 0
    ran = run(made.but(**NOWHERE, **PATIENT), "range", "2025-10-01", DAY, "--json")
    report = json.loads(ran.stdout)
    assert (ran.returncode, len(report["days"])) == (3, 92), ran.stderr
    by_day = {each["date"]: each for each in report["days"]}
    assert by_day.pop("2025-11-10")["outcome"] == "kept"
    assert all(each["unreachable"] for each in by_day.values())
    assert "DNS" in by_day["2025-10-01"]["reasons"][0] or "not tried" in by_day["2025-10-01"]["reasons"][0]
    assert by_day["2025-12-05"]["reasons"] == ["not tried, since Elexon cannot be reached"]
    assert len(report["runs"]) == 2 + 2 + 1  # the days of October and November, their months, and the year


def test_a_database_without_tables_says_what_to_do(made: Environment, postgresql: Cluster) -> None:
    name = postgresql.create()
    try:
        address = postgresql.address(name).render_as_string(hide_password=False)
        ran = run(made.but(warehouse_url=address), "doctor")
        assert ran.returncode == 1, ran.stderr
        assert "differs     schema: the warehouse has no tables yet" in ran.stdout
        assert run(made.but(warehouse_url=address), "db", "upgrade").returncode == 0
        assert run(made.but(warehouse_url=address), "doctor").returncode == 0
    finally:
        postgresql.drop(name)
