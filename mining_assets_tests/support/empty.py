"""Empty warehouses as SQLite files: upgraded once in each process of the tests, and then copied."""

import tempfile
from functools import cache
from pathlib import Path

from sqlalchemy import URL

from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import open_warehouse


def place_empty_warehouse(file: Path) -> None:
    """Write an empty, upgraded warehouse, unless the file is there."""
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(_content())


def empty_warehouse(folder: Path) -> Warehouse:
    """Return an empty, upgraded warehouse in a folder; the caller closes it."""
    file = folder / "warehouse.sqlite"
    place_empty_warehouse(file)
    return Warehouse(URL.create("sqlite", database=str(file)))


@cache
def _content() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "warehouse.sqlite")
        open_warehouse(URL.create("sqlite", database=str(file))).close()
        return file.read_bytes()
