"""The lists of miner models and wind units: those that ship, and files of a user's own."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from mining_assets.curated import halving_times, miner_models, wind_unit_additions
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.wind import WindUnit
from mining_assets.settings import Settings, SettingsError
from mining_assets_tests.samples import MODELS


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
        (b"\xff\xfe", "is not TOML"),
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
    file = write(tmp_path, "1050000 = 2028-04-17T08:09:27Z\n1470000 = 2036-01-02T03:04:05+01:00\n")
    assert halving_times(settings(monkeypatch, "HALVINGS", file)) == {
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
    ],
)
def test_a_halving_that_is_wrong_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str, where: str
) -> None:
    with pytest.raises(SettingsError, match=where):
        halving_times(settings(monkeypatch, "HALVINGS", write(tmp_path, text)))
