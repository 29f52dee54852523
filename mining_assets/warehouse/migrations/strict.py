"""What every migration ends with: tables that take nothing but values of their columns' kinds.

On SQLite a table is made STRICT by copying it, and on both databases each column of ``schema`` gets the check that
its values are of its kind. It looks at the tables that are there, whatever their revision, so that a migration need not
think of it. Nothing is changed when a row does not fit.
"""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    inspect,
    text,
)
from sqlalchemy.schema import AddConstraint, CreateTable
from sqlalchemy.types import TypeEngine

from mining_assets.warehouse.columns import VALUE, Day, Flag, Identity, Instant, Number, condition
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import SchemaMismatch
from mining_assets.warehouse.values import NAMED_ROWS, REMEDY, unfit_values

VERSIONS = "alembic_version"


class RowsDoNotFitError(SchemaMismatch):
    """Rows hold what their columns do not take; the database is as it was."""


def enforce(connection: Connection) -> None:
    """Let the tables of the warehouse refuse what is not of their columns' kinds.

    Raises:
        RowsDoNotFitError: naming table, key, column and value, with what to do.
    """
    there = set(inspect(connection).get_table_names())
    columns = {name: _kinds(connection, name) for name in sorted(there & {*metadata.tables})}
    if connection.dialect.name == "sqlite" and VERSIONS in there:
        columns[VERSIONS] = {"version_num": Text()}
    lacking = {name: kinds for name, kinds in columns.items() if not _is_enforced(connection, name, kinds)}
    wrong = [line for name, kinds in lacking.items() for line in unfit_values(connection, name, kinds)]
    if wrong:
        many = f"{len(wrong)} values do not fit their columns" if len(wrong) > 1 else "1 value does not fit its column"
        raise RowsDoNotFitError(
            f"{many}: {'; '.join(wrong[:NAMED_ROWS])}. Nothing was changed: {REMEDY}, and start again"
        )
    if connection.dialect.name == "sqlite":
        _copy_tables(connection, lacking)
    else:
        for name, kinds in lacking.items():
            _add_checks(connection, name, kinds)


def _kinds(connection: Connection, name: str) -> dict[str, TypeEngine[Any]]:
    """Return the kind of each column that the table has: the schema's, else that of its declared type."""
    known = metadata.tables[name].columns
    return {
        column["name"]: known[column["name"]].type if column["name"] in known else _kind(column["type"])
        for column in inspect(connection).get_columns(name)
    }


def _kind(declared: TypeEngine[Any]) -> TypeEngine[Any]:
    match declared:
        case Date():
            return Day
        case DateTime():
            return Instant()
        case Boolean():
            return Flag
        case Integer():
            return Identity
        case Double():
            return Number
        case _:
            return Text()


def _value_checks(connection: Connection, name: str, kinds: Mapping[str, TypeEngine[Any]]) -> dict[str, str]:
    if name == VERSIONS:
        return {}
    wanted = {column: condition(kind, column, connection.dialect.name) for column, kind in kinds.items()}
    return {f"{name}_{column}{VALUE}": check for column, check in wanted.items() if check}


def _is_enforced(connection: Connection, name: str, kinds: Mapping[str, TypeEngine[Any]]) -> bool:
    inspector = inspect(connection)
    if connection.dialect.name == "sqlite" and not inspector.get_table_options(name).get("sqlite_strict"):
        return False
    has = {check["name"] for check in inspector.get_check_constraints(name)}
    return has >= {*_value_checks(connection, name, kinds)}


def _add_checks(connection: Connection, name: str, kinds: Mapping[str, TypeEngine[Any]]) -> None:
    has = {check["name"] for check in inspect(connection).get_check_constraints(name)}
    table = Table(name, MetaData(), *(Column(column, kind) for column, kind in kinds.items()))
    for check, wanted in _value_checks(connection, name, kinds).items():
        if check not in has:
            constraint = CheckConstraint(wanted, name=check)
            table.append_constraint(constraint)
            connection.execute(AddConstraint(constraint))


def _copy_tables(connection: Connection, lacking: Mapping[str, Mapping[str, TypeEngine[Any]]]) -> None:
    """Copy each table into its STRICT twin. Views, whosever they are, are made anew as they were."""
    if not lacking:
        return
    views = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE type = 'view' ORDER BY rowid")).all()
    quote = connection.dialect.identifier_preparer.quote
    for view, _ in views:
        connection.exec_driver_sql(f"DROP VIEW {quote(view)}")
    for name, kinds in lacking.items():
        _copy_table(connection, name, kinds)
    for _, made in views:
        connection.exec_driver_sql(made)


def _copy_table(connection: Connection, name: str, kinds: Mapping[str, TypeEngine[Any]]) -> None:
    quote = connection.dialect.identifier_preparer.quote
    twin = _twin(connection, name, kinds)
    beside = connection.execute(
        text("SELECT sql FROM sqlite_master WHERE tbl_name = :name AND type IN ('index', 'trigger') AND sql <> ''"),
        {"name": name},
    ).scalars()
    made_beside = list(beside)
    connection.execute(CreateTable(twin))
    columns = ", ".join(map(quote, kinds))
    connection.exec_driver_sql(
        f"INSERT INTO {quote(twin.name)} ({columns}) SELECT {columns} FROM {quote(name)}"  # noqa: S608
    )
    connection.exec_driver_sql(f"DROP TABLE {quote(name)}")
    connection.exec_driver_sql(f"ALTER TABLE {quote(twin.name)} RENAME TO {quote(name)}")
    for made in made_beside:
        connection.exec_driver_sql(made)


def _twin(connection: Connection, name: str, kinds: Mapping[str, TypeEngine[Any]]) -> Table:
    """Describe the STRICT table that takes the rows: as the table is, with the checks of its columns' kinds."""
    inspector = inspect(connection)
    key = inspector.get_pk_constraint(name)
    wanted = _value_checks(connection, name, kinds)
    checks = {
        str(check["name"]): str(check["sqltext"])
        for check in inspector.get_check_constraints(name)
        if check["name"] not in wanted
    }
    return Table(
        f"strict_{name}",
        MetaData(),
        *(
            Column(
                column["name"],
                kinds[column["name"]],
                nullable=column["nullable"],
                server_default=None if column["default"] is None else text(column["default"]),
            )
            for column in inspector.get_columns(name)
        ),
        PrimaryKeyConstraint(*key["constrained_columns"], name=key["name"]),
        *(CheckConstraint(sql, name=check) for check, sql in (checks | wanted).items()),
        sqlite_strict=True,
    )
