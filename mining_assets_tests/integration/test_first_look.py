"""The first look of somebody new: where the data is, what a fill will cost, and nothing made by only looking."""

import json
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from mining_assets.commands.main import main
from mining_assets.domain.cost import fetch_cost, requests_of

LOOKING = {"status": [], "verify": [], "analyze": [], "report": [], "export": ["daily_summaries"]}


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
    code, out, (said,) = run([command, *LOOKING[command]], monkeypatch, capfd)
    file = tmp_path / ".dagster_home" / "data" / "warehouse.sqlite"
    assert (code, out) == (1, "")
    assert said == f"mining-assets: there is no warehouse yet, {file}: `mining-assets range START END` makes one"
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_nobody_named_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    fill = ["range", "2025-06-01", "2025-06-30", "--plan", "--json"]
    home = tmp_path / ".dagster_home"
    assert run(fill, monkeypatch, capfd)[2] == [f"home {home}, warehouse {home / 'data' / 'warehouse.sqlite'}"]
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "named"))
    assert run(fill, monkeypatch, capfd)[2] == []


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
    assert str(fetch_cost(decade, 10)) == "3,653 days to fetch: about 357,994 requests, 10 hours"
    assert str(fetch_cost([common], 10)) == "1 day to fetch: about 98 requests, a minute or less"
