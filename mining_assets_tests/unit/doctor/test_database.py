"""What the doctor says of the database, of either kind: ready, older, altered, not one at all, or out of reach."""

from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, make_url

from mining_assets.doctor.database import database_lines
from mining_assets.doctor.lines import Line
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade


def by_name(address: URL) -> dict[str, Line]:
    lines, _ = database_lines(address)
    return {line.name: line for line in lines}


def statuses(address: URL) -> dict[str, str]:
    return {name: line.status for name, line in by_name(address).items()}


def test_an_upgraded_database_is_ready(warehouse: Warehouse) -> None:
    assert statuses(warehouse.url) == {"database": "pass", "schema": "pass"}


def test_an_altered_schema_differs(empty_address: URL) -> None:
    with closing(Warehouse(empty_address)) as warehouse:  # one of its own: those of fixtures are used again
        upgrade(warehouse)
        _alter(warehouse)
    lines = by_name(empty_address)
    assert {name: line.status for name, line in lines.items()} == {"database": "pass", "schema": "differs"}
    assert "schema differs: remove column alerts_sent" in lines["schema"].found


def _alter(warehouse: Warehouse) -> None:
    with warehouse.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE alerts_sent ADD COLUMN extra INTEGER")
        connection.exec_driver_sql("DROP TABLE restatements")


def test_a_newer_schema_differs(warehouse: Warehouse) -> None:
    with warehouse.writing() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0999'")
    line = by_name(warehouse.url)["schema"]
    assert line.status == "differs"
    assert "revision 0999, which this version does not know" in line.found


def test_an_empty_database_differs_where_it_is_not_upgraded_by_itself(empty_address: URL) -> None:
    line = by_name(empty_address).get("schema")
    if empty_address.get_backend_name() == "sqlite":
        assert line is None  # there is no file
    else:
        assert line is not None
        assert line.status == "differs"
        assert "run `mining-assets db upgrade`" in line.found


def test_an_embedded_warehouse_that_is_not_there_yet_is_ready_and_is_not_made(tmp_path: Path) -> None:
    file = tmp_path / "home" / "data" / "warehouse.sqlite"
    (line,), lacking = database_lines(make_url(f"sqlite:///{file}"))
    assert (line.status, lacking) == ("pass", [])
    assert f"there is no {file} yet" in line.found
    assert list(tmp_path.iterdir()) == []


def test_an_embedded_warehouse_that_cannot_be_made_differs() -> None:
    (line,), _ = database_lines(make_url("sqlite:////proc/nowhere/warehouse.sqlite"))
    assert line.status == "differs"
    assert "/proc/nowhere/warehouse.sqlite cannot be made" in line.found


def test_an_embedded_warehouse_without_tables_is_ready(tmp_path: Path) -> None:
    (tmp_path / "warehouse.sqlite").touch()
    assert statuses(make_url(f"sqlite:///{tmp_path}/warehouse.sqlite")) == {"database": "pass", "schema": "pass"}


def test_a_file_that_is_no_database_differs(tmp_path: Path) -> None:
    file = tmp_path / "warehouse.sqlite"
    file.write_text("a page about warehouses, long enough to be one" * 30)
    (line,), lacking = database_lines(make_url(f"sqlite:///{file}"))
    assert (line.status, lacking) == ("differs", ["schema"])
    assert "file is not a database" in line.found
    assert file.read_text().startswith("a page")


def test_a_database_that_does_not_answer_is_unreachable() -> None:
    (line,), lacking = database_lines(make_url("postgresql+psycopg://someone:Unmistakable-7f3a@127.0.0.1:9/nothing"))
    assert (line.status, lacking) == ("unreachable", ["schema"])
    assert "refused" in line.found
    assert "Unmistakable-7f3a" not in line.found
