"""The lists of miner models, wind units and sites: those that ship, and files of a user's own; and files of prices."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mining_assets.curated import given_prices, given_sites, halving_times, miner_models, wind_unit_additions
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.wind_units import WindUnit
from mining_assets.errors import SettingsError
from mining_assets.settings import Settings
from mining_assets_tests.support.samples import MODELS


def settings(monkeypatch: pytest.MonkeyPatch, variable: str, file: Path) -> Settings:
    monkeypatch.setenv(f"MINING_ASSETS_{variable}", str(file))
    return Settings.load()


def write(tmp_path: Path, text: str | bytes) -> Path:
    file = tmp_path / "list.toml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return file


def test_the_three_models_ship() -> None:
    assert miner_models(Settings.load()) == MODELS


def test_the_units_that_the_register_lacks_ship() -> None:
    additions = wind_unit_additions(Settings.load())
    assert {unit.bm_unit_id for unit in additions} == {"2__BLOND003", "T_CRYRW-4"}
    assert {unit.source for unit in additions} == {"addition"}


def test_a_file_of_models_replaces_those_that_ship_in_its_order(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = write(tmp_path, "[Z]\nhashrate_th = 200\npower_w = 3500.5\n[A]\nhashrate_th = 1.5\npower_w = 10\n")
    assert miner_models(settings(monkeypatch, "MINER_MODELS", file)) == (
        MinerModel("Z", 200, 3500.5),
        MinerModel("A", 1.5, 10),
    )


def test_a_file_of_units_replaces_those_that_ship_and_may_be_empty(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = write(tmp_path, '["2__X"]\nlead_party_name = "Ørsted"\ngeneration_capacity = 20\n[T_Y-1]\n')
    assert wind_unit_additions(settings(monkeypatch, "WIND_UNITS", file)) == (
        WindUnit("2__X", None, "Ørsted", 20, "addition"),
        WindUnit("T_Y-1", source="addition"),
    )
    assert wind_unit_additions(settings(monkeypatch, "WIND_UNITS", write(tmp_path, ""))) == ()


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("[S9\n", "is not TOML"),
        (b"\xff\xfe", "is not text in UTF-8"),
        ("[S9]\nhashrate_th = 1\npower_w = 1\n[S9]\nhashrate_th = 1\npower_w = 1\n", "is not TOML"),
        ("", "file: dictionary should have at least 1 item"),
        ("S9 = 1\n", "S9: input should be a valid dictionary"),
        ("[S9]\nhashrate_th = 13.5\n", "S9.power_w: field required"),
        ("[S9]\nhashrate_th = 0\npower_w = 1\n", "S9.hashrate_th: input should be greater than 0"),
        ("[S9]\nhashrate_th = -1\npower_w = 1\n", "S9.hashrate_th: input should be greater than 0"),
        ("[S9]\nhashrate_th = 1\npower_w = 0\n", "S9.power_w: input should be greater than 0"),
        ("[S9]\nhashrate_th = nan\npower_w = 1\n", "S9.hashrate_th: input should be"),
        ("[S9]\nhashrate_th = inf\npower_w = 1\n", "S9.hashrate_th: input should be a finite number"),
        ('[S9]\nhashrate_th = "13.5"\npower_w = 1\n', "S9.hashrate_th: input should be a valid number"),
        ("[S9]\nhashrate_th = true\npower_w = 1\n", "S9.hashrate_th: input should be a valid number"),
        ("[S9]\nhashrate_th = 1\npower_w = 1\nhashrate = 2\n", "S9.hashrate: extra inputs are not permitted"),
        ('["a b"]\nhashrate_th = 1\npower_w = 1\n', "a b."),
        ('[""]\nhashrate_th = 1\npower_w = 1\n', "string should match pattern"),
        (f"[{'A' * 33}]\nhashrate_th = 1\npower_w = 1\n", "string should match pattern"),
    ],
)
def test_a_wrong_file_of_models_is_one_line_with_file_section_and_field(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | bytes, where: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        miner_models(settings(monkeypatch, "MINER_MODELS", file))
    message = str(refused.value)
    assert message.startswith(str(file))
    assert where in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (
            "[T_X-1]\ngeneration_capacity = -1\n",
            "T_X-1.generation_capacity: input should be greater than or equal to 0",
        ),
        ('[T_X-1]\ngeneration_capacity = "20"\n', "T_X-1.generation_capacity: input should be a valid number"),
        ("[T_X-1]\nlead_party_name = 1\n", "T_X-1.lead_party_name: input should be a valid string"),
        ("[T_X-1]\ncapacity = 1\n", "T_X-1.capacity: extra inputs are not permitted"),
    ],
)
def test_a_wrong_file_of_units_is_refused_likewise(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, where: str
) -> None:
    with pytest.raises(SettingsError, match=where.replace(".", r"\.")):
        wind_unit_additions(settings(monkeypatch, "WIND_UNITS", write(tmp_path, text)))


def test_halvings_are_told_by_height_and_time(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert halving_times(Settings.load()) == {}
    lines = ("840000 = 2024-04-20T00:09:27Z", "1050000 = 2028-04-17T08:09:27Z", "1470000 = 2036-01-02T03:04:05+01:00")
    file = write(tmp_path, "\n".join(lines))
    assert halving_times(settings(monkeypatch, "HALVINGS", file)) == {
        840_000: datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC),
        1_050_000: datetime(2028, 4, 17, 8, 9, 27, tzinfo=UTC),
        1_470_000: datetime(2036, 1, 2, 2, 4, 5, tzinfo=UTC),
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("1050001 = 2028-04-17T08:09:27Z", "1050001.*not the height of a halving, a multiple of 210000"),
        ("0 = 2028-04-17T08:09:27Z", "not the height of a halving"),
        ("one = 2028-04-17T08:09:27Z", "one.*not the height of a halving"),
        ("1050000 = 2028-04-17T08:09:27", "1050000: .*timezone"),
        ("1050000 = 2028-04-17", "1050000: .*timezone"),
        ("1050000 = 'soon'", "1050000: .*datetime"),
        ("1050000", "is not TOML"),
        ("840000 = 2024-04-20T05:09:27Z", "840000: that block was found at 2024-04-20T00:09:27Z"),
    ],
)
def test_a_halving_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, where: str
) -> None:
    with pytest.raises(SettingsError, match=where):
        halving_times(settings(monkeypatch, "HALVINGS", write(tmp_path, text)))


def test_without_a_file_no_price_is_given() -> None:
    assert given_prices(Settings.load()) == {}


@pytest.mark.parametrize(
    "text",
    [
        "date,price_gbp\n2016-01-01,290.5\n2016-01-02,1e3\n",
        "\ufeffdate,price_gbp\r\n2016-01-02,1000\r\n2016-01-01,290.50\r\n",
        '"date","price_gbp"\n\n"2016-01-01","290.5"\n"2016-01-02","1000.0"',
    ],
    ids=["plain", "of a spreadsheet", "quoted"],
)
def test_a_file_gives_a_price_by_date(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str) -> None:
    file = write(tmp_path, text)
    assert given_prices(settings(monkeypatch, "PRICES", file)) == {date(2016, 1, 1): 290.5, date(2016, 1, 2): 1000.0}


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1: the header should be date,price_gbp"),
        ("2016-01-01,290\n", "line 1: the header should be"),
        ("date;price_gbp\n", "line 1: the header should be"),
        ("date,price_usd\n", "line 1: the header should be"),
        ("date,price_gbp\n01/02/2016,290\n", "line 2: '01/02/2016' is not a date like 2025-06-01"),
        ("date,price_gbp\n2016-01-01,290\n2016-02-30,290\n", "line 3: '2016-02-30' is not a date"),
        ("date,price_gbp\n20160101,290\n", "line 2: '20160101' is not a date"),
        ("date,price_gbp\n2016-01-01,0\n", "line 2: '0' is not a price above 0"),
        ("date,price_gbp\n2016-01-01,-1\n", "line 2: '-1' is not a price"),
        ("date,price_gbp\n2016-01-01,\n", "line 2: '' is not a price"),
        ("date,price_gbp\n2016-01-01,nan\n", "line 2: 'nan' is not a price"),
        ("date,price_gbp\n2016-01-01,inf\n", "line 2: 'inf' is not a price"),
        ("date,price_gbp\n2016-01-01,1e999\n", "line 2: '1e999' is not a price"),
        ("date,price_gbp\n2016-01-01,1_000\n", "line 2: '1_000' is not a price"),
        ('date,price_gbp\n2016-01-01,"1,000"\n', "line 2: '1,000' is not a price"),
        ("date,price_gbp\n2016-01-01,£290\n", "line 2: '£290' is not a price"),
        ("date,price_gbp\n2016-01-01,290,GBP\n", "line 2: it has 3 fields"),
        ("date,price_gbp\n2016-01-01\n", "line 2: it has 1 field"),
        ("date,price_gbp\n2016-01-01,290\n\n2016-01-01,290\n", "line 4: 2016-01-01 is given twice"),
        ('date,price_gbp\n"2016-01-01,290\n', "line 2: "),
        ('date,price_gbp\n"2016\n-01-01",290\n', "is not a date"),
        (b"date,price_gbp\n\xff\xfe\n", "is not text in UTF-8"),
    ],
)
def test_a_wrong_file_of_prices_is_one_line_with_file_and_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | bytes, where: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        given_prices(settings(monkeypatch, "PRICES", file))
    message = str(refused.value)
    assert message.startswith(str(file))
    assert where in message
    assert len(message.splitlines()) == 1


def test_a_file_of_sites_goes_before_those_that_ship_unit_by_unit(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shipped = given_sites(Settings.load())
    assert shipped["T_WHILW-1"] == shipped["T_WHILW-2"] == "Whitelee"
    file = write(tmp_path, "\ufeffbm_unit_id,site\r\nT_WHILW-2,Whitelee Extension\r\n2__PSTAT001,Gwynt y Môr\r\n")
    assert given_sites(settings(monkeypatch, "SITES", file)) == shipped | {
        "T_WHILW-2": "Whitelee Extension",
        "2__PSTAT001": "Gwynt y Môr",
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", "line 1: the header should be bm_unit_id,site"),
        ("unit,site\n", "line 1: the header should be bm_unit_id,site"),
        ("bm_unit_id,site\nT_A-1\n", "line 2: it has 1 field, not a BM unit's id and a site"),
        ("bm_unit_id,site\nT_A-1,A\nT A-2,A\n", "line 3: 'T A-2' is not the id of a BM unit like T_MOWEO-1"),
        ("bm_unit_id,site\nT_A-1,\n", "line 2: '' is not the name of a site like Moray East"),
        ("bm_unit_id,site\nT_A-1, A\n", "line 2: ' A' is not the name of a site"),
        ('bm_unit_id,site\nT_A-1,"A\nB"\n', "is not the name of a site"),
        (f"bm_unit_id,site\nT_A-1,{'A' * 61}\n", "is not the name of a site"),
        ("bm_unit_id,site\nT_A-1,A\nT_A-1,B\n", "line 3: T_A-1 is given twice"),
        (b"bm_unit_id,site\n\xff\xfe\n", "is not text in UTF-8"),
    ],
)
def test_a_wrong_file_of_sites_is_one_line_with_file_and_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str | bytes, where: str
) -> None:
    file = write(tmp_path, text)
    with pytest.raises(SettingsError) as refused:
        given_sites(settings(monkeypatch, "SITES", file))
    message = str(refused.value)
    assert message.startswith(str(file))
    assert where in message
    assert len(message.splitlines()) == 1


@pytest.mark.parametrize(
    ("variable", "read"),
    [
        ("PRICES", given_prices),
        ("MINER_MODELS", miner_models),
        ("WIND_UNITS", wind_unit_additions),
        ("SITES", given_sites),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, read: Callable[[Settings], object]
) -> None:
    def refuse(*_: object) -> str:
        raise PermissionError(13, "Permission denied")

    made = settings(monkeypatch, variable, write(tmp_path, ""))
    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(SettingsError) as refused:
        read(made)
    assert str(refused.value) == f"{tmp_path / 'list.toml'} cannot be read: Permission denied"
