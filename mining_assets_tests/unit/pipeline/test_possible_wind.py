"""Wind that the register does not type WIND: named with its energy, and fetched again once it is known."""

from collections.abc import Iterator
from datetime import date

import pytest

from mining_assets.cli.status import as_dict, as_text
from mining_assets.pipeline.fetch import fetch_day
from mining_assets.pipeline.fetch_references import known_wind_units, refresh_wind_units
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.verify import scan
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import Outcome, day_figures
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.clean import SCOPE
from mining_assets_tests.support.elexon import elexon_of, forget_bodies
from mining_assets_tests.support.samples import MODELS, store
from mining_assets_tests.support.twin.recorded import NO_DATA, RecordedWorld, recorded_data
from mining_assets_tests.support.twin.server import Twin

FOLDER = recorded_data()
DAY = date(2025, 6, 3)
UNTYPED = tuple(f"T_SGRWO-{number}" for number in range(2, 7))
COUNTED, TRUSTED, PAID = 89_335.907, 104_090.365, 6_293_955.96

pytestmark = pytest.mark.skipif(FOLDER is None, reason=NO_DATA)


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[Twin, SyncClient[ElexonClient]]]:
    assert FOLDER is not None
    with elexon_of(RecordedWorld(FOLDER)) as both:
        yield both


class Source:
    """The recorded days behind a register that a test may write, and a warehouse that is filled from it."""

    def __init__(self, served: tuple[Twin, SyncClient[ElexonClient]], warehouse: Warehouse) -> None:
        self.twin, self.elexon = served
        self.warehouse = warehouse
        self.register = [dict(row) for row in RecordedWorld.bm_units(self.twin.world)]  # type: ignore[arg-type]

    def register_says(self, **changes: str | None) -> None:
        """Fetch a register in which the five units have other values."""
        rows = [row | changes if row["elexonBmUnit"] in UNTYPED else row for row in self.register]
        self.twin.world.__dict__["_register"] = rows
        forget_bodies(self.twin)
        refresh_wind_units(self.warehouse, self.elexon, [])

    def fetch(self) -> Outcome:
        """Fetch and store the day with the units known now."""
        units = known_wind_units(self.warehouse, [])
        return store(self.warehouse, self.elexon.run(fetch_day(self.elexon.client, DAY, units)))

    def status(self) -> Status:
        with self.warehouse.reading() as connection:
            return read_status(connection, DAY, DAY, MODELS, (DAY, None))

    def is_due(self) -> bool:
        return bool(self.status().days.loc[DAY, "newly_registered"])

    def figures(self) -> tuple[float, float]:
        with self.warehouse.reading() as connection:
            figures = day_figures(connection, DAY)
        assert figures is not None
        return figures.energy, figures.payment


@pytest.fixture
def source(served: tuple[Twin, SyncClient[ElexonClient]], warehouse: Warehouse) -> Iterator[Source]:
    made = Source(served, warehouse)
    yield made
    made.twin.world.__dict__["_register"] = made.register
    forget_bodies(made.twin)


def warnings(source: Source) -> Verification:
    return scan(source.warehouse, DAY, DAY, SCOPE)


@pytest.mark.parametrize("fuel", [None, pytest.param("OTHER", marks=pytest.mark.system)])
def test_days_are_due_once_the_register_types_their_units_wind(source: Source, fuel: str | None) -> None:
    source.register_says(fuelType=fuel)
    assert source.fetch() is Outcome.NEW
    assert source.figures()[0] == pytest.approx(COUNTED, abs=1e-3)
    assert not source.is_due()

    source.register_says(fuelType="WIND")
    assert source.is_due()
    assert source.fetch() is Outcome.RESTATED
    assert source.figures() == (pytest.approx(TRUSTED, abs=1e-3), pytest.approx(PAID, abs=1e-2))
    assert not source.is_due()


def test_what_may_be_wind_is_named_by_energy(source: Source) -> None:
    source.register_says(fuelType=None)
    source.fetch()
    status = source.status()
    named = {unit["bm_unit_id"]: unit["mwh"] for unit in as_dict(status)["possible_wind_units"]}
    assert set(UNTYPED) < set(named)
    assert sum(named[unit] for unit in UNTYPED) == pytest.approx(TRUSTED - COUNTED, abs=1e-3)
    assert list(named.values()) == sorted(named.values(), reverse=True)
    largest = ", ".join(f"{unit} {mwh:,.3f} MWh" for unit, mwh in list(named.items())[:3])
    assert f"the largest: {largest}; {len(named) - 3} others with --json and in the report" in as_text(status)
    (finding,) = warnings(source).found(checks.UNKNOWN_UNITS)
    first = next(iter(named))
    assert finding.problems == len(named)
    assert finding.example.startswith(f"{first}: -{named[first]:,.3f} MWh")


def test_a_known_other_fuel_explains_a_unit(source: Source) -> None:
    source.register_says(fuelType="CCGT")
    source.fetch()
    assert not set(source.status().possible_wind["bm_unit_id"]) & set(UNTYPED)


@pytest.mark.system
def test_a_unit_once_known_as_wind_stays_wind(source: Source) -> None:
    source.register_says(fuelType="WIND")
    source.fetch()
    for changes in ({"fuelType": None}, {"fuelType": "CCGT"}, {"leadPartyName": "Renamed Limited"}):
        source.register_says(**changes)
        assert not source.is_due()
        assert source.fetch() is Outcome.UNCHANGED
        assert source.figures()[0] == pytest.approx(TRUSTED, abs=1e-3)
