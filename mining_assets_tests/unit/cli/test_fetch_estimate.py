"""What a command fetches is told before it begins, as the look at the days found it."""

import json
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest

from mining_assets.cli import operations
from mining_assets.cli.checkpoint import DAILY, Checkpoint, checkpoint_path
from mining_assets.cli.main import main
from mining_assets.domain.fetch_estimate import requests_of
from mining_assets_tests.support.clean import DAYS, SHORT, WINDY, clean
from mining_assets_tests.support.harness import Environment
from mining_assets_tests.support.samples import FARM
from mining_assets_tests.support.templates import Templates

# Two days after those of the clean warehouse were never fetched.
LAST = WINDY + timedelta(days=2)
LACKING = (WINDY + timedelta(days=1), LAST)
Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.system)])
def made(request: pytest.FixtureRequest, templates: Templates, tmp_path: Path) -> Iterator[Environment]:
    """A home whose warehouse holds three days, right, and lacks two; no source answers."""
    with templates.copy(request.param, clean, tmp_path) as warehouse:
        yield Environment(tmp_path / "home", {}).but(
            warehouse_url=warehouse.url.render_as_string(hide_password=False),
            start_date=SHORT,
            end_date=LAST,
            elexon_url="http://127.0.0.1:9",
            mempool_url="http://127.0.0.1:9",
            coinbase_url="http://127.0.0.1:9",
            retry_attempts=1,
        )


@pytest.fixture
def cli(made: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Cli:
    """The command line in this process: exit code, standard output, standard error."""
    monkeypatch.setattr("os.environ", made.of_process())

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["mining-assets", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def cost_of(*days: date, pace: float = 10) -> dict[str, float]:
    requests = sum(map(requests_of, days))
    return {"days": len(days), "requests": requests, "minutes": pytest.approx(requests / pace / 60)}


@pytest.mark.parametrize(
    ("arguments", "cost"),
    [
        (("daily", 5), cost_of(*LACKING)),
        (("daily", 5, "--force"), cost_of(*DAYS, *LACKING)),
        (("spot-fix", WINDY, 5, FARM), {"days": 0, "requests": 2, "minutes": pytest.approx(2 / 600)}),
        (("reingest", SHORT), cost_of(SHORT)),
        (("critical", SHORT), cost_of(SHORT, pace=2)),
        (("date", WINDY), cost_of()),
        (("date", WINDY, "--refetch"), cost_of(WINDY)),
        (("range", SHORT, LAST), cost_of(*LACKING)),
        pytest.param(("reconcile",), cost_of(*LACKING), marks=pytest.mark.system),
    ],
    ids=lambda value: " ".join(map(str, value)) if isinstance(value, tuple) else "",
)
def test_a_plan_costs_what_the_look_finds(
    arguments: tuple[object, ...], cost: dict[str, float], made: Environment, cli: Cli
) -> None:
    code, out, err = cli(*arguments, "--plan", "--json")
    assert code == (1 if arguments[0] == "reconcile" else 0), err
    assert json.loads(out)["cost"] == cost
    assert not made.home.exists()


@pytest.mark.system
@pytest.mark.parametrize("arguments", [("status",), ("analyze",), ("db", "current"), ("db", "check")], ids=" ".join)
def test_to_look_makes_no_home(arguments: tuple[str, ...], made: Environment, cli: Cli) -> None:
    cli(*arguments)
    assert not made.home.exists()


def test_the_plan_of_a_resumed_daily_check_costs_what_is_left(made: Environment, cli: Cli) -> None:
    Checkpoint(checkpoint_path(made.home, DAILY), ["daily", "5"], list(LACKING), {"refetch": False}).write()
    assert json.loads(cli("resume", "--plan", "--json")[1])["cost"] == cost_of(*LACKING)


@pytest.mark.system
@pytest.mark.parametrize("arguments", [("daily", 5), ("resume",)], ids=lambda arguments: arguments[0])
def test_a_daily_check_says_what_it_costs_before_it_fetches(
    arguments: tuple[object, ...], made: Environment, cli: Cli
) -> None:
    if arguments[0] == "resume":
        days = [*DAYS, *LACKING]
        Checkpoint(checkpoint_path(made.home, DAILY), ["daily", "5"], days, {"refetch": False}).write()
    code, out, err = cli(*arguments, "--json")
    assert code == 3
    found, cost = json.loads(out)["messages"][:2]
    assert found == f"{SHORT} to {LAST}: " + ", ".join(f"{day} fetch" for day in LACKING)
    assert cost == "2 days to fetch: about 196 requests, a minute or less, at 10 a second"
    assert err.index(cost) < err.index("failed")


@pytest.mark.parametrize(("command", "pace"), [("reingest", 10), ("critical", 2)])
def test_a_day_that_takes_more_than_a_moment_is_said_to(
    command: str, pace: int, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def perform(*_: object, **__: object) -> int:
        return 0

    monkeypatch.setattr(operations, "perform", perform)
    _, _, err = cli(command, WINDY, "--yes")
    assert err == f"1 day to fetch: about 98 requests, a minute or less, at {pace} a second\n"
