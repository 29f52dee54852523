"""FARM of `spot-fix`: a unit's id or name, or a site of one unit; and a file of sites that names what nobody knows."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from mining_assets.cli.main import main
from mining_assets.warehouse.schema import wind_bm_units
from mining_assets_tests.support.clean import SHORT, WINDY, clean
from mining_assets_tests.support.harness import Environment
from mining_assets_tests.support.samples import FARM, OTHER_FARM, damage
from mining_assets_tests.support.templates import Templates

Cli = Callable[..., tuple[int, str, str]]


@pytest.fixture
def cli(
    templates: Templates, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Cli]:
    """The command line in this process, on units with names and a file of sites with faults."""
    sites = tmp_path / "sites.csv"
    sites.write_text(f"bm_unit_id,site\n{FARM},Twin\n{OTHER_FARM},Twin\nT_AAAAW-9,Twin\n")
    with templates.copy("sqlite", clean, tmp_path) as warehouse:
        of = wind_bm_units.c.bm_unit_id
        damage(warehouse, update(wind_bm_units).where(of == FARM).values(bm_unit_name="Great Hill"))
        made = Environment(tmp_path / "home", {}).but(
            warehouse_url=warehouse.url.render_as_string(hide_password=False),
            start_date=SHORT,
            end_date=WINDY,
            sites=sites,
        )
        monkeypatch.setattr("os.environ", made.of_process())

        def run(*arguments: object) -> tuple[int, str, str]:
            monkeypatch.setattr("sys.argv", ["mining-assets", *map(str, arguments)])
            with pytest.raises(SystemExit) as ended:
                main()
            said = capfd.readouterr()
            return int(ended.value.code or 0), said.out, said.err

        yield run


def test_a_units_name_is_as_good_as_its_id(cli: Cli) -> None:
    code, out, _ = cli("spot-fix", WINDY, 1, "great hill", "--plan", "--json")
    assert code == 0
    assert f'"command": "spot-fix {WINDY} 1 {FARM}"' in out


def test_a_site_of_two_units_is_answered_with_both(cli: Cli) -> None:
    code, _, said = cli("spot-fix", WINDY, 1, "twin", "--plan")
    assert code == 2
    assert f"'twin' is 2 BM units: {FARM} (Great Hill), {OTHER_FARM}; name one of them" in said


def test_what_a_file_of_sites_names_that_nobody_knows_is_told(cli: Cli) -> None:
    _, _, said = cli("status", "--json")
    (line,) = [line for line in said.splitlines() if "MINING_ASSETS_SITES" in line]
    assert line.endswith(f"sites.csv: T_AAAAW-9 is not a known wind BM unit; nearest: {FARM}")
