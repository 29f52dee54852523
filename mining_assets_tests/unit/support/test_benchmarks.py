"""The bench itself, tried on very little: what it draws is consistent, and it tells what it measured."""

import io
import json
from datetime import date
from pathlib import Path

import pytest
from rich.console import Console
from sqlalchemy import URL, text

from benchmarks.__main__ import BENCHES, measure
from benchmarks.generated_days import draw
from benchmarks.measure import Figure, Setting, in_process, medians
from benchmarks.warehouses import days_of, fill, scope_of
from benchmarks.worker import verify
from mining_assets.domain.settlement import periods_in
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade

pytestmark = pytest.mark.system

# The others start many processes.
QUICK = ("store", "recompute", "status", "sensor", "verify")


def test_the_quick_benches_measure_something(tmp_path: Path) -> None:
    told = io.StringIO()
    setting = Setting(tmp_path, scale=0.002, repetitions=1, backends=("sqlite",))
    figures = measure(QUICK, setting, Console(file=told, width=200))
    assert set(QUICK) < set(BENCHES)
    assert len({figure.name for figure in figures}) == len(figures) >= len(QUICK)
    for figure in figures:
        assert figure.ratio > 0, figure
        assert figure.name in told.getvalue()
    written = json.loads(json.dumps([figure.as_dict() for figure in figures]))
    assert all({"name", "ratio", "goal", "met"} <= set(figure) for figure in written)


def test_drawn_days_are_consistent_to_the_last_check_and_damage_is_seen(tmp_path: Path) -> None:
    days = days_of(0.03, first=date(2025, 3, 25))
    assert {periods_in(day) for day in days} == {46, 48}
    warehouse = Warehouse(URL.create("sqlite", database=str(tmp_path / "warehouse.sqlite")))
    upgrade(warehouse)
    fill(warehouse, days)
    assert scope_of(days).date_range == (days[0], days[-1])
    assert verify(warehouse, days) > 0
    with warehouse.engine.begin() as connection:
        connection.execute(text("UPDATE curtailment_records SET volume = volume * 2 WHERE sequence_number < 3"))
    with pytest.raises(RuntimeError, match="wrong"):
        verify(warehouse, days)
    warehouse.close()


def test_a_drawn_year_has_the_size_and_the_shares_of_a_real_one() -> None:
    days = days_of(0.25, first=date(2024, 8, 1))
    records = draw(days).records
    bids = records[records["side"] == "bid"]
    farm_periods = len(bids[["settlement_date", "settlement_period", "farm_id"]].drop_duplicates())
    assert 300_000 < 4 * len(bids) < 420_000
    assert 1.3 < len(bids) / farm_periods < 1.5
    assert 0.03 < 1 - bids["settlement_date"].nunique() / len(days) < 0.2
    assert 0.94 < bids.loc[bids["so_flag"].fillna(False), "volume"].sum() / bids["volume"].sum() < 0.98
    assert 0 < (records["side"] == "offer").mean() < 0.05


@pytest.mark.parametrize(
    ("ratio", "goal", "better", "met"),
    [(0.7, 0.7, "more", True), (0.69, 0.7, "more", False), (3.0, 3, "less", True), (3.1, 3, "less", False)],
)
def test_a_goal_is_met_on_its_own_side(ratio: float, goal: float, better: str, met: bool) -> None:
    assert Figure("a", ratio, goal, better, "b").met is met  # type: ignore[arg-type]
    assert Figure("a", ratio, None, "less", "b").met is None


def test_ways_take_turns_and_the_first_round_does_not_count() -> None:
    order: list[str] = []
    seconds = medians(2, lambda: order.append("a"), lambda: order.append("b"), before=lambda: order.append("-"))
    assert "".join(order) == "-a-b" * 3
    assert len(seconds) == 2


def test_the_memory_of_a_process_is_its_own_and_not_that_of_who_started_it(tmp_path: Path) -> None:
    held = b"x" * 700_000_000
    told = in_process("fill", f"sqlite:///{tmp_path}/warehouse.sqlite", 0.003)
    assert 50 < told["megabytes"] < len(held) / 2**20
