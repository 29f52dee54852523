"""A twin, its client, and a day fetched from it."""

from collections.abc import Collection, Iterator
from datetime import date
from typing import Any

import pytest

from mining_assets.domain.wind_units import WindUnit, wind_among
from mining_assets.pipeline.fetch import fetch_day
from mining_assets.warehouse.days import FetchedDay
from mining_assets_tests.support.elexon import elexon_of
from mining_assets_tests.support.fetched import DAY, LONG_DAY, SHORT_DAY, Served
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin


@pytest.fixture(scope="module")
def world() -> GeneratedWorld:
    return GeneratedWorld(7, units=20, light=True, windy_days=[DAY, SHORT_DAY, LONG_DAY])


@pytest.fixture(scope="module")
def served(world: GeneratedWorld) -> Iterator[Served]:
    with elexon_of(world) as both:
        yield both


@pytest.fixture
def twin(served: Served, world: GeneratedWorld) -> Twin:
    world.reset()
    served[0].clear_faults()
    served[0].record.clear()
    return served[0]


@pytest.fixture(scope="module")
def units(served: Served) -> dict[str, WindUnit]:
    elexon = served[1]
    return {unit.bm_unit_id: unit for unit in wind_among(elexon.run(elexon.client.bm_units()), [])}


@pytest.fixture
def fetch(twin: Twin, served: Served, units: dict[str, WindUnit]) -> Any:
    def run(day: date = DAY, accept_empty: Collection[int] = (), known: dict[str, WindUnit] = units) -> FetchedDay:
        elexon = served[1]
        return elexon.run(fetch_day(elexon.client, day, known, accept_empty))

    return run


@pytest.fixture(scope="module")
def plain(served: Served, world: GeneratedWorld, units: dict[str, WindUnit]) -> FetchedDay:
    """The day as nothing happened to it."""
    world.reset()
    served[0].clear_faults()
    return served[1].run(fetch_day(served[1].client, DAY, units))
