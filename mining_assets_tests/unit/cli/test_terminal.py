"""The lines of a command that works on days: on a terminal, into a file, and in the log of the day."""

import logging
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from io import StringIO
from pathlib import Path

import pytest

from mining_assets.cli.lines import PLAIN
from mining_assets.cli.terminal import TerminalProgress
from mining_assets.progress import DayReport, Figure

DAY = date(2025, 6, 1)
TIME = r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\]"
LONG = "[bold]100%[/] of /a/path.py:7 :warning: GET 2025-06-01 " + "an interesting word " * 9
FAILED = DayReport(DAY, "failed", reasons=("the source did not answer, nor did it say why, " * 3,))


@contextmanager
def standard_error(*, is_terminal: bool) -> Iterator[StringIO]:
    """Keep what is written to standard error, which is 80 columns wide where it is a terminal."""
    with pytest.MonkeyPatch.context() as patch:
        screen = StringIO()
        patch.setattr(screen, "isatty", lambda: is_terminal)
        patch.setattr(sys, "stderr", screen)
        patch.setenv("TERM", "xterm")
        patch.setenv("COLUMNS", "80")
        patch.delenv("NO_COLOR", raising=False)
        yield screen


def log_of(home: Path) -> list[str]:
    """Return the lines of the one log file."""
    (file,) = (home / "data" / "logs").iterdir()
    return file.read_text().splitlines()


def test_a_line_on_a_terminal_is_the_text_alone_and_whole(tmp_path: Path) -> None:
    with standard_error(is_terminal=True) as screen, TerminalProgress("range", 2, tmp_path) as progress:
        progress.say(LONG)
        progress.day(FAILED)
    said = screen.getvalue()
    assert f"\x1b[2K{LONG}\n" in said
    assert f"\x1b[2K\x1b[31m{DAY} failed    {FAILED.reasons[0]}" in said


def test_a_line_in_a_file_has_its_time_and_level_and_is_whole(tmp_path: Path) -> None:
    with standard_error(is_terminal=False) as screen, TerminalProgress("range", 2, tmp_path) as progress:
        progress.say(LONG)
        progress.day(FAILED)
    lines = screen.getvalue().splitlines()
    assert [re.sub(TIME, "TIME", line) for line in lines] == [
        f"TIME [INFO] {LONG}",
        f"TIME [ERROR] 1/2 {DAY} failed    {FAILED.reasons[0]}",
    ]
    assert log_of(tmp_path) == lines


def test_the_time_of_a_line_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    record = {"created": 1_748_736_000.0, "levelname": "INFO", "msg": "midsummer"}
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        line = PLAIN.format(logging.makeLogRecord(record))
    time.tzset()
    assert line == "[2025-06-01 00:00:00] [INFO] midsummer"


def test_a_comparison_is_for_the_log_and_a_sign_of_life_for_who_looks_on(tmp_path: Path) -> None:
    with standard_error(is_terminal=False) as screen, TerminalProgress("reingest", 1, tmp_path) as progress:
        progress.compared(DAY, [Figure("MWh", 1.0, 2.0)])
        progress._show_beat()
    assert [re.sub(TIME, "TIME", line) for line in log_of(tmp_path)] == [f"TIME [INFO] {DAY} MWh: 1 → 2 (+1)"]
    (line,) = screen.getvalue().splitlines()
    assert re.fullmatch(rf"{TIME} \[INFO\] at work: 0 of 1 day, 0 requests in 0 s", line)
