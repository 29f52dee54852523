"""Two days that were fetched and archived: made once, and copied to each test that damages them."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path

from mining_assets.archive.store import Archive
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.pipeline.dependencies import Rules
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.copy import copy_warehouse
from mining_assets_tests.support.empty import empty_warehouse
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.twin.generated import GeneratedWorld

FIRST, SECOND = DAYS = [date(2025, 6, 2), date(2025, 6, 3)]
RULES = Rules(
    Scope(MODELS, (FIRST, SECOND)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2, base_seconds=0.001), 1000
)


@cache
def _made() -> "tempfile.TemporaryDirectory[str]":
    folder = tempfile.TemporaryDirectory()
    with _ground(Path(folder.name)) as ground:
        ground.run(DAYS)
    return folder


@contextmanager
def archived_days(folder: Path) -> Iterator[Ground]:
    """Open a warehouse and an archive with the two days, in a folder of the test's own."""
    shutil.copytree(_made().name, folder, dirs_exist_ok=True)
    with _ground(folder) as ground:
        yield ground


@contextmanager
def _ground(folder: Path) -> Iterator[Ground]:
    world = GeneratedWorld(seed=5, units=4, light=True, windy_days=DAYS)
    with Ground(world, RULES, folder).open() as opened:
        yield opened


def with_archived_days(warehouse: Warehouse) -> None:
    """Make an empty database one with the two days, whose archive is :func:`place_archive`'s."""
    source = empty_warehouse(Path(_made().name))
    copy_warehouse(source, warehouse, lambda *_: None)
    source.close()


def place_archive(folder: Path) -> Archive:
    """Copy the archive of the two days into a folder of the test's own."""
    shutil.copytree(Path(_made().name, "archive"), folder / "archive")
    return Archive(str(folder / "archive"))


def the_object(folder: Path, name: str, subject: str = "*") -> Path:
    """The file of the only object of a name, and of a subject of it."""
    (found,) = (folder / "archive" / name).rglob(f"{subject}/*.tar.zst")
    return found


def aged(folder: Path, hours: float = 2) -> None:
    """Let all that is in the archive now be as old as that."""
    then = time.time() - hours * 3600
    for path in (folder / "archive").rglob("*.*"):
        os.utime(path, (then, then))
