"""Run by Alembic: applies the migrations on the connection that the caller holds, in the caller's transaction."""

from alembic import context

from mining_assets.warehouse import reconciliation_schema  # noqa: F401  (adds its tables to the metadata)
from mining_assets.warehouse.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes tables by copying them
)
context.run_migrations()
