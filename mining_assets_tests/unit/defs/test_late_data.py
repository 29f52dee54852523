"""Late data, healed by the sensor alone: what it asks for is executed one after the other while the clock moves on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
import time_machine

from mining_assets.curated import miner_models
from mining_assets.defs.run_requests import DAILY_JOB
from mining_assets.defs.sensors.healing import SENSOR
from mining_assets.reconciliation.attempts import HEALING_TAG
from mining_assets.reconciliation.findings import stored_findings
from mining_assets.warehouse.status import Status, read_status
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.harness import (
    QUIET,
    Environment,
    assert_close,
    assert_day_is_right,
    assert_nothing_stored,
    environment,
    tables,
)
from mining_assets_tests.support.looking import Looking, over
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.support.twin.world import World

pytestmark = pytest.mark.system

DAY = date(2025, 6, 3)
NIGHT, MORNING, DUE = time(0, 30), time(9), time(15)
KEPT = ("curtailment_records", "settlement_ledger", "settlement_days", "daily_summaries", "restatements")


def on(days_after: int, at: time = DUE) -> datetime:
    """A moment so many days after the settlement day."""
    return datetime.combine(DAY + timedelta(days=days_after), at, UTC)


@dataclass
class Life:
    """A platform of one day, its sensor, and the clock."""

    made: Environment
    world: World
    looking: Looking
    clock: time_machine.Traveller

    def look(self, at: datetime) -> list[dg.ExecuteInProcessResult]:
        """Move the clock, look once through the sensor, and execute what it asks for."""
        self.clock.move_to(at)
        ticked = self.looking.tick(launch=False)
        self.looking.cursors[SENSOR] = ticked.cursor
        return [self.execute(request) for request in ticked.requests]  # which count their attempts themselves

    def live(self, first: datetime, last: datetime, every: timedelta) -> list[datetime]:
        """Look again and again; returns when the day was asked for."""
        asked, at = [], first
        while at <= last:
            if self.fetches(at):
                asked.append(at)
            at += every
        return asked

    def fetches(self, at: datetime) -> bool:
        """Whether a look leads to the day being fetched."""
        return any(ran.dagster_run.tags.get(HEALING_TAG) == "fetch" for ran in self.look(at))

    def execute(self, request: dg.RunRequest) -> dg.ExecuteInProcessResult:
        job = self.looking.definitions.resolve_job_def(str(request.job_name))
        return job.execute_in_process(
            instance=self.looking.instance,
            tags=request.tags,
            run_config={**request.run_config, **QUIET},
            asset_selection=list(request.asset_selection) if request.asset_selection else None,
            raise_on_error=False,
        )

    def by_name(self, **config: bool) -> dg.ExecuteInProcessResult:
        """What a person does who names the day."""
        request = dg.RunRequest(
            job_name=DAILY_JOB,
            tags=over(DAY, DAY),
            run_config={"ops": {"daily_chain": {"config": {"refetch": True, **config}}}},
        )
        return self.execute(request)

    def follow(self) -> None:
        """The looks after a change, in which months and years follow."""
        for minutes in (2, 4, 6, 8):
            self.look(datetime.now(UTC).replace(second=0, microsecond=0) + timedelta(minutes=minutes))

    def status(self) -> Status:
        settings = self.made.settings
        with self.looking.warehouse.reading() as connection:
            return read_status(connection, DAY, DAY, miner_models(settings), (DAY, DAY))

    def day(self) -> dict[str, Any]:
        return self.status().days.loc[DAY].to_dict()

    def findings(self) -> dict[str, str]:
        """What the last verification found: the check's name and what it says."""
        with self.looking.warehouse.reading() as connection:
            found = stored_findings(connection, DAY, DAY)
        return {finding.check.name: finding.example for finding in found if finding.check.severity == "error"}

    def kept(self) -> dict[str, pd.DataFrame]:
        dumped = tables(self.made, volatile=True)
        return {name: dumped[name] for name in KEPT}


@pytest.fixture
def life(tmp_path: Path, instance: dg.DagsterInstance) -> Iterator[Life]:
    world = GeneratedWorld(seed=9, units=8, light=True, windy_days=[DAY])
    with time_machine.travel(on(1, MORNING), tick=True) as clock, Twin(world) as twin:
        made = environment(tmp_path, twin, start_date=DAY, end_date=DAY)
        with made.warehouse() as warehouse:
            yield Life(made, world, Looking(made.settings, warehouse, instance), clock)


@pytest.fixture
def settled(life: Life) -> Life:
    """The day was fetched on the afternoon after, everything derived from it is in place."""
    assert all(ran.success for ran in life.look(on(1)))
    life.follow()
    assert life.status().is_right
    assert life.day()["state"] == "final"
    return life


def assert_same(before: dict[str, pd.DataFrame], after: dict[str, pd.DataFrame]) -> None:
    for name, frame in before.items():
        pd.testing.assert_frame_equal(frame, after[name], check_exact=True, obj=name)


@long
def test_a_day_is_fetched_again_at_its_three_moments_and_never_after(life: Life) -> None:
    before, after = time(14, 59), time(15, 30)
    looks = [on(1, MORNING), *(on(days, at) for days in (1, 2, 3, 8, 9, 30) for at in (before, DUE, after))]
    asked = [at for at in looks if life.fetches(at)]
    assert asked == [on(1, MORNING), on(1), on(2), on(8)]
    assert life.status().is_right
    assert_day_is_right(life.made, life.world, DAY)
    assert not life.day()["restated"]


@long
def test_a_day_published_in_part_is_missing_until_it_fills_up(life: Life) -> None:
    life.world.publish(DAY, periods=30)
    asked = life.live(on(1, NIGHT), on(2, time(8, 30)), timedelta(hours=1))
    assert 6 <= len(asked) <= 14  # with growing waits, though it could have been asked for 33 times
    row = life.day()
    assert (row["state"], row["quarantined"]) == ("missing", False)
    assert "18 periods are empty on both sides" in row["last_error"]
    assert_nothing_stored(life.made, DAY)

    life.world.publish(DAY)
    asked = life.live(on(2, time(9, 30)), on(2, time(14, 30)), timedelta(hours=1))
    assert len(asked) == 1, "it is there six hours after it filled up, the longest wait"
    life.follow()
    assert life.status().is_right
    assert (life.day()["state"], life.day()["attempts"]) == ("final", 0)
    assert_day_is_right(life.made, life.world, DAY)


def test_a_day_that_grows_after_its_first_morning_is_a_restatement(life: Life) -> None:
    assert all(ran.success for ran in life.look(on(1, MORNING)))
    assert life.day()["state"] == "provisional"
    life.world.restate(DAY, scale=1.107)
    life.follow()
    assert life.look(on(1, time(14, 59))) == []  # the settlement still changes it: not yet
    life.live(on(1), on(1, time(15, 10)), timedelta(minutes=2))
    row = life.day()
    assert (row["state"], row["restated"]) == ("final", True)
    assert life.status().is_right
    assert_day_is_right(life.made, life.world, DAY)


@pytest.mark.parametrize("how", ["unpublished", "empty"])
def test_an_empty_answer_for_a_day_that_had_data_leaves_it_as_it_was(how: str, settled: Life) -> None:
    before = settled.kept()
    if how == "unpublished":
        settled.world.unpublish(DAY)
    else:
        settled.world.empty(DAY)
    (ran,) = settled.look(on(2))
    assert not ran.success
    assert_same(before, settled.kept())
    row = settled.day()
    assert row["state"] == "final"
    assert row["records"] > 0
    assert "48 periods are empty on both sides" in row["last_error"]

    settled.world.reset(DAY)
    assert not settled.fetches(on(2, time(15, 1)))  # not within the two minutes after the failure
    assert settled.fetches(on(2, time(15, 3)))
    row = settled.day()
    assert (row["state"], row["restated"], row["attempts"]) == ("final", False, 0)
    assert_day_is_right(settled.made, settled.world, DAY)


def test_a_restatement_after_the_last_moment_is_found_by_name_and_flows_through(settled: Life) -> None:
    assert len(settled.live(on(2), on(9), timedelta(hours=12, minutes=30))) == 2
    before = tables(settled.made)["yearly_summaries"]["total_curtailed_energy"].iloc[0]
    settled.world.restate(DAY, scale=1.1)
    assert settled.live(on(10), on(14), timedelta(hours=6)) == []  # nobody has asked, so nobody knows
    assert not settled.day()["restated"]

    assert settled.by_name().success
    row = settled.day()
    assert (row["state"], row["restated"]) == ("final", True)
    settled.follow()
    assert settled.status().is_right
    assert_day_is_right(settled.made, settled.world, DAY)
    dumped = tables(settled.made)
    (restated,) = dumped["restatements"].to_dict("records")
    assert_close(restated["energy_after"], restated["energy_before"] * 1.1)
    assert_close(dumped["yearly_summaries"]["total_curtailed_energy"].iloc[0], before * 1.1)


def test_an_answer_that_shrinks_a_final_day_waits_for_a_person(settled: Life) -> None:
    before = settled.kept()
    energy = before["daily_summaries"]["total_curtailed_energy"].iloc[0]
    settled.world.restate(DAY, scale=0.9)
    (ran,) = settled.look(on(2))
    assert not ran.success
    assert_same(before, settled.kept())
    shrunk = evaluated(settled, "shrunk")
    assert (shrunk.passed, shrunk.severity) == (False, dg.AssetCheckSeverity.ERROR)
    for figure in (f"{energy:,.3f} MWh", f"{0.9 * energy:,.3f} MWh", "--accept-shrink"):
        assert figure in settled.findings()["shrunk"]
        assert figure in str(shrunk.description)
    assert (settled.day()["state"], settled.status().is_right) == ("final", False)

    assert not settled.by_name().success  # fetching it again is not accepting it
    assert settled.by_name(accept_shrink=True).success
    settled.follow()
    assert settled.findings() == {}
    assert evaluated(settled, "shrunk").passed
    row = settled.day()
    assert (row["restated"], row["attempts"], row["quarantined"]) == (True, 0, False)
    assert settled.status().is_right
    assert_day_is_right(settled.made, settled.world, DAY)
    assert_close(tables(settled.made)["yearly_summaries"]["total_curtailed_energy"].iloc[0], 0.9 * energy)


def evaluated(life: Life, name: str) -> dg.AssetCheckEvaluation:
    """The newest evaluation of a check on the records, as the UI shows it."""
    key = dg.AssetCheckKey(dg.AssetKey("curtailment_records"), name)
    (record,) = life.looking.instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    assert record.event is not None
    data = record.event.dagster_event
    assert data is not None
    return data.asset_check_evaluation_data
