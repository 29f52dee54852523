"""What `db check` finds: nothing in a sound database, and each thing that is not as it should be."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets.warehouse import inspection
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.inspection import problems
from mining_assets.warehouse.upgrade import SchemaMismatch, upgrade
from mining_assets_tests.support.filled import filled
from mining_assets_tests.support.postgres import Cluster
from mining_assets_tests.support.samples import everything
from mining_assets_tests.support.templates import Templates

POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)


@pytest.fixture
def tampered(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """A warehouse whose schema may be changed: a database of its own."""
    with templates.empty(backend, tmp_path) as address:
        opened = Warehouse(address)
        upgrade(opened)
        yield opened
        opened.close()


def change(warehouse: Warehouse, *statements: str) -> None:
    with warehouse.engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement))


def with_another_check(warehouse: Warehouse) -> None:
    """Let a day have 47 periods; SQLite has no statement for it but to make the table anew."""
    if not warehouse.is_sqlite:
        change(
            warehouse,
            "ALTER TABLE settlement_days DROP CONSTRAINT settlement_days_periods",
            "ALTER TABLE settlement_days ADD CONSTRAINT settlement_days_periods CHECK (periods IN (46, 47, 48, 50))",
        )
        return
    with warehouse.reading() as connection:
        made = connection.execute(text("SELECT sql FROM sqlite_master WHERE name = 'settlement_days'")).scalar_one()
    assert "(46, 48, 50)" in made
    change(warehouse, "DROP TABLE settlement_days", made.replace("(46, 48, 50)", "(46, 47, 48, 50)"))


def test_a_sound_database_has_no_problems_and_stays_as_it_was(
    backend: str, templates: Templates, tmp_path: Path
) -> None:
    with templates.copy(backend, filled, tmp_path) as warehouse:
        before = everything(warehouse)
        assert problems(warehouse) == []
        assert everything(warehouse) == before


def test_tables_of_others_are_no_matter(tampered: Warehouse) -> None:
    change(tampered, "CREATE TABLE notes (id INTEGER PRIMARY KEY)")
    assert problems(tampered) == []


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("DROP TABLE restatements", "add table restatements"),
        ("ALTER TABLE restatements ADD COLUMN colour TEXT", "remove column restatements.colour"),
        ("ALTER TABLE refused_answers DROP COLUMN reason", "add column refused_answers.reason"),
        ("DROP INDEX integrity_findings_settlement_date", "add index integrity_findings_settlement_date"),
    ],
)
def test_what_is_not_as_in_the_schema_is_named(tampered: Warehouse, statement: str, said: str) -> None:
    change(tampered, statement)
    assert any(said in problem for problem in problems(tampered)), problems(tampered)


@POSTGRESQL
def test_a_type_and_a_key_that_differ_are_named(tampered: Warehouse) -> None:
    change(
        tampered,
        "ALTER TABLE daily_summaries ALTER COLUMN total_payment TYPE NUMERIC",
        "ALTER TABLE restatements DROP CONSTRAINT restatements_pk",
    )
    found = problems(tampered)
    assert any("modify type daily_summaries.total_payment" in problem for problem in found), found
    assert any("restatements has not the primary key (settlement_date, restated_at)" in problem for problem in found)


@POSTGRESQL
def test_a_check_that_is_gone_is_named(tampered: Warehouse) -> None:
    change(tampered, "ALTER TABLE settlement_days DROP CONSTRAINT settlement_days_periods")
    (found,) = problems(tampered)
    assert "settlement_days should check" in found
    assert "nothing of the kind" in found


def test_a_check_that_says_something_else_is_named(tampered: Warehouse) -> None:
    with_another_check(tampered)
    (found,) = problems(tampered)
    assert "settlement_days should check" in found
    assert "47" in found


@POSTGRESQL
def test_a_right_that_is_lacking_is_named(tampered: Warehouse, postgresql: Cluster) -> None:
    change(
        tampered,
        "CREATE ROLE half_way LOGIN",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO half_way",
        "REVOKE DELETE ON restatements FROM half_way",
    )
    mine = Warehouse(tampered.url.set(username="half_way"))
    try:
        (found,) = problems(mine)
    finally:
        mine.close()
        change(tampered, "DROP OWNED BY half_way", "DROP ROLE half_way")
    assert found.startswith("may not delete from restatements: permission denied")


@pytest.mark.parametrize("backend", ["sqlite"], indirect=True)
def test_a_file_that_cannot_be_written_is_named(tampered: Warehouse) -> None:
    mine = Warehouse(tampered.url.update_query_dict({"timeout": "0.1"}))
    with tampered.writing("somebody else"):
        assert problems(mine) == ["cannot be written: database is locked"]
    mine.close()


@POSTGRESQL
def test_an_old_server_is_named(tampered: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    problems(tampered)  # connects: the version is known from then on
    monkeypatch.setattr(tampered.engine.dialect, "server_version_info", (13, 9))
    assert problems(tampered) == [
        f"PostgreSQL 13 is older than {inspection.OLDEST_POSTGRESQL}, the oldest this version works with"
    ]


def test_a_newer_schema_is_refused(tampered: Warehouse) -> None:
    change(tampered, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(SchemaMismatch, match="9999, which this version does not know"):
        problems(tampered)
