"""Tables and the live line in a terminal of 80 columns: fewer columns rather than broken cells."""

import sys
from collections.abc import Iterator
from datetime import date
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text
from sqlalchemy import delete, select

from mining_assets.cli.tables import print_figures
from mining_assets.cli.terminal import TerminalProgress
from mining_assets.progress import DayReport
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import bitcoin_daily_summaries, daily_summaries
from mining_assets.warehouse.status import read_status
from mining_assets_tests.support.mixed import DAMAGED, FIRST, LAST, mixed
from mining_assets_tests.support.samples import MODELS, damage
from mining_assets_tests.support.templates import Templates


@pytest.fixture(scope="module")
def days(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with templates.copy("sqlite", mixed, tmp_path_factory.mktemp("mixed")) as warehouse:
        yield warehouse


def printed(warehouse: Warehouse, capfd: pytest.CaptureFixture[str], first: date, last: date) -> list[str]:
    with warehouse.reading() as connection:
        status = read_status(connection, first, last, MODELS, (FIRST, LAST))
        print_figures(connection, status, MODELS)
    return Text.from_ansi(capfd.readouterr().out).plain.splitlines()


def test_a_narrow_terminal_shows_fewer_columns_and_whole_cells(
    days: Warehouse, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    piped = printed(days, capfd, FIRST, LAST)
    assert all(f"{model.name} BTC" in " ".join(piped) for model in MODELS)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    narrow = printed(days, capfd, FIRST, LAST)
    assert max(map(len, narrow)) <= 80
    assert "…" not in " ".join(narrow)
    assert "not shown here: " in " ".join(narrow)
    assert "£ paid" in " ".join(narrow)
    cells = {cell for line in piped for cell in line.replace("│", " ").split()}
    assert {cell for line in narrow for cell in line.replace("│", " ").split() if cell[0].isdigit()} <= cells


def test_a_range_of_which_nothing_is_known_has_no_zero(days: Warehouse, capfd: pytest.CaptureFixture[str]) -> None:
    with days.reading() as connection:
        states = read_status(connection, FIRST, LAST, MODELS, (FIRST, LAST)).days["state"]
    unknown = states.index[states == "missing"][0]
    (total,) = (line for line in printed(days, capfd, unknown, unknown) if line.startswith("│ total"))
    assert [cell.strip() for cell in total.split("│")[2:-1]] == ["0 of 1 day", *["–"] * (3 + len(MODELS))]


def test_what_no_model_mined_is_no_number_and_the_total_says_its_days(
    templates: Templates, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    with templates.copy("sqlite", mixed, tmp_path) as warehouse:
        model = MODELS[0].name
        with warehouse.reading() as connection:
            states = read_status(connection, FIRST, LAST, MODELS, (FIRST, LAST)).days["state"]
            known = states.index[states.isin(["final", "provisional"])]
            stored = connection.scalars(
                select(daily_summaries.c.summary_date).where(daily_summaries.c.summary_date.in_(known))
            ).all()
            of_model = bitcoin_daily_summaries.c.miner_model == model, bitcoin_daily_summaries.c.summary_date.in_(known)
            mined = connection.scalars(select(bitcoin_daily_summaries.c.summary_date).where(*of_model)).all()
        gone = bitcoin_daily_summaries.c.summary_date == max(mined), bitcoin_daily_summaries.c.miner_model == model
        damage(warehouse, delete(bitcoin_daily_summaries).where(*gone))
        lines = printed(warehouse, capfd, FIRST, LAST)
    assert "nan" not in " ".join(lines)
    (day,) = (line for line in lines if line.startswith(f"│ {max(mined)}"))
    assert "–" in [cell.strip() for cell in day.split("│")]
    (total,) = (line for line in lines if line.startswith("│ total"))
    assert total.split("│")[2].strip() == f"{len(stored)} of {(LAST - FIRST).days + 1} days"
    assert f"{model} BTC of {len(mined) - 1}" in " ".join(" ".join(lines).split())


def test_a_damaged_day_has_no_figures_and_is_not_in_the_total(
    days: Warehouse, capfd: pytest.CaptureFixture[str]
) -> None:
    lines = printed(days, capfd, DAMAGED, DAMAGED)
    (day,) = (line for line in lines if line.startswith(f"│ {DAMAGED}"))
    assert [cell.strip() for cell in day.split("│")[3:-1]] == ["–"] * (3 + len(MODELS))
    (total,) = (line for line in lines if line.startswith("│ total"))
    assert total.split("│")[2].strip() == "0 of 1 day"


def test_a_message_stands_on_its_own_line_while_a_step_has_the_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(is_terminal=True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", "xterm")
    with TerminalProgress("reconcile", 3, tmp_path) as progress:
        screen.is_terminal = False  # as Dagster does, which copies what is written to the terminal
        before = len(screen.getvalue())
        progress.say("something to read")
        written = screen.getvalue()[before:]
    assert "\x1b[2K" in written.partition("something to read")[0]


def test_days_that_failed_add_nothing_to_the_totals(tmp_path: Path) -> None:
    with TerminalProgress("date", 2, tmp_path) as progress:
        progress.day(DayReport(FIRST, "new", 20, 90.0, 5.0))
        progress.day(DayReport(LAST, "failed", 30, 100.0, 7.0, reasons=("no answer",)))
        totals = progress.totals()
    assert (totals.days, totals.not_complete, totals.records, totals.curtailed_mwh) == (2, 1, 20, 90.0)


class Screen(StringIO):
    """Standard error that is a terminal, or seems to be none."""

    def __init__(self, *, is_terminal: bool) -> None:
        super().__init__()
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal


def test_the_live_line_fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    progress = TerminalProgress("reconcile", 3650, tmp_path)
    with progress:
        progress.reports += [DayReport(FIRST, "new", 20_000, 90_000.0, 5e6)] * 3649
        out = StringIO()
        Console(file=out, width=80, highlight=False).print(progress._bar.get_renderable())
    (line,) = Text.from_ansi(out.getvalue()).plain.splitlines()
    assert len(line) <= 80
    assert "/s ·" in line
    assert line.rstrip().endswith("left")
