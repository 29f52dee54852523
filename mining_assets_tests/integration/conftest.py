"""A warehouse with days of every kind, and the command line in this process."""

from collections.abc import Iterator

import pytest

from mining_assets.commands.main import main
from mining_assets_tests.integration.harness import Environment, Here
from mining_assets_tests.report.mixed import FIRST, LAST, mixed
from mining_assets_tests.templates import Templates


@pytest.fixture(scope="module")
def mixed_days(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environment]:
    """A home whose warehouse holds days of every kind."""
    folder = tmp_path_factory.mktemp("made")
    with templates.copy("sqlite", mixed, folder) as warehouse:
        address = warehouse.url.render_as_string()
        yield Environment(folder / "home", {}).but(warehouse_url=address, start_date=FIRST, end_date=LAST)


@pytest.fixture
def here(mixed_days: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Here:
    """The command line in this process: exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("os.environ", mixed_days.of_process())
        monkeypatch.setattr("sys.argv", ["mining-assets", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run
