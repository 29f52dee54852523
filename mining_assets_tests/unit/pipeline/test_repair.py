"""Repairs without Dagster: what is done though a part of it fails."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from sqlalchemy import text

from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.repair import DaysNotComplete, Repairs
from mining_assets.pipeline.results import DayResult, Event, SummaryResult
from mining_assets.reconciliation.verify import Scope
from mining_assets_tests.support.ground import LOG, Ground
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.twin.generated import GeneratedWorld

FETCHED, LOST, ALTERED = DAYS = [date(2025, 6, 2), date(2025, 6, 3), date(2025, 6, 4)]
RULES = Rules(Scope(MODELS, (FETCHED, ALTERED)), (), {}, {}, {}, HealingPolicy(), RetryRule(attempts=1), 1000)


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    world = GeneratedWorld(seed=5, units=6, light=True, windy_days=DAYS)
    with Ground(world, RULES, tmp_path).open() as opened:
        opened.run(DAYS)
        yield opened


def test_a_day_that_cannot_be_fetched_keeps_no_other_from_being_derived(ground: Ground) -> None:
    with ground.warehouse.writing("damage") as connection:
        for statement, day in (
            ("DELETE FROM curtailment_records WHERE settlement_date = :day", LOST),
            ("UPDATE daily_summaries SET farms = 99 WHERE summary_date = :day", ALTERED),
        ):
            connection.execute(text(statement), {"day": str(day)})
    ground.failing.add(LOST)
    ground.archive = None  # which has the day
    told: list[Event] = []
    with pytest.raises(DaysNotComplete, match="1 of 2 days not complete"):
        told.extend(Repairs(ground.dependencies, LOG).check_days(DAYS, force=False))
    outcomes = {each.day: each.outcome for each in told if isinstance(each, DayResult)}
    assert outcomes == {FETCHED: "kept", LOST: "failed", ALTERED: "derived"}
    assert {str(each.period) for each in told if isinstance(each, SummaryResult)} == {"2025-06", "2025"}
    with ground.warehouse.reading() as connection:
        query = text("SELECT farms FROM daily_summaries WHERE summary_date = :day")
        assert connection.execute(query, {"day": str(ALTERED)}).scalar_one() < 99
