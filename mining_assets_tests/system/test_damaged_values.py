"""A value that no column takes and that is there nevertheless: every command says where it is, and changes nothing."""

import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from mining_assets.cli.main import main
from mining_assets.warehouse.address import warehouse_address
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.filled import filled
from mining_assets_tests.support.samples import DAY

Run = Callable[..., tuple[object, str]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A warehouse of two days."""
    file = tmp_path / "warehouse.sqlite"
    warehouse = Warehouse(warehouse_address(f"sqlite:///{file}"))
    filled(warehouse)
    warehouse.close()
    return file


@pytest.fixture
def run(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """`mining-assets` with some arguments, in this process."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("MINING_ASSETS_WAREHOUSE_URL", f"sqlite:///{file}")
    monkeypatch.setenv("MINING_ASSETS_START_DATE", str(DAY))
    monkeypatch.setenv("MINING_ASSETS_END_DATE", str(DAY))

    def mining_assets(*arguments: str) -> tuple[object, str]:
        monkeypatch.setattr(sys, "argv", ["mining-assets", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        return left.value.code, shown.out + shown.err

    return mining_assets


def damage(file: Path, table: str, column: str, value: str) -> None:
    """Put a value into a column whose checks are switched off."""
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA ignore_check_constraints = ON")
        first = f"rowid = (SELECT MIN(rowid) FROM {table})"  # noqa: S608
        changed = connection.execute(f"UPDATE {table} SET {column} = '{value}' WHERE {first}")  # noqa: S608
        assert changed.rowcount == 1
    connection.close()


@pytest.mark.parametrize(
    ("table", "column", "value", "stops"),
    [
        ("curtailment_records", "vintage", "soon", set()),
        ("curtailment_records", "settlement_date", "2025-02-30", set()),
        ("daily_summaries", "summary_date", "2025-02-30", set()),
        ("healing_attempts", "next_attempt_at", "soon", {"status", "analyze", "report"}),
    ],
)
def test_it_is_named(file: Path, run: Run, table: str, column: str, value: str, stops: set[str]) -> None:
    damage(file, table, column, value)
    told = {command: run(*command.split()) for command in ("db check", "status", "verify", "analyze", "report")}
    named = {
        command
        for command, (code, said) in told.items()
        if f"{table} (" in said and f"{column} is '{value}' and should be a" in said and code == 1
    }
    assert named == {"db check", "verify", *stops}
    assert not [command for command, (_, said) in told.items() if "Traceback" in said]
