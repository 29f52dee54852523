"""The vintages of a day: each as it was, and just what differs between two that follow each other."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from shutil import copytree

import pandas as pd
import pytest

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.curtailment import is_curtailment
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.fetch_references import known_wind_units, stored_network_history
from mining_assets.pipeline.history import MEASURES, Vintage, day_vintages, differing
from mining_assets.pipeline.results import DayRequest
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.days import records_of
from mining_assets.warehouse.summaries import summaries_between
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.twin.generated import GeneratedWorld

DAY = date(2025, 6, 2)
RULES = Rules(Scope(MODELS, (DAY, DAY)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=2), 1000)
AGAIN = DayRequest(frozenset(DAILY_TABLES), refetch=True, accept_shrink=True)


WORLD = GeneratedWorld(seed=5, units=4, light=True, windy_days=[DAY])


@pytest.fixture(scope="module")
def fetched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a warehouse and the archive of its day."""
    folder = tmp_path_factory.mktemp("fetched")
    with Ground(WORLD, RULES, folder).open() as opened:
        opened.run([DAY])
    return folder


@pytest.fixture
def ground(fetched: Path, tmp_path: Path) -> Iterator[Ground]:
    copytree(fetched, tmp_path, dirs_exist_ok=True)
    with Ground(WORLD, RULES, tmp_path).open() as opened:
        yield opened


def vintages_of(ground: Ground) -> list[Vintage]:
    assert ground.archive is not None
    units, network = known_wind_units(ground.warehouse, (), {}), stored_network_history(ground.warehouse)
    ground.requests = 0
    found = day_vintages(ground.archive, DAY, units, network, MODELS)
    assert ground.requests == 0
    return found


def stored(ground: Ground) -> pd.DataFrame:
    with ground.warehouse.reading() as connection:
        records = records_of(connection, [DAY])
    return records[is_curtailment(records)]


def test_a_vintage_has_the_figures_of_the_day_and_its_bitcoin(ground: Ground) -> None:
    (only,) = vintages_of(ground)
    bids = stored(ground)
    assert only.totals["records"] == len(bids)
    assert only.totals["curtailed_energy"] == pytest.approx(-bids["volume"].sum())
    assert only.totals["payment"] == pytest.approx(bids["payment"].sum())
    with ground.warehouse.reading() as connection:
        rows = summaries_between(connection, "bitcoin_daily_summaries", DAY, DAY)
    assert only.bitcoin == pytest.approx(dict(zip(rows["miner_model"], rows["bitcoin_mined"], strict=True)))
    assert only.differences.empty


def test_a_second_fetch_of_the_same_differs_in_nothing(ground: Ground) -> None:
    list(ground.pipeline.run([DAY], AGAIN))
    first, second = vintages_of(ground)
    assert second.differences.empty
    assert second.totals == first.totals


def test_differences_add_up_to_what_changed(ground: Ground) -> None:
    ground.world = GeneratedWorld(seed=6, units=4, light=True, windy_days=[DAY])
    list(ground.pipeline.run([DAY], AGAIN))
    first, second = vintages_of(ground)
    assert len(second.differences)
    for name in MEASURES:
        change = (second.differences[f"{name}_after"] - second.differences[f"{name}_before"]).sum()
        assert change == pytest.approx(second.totals[name] - first.totals[name])


def test_what_was_refused_is_shown_and_nothing_follows_from_it(ground: Ground) -> None:
    ground.world = GeneratedWorld(seed=5, units=4, light=True, quiet_days=[DAY])  # far smaller
    list(ground.pipeline.run([DAY], DayRequest(frozenset(DAILY_TABLES), refetch=True)))
    ground.world = GeneratedWorld(seed=5, units=4, light=True, windy_days=[DAY])
    list(ground.pipeline.run([DAY], AGAIN))
    first, refused, last = vintages_of(ground)
    assert "smaller" in refused.fetch.refused
    assert len(refused.differences)
    assert last.differences.empty
    assert last.totals == first.totals


def test_a_damaged_object_is_a_vintage_that_cannot_be_read(ground: Ground, tmp_path: Path) -> None:
    for path in (tmp_path / "archive" / SETTLEMENT_STACKS).rglob("*.tar.zst"):
        path.write_bytes(b"nothing of the kind")
    (only,) = vintages_of(ground)
    assert "cannot be read" in only.unreadable
    assert not only.totals


def test_a_unit_that_one_vintage_lacks_counts_as_nothing_there() -> None:
    index = pd.MultiIndex.from_tuples([("T_A-1", 3)], names=["farm_id", "settlement_period"])
    none = pd.DataFrame(columns=MEASURES, index=index[:0], dtype=float)
    some = pd.DataFrame([[2, 5.5, -3.0]], columns=MEASURES, index=index)
    (row,) = differing(none, some).to_dict("records")
    assert (row["farm_id"], row["curtailed_energy_before"], row["curtailed_energy_after"]) == ("T_A-1", 0.0, 5.5)
    assert differing(some, some).empty
