"""The database as a whole: its revision, rows and size, and on PostgreSQL its connections and slow statements.

What is stored in it is judged elsewhere.
"""

from typing import Any

from sqlalchemy import Connection, func, select, text

from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.upgrade import current_revision, needed_revision


def database_health(warehouse: Warehouse) -> dict[str, Any]:
    """Return the state of the database as a document.

    Returns:
        address (without its password), revision, needed_revision, rows (by table), bytes; on SQLite integrity (``ok``
        or the first problem), on PostgreSQL connections (by state) and slow_queries (active for more than 5 seconds).
    """
    health: dict[str, Any] = {
        "address": warehouse.url.render_as_string(hide_password=True),
        "revision": current_revision(warehouse),
        "needed_revision": needed_revision(),
    }
    with warehouse.reading() as connection:
        health["rows"] = {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in metadata.sorted_tables
        }
        health |= _sqlite_health(connection) if warehouse.is_sqlite else _postgresql_health(connection)
    return health


def _sqlite_health(connection: Connection) -> dict[str, Any]:
    pages = connection.execute(text("SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"))
    check = connection.execute(text("PRAGMA quick_check(1)")).scalar()
    return {"bytes": pages.scalar_one(), "integrity": check}


def _postgresql_health(connection: Connection) -> dict[str, Any]:
    size = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
    states = connection.execute(
        text("SELECT coalesce(state, 'background'), count(*) FROM pg_stat_activity GROUP BY 1 ORDER BY 1")
    )
    slow = connection.execute(
        text(
            "SELECT pid, extract(epoch FROM now() - query_start)::int, left(query, 100) FROM pg_stat_activity "
            "WHERE state = 'active' AND pid <> pg_backend_pid() AND now() - query_start > interval '5 seconds'"
        )
    )
    return {
        "bytes": size,
        "connections": dict(states.all()),
        "slow_queries": [{"pid": pid, "seconds": seconds, "query": query} for pid, seconds, query in slow],
    }
