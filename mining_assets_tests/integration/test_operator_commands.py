"""The operator's commands end to end, each as a process on a twin: on damage of every kind, interrupted, together."""

import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets.commands.checkpoint import checkpoint_path
from mining_assets_tests.integration.harness import (
    COMMAND,
    Environment,
    Tables,
    assert_same_tables,
    days_asked,
    days_between,
    environment,
    of_day,
    run_cli,
    table,
    tables,
    wait_for,
)
from mining_assets_tests.twin.faults import Fault
from mining_assets_tests.twin.generated import GeneratedWorld
from mining_assets_tests.twin.server import Twin

FIRST, LAST = date(2025, 3, 28), date(2025, 4, 2)
DAYS = days_between(FIRST, LAST)
SHORT, DAMAGED = date(2025, 3, 30), date(2025, 3, 31)
PERIOD = 17
HARM = {
    "records lost": ("DELETE FROM curtailment_records WHERE settlement_date = :day", date(2025, 3, 28)),
    "volumes altered": (
        "UPDATE curtailment_records SET volume = volume * 3 WHERE settlement_date = :day",
        date(2025, 3, 29),
    ),
    "ledger lost": ("DELETE FROM settlement_ledger WHERE settlement_date = :day AND settlement_period < 9", SHORT),
    "calculations lost": ("DELETE FROM historical_bitcoin_calculations WHERE settlement_date = :day", DAMAGED),
    "calculations altered": (
        "UPDATE historical_bitcoin_calculations SET difficulty = difficulty / 2 WHERE settlement_date = :day",
        date(2025, 4, 1),
    ),
    "summaries altered": ("UPDATE daily_summaries SET farms = 99 WHERE summary_date = :day", LAST),
    "month lost": ("DELETE FROM monthly_summaries WHERE year_month = substr(:day, 1, 7)", FIRST),
    "year altered": ("UPDATE bitcoin_yearly_summaries SET bitcoin_mined = 1 WHERE :day IS NOT NULL", FIRST),
}


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return GeneratedWorld(seed=21, light=True, windy_days=DAYS)


@pytest.fixture(scope="module")
def twin(world: GeneratedWorld) -> Iterator[Twin]:
    with Twin(world) as served:
        yield served


@pytest.fixture(scope="module")
def filled(twin: Twin, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment that holds all days, right."""
    made = environment(tmp_path_factory.mktemp("filled"), twin, start_date=FIRST, end_date=LAST)
    ran = run_cli(made, "range", FIRST, LAST)
    assert ran.returncode == 0, ran.stderr
    return made


@pytest.fixture
def made(filled: Environment, twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    """A copy of the filled warehouse in an environment of its own."""
    copy = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    (copy.home / "data").mkdir(parents=True)
    copied = copy.home / "data" / "warehouse.sqlite"
    with filled.warehouse() as source, closing(sqlite3.connect(str(source.url.database))) as connection:
        connection.execute("VACUUM INTO ?", (str(copied),))
    twin.record.clear()
    yield copy
    twin.clear_faults()


@pytest.fixture(scope="module")
def clean(filled: Environment) -> Tables:
    return tables(filled)


def harmed(made: Environment, *kinds: str) -> None:
    with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
        for kind in kinds:
            statement, day = HARM[kind]
            assert connection.execute(text(statement), {"day": str(day)}).rowcount, kind


def test_reconcile_mends_damage_of_every_kind_to_the_clean_state(made: Environment, clean: Tables, twin: Twin) -> None:
    harmed(made, *HARM)
    planned = run_cli(made, "reconcile", "--plan")
    assert planned.returncode == 1
    assert twin.count(route="stack") == 0
    ran = run_cli(made, "reconcile", 2)
    assert ran.returncode == 0, ran.stderr
    assert_same_tables(tables(made), clean)
    assert days_asked(twin.requests) == {date(2025, 3, 28), date(2025, 3, 29), SHORT}
    again = run_cli(made, "reconcile")
    assert again.returncode == 0
    assert "nothing to do" in again.stdout


@pytest.mark.parametrize("kind", sorted(HARM))
def test_analyze_names_each_damage_and_the_commands_that_mend_it(kind: str, made: Environment) -> None:
    harmed(made, kind)
    ran = run_cli(made, "analyze", "--json")
    assert ran.returncode == 1, ran.stderr
    report = json.loads(ran.stdout)
    assert any(finding["severity"] == "error" for finding in report["findings"])
    assert report["commands"]
    assert report["database"]["integrity"] == "ok"
    assert report["sources"] == {"elexon": "answers", "mempool": "answers"}


def test_analyze_of_what_is_right_needs_nothing(made: Environment) -> None:
    ran = run_cli(made, "analyze")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("=== What would mend it ===\nnothing is needed\n")


def test_verify_finds_damage_and_changes_nothing_but_its_findings(made: Environment, twin: Twin) -> None:
    assert run_cli(made, "verify").returncode == 0
    harmed(made, "calculations altered")
    before = tables(made)
    ran = run_cli(made, "verify", date(2025, 4, 1))
    assert ran.returncode == 1
    assert "historical_bitcoin_calculations" in ran.stdout
    assert_same_tables(tables(made), before)
    assert twin.requests == []


def test_the_daily_check_mends_the_last_days_only(made: Environment, clean: Tables, twin: Twin) -> None:
    harmed(made, "summaries altered", "calculations altered")
    ran = run_cli(made, "daily", 2)
    assert ran.returncode == 0, ran.stderr
    assert_same_tables(tables(made), clean)
    assert twin.count(route="stack") == 0  # derived anew, nothing fetched
    forced = run_cli(made, "daily", 1, "--force")
    assert forced.returncode == 0, forced.stderr
    assert days_asked(twin.requests) == {LAST}


def test_reingest_replaces_a_day_and_shows_before_and_after(made: Environment, clean: Tables) -> None:
    harmed(made, "volumes altered")
    ran = run_cli(made, "reingest", date(2025, 3, 29), "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "MWh: " in ran.stderr
    assert "every check holds" in ran.stderr
    assert_same_tables(tables(made), clean)


def test_critical_saves_the_day_aside_and_mends_it(made: Environment, clean: Tables) -> None:
    patient = made.but(requests_per_second=1000)
    harmed(patient, "volumes altered")
    broken = len(of_day(tables(patient), "curtailment_records", date(2025, 3, 29)))
    ran = run_cli(patient, "critical", date(2025, 3, 29), "--yes", timeout=180)
    assert ran.returncode == 0, ran.stderr
    (saved,) = (patient.home / "data" / "saved_days").iterdir()
    content = json.loads(saved.read_text())
    assert len(content["curtailment_records"]) == broken
    assert "MWh: " in ran.stderr
    assert_same_tables(tables(patient), clean)


def test_critical_keeps_the_old_day_when_the_new_one_cannot_be_had(
    made: Environment, twin: Twin, clean: Tables
) -> None:
    twin.fault(Fault(kind="status", status=400, route="stack", date=DAMAGED, period=2, side="bid"))
    ran = run_cli(made, "critical", DAMAGED, "--yes", timeout=180)
    assert ran.returncode == 1
    assert f"{DAMAGED} is as it was" in ran.stderr
    assert_same_tables(tables(made), clean)


def test_spot_fix_mends_a_period_and_leaves_all_else(made: Environment, clean: Tables, twin: Twin) -> None:
    rows = of_day(clean, "curtailment_records", DAMAGED)
    period = int(rows["settlement_period"].iloc[0])
    farm = str(rows["farm_id"].iloc[0])
    untouched = table(made, "historical_bitcoin_calculations")
    with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
        connection.execute(
            text(
                "UPDATE curtailment_records SET volume = volume * 2, payment = payment * 2 "
                "WHERE settlement_date = :day AND settlement_period = :period"
            ),
            {"day": str(DAMAGED), "period": period},
        )
    ran = run_cli(made, "spot-fix", DAMAGED, period, farm)
    assert ran.returncode == 0, ran.stderr
    assert f"period {period}: repaired" in ran.stderr
    assert_same_tables(tables(made), clean)
    assert twin.count(route="stack") == 2
    now = table(made, "historical_bitcoin_calculations")
    others = (now["settlement_date"] != DAMAGED) | (now["settlement_period"] != period)
    assert (now[others]["calculated_at"] == untouched[others]["calculated_at"]).all()


def test_spot_fix_refuses_a_day_that_is_not_whole(made: Environment) -> None:
    farm = str(table(made, "curtailment_records")["farm_id"].iloc[0])
    harmed(made, "ledger lost")
    ran = run_cli(made, "spot-fix", SHORT, PERIOD, farm)
    assert ran.returncode == 1
    assert f"mining-assets date {SHORT}" in ran.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("spot-fix", SHORT, 47, "T_TWAAW-1"), "settlement periods 1 to 46"),
        (("spot-fix", SHORT, 5, "T_TWAAX-1"), "nearest: "),
        (("reingest", SHORT), "--yes"),
        (("critical", SHORT), "--yes"),
        (("reconcile", 0), "0"),
        (("range", FIRST, LAST, 0), "0"),
        (("daily", 0), "0"),
        (("daily", "many"), "many"),
    ],
)
def test_bad_input_is_one_line_and_touches_nothing(
    arguments: tuple[object, ...], says: str, made: Environment, clean: Tables, twin: Twin
) -> None:
    ran = run_cli(made, *arguments)
    assert ran.returncode == 2
    assert len(ran.stderr.splitlines()) == 1
    assert says in ran.stderr
    assert twin.requests == []
    assert_same_tables(tables(made), clean)


@pytest.mark.parametrize(
    "arguments", [("daily", "--plan"), ("reingest", SHORT, "--plan"), ("critical", SHORT, "--plan")]
)
def test_a_plan_does_nothing(arguments: tuple[object, ...], made: Environment, twin: Twin) -> None:
    ran = run_cli(made, *arguments)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("would ")
    assert twin.requests == []


@pytest.mark.parametrize("ends", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL], ids=["INT", "TERM", "KILL"])
def test_an_interrupted_range_is_resumed_to_the_clean_state(
    ends: signal.Signals, twin: Twin, clean: Tables, tmp_path: Path
) -> None:
    fresh = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    twin.record.clear()
    process = subprocess.Popen(
        [*COMMAND, "range", str(FIRST), str(LAST)], env=fresh.of_process(), stderr=subprocess.PIPE, text=True
    )
    wait_for("the third day to begin", 60, lambda: DAYS[2] in days_asked(twin.requests) or None)
    process.send_signal(ends)
    process.communicate(timeout=60)
    assert process.returncode == (-ends if ends == signal.SIGKILL else 128 + ends)
    left = json.loads(checkpoint_path(fresh.home, "reconciliation").read_text())
    assert left["completedDates"]
    assert left["pendingDates"]
    twin.record.clear()
    resumed = run_cli(fresh, "resume")
    assert resumed.returncode == 0, resumed.stderr
    assert not days_asked(twin.requests) & set(map(date.fromisoformat, left["completedDates"]))
    assert_same_tables(tables(fresh), clean)
    assert not checkpoint_path(fresh.home, "reconciliation").exists()


@pytest.mark.parametrize("content", [None, "{", '{"command": 7}'], ids=["lost", "corrupt", "another shape"])
def test_resume_works_without_a_readable_checkpoint(content: str | None, made: Environment, clean: Tables) -> None:
    harmed(made, "records lost")
    path = checkpoint_path(made.home, "reconciliation")
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_text(content)
    ran = run_cli(made, "resume")
    assert ran.returncode == 0, ran.stderr
    assert_same_tables(tables(made), clean)


def test_a_second_command_waits_for_the_first_and_fetches_nothing_twice(
    twin: Twin, clean: Tables, tmp_path: Path
) -> None:
    fresh = environment(tmp_path, twin, start_date=FIRST, end_date=LAST)
    twin.record.clear()
    started = [
        subprocess.Popen(
            [*COMMAND, "range", str(FIRST), str(LAST)], env=fresh.of_process(), stderr=subprocess.PIPE, text=True
        )
    ]
    wait_for("the first day to begin", 60, lambda: days_asked(twin.requests) or None)
    started.append(
        subprocess.Popen(
            [*COMMAND, "range", str(FIRST), str(LAST)], env=fresh.of_process(), stderr=subprocess.PIPE, text=True
        )
    )
    said = [process.communicate(timeout=120)[1] for process in started]
    assert [process.returncode for process in started] == [0, 0], said
    assert f"waiting for `range {FIRST} {LAST} (process {started[0].pid})`" in said[1]
    stacks = sum(92 if day == SHORT else 96 for day in DAYS)
    assert twin.count(route="stack") == stacks
    assert_same_tables(tables(fresh), clean)


def test_each_command_leaves_a_log_of_the_day(made: Environment) -> None:
    run_cli(made, "date", LAST)
    (log,) = (made.home / "logs").glob("date-*.log")
    assert f"[INFO] {LAST} kept" in log.read_text()


def test_days_are_worked_in_batches_of_the_size_given(made: Environment) -> None:
    ran = run_cli(made, "range", FIRST, LAST, 4)
    assert ran.returncode == 0, ran.stderr
    with made.instance() as instance:
        runs = [run for run in instance.get_runs() if run.job_name == "daily"]
    spans = sorted(
        (run.tags["dagster/asset_partition_range_start"], run.tags["dagster/asset_partition_range_end"]) for run in runs
    )
    assert spans == [
        (str(FIRST), str(FIRST + timedelta(days=3))),
        (str(FIRST + timedelta(days=4)), str(LAST)),
    ]
