"""What commands tell: JSON of a stable form, plans that do nothing, exit codes, a live line, shell completion."""

import json
import os
import pty
import re
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest

from mining_assets.cli.main import cli
from mining_assets_tests.support.harness import (
    COMMAND,
    Environment,
    Tables,
    assert_same_tables,
    environment,
    run_cli,
    tables,
)
from mining_assets_tests.support.operator_damage import harmed
from mining_assets_tests.support.operator_days import DAMAGED, DAYS, FIRST, LAST, SHORT
from mining_assets_tests.support.paths import DOCS
from mining_assets_tests.support.twin.server import Twin

DOCUMENTED = (DOCS / "json.md").read_text()
WORK = ["command", "exit_code", "days", "totals", "comparisons", "messages", "errors", "runs", "status"]
DAY = ["date", "outcome", "records", "curtailed_mwh", "payment_gbp", "requests", "reasons", "unreachable"]
STATUS = [
    "from",
    "to",
    "verdict",
    "sentence",
    "origin",
    "curtailment_records",
    "bitcoin_calculations",
    "expected_calculations",
    "missing_calculations",
    "orphan_calculations",
    "stale_calculations",
    "completion_percentage",
    "states",
    "flags",
    "differing_summaries",
    "errors",
    "counted",
    "verified",
    "newest_vintage",
    "series",
    "caveats",
    "possible_wind_units",
    "days_with_units_not_kept",
    "dates",
]
ANALYZE = [*STATUS, "by_month", "missing_by_model", "buckets", "findings", "database", "archive", "sources", "commands"]
SPACE, OF_NAME = ["address", "objects", "bytes", "names"], ["name", "fetches", "objects", "bytes"]
DOCTOR = ["command", "exit_code", "at", "version", "ready", "sentence", "sections", "settings", "requests", "bundle"]
SECTION = ["section", "origin", "lines", "not_examined"]
LINE = ["name", "result", "found", "assumed", "url"]
SETTING = ["name", "value", "origin"]
ASKED = ["url", "at", "status", "attempts", "bytes", "headers", "reason"]
OF_DOCTOR = [*DOCTOR, *SECTION, *LINE, *SETTING, *ASKED]
ARCHIVE_CHECK = [
    "command",
    "exit_code",
    "address",
    "from",
    "to",
    "fetches",
    "objects",
    "bytes",
    "problems",
    "orphans",
]
ARCHIVE_PRUNE = ["command", "exit_code", "address", "plan", "bytes", "kept", "removed"]
ORPHAN = ["name", "subject", "what", "object", "fetched_at", "bytes"]
FINDING = ["table", "check", "severity", "span", "problems", "example", "remedy"]


@pytest.mark.parametrize(
    "arguments",
    [
        ("date", LAST),
        ("range", SHORT, DAMAGED),
        ("reconcile",),
        ("daily", 1),
        ("reingest", LAST, "--yes"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_command_that_works_on_days_reports_in_one_form(arguments: tuple[object, ...], made: Environment) -> None:
    harmed(made, "summaries altered")
    ran = run_cli(made, *arguments, "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert list(report) == WORK
    assert report["exit_code"] == 0
    assert report["runs"]
    assert list(report["status"]) == STATUS
    assert all(list(day) == DAY for day in report["days"])
    assert report["totals"]["days"] == len(report["days"])


def test_the_report_of_days_that_fail_says_why(made: Environment, twin: Twin) -> None:
    twin.down = True
    ran = run_cli(made, "date", LAST, "--refetch", "--json")
    twin.down = False
    report = json.loads(ran.stdout)
    assert (ran.returncode, report["exit_code"]) == (3, 3)
    (day,) = report["days"]
    assert day["unreachable"]
    assert str(LAST) in day["reasons"][0]


def test_other_reports_have_their_form(made: Environment) -> None:
    harmed(made, "summaries altered")
    verified = json.loads(run_cli(made, "verify", "--json").stdout)
    assert list(verified) == ["command", "exit_code", "from", "to", "findings", "errors"]
    assert verified["findings"]
    assert all(list(finding) == FINDING for finding in verified["findings"])
    assert list(json.loads(run_cli(made, "status", "--json").stdout)) == STATUS
    analyzed = json.loads(run_cli(made, "analyze", "--json").stdout)
    assert list(analyzed) == ANALYZE
    assert list(analyzed["archive"]) == SPACE
    assert list(analyzed["archive"]["names"][0]) == OF_NAME
    doctor = json.loads(run_cli(made, "doctor", "--json").stdout)
    assert list(doctor) == DOCTOR
    assert all(list(section) == SECTION for section in doctor["sections"])
    assert all(list(line) == LINE for section in doctor["sections"] for line in section["lines"])
    assert all(list(setting) == SETTING for setting in doctor["settings"])
    assert all(list(asked) == ASKED for asked in doctor["requests"])
    assert doctor["requests"]
    archive = json.loads(run_cli(made, "archive", "check", "--json").stdout)
    assert list(archive) == ARCHIVE_CHECK
    # The copy of the warehouse came without the archive that it names.
    assert len(archive["problems"]) > archive["objects"] > 0
    assert all(list(problem) == ["name", "subject", "object", "reason"] for problem in archive["problems"])


@pytest.mark.parametrize(
    "key",
    sorted(
        {
            *WORK,
            *DAY,
            *ANALYZE,
            *FINDING,
            *OF_DOCTOR,
            *SPACE,
            *OF_NAME,
            *ARCHIVE_CHECK,
            *ARCHIVE_PRUNE,
            *ORPHAN,
            "plan",
            "action",
        }
    ),
)
def test_every_key_is_documented(key: str) -> None:
    assert f"`{key}`" in DOCUMENTED


@pytest.mark.parametrize(
    "arguments",
    [
        ("date", LAST),
        ("range", FIRST, LAST),
        ("resume",),
        ("reconcile",),
        ("daily",),
        ("reingest", SHORT),
        ("critical", SHORT),
        ("spot-fix", SHORT, 5, "T_TWAAW-1"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_a_plan_does_nothing(arguments: tuple[object, ...], made: Environment, twin: Twin, clean: Tables) -> None:
    ran = run_cli(made, *arguments, "--plan", "--json")
    assert ran.returncode == 0, ran.stderr
    report = json.loads(ran.stdout)
    assert list(report) == ["command", "exit_code", "plan", "cost"]
    assert list(report["cost"]) == ["days", "requests", "minutes"]
    assert all(list(step) == ["action", "from", "to", "days"] for step in report["plan"])
    assert bool(report["plan"]) is (arguments[0] not in ("resume", "reconcile"))
    assert twin.requests == []
    assert_same_tables(tables(made), clean)


def test_a_plan_tells_days_that_are_kept_from_days_that_are_fetched(made: Environment) -> None:
    harmed(made, "records lost", "month lost")
    ran = run_cli(made, "reconcile", "--plan", "--json")
    assert ran.returncode == 1
    steps = {(step["action"], step["from"], step["days"]) for step in json.loads(ran.stdout)["plan"]}
    assert steps == {("fetch, calculate, summarize", str(FIRST), 1), ("sum up", "2025-03", 0), ("sum up", "2025", 0)}
    shown = run_cli(made, "range", FIRST, LAST, "--plan").stdout
    assert "keep (whole already), calculate and summarize" in shown


@pytest.mark.parametrize(
    "arguments",
    [
        ("range", SHORT, DAMAGED),
        ("daily",),
        ("reconcile",),
        ("spot-fix", DAMAGED, 5, "T_TWAAW-1"),
        ("reingest", DAMAGED, "--yes"),
    ],
    ids=lambda arguments: arguments[0],
)
def test_sources_that_do_not_answer_end_in_exit_code_3_and_change_nothing(
    arguments: tuple[object, ...], made: Environment, twin: Twin, tmp_path: Path
) -> None:
    never_filled = environment(tmp_path / "empty", twin, start_date=FIRST, end_date=LAST)
    target = made if arguments[0] in ("spot-fix", "reingest") else never_filled
    before = tables(target)
    twin.down = True
    ran = run_cli(target, *arguments)
    twin.down = False
    assert ran.returncode == 3, ran.stderr
    assert_same_tables(tables(target), before)


def test_analyze_says_which_source_does_not_answer(made: Environment, twin: Twin) -> None:
    twin.down = True
    ran = run_cli(made, "analyze", "--json")
    twin.down = False
    assert ran.returncode == 3
    answers = json.loads(ran.stdout)["sources"]
    for source, asked in (("elexon", "bmunits"), ("mempool", "difficulty"), ("coinbase", "candles")):
        assert asked in answers[source]


def test_a_database_that_is_not_there_ends_in_exit_code_3(made: Environment) -> None:
    nowhere = made.but(warehouse_url="postgresql://reader:secret@127.0.0.1:1/warehouse")
    for arguments in (("date", LAST), ("status",)):
        ran = run_cli(nowhere, *arguments)
        assert ran.returncode == 3, (arguments, ran.stderr)
        assert "127.0.0.1:1/warehouse cannot be used" in ran.stderr
        assert "secret" not in ran.stderr
        assert len(ran.stderr.splitlines()) == 1


def test_a_terminal_shows_a_live_line(made: Environment) -> None:
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "date", str(LAST), "--refetch"],
        env=made.of_process() | {"TERM": "xterm", "COLUMNS": "200"},
        stderr=theirs,
        stdout=subprocess.DEVNULL,
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # the other end is closed: the command is over
        pass
    finally:
        os.close(ours)
    assert process.wait(timeout=60) == 0
    text = re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", shown.decode())
    for part in ("0/1 days", "records", "MWh", "requests/s", "for the rate limit", "left"):
        assert part in text


@pytest.mark.parametrize(
    ("shell", "says"), [("bash", "complete -o"), ("zsh", "compdef"), ("fish", "complete --no-files")]
)
def test_shells_complete_commands_and_options(shell: str, says: str, made: Environment) -> None:
    variables = made.of_process()
    script = subprocess.run(
        COMMAND,
        env=variables | {"_MINING_ASSETS_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert says in script.stdout
    words = {"COMP_WORDS": "mining-assets re", "COMP_CWORD": "1", "_MINING_ASSETS_COMPLETE": "bash_complete"}
    completed = subprocess.run(COMMAND, env=variables | words, capture_output=True, text=True, check=False)
    assert {line.split(",")[1] for line in completed.stdout.splitlines()} == {
        "reconcile",
        "replay",
        "reingest",
        "report",
        "resume",
    }


def test_every_command_has_help_with_an_example() -> None:
    context = click.Context(cli)
    commands: dict[str, Any] = {name: cli.get_command(context, name) for name in cli.list_commands(context)}
    commands |= {
        f"{group} {name}": command
        for group in ("archive", "db")
        for name, command in commands.pop(group).commands.items()
    }
    for name, command in commands.items():
        assert f"Example: mining-assets {name}" in (command.help or ""), name


def test_days_are_numbered_in_plain_lines(made: Environment) -> None:
    ran = run_cli(made, "range", FIRST, LAST)
    assert f"[INFO] {len(DAYS)}/{len(DAYS)} {LAST} kept" in ran.stderr
