"""Empty is not zero: what an empty answer may mean, what certifies it, and that it never erases what was stored."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from mining_assets_tests.support.harness import (
    Environment,
    Ran,
    assert_close,
    assert_day_is_right,
    assert_nothing_stored,
    environment,
    run_range,
    tables,
)
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

DAY = date(2025, 6, 3)
PERIOD = 20


@pytest.fixture(scope="module")
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=11, units=8, light=True, windy_days=[DAY])) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Iterator[Environment]:
    yield environment(tmp_path, twin)
    twin.clear_faults()
    twin.world.reset()


def bring_in(made: Environment, **config: Any) -> Ran:
    return run_range(made, DAY, roll_ups=False, **config)


def ledger(made: Environment, period: int = PERIOD) -> pd.DataFrame:
    """What the ledger says of a period, by side."""
    rows = tables(made)["settlement_ledger"]
    return rows[rows["settlement_period"] == period].set_index("side")


def asked(twin: Twin, before: int, side: str) -> int:
    """How often the stack of the period was asked for since then."""
    return sum(request.url.endswith(f"/all/{side}/{DAY}/{PERIOD}") for request in twin.requests[before:])


def test_both_sides_empty_is_not_published_and_the_day_fails_by_name(made: Environment, twin: Twin) -> None:
    twin.world.empty(DAY, PERIOD)
    ran = bring_in(made)
    assert f"period {PERIOD} is empty on both sides, which means not published" in ran.reason(DAY)
    assert f"/stack/all/bid/{DAY}/{PERIOD}" in ran.reason(DAY)
    assert ran.errors
    assert_nothing_stored(made, DAY)


def test_period_that_a_person_knows_to_be_empty_is_accepted_by_name_only(made: Environment, twin: Twin) -> None:
    twin.world.empty(DAY, PERIOD)
    twin.world.empty(DAY, PERIOD + 1)
    assert f"period {PERIOD + 1} is empty on both sides" in bring_in(made, accept_empty=[PERIOD]).reason(DAY)
    assert_nothing_stored(made, DAY)
    assert bring_in(made, accept_empty=[PERIOD, PERIOD + 1]).errors == []
    assert_day_is_right(made, twin.world, DAY)
    assert ledger(made)["confirmed_by"].to_dict() == {"bid": "operator", "offer": "operator"}
    assert ledger(made, 1)["confirmed_by"].to_dict() == {"bid": "rows", "offer": "rows"}


@pytest.mark.parametrize("published", [None, 0, 31])
def test_day_that_is_published_in_part_or_not_at_all_fails(
    published: int | None, made: Environment, twin: Twin
) -> None:
    if published is None:
        twin.world.unpublish(DAY)
    else:
        twin.world.publish(DAY, periods=published or 1)
    ran = bring_in(made)
    lacking = 48 if published is None else 48 - (published or 1)
    assert f"{lacking} periods are empty on both sides" in ran.reason(DAY)
    assert_nothing_stored(made, DAY)


@pytest.mark.parametrize("side", ["bid", "offer"])
def test_side_that_is_empty_is_asked_again_and_quiet_when_the_volumes_agree(
    side: Any, made: Environment, twin: Twin
) -> None:
    twin.world.empty(DAY, PERIOD, side)
    before = len(twin.requests)
    assert bring_in(made).errors == []
    assert asked(twin, before, side) == 2
    assert twin.count(route="volumes", date=DAY, side=side) > 0
    assert_day_is_right(made, twin.world, DAY)
    other = {"bid": "offer", "offer": "bid"}[side]
    assert ledger(made)["confirmed_by"].to_dict() == {side: "volumes", other: "rows"}
    assert ledger(made).loc[side, "raw_rows"] == 0


@pytest.mark.parametrize("side", ["bid", "offer"])
def test_side_that_is_empty_against_the_volumes_fails_the_day(side: Any, made: Environment, twin: Twin) -> None:
    served = {row["id"] for row in twin.world.stack(DAY, PERIOD, side) if row["id"] and not row["id"].isdigit()}
    twin.world.withhold(DAY, PERIOD, side)
    ran = bring_in(made)
    assert f"period {PERIOD} {side} is empty, but {len(served)} units had accepted volume" in ran.reason(DAY)
    assert_nothing_stored(made, DAY)


@pytest.mark.parametrize("kind", ["reset", "status", "html", "no_data", "empty"])
def test_side_that_is_empty_without_volumes_is_quiet_with_a_warning(kind: str, made: Environment, twin: Twin) -> None:
    twin.world.empty(DAY, PERIOD, "bid")
    twin.fault(Fault(kind=kind, route="volumes"))
    assert bring_in(made).errors == []
    assert_day_is_right(made, twin.world, DAY)
    assert ledger(made)["confirmed_by"].to_dict() == {"bid": "unreachable", "offer": "rows"}


# Refetching a stored day.


@pytest.fixture
def stored(made: Environment) -> Environment:
    """An environment that holds the day already."""
    assert bring_in(made).errors == []
    return made


def assert_unchanged_by(made: Environment, twin: Twin, *reasons: str, **config: Any) -> None:
    """A refetch fails for these reasons and changes nothing of the day; the world is well again afterwards."""
    before = tables(made, volatile=True)
    ran = bring_in(made, refetch=True, **config)
    assert ran.errors
    for reason in reasons:
        assert reason in ran.reason(DAY)
    after = tables(made, volatile=True)
    for name in ("curtailment_records", "settlement_ledger", "settlement_days", "daily_summaries", "restatements"):
        pd.testing.assert_frame_equal(before[name], after[name], check_exact=True)
    name = "historical_bitcoin_calculations"
    pd.testing.assert_frame_equal(before[name], after[name], check_exact=True)
    twin.clear_faults()
    twin.world.reset()
    assert_day_is_right(made, twin.world, DAY)


def test_day_that_is_no_longer_published_stays(stored: Environment, twin: Twin) -> None:
    twin.world.unpublish(DAY)
    assert_unchanged_by(stored, twin, "48 periods are empty on both sides")


def test_period_that_had_rows_and_answers_with_none_leaves_the_day(stored: Environment, twin: Twin) -> None:
    twin.fault(Fault(kind="empty", route="stack", date=DAY, period=PERIOD))
    assert_unchanged_by(stored, twin, f"period {PERIOD} is empty on both sides")


def test_side_that_had_rows_and_is_empty_against_the_volumes_leaves_the_day(stored: Environment, twin: Twin) -> None:
    twin.world.withhold(DAY, PERIOD, "bid")
    assert_unchanged_by(stored, twin, f"period {PERIOD} bid is empty, but")


@pytest.mark.parametrize("side", ["bid", "offer"])
def test_side_that_had_rows_and_is_empty_without_volumes_is_refused(side: Any, stored: Environment, twin: Twin) -> None:
    had = len(twin.world.stack(DAY, PERIOD, side))
    twin.world.withhold(DAY, PERIOD, side)
    twin.fault(Fault(kind="status", route="volumes"))
    assert_unchanged_by(stored, twin, f"period {PERIOD} {side} had {had} rows and is now empty", "The stored day stays")


def test_side_that_the_volumes_agree_is_empty_now_is_a_restatement(stored: Environment, twin: Twin) -> None:
    records = tables(stored)["curtailment_records"].query("side == 'bid'")
    energy = records.groupby("settlement_period")["volume"].sum()
    period = int(energy.idxmax())  # the least curtailed, so that the day does not shrink by much
    assert energy[period] > 0.05 * energy.sum()
    twin.world.empty(DAY, period, "bid")
    ran = bring_in(stored, refetch=True)
    assert (ran.errors, ran.outcome(DAY)) == ([], "restated")
    assert_day_is_right(stored, twin.world, DAY)
    assert ledger(stored, period).loc["bid", "confirmed_by"] == "volumes"
    (restated,) = tables(stored)["restatements"].to_dict("records")
    assert_close(restated["energy_before"] - restated["energy_after"], -energy[period])


def test_final_day_that_would_shrink_by_over_5_percent_is_stored_by_name_only(stored: Environment, twin: Twin) -> None:
    energy = tables(stored)["daily_summaries"]["total_curtailed_energy"].iloc[0]
    twin.world.restate(DAY, scale=0.94)
    before = tables(stored, volatile=True)
    ran = bring_in(stored, refetch=True)
    assert ran.outcome(DAY) == "failed"
    for figure in (f"stored {energy:,.3f} MWh", f"now {energy * 0.94:,.3f} MWh", "--refetch --accept-shrink"):
        assert figure in ran.reason(DAY)
    after = tables(stored, volatile=True)
    for name in ("curtailment_records", "settlement_ledger", "settlement_days", "restatements"):
        pd.testing.assert_frame_equal(before[name], after[name], check_exact=True)

    ran = bring_in(stored, refetch=True, accept_shrink=True)
    assert (ran.errors, ran.outcome(DAY)) == ([], "restated")
    assert_day_is_right(stored, twin.world, DAY)
    (restated,) = tables(stored)["restatements"].to_dict("records")
    assert_close(restated["energy_before"], energy)
    assert_close(restated["energy_after"], energy * 0.94)


@pytest.mark.parametrize("scale", [0.96, 1.0, 1.3])
def test_restatement_is_stored_and_noted_and_everything_derived_follows(
    scale: float, stored: Environment, twin: Twin
) -> None:
    twin.world.restate(DAY, scale=scale)
    ran = bring_in(stored, refetch=True)
    assert (ran.errors, ran.outcome(DAY)) == ([], "unchanged" if scale == 1.0 else "restated")
    assert_day_is_right(stored, twin.world, DAY)
    dumped = tables(stored)
    assert len(dumped["restatements"]) == (0 if scale == 1.0 else 1)
    assert_close(
        dumped["historical_bitcoin_calculations"]["curtailed_energy"].sum(),
        3 * dumped["daily_summaries"]["total_curtailed_energy"].sum(),
    )
