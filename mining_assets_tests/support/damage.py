"""Change a warehouse behind the product's back."""

from sqlalchemy import text

from mining_assets_tests.support.harness import Environment


def damage(made: Environment, statement: str, **values: object) -> None:
    """Change rows behind the product's back."""
    with made.warehouse() as warehouse, warehouse.writing("damage") as connection:
        result = connection.execute(text(statement), values)
        assert result.rowcount, statement
