"""Recorded days through the real commands: archived, damaged, healed and replayed, without one more request."""

import csv
import gzip
from collections.abc import Callable, Collection, Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import Delete, Update, delete, update

from mining_assets.warehouse.schema import curtailment_records, settlement_ledger
from mining_assets_tests.support.harness import (
    Environment,
    Tables,
    assert_close,
    assert_same_tables,
    days_between,
    environment,
    run_cli,
    tables_in,
)
from mining_assets_tests.support.replayed import OF_ITS_OWN, assert_equal_but_for_sums
from mining_assets_tests.support.samples import damage
from mining_assets_tests.support.twin.recorded import GRAIN_DAY, NO_DATA, SPAN, RecordedWorld, recorded_data
from mining_assets_tests.support.twin.server import Twin

FOLDER = recorded_data()
BIDS = (date(2025, 7, 3), date(2025, 7, 5))
ACCEPTANCES = (GRAIN_DAY, GRAIN_DAY)
# What happens to the first day, to the second, and so on.
DAMAGE: tuple[Callable[[date], Delete | Update], ...] = (
    lambda day: delete(curtailment_records).where(curtailment_records.c.settlement_date == day),
    lambda day: delete(settlement_ledger).where(settlement_ledger.c.settlement_date == day),
    lambda day: (
        update(curtailment_records)
        .where(curtailment_records.c.settlement_date == day)
        .values(volume=curtailment_records.c.volume * 2)
    ),
)

pytestmark = [pytest.mark.system, pytest.mark.skipif(FOLDER is None, reason=NO_DATA)]


class Recorded:
    """A home into which recorded days were brought, and how its warehouse stood then.

    Args:
        made: the home.
        twin: serves the recording.
        days: the first and the last.
    """

    def __init__(self, made: Environment, twin: Twin, days: tuple[date, date]) -> None:
        self.made, self.twin, self.days = made, twin, days
        self.run("range", *days)
        self.stored, self.requests = self.tables(), self.asked()

    def run(self, *arguments: object) -> None:
        done = run_cli(self.made, *arguments)
        assert done.returncode == 0, done.stdout + done.stderr

    def asked(self) -> int:
        """How many requests were made, but for the generation of the one day of which there is no recording."""
        return sum(request.route != "fuelhh" or str(GRAIN_DAY) not in request.url for request in self.twin.requests)

    def tables(self) -> Tables:
        """Every table, with when each answer was asked for and the object that it is in."""
        with self.made.warehouse() as warehouse:
            return tables_in(warehouse, OF_ITS_OWN)


@pytest.fixture(scope="module", params=[BIDS, ACCEPTANCES], ids=["bids", "acceptances"])
def recorded(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorded]:
    assert FOLDER is not None
    first, last = request.param
    with Twin(RecordedWorld(FOLDER, empty_sides=True)) as twin:
        made = environment(tmp_path_factory.mktemp("recorded"), twin, start_date=first, end_date=last)
        yield Recorded(made, twin, (first, last))


def test_damage_is_healed_out_of_the_archive(recorded: Recorded) -> None:
    with recorded.made.warehouse() as warehouse:
        damage(warehouse, *(damaged(day) for day, damaged in zip(days_between(*recorded.days), DAMAGE, strict=False)))
    recorded.run("range", *recorded.days)
    assert recorded.asked() == recorded.requests
    assert_same_tables(recorded.tables(), recorded.stored)


def test_replay_in_place_changes_nothing(recorded: Recorded) -> None:
    recorded.run("replay", *recorded.days)
    assert recorded.asked() == recorded.requests
    assert_same_tables(recorded.tables(), recorded.stored)


def test_another_warehouse_has_the_published_figures(recorded: Recorded, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/then.sqlite"
    recorded.run("replay", *recorded.days, "--into", address)
    assert recorded.asked() == recorded.requests
    with recorded.made.but(warehouse_url=address).warehouse() as warehouse:
        built = tables_in(warehouse, OF_ITS_OWN)
    assert_equal_but_for_sums(built, recorded.stored)
    daily = built["daily_summaries"].set_index("summary_date")
    assert list(daily.index) == days_between(*recorded.days)
    for day, (energy, payment) in published(daily.index).items():
        assert_close(daily.loc[day, "total_curtailed_energy"], energy, 1e-6)
        assert_close(daily.loc[day, "total_payment"], payment, 1e-6)


def published(days: Collection[date]) -> dict[date, tuple[float, float]]:
    """MWh and £ of days as somebody else published them, or as the recorded acceptances sum up to."""
    assert FOLDER is not None
    rows = _table(f"elexon/published_daily_totals_{SPAN}.csv")
    found = {date.fromisoformat(row["date"]): (-float(row["volume_mwh"]), float(row["payment_gbp"])) for row in rows}
    bids = [row for row in _table(f"elexon/wind_acceptances_{GRAIN_DAY}.csv.gz") if row["side"] == "bid"]
    found[GRAIN_DAY] = (66_761.283617, sum(float(row["volume"]) * float(row["originalPrice"]) for row in bids))
    return {day: found[day] for day in days}


def _table(name: str) -> list[dict[str, str]]:
    assert FOLDER is not None
    data = (FOLDER / name).read_bytes()
    return list(csv.DictReader((gzip.decompress(data) if name.endswith(".gz") else data).decode().splitlines()))
