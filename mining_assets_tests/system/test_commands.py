"""The commands as a person uses them: from any folder, with true exit codes, and a report in the agreed form."""

import json
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pandas as pd
import pytest

from mining_assets_tests.support.harness import (
    Environment,
    assert_day_is_right,
    assert_same_tables,
    days_asked,
    environment,
    run_cli,
    run_range,
    table,
    tables,
)
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, MIDDLE, LAST = date(2025, 6, 2), date(2025, 6, 3), date(2025, 6, 4)
STATES = ["final", "provisional", "partial", "damaged", "missing"]
COUNTS = [
    "curtailment_records",
    "bitcoin_calculations",
    "expected_calculations",
    "missing_calculations",
    "orphan_calculations",
    "stale_calculations",
]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=4, units=10, light=True, windy_days=[FIRST, MIDDLE, LAST])) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    yield environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    twin.world.reset()


def test_status_of_an_incomplete_range_has_the_agreed_form(made: Environment) -> None:
    assert run_range(made, FIRST, MIDDLE).errors == []
    with made.warehouse() as warehouse, warehouse.writing() as connection:
        connection.exec_driver_sql("DELETE FROM calculation_days WHERE settlement_date = '2025-06-03'")
        connection.exec_driver_sql("DELETE FROM historical_bitcoin_calculations WHERE settlement_date = '2025-06-03'")
    done = run_cli(made, "status")
    dumped = tables(made)
    records = len(dumped["curtailment_records"].query("side == 'bid'"))
    found = len(dumped["historical_bitcoin_calculations"])
    lacking = 3 * int(dumped["settlement_days"].set_index("settlement_date").loc[MIDDLE, "farm_periods"])
    expected = found + lacking
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith(
        "2025-06-02 to 2025-06-04: 2 of 3 days are complete; 1 was never fetched; "
        "1 day has calculations or summaries that do not match."
    )
    _, form = done.stdout.split("\n\n", 1)
    assert form.startswith(
        "=== Reconciliation Status ===\n"
        f"Total curtailment records: {records:,}\n"
        f"Total Bitcoin calculations: {found:,}\n"
        f"Missing calculations: {lacking:,}, and all of 1 day not there\n"
        f"Completion percentage: {2 * found * 10000 // (3 * expected) / 100:.2f}%\n"
        "\n"
        "Dates with missing calculations:\n"
        f"2025-06-03: 0.0% complete (missing {lacking:,} calculations)\n"
        "2025-06-04: 0.0% complete (not fetched)\n"
        "\n"
        "Counted just now: records and calculations of all days\n"
        "Verified by value: "
    )
    assert f"\nExpected calculations: {expected:,}\n" in done.stdout
    assert "2025-06-04: missing" in done.stdout


def test_status_as_json_has_the_documented_keys_and_adds_up(made: Environment) -> None:
    assert run_range(made, FIRST, MIDDLE).errors == []
    done = run_cli(made, "status", "--json")
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    for count in COUNTS:
        assert isinstance(report[count], int), count
    assert list(report["states"]) == STATES
    assert report["states"] == dict.fromkeys(STATES, 0) | {"final": 2, "missing": 1}
    assert {"inconsistent", "restated", "quarantined"} <= report["flags"].keys()
    assert report["expected_calculations"] == report["bitcoin_calculations"] > 0
    assert report["missing_calculations"] == 0
    (day,) = report["dates"]
    assert (day["date"], day["state"], day["flags"]) == (str(LAST), "missing", [])
    wanted = {"expected", "actual", "missing", "orphan", "stale", "completion_percentage"}
    assert wanted <= day.keys()
    assert day["completion_percentage"] == 0

    within = run_cli(made, "status", "--json", "--from", FIRST, "--to", MIDDLE)
    assert within.returncode == 0, within.stderr
    assert sum(json.loads(within.stdout)["states"].values()) == 2
    assert json.loads(within.stdout)["dates"] == []


def test_status_of_nothing_is_missing_days_and_never_complete(made: Environment) -> None:
    with made.warehouse():
        pass  # there is one, and no day in it
    done = run_cli(made, "status")
    assert done.returncode == 1, done.stderr
    assert "Completion percentage: 0.00%\n" in done.stdout
    assert "  missing: 3\n" in done.stdout
    assert "2025-06-02 to 2025-06-04: missing (3 days)" in done.stdout


def test_yesterday_is_provisional_or_final_by_the_clock_and_right_either_way(tmp_path: Path) -> None:
    now = datetime.now(ZoneInfo("UTC"))
    yesterday = now.astimezone(ZoneInfo("Europe/London")).date() - timedelta(days=1)
    with Twin(GeneratedWorld(seed=4, units=6, light=True, windy_days=[yesterday])) as twin:
        made = environment(tmp_path, twin, start_date=yesterday, end_date=None)
        assert run_range(made, yesterday).errors == []
        assert_day_is_right(made, twin.world, yesterday)
        fetched = table(made, "settlement_days")["fetched_at"].iloc[0]
        state = (
            "final"
            if fetched >= pd.Timestamp(yesterday + timedelta(days=1), tz="UTC").replace(hour=15)
            else "provisional"
        )
        done = run_cli(made, "status", "--json", "--from", yesterday, "--to", yesterday)
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["states"][state] == 1


def test_range_shows_each_day_and_keeps_whole_ones_unless_told_to_refetch(made: Environment, twin: Twin) -> None:
    made.home.mkdir()
    first = run_cli(made, "range", FIRST, LAST)
    assert first.returncode == 0, first.stderr
    for day in (FIRST, MIDDLE, LAST):
        assert re.search(rf"\] \[INFO\] \d/3 {day} new +\d", first.stderr)
    before = tables(made)
    asked = len(twin.requests)

    kept = run_cli(made, "range", FIRST, LAST)
    assert kept.returncode == 0, kept.stderr
    assert days_asked(twin.requests[asked:]) == set()
    for day in (FIRST, MIDDLE, LAST):
        assert f"{day} kept" in kept.stderr

    again = run_cli(made, "range", FIRST, LAST, "--refetch")
    assert again.returncode == 0, again.stderr
    assert days_asked(twin.requests[asked:]) == {FIRST, MIDDLE, LAST}
    assert again.stderr.count(" unchanged ") == 3
    assert_same_tables(tables(made), before)


def test_empty_period_and_shrunken_day_are_stored_only_by_name(made: Environment, twin: Twin) -> None:
    made.home.mkdir()
    twin.world.empty(FIRST, 7)
    twin.world.empty(FIRST, 8)
    taken = run_cli(made, "date", FIRST, "--accept-empty", 7, "--accept-empty", 8)
    assert taken.returncode == 0, taken.stderr
    assert_day_is_right(made, twin.world, FIRST)

    twin.world.restate(FIRST, scale=0.5)
    options = ("--refetch", "--accept-empty", 7, "--accept-empty", 8)
    refused = run_cli(made, "date", FIRST, *options)
    assert refused.returncode == 1
    assert "more than 5 % smaller than the final one" in " ".join(refused.stderr.split())
    taken = run_cli(made, "date", FIRST, *options, "--accept-shrink")
    assert taken.returncode == 0, taken.stderr
    assert_day_is_right(made, twin.world, FIRST)


def test_without_a_dagster_home_the_current_folder_is_used_whatever_it_is(made: Environment, tmp_path: Path) -> None:
    folder = tmp_path / "anywhere"
    folder.mkdir()
    here = Environment(folder / ".dagster_home", made.variables)
    homeless = Environment(Path(), {**made.variables, "DAGSTER_HOME": ""})
    done = run_cli(homeless, "date", FIRST, cwd=folder)
    assert done.returncode == 0, done.stderr
    assert [entry.name for entry in folder.iterdir()] == [".dagster_home"]
    assert {"dagster.yaml", "data"} <= {entry.name for entry in here.home.iterdir()}
    assert len(table(here, "daily_summaries")) == 1
    with here.instance() as instance:
        commands = {run.tags.get("mining_assets/command") for run in instance.get_runs()}
    assert commands == {f"date {FIRST}"}
    elsewhere = run_cli(here, "status", "--from", FIRST, "--to", FIRST, cwd=Path("/"))
    assert elsewhere.returncode == 0, elsewhere.stderr


def test_instance_file_that_is_there_is_left_alone(made: Environment, tmp_path: Path) -> None:
    made.home.mkdir()
    own = f"storage:\n  sqlite:\n    base_dir: {tmp_path / 'elsewhere'}\ntelemetry:\n  enabled: false\n"
    (made.home / "dagster.yaml").write_text(own)
    done = run_cli(made, "date", FIRST)
    assert done.returncode == 0, done.stderr
    assert (made.home / "dagster.yaml").read_text() == own
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize("arguments", [("range", FIRST, LAST), ("status",)], ids=["range", "status"])
def test_postgresql_that_is_not_there_is_told_without_its_password(
    arguments: tuple[object, ...], made: Environment, tmp_path: Path
) -> None:
    unreachable = made.but(warehouse_url="postgresql://user:s3cret@127.0.0.1:9/warehouse?connect_timeout=5")
    done = run_cli(unreachable, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (3, "")
    assert len(done.stderr.splitlines()) == 1
    assert "postgresql+psycopg://user:***@127.0.0.1:9/warehouse" in done.stderr
    assert "s3cret" not in done.stderr


def test_postgresql_gives_the_tables_that_sqlite_gives(
    postgresql: Cluster, made: Environment, twin: Twin, tmp_path: Path
) -> None:
    name = postgresql.create()
    address = postgresql.address(name).render_as_string(hide_password=False).replace("postgresql+psycopg", "postgresql")
    served = environment(tmp_path / "served", twin, start_date=FIRST, end_date=LAST, warehouse_url=address)
    served.home.mkdir(parents=True)
    assert run_cli(served, "db", "upgrade").returncode == 0
    done = run_cli(served, "range", FIRST, LAST)
    assert done.returncode == 0, done.stderr
    assert run_range(made, FIRST, LAST).errors == []
    left, right = tables(served), tables(made)
    for each in left:  # ordered by each database's own collation
        keys = [column for column in left[each] if not left[each][column].isna().any()]
        left[each], right[each] = (
            frame.sort_values(keys, ignore_index=True) if keys else frame for frame in (left[each], right[each])
        )
    assert_same_tables(left, right)
    assert not (served.home / "data" / "warehouse.sqlite").exists()
    postgresql.drop(name)


def test_postgresql_without_tables_says_how_to_make_them(
    postgresql: Cluster, made: Environment, tmp_path: Path
) -> None:
    name = postgresql.create()
    empty = made.but(warehouse_url=postgresql.address(name).render_as_string(hide_password=False))
    refused = run_cli(empty, "status", cwd=tmp_path)
    assert refused.returncode == 3
    assert "run `mining-assets db upgrade`" in refused.stderr
    assert run_cli(empty, "db", "current", cwd=tmp_path).returncode == 1
    assert run_cli(empty, "db", "upgrade", cwd=tmp_path).returncode == 0
    assert run_cli(empty, "db", "current", cwd=tmp_path).returncode == 0
    assert run_cli(empty, "status", cwd=tmp_path).returncode == 1
    postgresql.drop(name)
