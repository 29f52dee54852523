"""A command that begins before London's midnight and works after it does the days that it planned."""

import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from sqlalchemy import URL, Engine

from mining_assets.cli import operations, reconcile
from mining_assets.cli.checkpoint import DAILY, Checkpoint, checkpoint_path
from mining_assets.cli.main import main
from mining_assets.defs import operator_jobs as jobs
from mining_assets.settings import LONDON
from mining_assets.warehouse import connection
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, clean
from mining_assets_tests.support.harness import Environment
from mining_assets_tests.support.templates import Templates

pytestmark = pytest.mark.system

NEXT = WINDY + timedelta(days=1)
BEFORE, AFTER = (datetime(2025, 4, 2, 23, 59, 59, tzinfo=LONDON), datetime(2025, 4, 3, 0, 0, 1, tzinfo=LONDON))


class Clock:
    """It is midnight just after somebody looked at it first."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> datetime:
        self.looks += 1
        return BEFORE if self.looks == 1 else AFTER


@pytest.fixture
def made(templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Environment]:
    """A home whose warehouse holds three days, right; the partitions go on, and no source answers."""
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        made = Environment(tmp_path / "home", {}).but(
            warehouse_url=warehouse.url.render_as_string(),
            start_date=SHORT,
            end_date=NEXT,
            elexon_url="http://127.0.0.1:9",
            mempool_url="http://127.0.0.1:9",
        )
        clock = Clock()
        for module in (jobs, operations, reconcile):
            monkeypatch.setattr(module, "now", clock)
        monkeypatch.setattr("os.environ", made.of_process())
        yield made


def days_worked(made: Environment, capfd: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("sys.argv", ["mining-assets", *arguments, "--json"])
        with pytest.raises(SystemExit) as ended:
            main()
    said = capfd.readouterr()
    report = json.loads(said.out)
    assert ended.value.code == 0, said.err
    assert (report["status"]["from"], report["status"]["to"]) == (str(QUIET), str(WINDY))
    with made.instance() as instance:
        (run,) = instance.get_runs()
    assert run.status is dg.DagsterRunStatus.SUCCESS
    return [day["date"] for day in report["days"]]


def test_the_daily_check_does_the_days_that_it_planned(made: Environment, capfd: pytest.CaptureFixture[str]) -> None:
    assert days_worked(made, capfd, "daily", "2") == [str(QUIET), str(WINDY)]


def test_a_resumed_daily_check_leaves_no_day_out(made: Environment, capfd: pytest.CaptureFixture[str]) -> None:
    path = checkpoint_path(made.home, DAILY)
    Checkpoint(path, ["daily", "2"], [QUIET], {"refetch": False}, [WINDY]).write()
    assert days_worked(made, capfd, "resume") == [str(QUIET), str(WINDY)]
    assert not path.exists()


@pytest.mark.parametrize("last", [date(2025, 4, 3), date(2025, 3, 29)])
def test_the_last_day_of_a_daily_check_is_one_that_can_be_asked_for(made: Environment, last: date) -> None:
    with pytest.raises(dg.Failure, match=f"{last} is outside the partitions, or not over yet"):
        jobs._day(str(last), made.settings)


def test_a_command_and_its_run_share_one_engine(
    made: Environment, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    made_engines = []
    create_engine = connection.create_engine

    def counted(url: URL, **options: Any) -> Engine:
        made_engines.append(url)
        return create_engine(url, **options)

    monkeypatch.setattr(connection, "create_engine", counted)
    days_worked(made, capfd, "daily", "2")
    assert len(made_engines) == 1
