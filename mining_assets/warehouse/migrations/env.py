"""Run by Alembic: applies the migrations on the connection that the caller holds, in the caller's transaction.

What every upgrade ends with is not the business of a migration: the checks of values, comments and views.
"""

from alembic import context

from mining_assets.warehouse.migrations.comments import write_comments
from mining_assets.warehouse.migrations.strict import enforce
from mining_assets.warehouse.schema import metadata
from mining_assets.warehouse.view_queries import make_views

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes tables by copying them
)
on_sqlite = context.get_context().dialect.name == "sqlite"
if on_sqlite:  # which else refuses to put a copied table in the place of one that a view reads
    context.execute("PRAGMA legacy_alter_table = ON")
context.run_migrations()
if on_sqlite:
    context.execute("PRAGMA legacy_alter_table = OFF")
if context.get_context().get_current_revision() is not None:
    enforce(connection)
    write_comments(connection)
    make_views(connection)
