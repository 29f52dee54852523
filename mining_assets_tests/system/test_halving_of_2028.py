"""The day of the next halving, from the source to the calculations."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import time_machine

from mining_assets_tests.support.harness import environment, run_range, table
from mining_assets_tests.support.moved_blocks import FOUND, Moved
from mining_assets_tests.support.twin.server import Twin

DAY = FOUND.date()
MORNING_AFTER = datetime(DAY.year, DAY.month, DAY.day, 5, 30, tzinfo=UTC) + timedelta(days=1)


def test_the_subsidy_halves_inside_the_day_and_the_day_waits_for_a_late_source(tmp_path: Path) -> None:
    world = Moved(seed=6, units=4, light=True, windy_days=[DAY], top=1_049_990)
    with time_machine.travel(MORNING_AFTER, tick=True), Twin(world) as twin:
        made = environment(tmp_path, twin, start_date=DAY, end_date=DAY)
        waiting = run_range(made, DAY, roll_ups=False)
        assert "it does not have the time of the halving block 1050000" in waiting.reason(DAY)
        assert len(table(made, "historical_bitcoin_calculations")) == 0
        assert len(table(made, "curtailment_records")) > 0
        world.top = None
        assert run_range(made, DAY, roll_ups=False).errors == []
        calculated = table(made, "historical_bitcoin_calculations")
    records = table(made, "curtailment_records")
    starts = records.set_index("settlement_period")["start_time"].groupby(level=0).first()
    expected = calculated["settlement_period"].map(starts).lt(FOUND).map({True: 3.125, False: 1.5625})
    assert list(calculated["block_subsidy"]) == list(expected)
    assert set(expected) == {3.125, 1.5625}
