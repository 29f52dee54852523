"""Whatever is in a file that a person or a crash left behind, it is read, or refused in one line."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from mining_assets.cli.checkpoint import interrupted
from mining_assets.curated import miner_models, wind_unit_additions
from mining_assets.errors import SettingsError
from mining_assets.settings import Settings
from mining_assets_tests.support.chaos.seeds import ROUNDS, SEED
from mining_assets_tests.support.garbage import JSON, damaged

MODELS = "[S9]\nhashrate_th = 13.5\npower_w = 1323\n\n[M20S]\nhashrate_th = 68\npower_w = 3360\n"
UNITS = '[T_MADEUP-1]\nbm_unit_name = "Made Up"\nlead_party_name = "Made Up Limited"\ngeneration_capacity = 99.5\n'
CHECKPOINT: dict[str, Any] = {
    "command": ["range", "2025-06-01", "2025-06-03"],
    "config": {"refetch": False},
    "pendingDates": ["2025-06-02", "2025-06-03"],
    "completedDates": ["2025-06-01"],
}
SIGNS = ["[", "]", "[[", "=", ".", '"', "\n", "{", "}", "\0", "é"]
VALUES = ["nan", "inf", "-1", "1e999", "0x", "2025-06-01", "power_w"]


@st.composite
def spoiled(draw: st.DrawFn, good: str) -> bytes:
    """A good file in which some places hold something else, or bytes that are no file at all."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    content = good
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = start + draw(st.integers(0, 12))
        content = content[:start] + draw(st.sampled_from(SIGNS + VALUES) | st.text(max_size=4)) + content[end:]
    return content.encode("utf-8", "surrogatepass")


@pytest.mark.parametrize(
    ("name", "good", "read"), [("miner_models", MODELS, miner_models), ("wind_units", UNITS, wind_unit_additions)]
)
@seed(SEED)
@settings(max_examples=200 * ROUNDS, deadline=None)
@given(data=st.data())
def test_files_of_the_settings(name: str, good: str, read: Any, data: st.DataObject, tmp_path_factory: Any) -> None:
    file: Path = tmp_path_factory.getbasetemp() / f"{name}.toml"
    file.write_bytes(data.draw(spoiled(good)))
    found, refused = (), None
    try:
        found = read(Settings(home=file.parent, **{name: file}))
    except SettingsError as error:
        refused = str(error)
    assert all(type(each).__module__.startswith("mining_assets.domain") for each in found)
    if refused is not None:
        assert str(file) in refused
        assert len(refused.splitlines()) == 1
        assert len(refused) < 500 + len(str(file))


@pytest.mark.parametrize(
    "content",
    [b"a = " + b"[" * 100_000, b"a = " + b"9" * 5000, b"a = 2025-13-41", b"\xff"],
    ids=["deep", "long", "time", "bytes"],
)
def test_files_beyond_what_the_parser_takes(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "models.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError, match=r"is not (TOML|text in UTF-8)"):
        miner_models(Settings(home=tmp_path, miner_models=file))


@pytest.mark.parametrize("content", [b"[" * 100_000, b"9" * 5000, b"\xff", b""], ids=["deep", "long", "bytes", "empty"])
def test_checkpoint_that_cannot_be_read_is_none(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "checkpoint.json"
    file.write_bytes(content)
    assert interrupted(file) is None


@seed(SEED)
@settings(max_examples=300 * ROUNDS, deadline=None)
@given(data=st.data())
def test_checkpoint(data: st.DataObject, tmp_path_factory: Any) -> None:
    file: Path = tmp_path_factory.getbasetemp() / "checkpoint.json"
    any_json = JSON.map(lambda value: json.dumps(value).encode("utf-8", "surrogatepass"))
    file.write_bytes(data.draw(damaged(CHECKPOINT) | spoiled(json.dumps(CHECKPOINT)) | any_json))
    left = interrupted(file)
    if left is not None:
        command, config, days = left
        assert all(isinstance(word, str) for word in command)
        assert isinstance(config, dict)
        assert all(isinstance(day, date) for day in days)
