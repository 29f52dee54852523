"""All other tables in a terminal of 80 columns: no line is longer, and no word or number is broken."""

import re
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.text import Text

from mining_assets.cli.findings import print_findings
from mining_assets.cli.plans import FETCH, KEEP, SUM_UP, Step, joined, show_plan
from mining_assets.cli.settings import settings
from mining_assets.cli.tables import print_comparison, print_failures
from mining_assets.cli.text import print_text
from mining_assets.domain.fetch_estimate import estimate_fetch
from mining_assets.domain.periods import Month, Year
from mining_assets.progress import DayReport, Figure
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.findings import Verification, problems
from mining_assets.settings import PREFIX

DAY = date(2025, 6, 1)
DAYS = [DAY + timedelta(days=offset) for offset in range(9)]


def findings() -> None:
    found = Verification()
    ledger = "36 rows, -1,265.916406 MWh; the ledger has 36 rows, -632.958203 MWh"
    found.add(checks.LEDGER_AGREEMENT, problems([DAY], ["period 17 bid"], [ledger]))
    found.add(checks.CALCULATIONS_COMPLETE, problems(DAYS, ["period 1 E_TWAIW-1 M20S"] * 9, ["missing"] * 9))
    found.add(checks.CAPACITY, problems(DAYS[::2], ["period 17 T_TWAFW-2"] * 5, ["112.068 MWh, not 88.830"] * 5))
    print_findings(found.findings, DAYS[0], DAYS[-1], verified=True)


def comparison() -> None:
    figures = [Figure("historical_bitcoin_calculations S19J_PRO (BTC)", 12345678.1, 87654321.9)]
    print_comparison(DAY, figures)


def failures() -> None:
    where = "Elexon could not be reached at stack/all/bid"
    print_failures([DayReport(day, "failed", 0, 0.0, 0.0, reasons=(f"{day}: {where}/{day}/17",)) for day in DAYS], [])


def plan() -> None:
    steps = [
        Step(KEEP, DAYS[0], DAYS[-1], 1234),
        Step("save aside, fetch slowly, replace if every check holds", DAY, DAY),
    ]
    show_plan("reconcile 2016-01-01 to 2025-06-01", steps, estimate_fetch((), 10), as_json=False)


SHOWN: list[Callable[[], None]] = [findings, comparison, failures, plan]


def lines(capfd: pytest.CaptureFixture[str]) -> list[str]:
    shown = capfd.readouterr()
    return Text.from_ansi(shown.out + shown.err).plain.splitlines()


def words(shown: list[str]) -> set[str]:
    return set(re.sub(r"[│┃]", " ", " ".join(shown)).split())


@pytest.mark.parametrize("show", SHOWN)
def test_a_table_fits_and_breaks_no_word(
    show: Callable[[], None], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    show()
    wide = lines(capfd)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "80")
    show()
    narrow = lines(capfd)
    table = [line for line in narrow if line.startswith(("│", "┃", "┏", "└"))]
    assert table
    assert max(map(len, table)) <= 80
    assert "…" not in "".join(narrow)
    numbers = {word for word in words(table) if any(letter.isalnum() for letter in word)}
    assert numbers - words(wide) <= {"check,", "and", "the", "first", "of", "them"}


def test_days_that_failed_alike_are_one_row(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    failures()
    rows = [line for line in lines(capfd) if "2025" in line]
    assert "2025-06-01 to 2025-06-09" in rows[0]
    assert len(rows) == 1


def test_settings_are_not_broken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / ("a" * 60)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv(f"{PREFIX}CONCURRENCY", "3")
    for narrow in (False, True):
        if narrow:
            monkeypatch.setenv("FORCE_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "80")
        shown = Text.from_ansi(CliRunner().invoke(settings).output).plain
        assert str(home) in shown
        assert re.search(rf"{PREFIX}CONCURRENCY +3 +environment", shown) or (
            f"{PREFIX}CONCURRENCY (environment)\n  3\n" in shown and narrow
        )
        assert max(len(line) for line in shown.splitlines() if str(home) not in line) <= (80 if narrow else 300)


def test_long_lines_go_on_below_between_two_words(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    long = "  " + "a word and `mining-assets range 2025-06-01 2025-06-30 --refetch` " * 4
    print_text(long)
    assert capsys.readouterr().out == long + "\n"
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    print_text(long)
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) < 80
    assert " ".join(line.strip() for line in lines) == " ".join(long.split())


def test_a_plan_of_years_is_a_few_rows() -> None:
    months = [date(2016 + number // 12, number % 12 + 1, 1) for number in range(36)]
    ends = [*(month - timedelta(days=1) for month in months[1:]), date(2018, 12, 31)]
    steps = [Step(FETCH, first, last, (last - first).days + 1) for first, last in zip(months, ends, strict=True)]
    kept = Step(KEEP, date(2019, 1, 1), date(2019, 1, 1), 1)
    later = Step(FETCH, date(2019, 1, 3), date(2019, 1, 3), 1)
    periods = [*map(Month, months), *map(Year, (2016, 2017, 2018))]
    rows = joined([*steps, kept, later, *(Step(SUM_UP, period, period) for period in periods)])
    assert [(str(row), row.days) for row in rows] == [
        ("2016-01-01 to 2018-12-31", 1096),
        ("2019-01-01", 1),
        ("2019-01-03", 1),
        ("2016-01 to 2018-12", 0),
        ("2016 to 2018", 0),
    ]
