"""Whether a database is what the code takes it for: version, schema, and what the user may do."""

from collections.abc import Iterator

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, Inspector, Table, inspect, text
from sqlalchemy.exc import DBAPIError

from mining_assets.warehouse.connection import Warehouse, is_transient
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import require_revision
from mining_assets.warehouse.values import all_unfit_values

OLDEST_POSTGRESQL = 14


def problems(warehouse: Warehouse, *, values: bool = True) -> list[str]:
    """Return what is wrong with the database, a line each; nothing when it can be used. It stays as it was.

    Args:
        warehouse: open.
        values: look at every stored value too, which takes as long as there are rows.

    Raises:
        SchemaMismatch: its revision is not the one of the code; the message says what to do.
    """
    with warehouse.reading() as connection:
        require_revision(connection)
        found = [*_version(connection), *_differences(connection)]
    if values:
        found += all_unfit_values(warehouse)
    try:
        with warehouse.writing("schema") as connection:
            found += list(_rights(connection)) or list(_checks(connection))
            connection.get_transaction().rollback()  # type: ignore[union-attr]  # there is one inside writing()
    except DBAPIError as error:
        if is_transient(error) and not warehouse.is_sqlite:
            raise
        found.append(f"cannot be written: {_shown(error)}")
    return found


def _version(connection: Connection) -> Iterator[str]:
    version = connection.dialect.server_version_info
    if connection.dialect.name == "postgresql" and version and int(version[0]) < OLDEST_POSTGRESQL:
        yield f"PostgreSQL {version[0]} is older than {OLDEST_POSTGRESQL}, the oldest this version works with"


def _differences(connection: Connection) -> Iterator[str]:
    """Compare tables, columns, types, comments and indexes by Alembic, and primary keys, which it leaves out."""
    ours = {*metadata.tables}
    context = MigrationContext.configure(
        connection,
        opts={
            "compare_type": True,
            "include_name": lambda name, kind, _: kind != "table" or name in ours,  # others' tables are theirs
        },
    )
    differing = compare_metadata(context, metadata)
    for difference in differing:
        yield f"schema differs: {_message(difference)}"
    inspector = inspect(connection)
    stored = set(inspector.get_table_names())
    for table in metadata.sorted_tables:
        wanted = [column.name for column in table.primary_key]
        if table.name in stored and inspector.get_pk_constraint(table.name)["constrained_columns"] != wanted:
            yield f"schema differs: {table.name} has not the primary key ({', '.join(wanted)})"


def _message(difference: object) -> str:
    """Word a difference that Alembic found: what would have to be done, and to what."""
    if isinstance(difference, list):
        return "; ".join(map(_message, difference))
    assert isinstance(difference, tuple)
    what, *rest = difference
    names = [str(part) for part in rest if isinstance(part, str)] or [str(getattr(rest[0], "name", rest[0]))]
    names += [str(part.name) for part in rest if hasattr(part, "type") and hasattr(part, "name")]
    return f"{str(what).replace('_', ' ')} {'.'.join(names)}"


def _rights(connection: Connection) -> Iterator[str]:
    """Try what the user may do on each table without touching a row, and with one row that is taken back."""
    preparer = connection.dialect.identifier_preparer
    for table in metadata.sorted_tables:
        name = preparer.format_table(table)
        column = preparer.quote(next(iter(table.primary_key)).name)
        for right, statement in (
            ("read", f"SELECT 1 FROM {name} WHERE 1 = 0"),  # noqa: S608  (names of the code's own tables)
            ("insert into", f"INSERT INTO {name} SELECT * FROM {name} WHERE 1 = 0"),  # noqa: S608
            ("update", f"UPDATE {name} SET {column} = {column} WHERE 1 = 0"),  # noqa: S608
            ("delete from", f"DELETE FROM {name} WHERE 1 = 0"),  # noqa: S608
        ):
            if problem := _tried(connection, statement):
                yield f"may not {right} {table.name}: {problem}"
    if problem := _tried(connection, "INSERT INTO alerts_sent (cause, sent_on) VALUES ('db check', '1970-01-01')"):
        yield f"cannot store a row: {problem}"


def _tried(connection: Connection, statement: str) -> str | None:
    try:
        with connection.begin_nested():
            connection.execute(text(statement))
    except DBAPIError as error:
        return _shown(error)
    return None


def _checks(connection: Connection) -> Iterator[str]:
    """Compare the check constraints, which Alembic does not, with those of temporary tables made from the schema."""
    stored = {table.name: _conditions(inspect(connection), table, None) for table in metadata.sorted_tables}
    schema = "temp" if connection.dialect.name == "sqlite" else "pg_temp"
    metadata.create_all(connection.execution_options(schema_translate_map={None: schema}), checkfirst=False)
    if connection.dialect.name == "postgresql":
        schema = connection.execute(text("SELECT pg_my_temp_schema()::regnamespace::text")).scalar_one()
    inspector = inspect(connection)
    for table in metadata.sorted_tables:
        for name, condition in _conditions(inspector, table, schema).items():
            if stored[table.name].get(name) != condition:
                has = stored[table.name].get(name, "nothing of the kind")
                yield f"schema differs: {table.name} should check {condition}, and has {has}"


def _conditions(inspector: Inspector, table: Table, schema: str | None) -> dict[str, str]:
    if not any(isinstance(constraint, CheckConstraint) for constraint in table.constraints):
        return {}
    found = inspector.get_check_constraints(table.name, schema=schema)
    return {str(check["name"]): " ".join(str(check["sqltext"]).split()) for check in found}


def _shown(error: DBAPIError) -> str:
    return " ".join(str(error.orig).split("\n")[0].split())
