"""The first look of somebody new: where the data is, what a fill will cost, and nothing made by only looking."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from mining_assets.cli.main import main
from mining_assets.domain.fetch_estimate import estimate_fetch, estimate_period_fetch, requests_of

DAY = "2025-06-03"
LOOKING = {
    "status": ["status"],
    "verify": ["verify"],
    "analyze": ["analyze"],
    "report": ["report"],
    "export": ["export", "daily_summaries"],
    "db current": ["db", "current"],
    "db check": ["db", "check"],
    "spot-fix": ["spot-fix", DAY, "17", "T_WLNYO-4"],
    "its plan": ["spot-fix", DAY, "17", "T_WLNYO-4", "--plan"],
}
# What each plan would fetch, and what it ends with.
PLANS: dict[str, tuple[list[str], int, int]] = {
    "date": ([DAY], 1, 0),
    "range": (["2025-06-01", "2025-06-30"], 30, 0),
    "daily": (["5"], 5, 0),
    "reingest": ([DAY], 1, 0),
    "critical": ([DAY], 1, 0),
    "reconcile": ([], 30, 1),
}


@pytest.fixture(autouse=True)
def _new_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is set but what keeps the sources away."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    monkeypatch.setenv("MINING_ASSETS_ELEXON_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MINING_ASSETS_START_DATE", "2025-06-01")
    monkeypatch.chdir(tmp_path)


def run(
    arguments: list[str], monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> tuple[object, str, list[str]]:
    """Exit code, standard output, and the lines of standard error."""
    monkeypatch.setattr(sys, "argv", ["mining-assets", *arguments])
    with pytest.raises(SystemExit) as left:
        main()
    shown = capfd.readouterr()
    return left.value.code, shown.out, shown.err.splitlines()


@pytest.mark.parametrize("command", LOOKING)
def test_to_look_makes_nothing_and_says_what_does(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, (said,) = run(LOOKING[command], monkeypatch, capfd)
    file = tmp_path / ".dagster_home" / "data" / "warehouse.sqlite"
    assert (code, out) == (1, "")
    assert said == f"mining-assets: there is no warehouse yet, {file}: `mining-assets range START END` makes one"
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_nobody_named_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fill = ["range", "2025-06-01", "2025-06-30", "--plan", "--json"]
    home = tmp_path / ".dagster_home"
    assert run(fill, monkeypatch, capfd)[2] == [
        f"home {home}, warehouse {home / 'data' / 'warehouse.sqlite'}",
        f"there is no warehouse yet, {home / 'data' / 'warehouse.sqlite'}: everything is to be fetched",
    ]
    named = tmp_path / "named"
    monkeypatch.setenv("DAGSTER_HOME", str(named))
    assert run(fill, monkeypatch, capfd)[2] == [
        f"there is no warehouse yet, {named / 'data' / 'warehouse.sqlite'}: everything is to be fetched"
    ]


@pytest.mark.parametrize("command", PLANS)
def test_to_plan_makes_nothing_and_says_where_and_what_it_costs(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MINING_ASSETS_END_DATE", "2025-06-30")
    arguments, days, ends = PLANS[command]
    code, out, said = run([command, *arguments, "--plan", "--json"], monkeypatch, capfd)
    assert code == ends
    file = tmp_path / ".dagster_home" / "data" / "warehouse.sqlite"
    assert said == [
        f"home {tmp_path / '.dagster_home'}, warehouse {file}",
        f"there is no warehouse yet, {file}: everything is to be fetched",
    ]
    cost = json.loads(out)["cost"]
    assert (cost["days"], cost["requests"]) == (days, days * 98)
    pace = 2 if command == "critical" else 10  # a critical day is fetched slowly, whatever is set
    assert cost["minutes"] == pytest.approx(days * 98 / pace / 60)
    assert list(tmp_path.iterdir()) == []


def test_a_plan_says_what_it_costs(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    fill = ["range", "2025-06-01", "2025-06-30", "--plan"]
    _, out, _ = run(fill, monkeypatch, capfd)
    assert out.splitlines()[-1] == "30 days to fetch: about 2,940 requests, 5 minutes"
    _, out, _ = run([*fill, "--json"], monkeypatch, capfd)
    assert json.loads(out)["cost"] == {"days": 30, "requests": 2940, "minutes": 4.9}


def test_days_of_any_length_cost_what_they_ask_for() -> None:
    short, common, long = date(2025, 3, 30), date(2025, 6, 3), date(2025, 10, 26)
    assert [requests_of(day) for day in (short, common, long)] == [94, 98, 102]
    decade = [date(2016, 1, 1) + timedelta(days=offset) for offset in range(3653)]
    assert str(estimate_fetch(decade, 10)) == "3,653 days to fetch: about 357,994 requests, 10 hours"
    assert str(estimate_fetch([common], 10)) == "1 day to fetch: about 98 requests, a minute or less"
    assert str(estimate_period_fetch(10)) == "1 period to fetch: about 2 requests, a minute or less"
    assert str(estimate_fetch([], 10)) == "0 days to fetch: about 0 requests, a minute or less"
