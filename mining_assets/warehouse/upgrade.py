"""The version of the warehouse's schema: what it is, what the code needs, and the way from one to the other."""

from importlib.resources import files
from typing import TYPE_CHECKING

from sqlalchemy import URL, Connection, inspect, text

from mining_assets.warehouse.connection import Warehouse, without_timeouts

# Alembic is imported where it is at work: to see that there is nothing to upgrade takes no migration.
if TYPE_CHECKING:
    from alembic.config import Config

MIGRATIONS = files("mining_assets.warehouse") / "migrations"


class SchemaMismatch(RuntimeError):
    """The warehouse's schema is not the one that this version of the code works with."""


def needed_revision() -> str:
    """Return the revision this code works with: the number with which the newest migration's file begins."""
    return max(_revisions())


def _revisions() -> list[str]:
    """Return the revisions that this version knows; the first is the baseline, older ones are not upgraded."""
    names = (script.name for script in (MIGRATIONS / "versions").iterdir())
    return sorted(name.split("_")[0] for name in names if name[0].isdigit())


def current_revision(warehouse: Warehouse) -> str | None:
    """Read the revision of the warehouse; None when it is empty."""
    with warehouse.reading() as connection:
        return _revision(connection)


def upgrade(warehouse: Warehouse) -> None:
    """Bring the schema up to date, in one transaction. A second process waits, then finds nothing to do.

    Raises:
        SchemaMismatch: the schema is newer than the code.
    """
    with warehouse.writing("schema") as connection:
        upgrade_within(connection)


def upgrade_within(connection: Connection) -> None:
    """Bring the schema up to date in the transaction of the caller, who holds the lock ``schema``.

    Raises:
        SchemaMismatch: the schema is newer than the code.
    """
    revision = _revision(connection)
    if revision == needed_revision():
        return
    _refuse_unknown(revision)
    from alembic import command

    config = _config()
    config.attributes["connection"] = connection
    without_timeouts(connection)
    command.upgrade(config, "head")


def open_warehouse(url: URL) -> Warehouse:
    """Open the warehouse at an address, with its schema in order.

    Raises:
        SchemaMismatch: the schema does not fit this version; the message says what to do.
    """
    warehouse = Warehouse(url)
    ensure_schema(warehouse)
    return warehouse


def ensure_schema(warehouse: Warehouse) -> None:
    """Make sure that the code and the warehouse fit: the embedded one upgrades itself, PostgreSQL is upgraded by name.

    Raises:
        SchemaMismatch: saying what to do.
    """
    if warehouse.is_sqlite and current_revision(warehouse) != needed_revision():
        upgrade(warehouse)
        return
    with warehouse.reading() as connection:
        require_revision(connection)


def require_revision(connection: Connection) -> None:
    """Make sure that the schema is the one of the code.

    Raises:
        SchemaMismatch: saying what to do.
    """
    revision = _revision(connection)
    if revision == needed_revision():
        return
    _refuse_unknown(revision)
    has = f"is at revision {revision}" if revision else "has no tables yet"
    raise SchemaMismatch(f"the warehouse {has}, this version needs {needed_revision()}: run `mining-assets db upgrade`")


def _refuse_unknown(revision: str | None) -> None:
    known = _revisions()
    if revision is None or revision in known:
        return
    if revision < known[0]:
        raise SchemaMismatch(
            f"the warehouse is at revision {revision}, and this version upgrades none that is older than {known[0]}: "
            f"upgrade it to {known[0]} with the version that made it, or begin with an empty one"
        )
    raise SchemaMismatch(
        f"the warehouse is at revision {revision}, which this version does not know: "
        f"it was upgraded by a newer one; use that"
    )


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config
