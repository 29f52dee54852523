"""Warehouses that are prepared once and copied for each test: copying takes milliseconds, preparing does not."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from sqlalchemy import URL

from mining_assets.warehouse.engine import Warehouse
from mining_assets_tests.postgres import Cluster

Prepare = Callable[[Warehouse], None]


@dataclass
class Templates:
    """Databases on both backends, each made by the function that is its name.

    Args:
        folder: where the SQLite ones lie.
        cluster: starts PostgreSQL, or skips the test when there is none.
    """

    folder: Path
    cluster: Callable[[], Cluster]
    _made: dict[tuple[str, Prepare], URL] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=count)

    @contextmanager
    def empty(self, backend: str, folder: Path) -> Iterator[URL]:
        """A database without any table, gone at the end of the block."""
        with self._new(backend, folder, None) as address:
            yield address

    @contextmanager
    def copy(self, backend: str, prepare: Prepare, folder: Path) -> Iterator[Warehouse]:
        """A warehouse of the test's own that looks as if ``prepare`` had just been called on it."""
        with self._new(backend, folder, self._template(backend, prepare)) as address:
            warehouse = Warehouse(address)
            try:
                yield warehouse
            finally:
                warehouse.close()

    def _template(self, backend: str, prepare: Prepare) -> URL:
        if (backend, prepare) not in self._made:
            if backend == "sqlite":
                address = URL.create("sqlite", database=str(self.folder / f"{next(self._numbers)}.sqlite"))
            else:
                address = self.cluster().address(self.cluster().create())
            warehouse = Warehouse(address)
            prepare(warehouse)
            warehouse.close()  # nobody may be connected to what is copied
            self._made[backend, prepare] = address
        return self._made[backend, prepare]

    @contextmanager
    def _new(self, backend: str, folder: Path, template: URL | None) -> Iterator[URL]:
        if backend == "sqlite":
            file = folder / "warehouse.sqlite"
            if template is not None:
                shutil.copyfile(str(template.database), file)
            yield URL.create("sqlite", database=str(file))
            return
        cluster = self.cluster()
        name = cluster.create() if template is None else cluster.create(str(template.database))
        try:
            yield cluster.address(name)
        finally:
            cluster.drop(name)
