"""What is installed is complete: the wheel holds all it needs, and its command runs far from the checkout."""

import importlib.util
import os
import subprocess
import sys
import zipfile
from datetime import date
from pathlib import Path

import pytest

from mining_assets_tests.support.harness import assert_day_is_right, environment, table
from mining_assets_tests.support.paths import ROOT
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 3)
WHERE = "import mining_assets; print(mining_assets.__file__)"
COMMAND = "from mining_assets.cli.main import main; main()"


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checkout, unpacked."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", str(folder), str(ROOT)]
    if importlib.util.find_spec("hatchling"):
        command.insert(4, "--no-build-isolation")
    built = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False, cwd=folder)
    if built.returncode and "hatchling" in built.stderr and "No matching distribution" in built.stderr:
        pytest.skip("the wheel cannot be built: hatchling is not installed, and no package index is in reach")
    assert built.returncode == 0, built.stderr
    (wheel,) = folder.glob("mining_assets-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "installed")
    return folder / "installed"


def test_wheel_holds_everything_that_is_not_code(unpacked: Path) -> None:
    package = unpacked / "mining_assets"
    for name in (
        "packaged/dagster.yaml",
        "packaged/miner_models.toml",
        "packaged/wind_units.toml",
        "packaged/sites.csv",
        "packaged/completion.json",
    ):
        assert (package / name).read_bytes() == (ROOT / "mining_assets" / name).read_bytes()
    migrations = {file.name for file in (ROOT / "mining_assets/warehouse/migrations/versions").glob("*.py")}
    assert {file.name for file in (package / "warehouse/migrations/versions").glob("*.py")} == migrations
    (metadata,) = unpacked.glob("mining_assets-*.dist-info/entry_points.txt")
    assert "mining-assets = mining_assets.cli.main:main" in metadata.read_text()


def test_wheel_holds_no_tests_and_no_data(unpacked: Path) -> None:
    assert not (unpacked / "mining_assets_tests").exists()
    data = {file for file in unpacked.rglob("*") if file.suffix in (".csv", ".gz", ".json", ".sqlite", ".pyc")}
    assert data == {unpacked / "mining_assets/packaged" / name for name in ("sites.csv", "completion.json")}


def test_installed_command_runs_in_any_folder_without_the_checkout(unpacked: Path, tmp_path: Path) -> None:
    folder = tmp_path / "somewhere"
    folder.mkdir()
    with Twin(GeneratedWorld(seed=3, units=6, light=True, windy_days=[DAY])) as twin:
        made = environment(tmp_path, twin)
        variables = made.of_process() | {"PYTHONPATH": str(unpacked), "PATH": os.environ["PATH"]}

        def run(code: str, *arguments: str) -> "subprocess.CompletedProcess[str]":
            return subprocess.run(
                [sys.executable, "-P", "-c", code, *arguments],
                env=variables,
                cwd=folder,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )

        assert Path(run(WHERE).stdout.strip()).is_relative_to(unpacked)
        done = run(COMMAND, "date", str(DAY))
        assert done.returncode == 0, done.stderr
        assert list(folder.iterdir()) == []
        assert_day_is_right(made, twin.world, DAY)
    assert set(table(made, "historical_bitcoin_calculations")["miner_model"]) == {"S19J_PRO", "S9", "M20S"}
