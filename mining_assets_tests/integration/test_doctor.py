"""`doctor` at the terminal: its page, its exit codes, and the bundle; nothing that is broken keeps it from ending."""

import json
import sys
import zipfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from mining_assets.cli.main import main
from mining_assets.sources.reachability import forget_reached
from mining_assets_tests.support.harness import Environment, environment
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 12, 31)
Doctor = Callable[..., tuple[int, str, str]]


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=4, units=10, light=True, windy_days=[DAY])) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    forget_reached()
    yield environment(tmp_path, twin, end_date=DAY)
    twin.clear_faults()
    twin.down = False


@pytest.fixture
def doctor(made: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Doctor:
    """The command in this process: exit code, standard output and error; settings can be changed by name."""

    def run(*arguments: object, home: str | None = None, **settings: object) -> tuple[int, str, str]:
        variables = made.but(**settings).of_process()
        monkeypatch.setattr("os.environ", variables | ({"DAGSTER_HOME": home} if home else {}))
        monkeypatch.chdir(made.home.parent)
        monkeypatch.setattr(sys, "argv", ["mining-assets", "doctor", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def wrong(report: str) -> dict[str, str]:
    """The result of every line that does not pass, by name."""
    sections = json.loads(report)["sections"]
    return {line["name"]: line["result"] for each in sections for line in each["lines"] if line["result"] != "pass"}


def test_everything_is_ready_and_nothing_is_made(doctor: Doctor, made: Environment, twin: Twin) -> None:
    asked = len(twin.requests)
    code, out, err = doctor()
    assert (code, err) == (0, ""), out
    assert ". Everything is ready. The sources answer with generated data, not with real figures.\n" in out
    assert "as the sources have it" in out
    assert "bids of a period: stack, volumes and cashflows agree on" in out
    assert f"DAGSTER_HOME={made.home} (environment)" in out
    assert len(twin.requests) - asked == 13
    assert not made.home.exists()


def test_a_warehouse_in_use_is_ready(doctor: Doctor, made: Environment) -> None:
    with made.warehouse():
        code, out, _ = doctor("--json")
    assert (code, wrong(out)) == (0, {})
    (database,) = (each for each in json.loads(out)["sections"] if each["section"] == "Database")
    assert [line["name"] for line in database["lines"]] == ["database", "schema"]


def test_what_differs_ends_with_1(doctor: Doctor, twin: Twin) -> None:
    twin.fault(Fault(kind="mutate", route="stack", side="bid", field="volume", value=5.0))
    code, out, _ = doctor("--json")
    assert (code, wrong(out)) == (1, {"stack, bid": "differs"})
    code, out, _ = doctor()
    assert code == 1
    assert "differs     stack, bid: row with sequence number" in out


def test_sources_out_of_reach_end_with_3(doctor: Doctor, twin: Twin) -> None:
    twin.down = True
    code, out, _ = doctor("--json")
    assert code == 3
    assert set(wrong(out).values()) == {"unreachable"}
    assert len(wrong(out)) == 13


def test_a_database_out_of_reach_ends_with_3(doctor: Doctor) -> None:
    code, out, _ = doctor("--json", warehouse_url="postgresql://someone:Unmistakable-7f3a@127.0.0.1:9/nothing")
    assert (code, wrong(out)) == (3, {"database": "unreachable"})
    assert "Unmistakable-7f3a" not in out


@pytest.mark.parametrize("home", ["/proc/home", "relative"])
def test_a_home_that_cannot_be_used_is_a_finding(home: str, doctor: Doctor) -> None:
    code, out, err = doctor("--json", home=home)
    assert (code, err) == (1, "")
    assert json.loads(out)["exit_code"] == 1
    assert set(wrong(out)) <= {"Dagster home", "database", "archive", "settings"}
    assert home in out


def test_a_wrong_setting_is_a_finding(doctor: Doctor, twin: Twin) -> None:
    asked = len(twin.requests)
    code, out, _ = doctor(concurrency="many")
    assert code == 1
    assert "differs     settings: MINING_ASSETS_CONCURRENCY='many'" in out
    assert len(twin.requests) == asked


def test_the_bundle_has_the_page_and_the_answers(doctor: Doctor, tmp_path: Path) -> None:
    code, out, _ = doctor("--bundle", "doctor.zip")
    assert code == 0
    assert out.endswith(f"The page and 13 answers are in {tmp_path / 'doctor.zip'}\n")
    with zipfile.ZipFile(tmp_path / "doctor.zip") as bundle:
        names = bundle.namelist()
        assert bundle.read("report.txt").decode().strip() in out
        stack = json.loads(bundle.read("answers/05.json"))
    assert names[:3] == ["report.txt", "report.json", "answers/index.json"]
    assert len(names) == 3 + 13
    assert stack["metadata"]["datasets"] == ["ISPSTACK"]


def test_a_file_that_is_there_is_refused_before_anything_is_asked(doctor: Doctor, tmp_path: Path, twin: Twin) -> None:
    (tmp_path / "doctor.zip").write_text("mine")
    asked = len(twin.requests)
    code, out, err = doctor("--bundle", "doctor.zip")
    assert (code, out, err) == (2, "", "mining-assets: --bundle: doctor.zip is there already, and stays as it is\n")
    assert (tmp_path / "doctor.zip").read_text() == "mine"
    assert len(twin.requests) == asked


def test_a_bundle_that_cannot_be_written_costs_no_page(doctor: Doctor) -> None:
    code, out, err = doctor("--bundle", "/proc/doctor.zip")
    assert code == 1
    assert "Everything is ready." in out
    assert err.startswith("mining-assets: /proc/doctor.zip cannot be written: ")
