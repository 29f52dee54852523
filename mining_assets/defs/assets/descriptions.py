"""What every asset shows of itself in the Dagster UI, taken from the tables' own documentation."""

from collections.abc import Sequence
from typing import Any

import dagster as dg

from mining_assets.domain.mining import MinerModel
from mining_assets.warehouse.descriptions import TableDescription, describe_table

OWNERS = ["team:data"]
# To be raised when the same input is to give other figures; the UI shows it, and what was made by an older one.
RULES_VERSION = "1"


def rules_version(models: Sequence[MinerModel]) -> str:
    """Return the code version of what is calculated for some miner models: other models, another version."""
    return "-".join([RULES_VERSION, *(f"{model.name}:{model.hashrate_th:g}:{model.power_w:g}" for model in models)])


def table_metadata(name: str) -> dict[str, Any]:
    """Return the standard metadata of an asset that is a table: its name and its columns with constraints."""
    return {"dagster/table_name": name, "dagster/column_schema": column_schema(describe_table(name))}


def column_schema(table: TableDescription) -> dg.TableSchema:
    """Return the columns of a table as the UI shows them, with the rules of its rows."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                column.name,
                column.type,
                description=column.comment,
                constraints=dg.TableColumnConstraints(nullable=column.nullable, unique=column.unique),
            )
            for column in table.columns
        ],
        constraints=dg.TableConstraints(other=[f"primary key ({', '.join(table.key)})", *table.rules]),
    )
