"""Writing into the database what its tables and columns mean, at the end of every upgrade."""

from sqlalchemy import Connection, inspect
from sqlalchemy.schema import SetColumnComment, SetTableComment

from mining_assets.warehouse.schema import metadata


def write_comments(connection: Connection) -> None:
    """Give the tables and columns the comments of the schema, where theirs are others. SQLite keeps none."""
    if connection.dialect.name == "sqlite":
        return
    inspector = inspect(connection)
    names = sorted({*inspector.get_table_names()} & {*metadata.tables})
    of_tables = inspector.get_multi_table_comment(filter_names=names)
    of_columns = inspector.get_multi_columns(filter_names=names)
    for name in names:
        table = metadata.tables[name]
        if of_tables[None, name]["text"] != table.comment:
            connection.execute(SetTableComment(table))
        for column in of_columns[None, name]:
            known = table.columns.get(column["name"])
            if known is not None and column.get("comment") != known.comment:
                connection.execute(SetColumnComment(known))
