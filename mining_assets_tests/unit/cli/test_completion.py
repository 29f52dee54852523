"""What the shell is offered while somebody types: from the commands as they are, quickly, and never an error."""

import os
import sqlite3
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest
from click.shell_completion import ShellComplete
from sqlalchemy import select

from mining_assets.cli.completion import complete_days
from mining_assets.cli.described import FILE, describe, written
from mining_assets.cli.main import cli
from mining_assets.settings import PREFIX
from mining_assets.warehouse.schema import wind_bm_units
from mining_assets.warehouse.unit_ids import unit_ids
from mining_assets_tests.support.filled import filled
from mining_assets_tests.support.templates import Templates


def offered(*words: str) -> list[str]:
    """What is offered for the last of the words."""
    completion = ShellComplete(cli, {}, "mining-assets", "_MINING_ASSETS_COMPLETE")
    return [item.value for item in completion.get_completions(list(words[:-1]), words[-1])]


def test_what_completion_knows_is_what_the_commands_take() -> None:
    assert FILE.read_text(encoding="utf-8") == written(describe()), "run python -m mining_assets.cli.described"


def test_options_tables_and_choices_are_offered() -> None:
    assert offered("date", "--re") == ["--refetch"]
    assert offered("range", "2025-06-01", "2025-06-02", "--refetch", "--") == ["--plan", "--json", "--help"]
    assert offered("export", "daily_by") == ["daily_by_farm", "daily_by_lead_party", "daily_by_site"]
    assert offered("export", "daily_by_farm", "--format", "p") == ["parquet"]
    assert offered("db", "c") == ["check", "copy", "current"]
    assert offered("no-such-command", "x") == []


def test_days_are_offered_by_year_month_and_day(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"{PREFIX}START_DATE", "2024-11-29")
    monkeypatch.setenv(f"{PREFIX}END_DATE", "2025-02-03")
    assert offered("date", "") == ["2024-", "2025-"]
    assert offered("range", "2024-11-30", "2025") == ["2025-01-", "2025-02-"]
    assert offered("status", "--from", "2024-1") == ["2024-11-", "2024-12-"]
    assert offered("status", "--to", "2025-02") == ["2025-02-01", "2025-02-02", "2025-02-03"]
    assert offered("report", "--month", "2024-") == ["2024-11", "2024-12"]
    assert offered("date", "2026") == []
    monkeypatch.setenv(f"{PREFIX}START_DATE", "yesterday")
    assert offered("date", "") == []


@pytest.mark.parametrize("level", [7, 10])
def test_what_is_offered_leads_to_every_day(level: int) -> None:
    first, last = date(2024, 12, 30), date(2025, 3, 2)
    typed, reached = [""], set()
    while typed:
        for found in complete_days(typed.pop(), first, last, level=level):
            (reached.add if len(found) == level and not found.endswith("-") else typed.append)(found)
    assert len(reached) == (4 if level == 7 else (last - first).days + 1)


def test_units_come_from_the_stored_register(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    assert offered("spot-fix", "2025-06-01", "17", "") == []  # there is no warehouse, and none is made
    assert not (tmp_path / "home").exists()
    file = tmp_path / "ware house.sqlite"
    with sqlite3.connect(file) as made:
        made.execute("CREATE TABLE wind_bm_units (bm_unit_id)")
        made.executemany("INSERT INTO wind_bm_units VALUES (?)", [("T_WLNYO-4",), ("E_TWAIW-1",), ("T_WLNYO-4",)])
    monkeypatch.setenv(f"{PREFIX}WAREHOUSE_URL", f"sqlite:///{file}?timeout=60")
    assert offered("spot-fix", "2025-06-01", "17", "") == ["E_TWAIW-1", "T_WLNYO-4"]
    assert offered("spot-fix", "2025-06-01", "17", "T") == ["T_WLNYO-4"]
    file.write_text("no database")
    assert offered("spot-fix", "2025-06-01", "17", "") == []


@pytest.mark.system
def test_units_are_read_from_both_databases(backend: str, templates: Templates, tmp_path: Path) -> None:
    with templates.copy(backend, filled, tmp_path) as warehouse:
        with warehouse.reading() as connection:
            stored = connection.scalars(select(wind_bm_units.c.bm_unit_id).distinct()).all()
        read = unit_ids(warehouse.url.render_as_string(hide_password=False))
    assert read == sorted(stored) != []


@pytest.mark.system
@pytest.mark.parametrize(
    "words",
    ["export d", "spot-fix 2025-06-01 17 T", "date 2025", "status --", "reconcile --", "db copy --", "nothing x"],
)
def test_completing_imports_nothing_slow_and_says_nothing_else(words: str, tmp_path: Path) -> None:
    folder = tmp_path / ".env"
    folder.write_bytes(b"\xff\xfe")  # cannot be read
    script = (
        "import atexit, sys\n"
        "slow = {'dagster', 'pandas', 'sqlalchemy', 'pydantic', 'rich'}\n"
        "atexit.register(lambda: print('slow:', *sorted(slow & set(sys.modules)), file=sys.stderr))\n"
        "from mining_assets.cli.main import main\n"
        "main()\n"
    )
    words = f"mining-assets {words}"
    variables = {"_MINING_ASSETS_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    done = subprocess.run(
        [sys.executable, "-c", script],
        check=False,
        env=os.environ | variables,
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stderr, done.returncode) == ("slow:\n", 0)
