"""Whatever is wrong with a command line or a setting: exit code 2, one line that says so, and nothing is touched."""

import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mining_assets.cli.main import main
from mining_assets_tests.support.harness import Environment, run_cli

TODAY = datetime.now(ZoneInfo("Europe/London")).date()
Told = Callable[..., str]

BAD_COMMANDS = {
    "day that does not exist": (("date", "2025-02-30"), "'2025-02-30' is not a day"),
    "day of the wrong form": (("date", "1/6/2025"), "'1/6/2025' is not a day"),
    "day without dashes": (("date", "20250601"), "'20250601' is not a day"),
    "day of a week": (("date", "2025-W23-1"), "'2025-W23-1' is not a day"),
    "word for a day": (("range", "yesterday", "today"), "'yesterday' is not a day"),
    "empty day": (("date", ""), "'' is not a day"),
    "end before start": (("range", "2025-06-02", "2025-06-01"), "ends on 2025-06-01, before it starts on 2025-06-02"),
    "before the first partition": (("date", "2015-12-31"), "2015-12-31 is before the first partition, 2016-01-01"),
    "range from before the first": (("range", "2015-12-31", "2016-01-02"), "before the first partition"),
    "today": (("date", str(TODAY)), f"{TODAY} is not over yet in London"),
    "range into the future": (
        ("range", str(TODAY - timedelta(days=2)), str(TODAY + timedelta(days=1))),
        "not over yet",
    ),
    "far future": (("date", "9999-12-31"), "not over yet"),
    "no day": (("date",), "Missing argument 'DAY'"),
    "no end": (("range", "2025-06-01"), "Missing argument 'END'"),
    "a day too many": (("date", "2025-06-01", "2025-06-02"), "unexpected extra argument"),
    "unknown option": (("range", "2025-06-01", "2025-06-02", "--fast"), "No such option '--fast'"),
    "unknown command": (("fetch",), "no such command: 'fetch'; `mining-assets --help` lists them"),
    "misspelled command": (("reconsile",), "no such command: 'reconsile'; did you mean 'reconcile'?"),
    "period 0": (("date", "2025-06-01", "--accept-empty", "0"), "has the settlement periods 1 to 48, not 0"),
    "period 49 of 48": (("date", "2025-06-01", "--accept-empty", "49"), "periods 1 to 48, not 49"),
    "period 47 of 46": (("date", "2025-03-30", "--accept-empty", "47"), "periods 1 to 46, not 47"),
    "period 51 of 50": (("date", "2025-10-26", "--accept-empty", "51"), "periods 1 to 50, not 51"),
    "period that is no number": (("date", "2025-06-01", "--accept-empty", "x"), "'x' is not a valid integer"),
    "status from after to": (("status", "--from", "2025-06-02", "--to", "2025-06-01"), "before it starts"),
    "status of a day to come": (("status", "--to", str(TODAY + timedelta(days=3))), "not over yet"),
    "status before the first": (("status", "--from", "2015-01-01"), "before the first partition"),
}

BAD_SETTINGS = {
    "MINING_ASSETS_ELEXON_URL": (("data.elexon.co.uk", "ftp://x"), "is not an http:// or https:// address"),
    "MINING_ASSETS_MEMPOOL_URL": (("mempool", "file:///etc/passwd"), "is not an http:// or https:// address"),
    "MINING_ASSETS_COINBASE_URL": (("coinbase", "ftp://x"), "is not an http:// or https:// address"),
    "MINING_ASSETS_START_DATE": (("2025-13-01", "today"), "is not a date like 2025-06-01"),
    "MINING_ASSETS_END_DATE": (("2025-06-31",), "is not a date like 2025-06-01"),
    "MINING_ASSETS_REQUESTS_PER_SECOND": (("0", "-1", "1001", "fast", "nan"), "MINING_ASSETS_REQUESTS_PER_SECOND="),
    "MINING_ASSETS_CONCURRENCY": (("0", "65", "1.5", "many"), "MINING_ASSETS_CONCURRENCY="),
    "MINING_ASSETS_RETRY_ATTEMPTS": (("0", "21", "x"), "MINING_ASSETS_RETRY_ATTEMPTS="),
    "MINING_ASSETS_RETRY_BASE_SECONDS": (("-1", "601"), "MINING_ASSETS_RETRY_BASE_SECONDS="),
    "MINING_ASSETS_RETRY_MAX_SECONDS": (("-0.1", "3601"), "MINING_ASSETS_RETRY_MAX_SECONDS="),
    "MINING_ASSETS_WAREHOUSE_URL": (
        ("nonsense", "mysql://a:secret@b/c", "sqlite:///relative.sqlite", "sqlite://"),
        "MINING_ASSETS_WAREHOUSE_URL ",
    ),
    "MINING_ASSETS_MINER_MODELS": (("models.toml", "/nowhere/models.toml"), "is not the absolute path of a file"),
    "MINING_ASSETS_PRICES": (("prices.csv", "/nowhere/prices.csv"), "is not the absolute path of a file"),
    "MINING_ASSETS_SITES": (("sites.csv", "/nowhere/sites.csv"), "is not the absolute path of a file"),
    "MINING_ASSETS_WIND_UNITS": (("units.toml", "/nowhere/units.toml"), "is not the absolute path of a file"),
    "MINING_ASSETS_STRAT_DATE": (("2025-06-01",), "is not a setting; did you mean MINING_ASSETS_START_DATE?"),
    "MINING_ASSETS_": (("x",), "MINING_ASSETS_ is not a setting"),
    "DAGSTER_HOME": (("relative/home",), "is not an absolute path"),
}

BAD_FILES = {
    "not TOML": ("[S9", "is not TOML"),
    "not text": ("\udcff\udcfe", "is not text in UTF-8"),
    "empty": ("", "file: "),
    "unknown field": ("[S9]\nhashrate_th = 1\npower_w = 1\nprice = 5\n", "S9.price: "),
    "power of 0": ("[S9]\nhashrate_th = 1\npower_w = 0\n", "S9.power_w: "),
    "infinite hash rate": ("[S9]\nhashrate_th = inf\npower_w = 1\n", "S9.hashrate_th: "),
    "text for a number": ('[S9]\nhashrate_th = "100"\npower_w = 1\n', "S9.hashrate_th: "),
    "no power": ("[S9]\nhashrate_th = 1\n", "S9.power_w: "),
}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Told:
    """Runs a command line that is refused, in an empty folder; returns the one line that it told."""
    folder = tmp_path / "empty"
    folder.mkdir()
    monkeypatch.chdir(folder)
    # Should one not be refused, it meets a closed door and not the world.
    monkeypatch.setenv("MINING_ASSETS_ELEXON_URL", "http://127.0.0.1:9")
    monkeypatch.setenv("MINING_ASSETS_RETRY_ATTEMPTS", "1")

    def refused(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["mining-assets", *arguments])
        with pytest.raises(SystemExit) as left:
            main()
        shown = capsys.readouterr()
        assert left.value.code == 2, shown.err
        assert shown.out == ""
        (line,) = shown.err.splitlines()
        assert line.startswith("mining-assets: ")
        assert list(folder.iterdir()) == []
        return line

    return refused


@pytest.mark.parametrize("name", BAD_COMMANDS)
def test_bad_command_line_is_refused_on_one_line(name: str, told: Told) -> None:
    arguments, reason = BAD_COMMANDS[name]
    assert reason in told(*arguments)


@pytest.mark.parametrize(
    ("variable", "value"), [(variable, value) for variable, (values, _) in BAD_SETTINGS.items() for value in values]
)
@pytest.mark.parametrize("command", [("range", "2025-06-01", "2025-06-02"), ("status",)], ids=["range", "status"])
def test_bad_setting_is_refused_by_name_on_one_line(
    variable: str, value: str, command: tuple[str, ...], told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    line = told(*command)
    assert variable in line
    assert BAD_SETTINGS[variable][1] in line
    assert "secret" not in line


@pytest.mark.parametrize("name", BAD_FILES)
@pytest.mark.parametrize("command", [("range", "2025-06-01", "2025-06-02"), ("status",)], ids=["range", "status"])
def test_bad_file_of_miner_models_is_refused_by_section_and_field(
    name: str, command: tuple[str, ...], told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, reason = BAD_FILES[name]
    file = tmp_path / "models.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    monkeypatch.setenv("MINING_ASSETS_MINER_MODELS", str(file))
    line = told(*command)
    assert str(file) in line
    assert reason in line


def test_bad_file_of_wind_units_is_refused_by_section_and_field(
    told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "units.toml"
    file.write_text("[T_AAAAW-1]\ngeneration_capacity = -5\n")
    monkeypatch.setenv("MINING_ASSETS_WIND_UNITS", str(file))
    assert f"{file}: T_AAAAW-1.generation_capacity: " in told("range", "2025-06-01", "2025-06-02")


def test_bad_file_of_prices_is_refused_by_line(told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "prices.csv"
    file.write_text("date,price_gbp\n2025-06-01,0\n")
    monkeypatch.setenv("MINING_ASSETS_PRICES", str(file))
    assert f"{file}: line 2: '0' is not a price above 0" in told("range", "2025-06-01", "2025-06-02")


def test_partitions_that_end_before_they_start_are_refused(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINING_ASSETS_START_DATE", "2025-06-02")
    monkeypatch.setenv("MINING_ASSETS_END_DATE", "2025-06-01")
    assert "MINING_ASSETS_END_DATE=2025-06-01 is before MINING_ASSETS_START_DATE=2025-06-02" in told("status")


def test_day_after_the_last_partition_is_refused(told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MINING_ASSETS_END_DATE", "2025-06-30")
    assert "2025-07-01 is after the last partition, 2025-06-30" in told("range", "2025-06-29", "2025-07-01")


@pytest.mark.system
def test_refused_command_touches_nothing_as_a_process_either(tmp_path: Path) -> None:
    empty = Environment(tmp_path / "home", {})
    done = run_cli(empty, "range", "2025-06-02", "2025-06-01", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert len(done.stderr.splitlines()) == 1
    assert list(tmp_path.iterdir()) == []
