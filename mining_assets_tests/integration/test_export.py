"""`export`: every table and view, whole, in every form."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import delete, func, select, update

from mining_assets.cli import formats
from mining_assets.cli.formats import write_csv, write_json
from mining_assets.domain.live_sources import LIVE_ELEXON
from mining_assets.domain.origin import Kind
from mining_assets.warehouse import exports
from mining_assets.warehouse.connection import Warehouse, read_frame
from mining_assets.warehouse.exports import RELATIONS, batches, day_column, exported, origins_of
from mining_assets.warehouse.schema import settlement_days, wind_bm_units
from mining_assets.warehouse.views import daily_by_farm, half_hourly_curtailment
from mining_assets_tests.support.clean import WINDY
from mining_assets_tests.support.harness import COMMAND, Environment, Here, run_cli
from mining_assets_tests.support.mixed import ATTACK, PROVISIONAL, mixed
from mining_assets_tests.support.noted import TWIN, forget_origins, note_day, note_live
from mining_assets_tests.support.samples import FARM
from mining_assets_tests.support.templates import Templates

PYARROW = Path(sys.prefix) / "parquet"


@pytest.fixture(scope="module")
def filled(backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with templates.copy(backend, mixed, tmp_path_factory.mktemp("filled")) as copied:
        yield copied


@pytest.mark.parametrize("name", list(RELATIONS))
def test_every_table_and_view_is_exported_whole(filled: Warehouse, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exports, "BATCH", 7)
    table = RELATIONS[name]
    as_csv, as_json = io.BytesIO(), io.BytesIO()
    with filled.reading() as connection:
        stored = connection.execute(select(*table.c)).all()
        assert write_csv(as_csv, exported(table), batches(connection, table)) == len(stored)
        assert write_json(as_json, exported(table), batches(connection, table)) == len(stored)
    header, *lines = csv.reader(io.StringIO(as_csv.getvalue().decode()))
    rows = json.loads(as_json.getvalue())
    assert header == [column.name for column in exported(table)]
    assert len(lines) == len(rows) == len(stored)
    for line, row in zip(lines, rows, strict=True):
        assert list(row) == header
        for text, value in zip(line, row.values(), strict=True):
            assert text == _as_text(value)
    numbers = [column.name for column in table.c if str(column.type).startswith("DOUBLE")]
    for number in numbers:
        there = [getattr(row, number) for row in stored if getattr(row, number) is not None]
        assert sorted(row[number] for row in rows if row[number] is not None) == pytest.approx(sorted(there))


def _as_text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


@pytest.mark.parametrize("name", ["curtailment_records", "historical_bitcoin_calculations"])
def test_a_table_with_ids_of_units_is_exported_with_their_names_last(filled: Warehouse, name: str) -> None:
    table, file = RELATIONS[name], io.BytesIO()
    known = wind_bm_units.c.bm_unit_id == FARM
    with filled.engine.connect() as connection:  # what it writes is rolled back
        connection.execute(update(wind_bm_units).where(known).values(bm_unit_name="Aaaa One", site="Aaaa"))
        connection.execute(delete(wind_bm_units).where(~known))
        stored = connection.execute(select(func.count()).select_from(table)).scalar_one()
        write_json(file, exported(table), batches(connection, table))
    rows = json.loads(file.getvalue())
    assert len(rows) == stored
    assert list(rows[0]) == [*table.c.keys(), "bm_unit_name", "site"]
    names = {row["farm_id"]: (row["bm_unit_name"], row["site"]) for row in rows}
    assert names.pop(FARM) == ("Aaaa One", "Aaaa")
    assert set(names.values()) == {(None, None)}  # a unit that the register lost keeps its rows


def test_a_range_of_days_months_and_years(filled: Warehouse) -> None:
    with filled.reading() as connection:
        for name, wanted in {
            "daily_summaries": {WINDY},
            "daily_by_farm": {WINDY},
            "monthly_summaries": {"2025-04"},
            "yearly_summaries": {"2025"},
        }.items():
            table = RELATIONS[name]
            column = day_column(table)
            assert column is not None
            rows = [row for batch in batches(connection, table, WINDY, WINDY) for row in batch]
            assert {getattr(row, column.name) for row in rows} == wanted, name


@pytest.mark.system
def test_export_prints_the_rows_of_a_range(mixed_days: Environment) -> None:
    done = run_cli(mixed_days, "export", "daily_by_farm", "--from", WINDY, "--to", PROVISIONAL)
    assert done.returncode == 0, done.stderr
    frame = pd.read_csv(io.StringIO(done.stdout))
    with mixed_days.warehouse() as warehouse, warehouse.reading() as connection:
        stored = read_frame(connection, select(*daily_by_farm.c).where(daily_by_farm.c.settlement_date >= WINDY))
    assert frame["curtailed_energy"].tolist() == pytest.approx(stored["curtailed_energy"].tolist())
    assert ATTACK in frame["lead_party_name"].tolist()


def test_export_replaces_a_file_only_when_told_to(here: Here, tmp_path: Path) -> None:
    path = tmp_path / "days.json"
    arguments = ("export", "whole_days", "--format", "json", "--out", path)
    code, out, error = here(*arguments)
    assert (code, out) == (0, "")
    assert f"4 rows of whole_days in {path}" in error
    written = path.read_bytes()
    path.write_text("mine")
    code, _, error = here(*arguments)
    assert code == 2
    assert f"{path} is there already: --force replaces it" in error
    assert path.read_text() == "mine"
    assert here(*arguments, "--force")[0] == 0
    assert path.read_bytes() == written
    assert sorted(each.name for each in tmp_path.iterdir()) == ["days.json", "days.json.meta.json"]


@pytest.fixture
def noted(mixed_days: Environment) -> Iterator[None]:
    """While it lasts, WINDY is generated, and all else of the days of every kind is live."""
    with mixed_days.warehouse() as warehouse:
        note_live(warehouse)
        note_day(warehouse, WINDY, TWIN)
    yield
    with mixed_days.warehouse() as warehouse:
        forget_origins(warehouse)


@pytest.mark.usefixtures("noted")
def test_a_file_says_beside_it_where_its_data_came_from(here: Here, tmp_path: Path) -> None:
    days = ("--from", WINDY, "--to", PROVISIONAL)
    path = tmp_path / "days.csv"
    assert here("export", "daily_by_farm", *days, "--out", path)[0] == 0
    told = json.loads((tmp_path / "days.csv.meta.json").read_text())
    assert (told["table"], told["from"], told["to"]) == ("daily_by_farm", str(WINDY), str(PROVISIONAL))
    assert told["origin"]["kind"] == "generated"
    assert {"data": "settlement_days", "origin": TWIN, "kind": "generated", "days": 1} in told["origin"]["sources"]
    code, out, error = here("export", "daily_by_farm", *days)
    assert code == 0
    assert out == path.read_text()
    assert f"Generated data: not real figures. 1 day from {TWIN}." in error
    # Of days that are live nothing has to be said, and the file beside says so again.
    code, _, error = here("export", "daily_by_farm", "--from", PROVISIONAL, "--out", path, "--force")
    assert (code, "Generated" in error) == (0, False)
    assert json.loads((tmp_path / "days.csv.meta.json").read_text())["origin"]["kind"] == "live"


def test_a_month_is_of_the_origins_of_all_its_days(filled: Warehouse) -> None:
    with filled.engine.connect() as connection:  # what it writes is rolled back
        connection.execute(update(settlement_days).values(origin=LIVE_ELEXON))
        first = settlement_days.c.settlement_date == WINDY
        connection.execute(update(settlement_days).where(first).values(origin=TWIN))
        for name, is_part in {"daily_summaries": False, "monthly_summaries": True, "yearly_summaries": True}.items():
            origins = origins_of(connection, RELATIONS[name], PROVISIONAL, PROVISIONAL)
            assert origins.has(["settlement_days"], Kind.GENERATED) is is_part, name


def test_an_export_that_fails_leaves_the_file_and_what_is_said_of_it(
    here: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, beside = tmp_path / "days.csv", tmp_path / "days.csv.meta.json"
    assert here("export", "whole_days", "--out", path)[0] == 0
    before = path.read_bytes(), beside.read_bytes()

    def failing(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(formats.WRITERS, "csv", failing)
    assert here("export", "whole_days", "--out", path, "--force")[0] == 1
    assert (path.read_bytes(), beside.read_bytes()) == before
    assert len(list(tmp_path.iterdir())) == 2
    monkeypatch.undo()
    path.unlink()
    code, _, error = here("export", "whole_days", "--out", path)
    assert code == 2
    assert f"{beside} is there already: --force replaces it" in error


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["export", "curtailment"], "there is no table or view 'curtailment'; did you mean 'hourly_curtailment'?"),
        (["export", "x"], "there is no table or view 'x'; there are daily_by_farm, "),
        (["export", "network_epochs", "--from", "2025-04-03"], "the rows of network_epochs have no day"),
        (["export", "whole_days", "--from", "2025-04-03", "--to", "2025-04-01"], "before it starts"),
    ],
)
def test_bad_input_of_export_is_one_line(here: Here, arguments: list[str], told: str) -> None:
    code, out, error = here(*arguments)
    assert (code, out) == (2, "")
    assert told in error
    assert error.count("\n") == 1


def test_a_place_where_an_export_cannot_be_written_is_named(here: Here, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, out, error = here("export", "whole_days", "--out", tmp_path / "file" / "days.csv")
    assert (code, out) == (1, "")
    assert f"{tmp_path}/file/days.csv cannot be written" in error
    assert error.count("\n") == 1


def test_parquet_has_types_or_says_what_it_needs(here: Here, mixed_days: Environment, tmp_path: Path) -> None:
    """`make test-parquet` installs pyarrow where only this test finds it: wherever it is, pandas loads it too."""
    out = tmp_path / "rows.parquet"
    arguments = ("export", "half_hourly_curtailment", "--format", "parquet", "--out", out)
    if not PYARROW.is_dir():
        code, _, error = here(*arguments)
        assert code == 2
        assert "Parquet needs pyarrow: pip install 'mining-assets[parquet]'" in error
        assert not out.exists()
        return
    environment = {**mixed_days.of_process(), "PYTHONPATH": str(PYARROW)}

    def run(*command: str) -> str:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(*COMMAND, *map(str, arguments))
    reading = """if True:
        import json, sys
        from pyarrow import parquet
        rows = parquet.read_table(sys.argv[1])
        types = {field.name: str(field.type) for field in rows.schema}
        energy = sum(rows["curtailed_energy"].to_pylist())
        told = json.loads(rows.schema.metadata[b"mining_assets"])
        print(json.dumps([rows.num_rows, types, energy, str(rows["start_time"][0].as_py()), told["origin"]["kind"]]))
    """
    rows, types, energy, start, kind = json.loads(run(sys.executable, "-c", reading, str(out)))
    with mixed_days.warehouse() as warehouse, warehouse.reading() as connection:
        stored = read_frame(connection, select(*half_hourly_curtailment.c))
    assert rows == len(stored)
    assert energy == pytest.approx(stored["curtailed_energy"].sum())
    assert (types["settlement_date"], types["start_time"]) == ("date32[day]", "timestamp[us, tz=UTC]")
    assert start == "2025-03-30 00:00:00+00:00"
    assert kind == "unknown"
