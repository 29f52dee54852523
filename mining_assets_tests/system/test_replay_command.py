"""`replay` as people run it: damage repaired in place, and another warehouse, without asking any source."""

import json
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import delete

from mining_assets.warehouse.schema import curtailment_records
from mining_assets_tests.support.harness import Environment, assert_same_tables, environment, run_cli, tables
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 6, 2), date(2025, 6, 4)
DAYS = (str(FIRST), str(LAST))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    with Twin(GeneratedWorld(seed=5, units=4, light=True, windy_days=[FIRST, LAST])) as twin:
        made = environment(tmp_path_factory.mktemp("made"), twin, start_date=FIRST, end_date=LAST)
        ran = run_cli(made, "range", *DAYS)
        assert ran.returncode == 0, ran.stderr
    return made  # the twin is gone: nobody can be asked


def test_damage_is_repaired_in_place(made: Environment) -> None:
    before = tables(made, volatile=True)
    with made.warehouse() as warehouse, warehouse.writing("damage") as connection:
        connection.execute(delete(curtailment_records).where(curtailment_records.c.settlement_date == FIRST))
    ran = run_cli(made, "replay", *DAYS, "--json")
    assert ran.returncode == 0, ran.stderr
    after = tables(made, volatile=True)
    for each in (before, after):
        each["historical_bitcoin_calculations"] = each["historical_bitcoin_calculations"].drop(columns="calculated_at")
    assert_same_tables(after, before)


def test_another_warehouse_is_built_and_every_command_works_on_it(made: Environment, tmp_path: Path) -> None:
    then = f"sqlite:///{tmp_path}/then.sqlite"
    ran = run_cli(made, "replay", *DAYS, "--into", then, "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert (report["days"], report["days_archived"], report["failed"], report["problems"]) == (3, 3, [], [])
    status = run_cli(made.but(warehouse_url=then), "verify", *DAYS)
    assert status.returncode == 0, status.stdout + status.stderr


def test_nothing_is_built_where_something_is(made: Environment) -> None:
    own = made.settings.warehouse.render_as_string()
    ran = run_cli(made, "replay", *DAYS, "--into", own)
    assert ran.returncode == 2
    assert "is your own warehouse" in ran.stderr


def test_an_instant_alone_is_bad_input(made: Environment) -> None:
    ran = run_cli(made, "replay", *DAYS, "--as-of", "2025-06-05")
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "--as-of needs --into" in ran.stderr


def test_days_that_were_never_archived_are_said(made: Environment, tmp_path: Path) -> None:
    ran = run_cli(made, "replay", *DAYS, "--as-of", "2025-01-01", "--into", f"sqlite:///{tmp_path}/then.sqlite")
    assert ran.returncode == 1
    assert "0 of 3 days are archived" in ran.stdout


def test_the_history_of_a_day_is_shown(made: Environment) -> None:
    ran = run_cli(made, "history", FIRST, "--json")
    assert ran.returncode == 0, ran.stderr
    document = json.loads(ran.stdout)
    assert len(document["vintages"]) == 1
    assert document["vintages"][0]["totals"]["curtailed_energy"] > 0
    assert f"{FIRST}: 1 vintage" in run_cli(made, "history", FIRST).stdout


def test_without_an_archive_there_is_no_history(made: Environment) -> None:
    ran = run_cli(made.but(archive_url="none"), "history", FIRST)
    assert (ran.returncode, ran.stdout) == (2, "")
    assert "MINING_ASSETS_ARCHIVE_URL is none" in ran.stderr
