"""What every asset shows of itself in the Dagster UI, taken from the tables' own documentation."""

from collections.abc import Sequence
from typing import Any

import dagster as dg
from sqlalchemy import CheckConstraint, Table

from mining_assets.domain.mining import MinerModel
from mining_assets.warehouse.columns import VALUE

OWNERS = ["team:data"]
# To be raised when the same input is to give other figures; the UI shows it, and what was made by an older one.
RULES_VERSION = "1"


def rules_version(models: Sequence[MinerModel]) -> str:
    """The same of what is calculated for some miner models: other models, another version."""
    return "-".join([RULES_VERSION, *(f"{model.name}:{model.hashrate_th:g}:{model.power_w:g}" for model in models)])


def table_metadata(table: Table) -> dict[str, Any]:
    """The standard metadata of an asset that is a table: its name and its columns with constraints."""
    return {"dagster/table_name": table.name, "dagster/column_schema": column_schema(table)}


def column_schema(table: Table) -> dg.TableSchema:
    """Return the columns of a table as the UI shows them, with the rules of its rows.

    What every column of a type refuses on one database, such as infinite numbers, is left out: it is no rule of the
    table's, and would be a line per column and database.
    """
    checks = [check for check in table.constraints if isinstance(check, CheckConstraint)]
    rules = [str(check.sqltext) for check in checks if not str(check.name).endswith(VALUE)]
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                str(column.type).lower(),
                description=column.comment,
                constraints=dg.TableColumnConstraints(
                    nullable=bool(column.nullable), unique=[column] == list(table.primary_key)
                ),
            )
            for column in table.columns
        ],
        constraints=dg.TableConstraints(
            other=[f"primary key ({', '.join(column.name for column in table.primary_key)})", *sorted(rules)]
        ),
    )
