"""References altered from outside spread nowhere: they are fetched again before anything is done by them."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets_tests.support.harness import Environment, assert_same_tables, environment, run_range, tables
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 3)
HARM = {
    "retarget deleted": "DELETE FROM network_epochs WHERE height = (SELECT max(height) FROM network_epochs"
    " WHERE block_time < '2025-06-03')",
    "difficulty altered": "UPDATE network_epochs SET difficulty = difficulty / 1000",
    "units deleted": "DELETE FROM wind_bm_units",
    "unit retired": "UPDATE wind_bm_units SET is_current = 0 WHERE bm_unit_id LIKE 'T_TWA%'",
}


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=4, light=True, windy_days=[DAY])) as served:
        yield served


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Environment:
    filled = environment(tmp_path, twin)
    (tmp_path / "home").mkdir()
    assert run_range(filled, DAY).errors == []
    return filled


def harmed(made: Environment, kind: str) -> None:
    with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
        assert connection.execute(text(HARM[kind])).rowcount


@pytest.mark.parametrize("kind", sorted(HARM))
def test_the_reference_is_fetched_again_and_every_figure_stays(kind: str, made: Environment) -> None:
    before = tables(made)
    harmed(made, kind)
    assert run_range(made, DAY, refetch=True).errors == []
    after = tables(made)
    for name in ("wind_bm_units", "reference_fetches"):  # versions and times of fetching are history
        del before[name], after[name]
    assert_same_tables(after, before)


@pytest.mark.parametrize("kind", ["retarget deleted", "difficulty altered"])
def test_without_the_source_nothing_is_derived_from_an_altered_history(
    kind: str, made: Environment, twin: Twin
) -> None:
    before = tables(made)
    harmed(made, kind)
    twin.fault(Fault(kind="status", status=500, route="difficulty"))
    ran = run_range(made, DAY)
    assert "network_epochs was altered since it was fetched" in ran.reason(DAY)
    after = tables(made)
    for name in ("historical_bitcoin_calculations", "bitcoin_daily_summaries", "daily_summaries"):
        assert after[name].equals(before[name])


def test_without_the_source_nothing_is_fetched_by_an_incomplete_register(made: Environment, twin: Twin) -> None:
    before = tables(made)
    harmed(made, "units deleted")
    twin.fault(Fault(kind="status", status=500, route="bmunits"))
    ran = run_range(made, DAY, refetch=True)
    assert "wind register" in ran.reason(DAY)
    after = tables(made)
    assert after["curtailment_records"].equals(before["curtailment_records"])
    assert after["daily_summaries"].equals(before["daily_summaries"])
