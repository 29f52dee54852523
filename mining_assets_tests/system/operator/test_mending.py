"""The operator's commands end to end, each as a process on a twin: on damage of every kind, interrupted, together."""

import json
from datetime import date, timedelta

import pandas as pd
import pytest
from sqlalchemy import text

from mining_assets_tests.support.harness import (
    Environment,
    Tables,
    assert_same_tables,
    days_asked,
    of_day,
    run_cli,
    table,
    tables,
)
from mining_assets_tests.support.operator_damage import HARM, harmed
from mining_assets_tests.support.operator_days import DAMAGED, FIRST, LAST, PERIOD, SHORT
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.server import Twin


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
    assert "nothing to do" in again.stderr


@pytest.mark.parametrize("kind", sorted(HARM))
def test_analyze_names_each_damage_and_the_commands_that_mend_it(kind: str, made: Environment) -> None:
    harmed(made, kind)
    ran = run_cli(made, "analyze", "--json")
    assert ran.returncode == 1, ran.stderr
    report = json.loads(ran.stdout)
    assert any(finding["severity"] == "error" for finding in report["findings"])
    assert report["commands"]
    assert report["database"]["integrity"] == "ok"
    assert report["sources"] == {"elexon": "answers", "mempool": "answers", "coinbase": "answers"}


def test_analyze_of_what_is_right_needs_nothing(made: Environment) -> None:
    ran = run_cli(made, "analyze")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("=== What would repair it ===\nnothing is needed\n")


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
    with made.instance() as instance:
        runs = [run for run in instance.get_runs() if run.job_name == "daily_check"]
    assert {run.tags["mining_assets/command"] for run in runs} == {"daily 2", "daily 1"}
    assert {run.tags["mining_assets/days"] for run in runs} == {f"{date(2025, 4, 1)}/{LAST}", f"{LAST}/{LAST}"}


def test_reingest_replaces_a_day_and_shows_before_and_after(made: Environment, clean: Tables) -> None:
    harmed(made, "volumes altered")
    ran = run_cli(made, "reingest", date(2025, 3, 29), "--yes")
    assert ran.returncode == 0, ran.stderr
    assert "every check holds" in ran.stderr
    assert "before and after" in ran.stdout
    assert_same_tables(tables(made), clean)


def test_critical_saves_the_day_aside_and_mends_it(made: Environment, clean: Tables) -> None:
    fast = made.but(requests_per_second=1000)
    harmed(fast, "volumes altered")
    broken = of_day(tables(fast), "curtailment_records", date(2025, 3, 29))
    right = of_day(clean, "curtailment_records", date(2025, 3, 29))
    ran = run_cli(fast, "critical", date(2025, 3, 29), "--yes", "--json", timeout=180)
    assert ran.returncode == 0, ran.stderr
    (saved,) = (fast.home / "data" / "saved_days").iterdir()
    content = json.loads(saved.read_text())
    assert [row["volume"] for row in content["curtailment_records"]] == pytest.approx(broken["volume"].tolist())
    assert compared(ran.stdout)["curtailed MWh"] == (energy(broken), energy(right))
    assert_same_tables(tables(fast), clean)


def test_critical_keeps_the_old_day_when_the_new_one_cannot_be_had(
    made: Environment, twin: Twin, clean: Tables
) -> None:
    twin.fault(Fault(kind="status", status=400, route="stack", date=DAMAGED, period=2, side="bid"))
    ran = run_cli(made, "critical", DAMAGED, "--yes", timeout=180)
    assert ran.returncode == 1
    assert f"{DAMAGED} is as it was" in ran.stderr
    assert_same_tables(tables(made), clean)


def energy(records: pd.DataFrame) -> object:
    """Gross MWh of records, told independently."""
    return pytest.approx(-records.query("side == 'bid' and volume < 0")["volume"].sum())


def compared(report: str) -> dict[str, tuple[float, float]]:
    """The figures of a day before and after, by name, from a command's JSON."""
    return {row["figure"]: (row["before"], row["after"]) for row in json.loads(report)["comparisons"]}


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
    broken = of_day(tables(made), "curtailment_records", DAMAGED)
    ran = run_cli(made, "spot-fix", DAMAGED, period, farm, "--json")
    assert ran.returncode == 0, ran.stderr
    assert f"period {period}: repaired" in ran.stderr
    assert compared(ran.stdout)["curtailed MWh"] == (energy(broken), energy(rows))
    assert_same_tables(tables(made), clean)
    assert twin.count(route="stack") == 2
    now = table(made, "historical_bitcoin_calculations")
    others = (now["settlement_date"] != DAMAGED) | (now["settlement_period"] != period)
    assert (now[others]["calculated_at"] == untouched[others]["calculated_at"]).all()


def test_spot_fix_says_what_else_of_the_day_is_damaged(made: Environment, clean: Tables, twin: Twin) -> None:
    rows = of_day(clean, "curtailment_records", DAMAGED)
    period, other = sorted(set(rows["settlement_period"]))[:2]
    farm = str(rows["farm_id"].iloc[0])
    with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
        connection.execute(
            text(
                "UPDATE curtailment_records SET volume = volume * 2, payment = payment * 2 "
                "WHERE settlement_date = :day AND settlement_period IN (:period, :other)"
            ),
            {"day": str(DAMAGED), "period": int(period), "other": int(other)},
        )
    remedy = f"period {other} is damaged, which `mining-assets date {DAMAGED} --refetch` repairs"
    planned = run_cli(made, "spot-fix", DAMAGED, period, farm, "--plan", "--json")
    assert f"the day stays damaged: {remedy}" in json.loads(planned.stdout)["plan"][0]["action"]
    ran = run_cli(made, "spot-fix", DAMAGED, period, farm, "--json")
    assert ran.returncode == 1
    said = json.loads(ran.stdout)["messages"]
    assert said[0] == f"{DAMAGED}: {remedy}; only period {period} is fetched now"
    assert said[1].startswith(f"{DAMAGED} period {period}: replaced, but the day is not repaired")
    assert not any("repaired" in line.replace("not repaired", "") for line in [*said, *ran.stderr.splitlines()])
    assert json.loads(ran.stdout)["errors"] == [f"{DAMAGED}: {remedy}"]
    assert twin.count(route="stack") == 2
    assert run_cli(made, "date", DAMAGED, "--refetch").returncode == 0
    assert_same_tables(tables(made), clean)


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
        (("daily", 2, "true"), "unexpected extra argument"),
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


def test_each_command_leaves_a_log_of_the_day(made: Environment) -> None:
    run_cli(made, "date", LAST)
    (log,) = (made.home / "data" / "logs").glob("date-*.log")
    assert f"[INFO] 1/1 {LAST} kept" in log.read_text()


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
