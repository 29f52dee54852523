"""A reference that is refused is reported as refused, also where the archive cannot name its answers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from mining_assets.archive.errors import ArchiveUnavailable
from mining_assets.archive.store import Archive
from mining_assets.pipeline.archiving import NOT_KEPT, Archiving
from mining_assets.pipeline.fetch_references import refresh_network_epochs, refresh_wind_units
from mining_assets.sources.errors import SourceRefused
from mining_assets.warehouse import references
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import network_epochs
from mining_assets_tests.support.changed_references import Rewritten
from mining_assets_tests.support.elexon import elexon_of, forget_bodies, mempool_of
from mining_assets_tests.support.samples import damage

FULL = "No space left on device"


@pytest.fixture
def archiving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archiving:
    """An archive that takes objects, but no line of a manifest."""

    def full(*_: Any) -> None:
        raise ArchiveUnavailable("s3://bucket/manifest", FULL)

    monkeypatch.setattr(Archive, "record", full)
    return Archiving(Archive(str(tmp_path / "archive")))


@pytest.fixture
def world() -> Rewritten:
    return Rewritten(3, units=6, light=True)


def test_a_register_without_wind_is_refused_though_no_manifest_is_written(
    warehouse: Warehouse, world: Rewritten, archiving: Archiving, caplog: pytest.LogCaptureFixture
) -> None:
    world.register = [row | {"fuelType": "CCGT"} for row in world.bm_units()]
    with elexon_of(world) as (_, elexon), pytest.raises(SourceRefused, match=r"none of the .* is typed WIND"):
        refresh_wind_units(warehouse, elexon, [], archiving=archiving)
    assert f"wind_bm_units: {NOT_KEPT}: archive: s3://bucket/manifest: {FULL}" in caplog.text


def altered(warehouse: Warehouse, rows: list[list[float]]) -> list[list[float]]:
    """Alter what is stored; a list that does not reach back as far does not replace it."""
    damage(warehouse, update(network_epochs).where(network_epochs.c.height == 838_656).values(difficulty=1.0))
    return rows[:5]


def contradicting(_: Warehouse, rows: list[list[float]]) -> list[list[float]]:
    return [*rows[:9], [rows[9][0] - 37, *rows[9][1:]], *rows[10:]]


@pytest.mark.parametrize(
    ("change", "reason"), [(altered, "was altered from height 0"), (contradicting, "contradicts what is stored")]
)
def test_a_difficulty_history_is_refused_though_no_manifest_is_written(
    warehouse: Warehouse,
    world: Rewritten,
    archiving: Archiving,
    caplog: pytest.LogCaptureFixture,
    change: Callable[[Warehouse, list[list[float]]], list[list[float]]],
    reason: str,
) -> None:
    with mempool_of(world) as (twin, mempool):
        refresh_network_epochs(warehouse, mempool, {})
        world.retargets = change(warehouse, world.difficulty_adjustments())
        forget_bodies(twin)
        with pytest.raises(SourceRefused, match=reason):
            refresh_network_epochs(warehouse, mempool, {}, archiving=archiving)
    assert f"network_epochs: {NOT_KEPT}: archive: s3://bucket/manifest: {FULL}" in caplog.text
    with warehouse.reading() as connection:
        noted = references.reference_refusal(connection, network_epochs.name)
    assert bool(noted) == (change is contradicting)
