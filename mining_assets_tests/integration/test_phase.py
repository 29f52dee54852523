"""No phase of a command is silent: a line in place on a terminal, and one now and then elsewhere."""

import re
import sys
import threading
import time
from contextlib import nullcontext
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from mining_assets.cli import phase as phases
from mining_assets.cli import terminal
from mining_assets.cli.options import exclusive_command
from mining_assets.cli.phase import Phase
from mining_assets.cli.terminal import TerminalProgress
from mining_assets.warehouse.command_lock import hold_command_lock
from mining_assets_tests.support.clean import clean
from mining_assets_tests.support.harness import Here
from mining_assets_tests.support.templates import Templates

TIMEOUT = 60.0
MONTHS = ["verifying 2025-03, 1 of 2 months", "verifying 2025-04, 2 of 2 months"]


class Screen(StringIO):
    """Standard error that says when something is written to it."""

    def __init__(self, *, terminal: bool) -> None:
        super().__init__()
        self.terminal, self.written = terminal, threading.Event()

    def isatty(self) -> bool:
        return self.terminal

    def write(self, text: str) -> int:
        count = super().write(text)
        self.written.set()
        return count

    def wait_for(self, text: str) -> None:
        """Return once a text was written."""
        until = time.monotonic() + TIMEOUT
        while text not in self.getvalue():
            assert self.written.wait(max(until - time.monotonic(), 0)), self.getvalue()
            self.written.clear()


@pytest.fixture(autouse=True)
def _hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes no time at all is shown too."""
    monkeypatch.setenv("TERM", "xterm")
    for module, name in ((phases, "BEAT_SECONDS"), (phases, "_LIVE_SECONDS"), (terminal, "BEAT_SECONDS")):
        monkeypatch.setattr(module, name, 0.01)


def test_a_phase_shows_what_it_does_and_leaves_no_line_on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(terminal=True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("COLUMNS", "40")
    with Phase("verifying") as phase:
        phase.phase("verifying [1 of 2], " + "a long name " * 9)
        screen.wait_for("verifying [1 of 2], a long name a long …")
        phase.clear()
        phase.phase("verifying 2025-06")
        screen.wait_for("verifying 2025-06 … ")
    said, taken_off = screen.getvalue(), "\n\x1b[?25h\r\x1b[1A\x1b[2K"  # it is left for the next, and that is cleared
    assert said.count("\n") == said.count(taken_off) == 2
    assert said.endswith(taken_off)


@pytest.mark.parametrize("term", ["dumb", None], ids=["dumb terminal", "file"])
def test_a_phase_is_lines_where_none_can_be_drawn_again(term: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(terminal=term is not None)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setenv("TERM", term or "xterm")
    with Phase("verifying " + "a long name " * 9):
        screen.wait_for(" s\n")
    line = screen.getvalue().splitlines()[0]
    assert re.fullmatch(r"\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\] \[INFO\] verifying (a long name ){9} … \d+ s", line), line


def test_what_is_printed_in_a_phase_goes_where_it_belongs(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    screen = Screen(terminal=True)
    monkeypatch.setattr(sys, "stderr", screen)
    with Phase("exporting"):
        screen.wait_for("exporting … ")
        print("a row")
    assert capfd.readouterr().out == "a row\n"
    assert "a row" not in screen.getvalue()


def test_a_short_phase_shows_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    screen = Screen(terminal=True)
    monkeypatch.setattr(sys, "stderr", screen)
    monkeypatch.setattr(phases, "_LIVE_SECONDS", 3600.0)
    with Phase("verifying"):
        pass
    assert screen.getvalue() == ""


def test_days_that_take_long_are_not_silent_where_there_is_no_terminal(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    screen = Screen(terminal=False)
    monkeypatch.setattr(sys, "stderr", screen)
    with TerminalProgress("range", 30, tmp_path) as progress:
        progress.phase("fetching")
        screen.wait_for("[INFO] fetching: 0 of 30 days, 0 requests in ")


@pytest.mark.system
def test_who_waits_for_another_command_says_so_all_the_time(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    screen = Screen(terminal=False)
    monkeypatch.setattr(sys, "stderr", screen)
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        waiting = threading.Thread(target=lambda: enter(exclusive_command(warehouse, "daily 2")))
        with hold_command_lock(warehouse, "range", lambda _: None):
            waiting.start()
            screen.wait_for("[INFO] waiting for `range")
        waiting.join(TIMEOUT)
    assert not waiting.is_alive()
    assert "mining-assets: waiting for `range (process " in screen.getvalue()


def enter(context: Any) -> None:
    with context:
        pass


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts of every phase that a command goes through, whether or not it is long enough to be shown."""
    texts: list[str] = []
    begin = Phase.__init__

    def noted(self: Phase, text: str) -> None:
        texts.append(text)
        begin(self, text)

    monkeypatch.setattr(Phase, "__init__", noted)
    monkeypatch.setattr(Phase, "phase", lambda _, text: texts.append(text))
    monkeypatch.setattr(Phase, "__enter__", lambda self: self)
    monkeypatch.setattr(Phase, "__exit__", lambda *_: None)
    return texts


@pytest.mark.system
@pytest.mark.parametrize(
    "arguments", [("verify",), ("reconcile", "--plan"), ("reconcile",), ("analyze",)], ids=" ".join
)
def test_a_verification_tells_each_month(
    arguments: tuple[str, ...], here: Here, told: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stop = RuntimeError("far enough")

    def refuse(*_: object, **__: object) -> None:
        raise stop

    monkeypatch.setattr("mining_assets.cli.reconcile.bring_up_to_date", refuse)
    with pytest.raises(RuntimeError) if arguments == ("reconcile",) else nullcontext():
        here(*arguments)
    assert [text for text in told if " of 2 months" in text] == MONTHS
    assert told[0] == "opening the warehouse"


@pytest.mark.parametrize(
    ("arguments", "phase"),
    [
        (("status",), "reading the status"),
        (("export", "daily_summaries"), "exporting daily_summaries"),
        (("range", "2025-03-28", "2025-04-06", "--plan"), "looking at the days"),
        (("db", "check"), "checking the database"),
        pytest.param(("report",), "making the report", marks=pytest.mark.system),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_what_reads_much_tells_it(arguments: tuple[str, ...], phase: str, here: Here, told: list[str]) -> None:
    here(*arguments)
    assert phase in told
