"""One bad day of five: the four others end complete, each day shows its own true status, and the bad one can heal."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from mining_assets.defs.assets.keys import DAILY_CHAIN
from mining_assets.defs.partitions import partitions_of
from mining_assets_tests.support.harness import (
    Environment,
    assert_close,
    assert_day_is_right,
    assert_nothing_stored,
    assert_same_tables,
    days_asked,
    days_between,
    environment,
    run_cli,
    run_range,
    tables,
)
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, BAD, LAST = date(2025, 6, 2), date(2025, 6, 4), date(2025, 6, 6)
DAYS = days_between(FIRST, LAST)
GOOD = [day for day in DAYS if day != BAD]
FAULT = Fault(kind="status", status=503, date=BAD, period=17, side="offer")


@dataclass
class Ended:
    """How a range ended: whether all was well, and everything that was said."""

    well: bool
    said: str


def by_command(made: Environment) -> Ended:
    """The range as a person gives it."""
    done = run_cli(made, "range", FIRST, LAST)
    assert done.returncode in (0, 1), done.stderr
    return Ended(done.returncode == 0, " ".join(done.stderr.split()))


def as_runs(made: Environment) -> Ended:
    """The range as Dagster runs of the three jobs."""
    with made.instance() as instance:
        errors = run_range(made, FIRST, LAST, instance=instance).errors
    return Ended(not errors, " ".join(" ".join(errors).split()))


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin(GeneratedWorld(seed=5, units=12, light=True, windy_days=DAYS)) as started:
        yield started


def statuses(made: Environment) -> dict[str, dict[str, str]]:
    """The status of each day per daily asset, as the UI shows it."""
    days = partitions_of(made.settings).days
    found: dict[str, dict[str, str]] = {}
    with made.instance() as instance:
        for asset in DAILY_CHAIN:
            of_asset = instance.get_status_by_partition(asset, [str(day) for day in DAYS], days)
            assert of_asset is not None
            found[asset.to_user_string()] = {key: status.name for key, status in of_asset.items() if status}
    return found


@pytest.mark.parametrize("bring_in", [by_command, as_runs])
def test_one_bad_day_of_five_leaves_the_others_complete(
    bring_in: Callable[[Environment], Ended], twin: Twin, tmp_path: Path
) -> None:
    made = environment(tmp_path, twin)
    twin.fault(FAULT)
    ended = bring_in(made)

    assert not ended.well
    assert "1 of 5 days" in ended.said or "Days that are not complete" in ended.said
    assert "server error" in ended.said
    assert "HTTP 503, 3 attempts" in ended.said
    assert f"/balancing/settlement/stack/all/offer/{BAD}/17" in ended.said.replace(" ", "")

    assert_nothing_stored(made, BAD)
    for day in GOOD:
        assert_day_is_right(made, twin.world, day)
    whole = {str(day): "MATERIALIZED" for day in DAYS}
    chain = whole | {str(BAD): "FAILED"}
    of_their_own = ("bitcoin_price", "wind_generation")  # neither needs the day's stacks
    names = [asset.to_user_string() for asset in DAILY_CHAIN]
    assert statuses(made) == {name: whole if name in of_their_own else chain for name in names}
    dumped = tables(made)
    daily = dumped["daily_summaries"]
    for name in ("monthly_summaries", "yearly_summaries"):
        (row,) = dumped[name].to_dict("records")
        assert row["days_complete"] == 4
        assert_close(row["total_curtailed_energy"], daily["total_curtailed_energy"].sum())
        assert_close(row["total_payment"], daily["total_payment"].sum())
    for name in ("bitcoin_monthly_summaries", "bitcoin_yearly_summaries"):
        assert set(dumped[name]["days_complete"]) == {4}
        for row in dumped[name].to_dict("records"):
            coins = dumped["bitcoin_daily_summaries"].query("miner_model == @row['miner_model']")["bitcoin_mined"]
            assert_close(row["bitcoin_mined"], coins.sum())

    # Once the source is well again, the same command fetches the bad day and no other.
    twin.clear_faults()
    before = len(twin.requests)
    ended = bring_in(made)
    assert ended.well, ended.said
    assert days_asked(twin.requests[before:]) == {BAD}
    assert statuses(made) == {
        asset.to_user_string(): dict.fromkeys(map(str, DAYS), "MATERIALIZED") for asset in DAILY_CHAIN
    }
    undisturbed = environment(tmp_path / "undisturbed", twin)
    assert run_range(undisturbed, FIRST, LAST).errors == []
    assert_same_tables(tables(made), tables(undisturbed))


def test_failed_day_that_was_stored_before_keeps_what_it_had(twin: Twin, tmp_path: Path) -> None:
    made = environment(tmp_path, twin)
    assert run_range(made, FIRST, LAST).errors == []
    before = tables(made, volatile=True)
    twin.world.restate(GOOD[0], scale=1.2)
    twin.fault(FAULT)
    ran = run_range(made, FIRST, LAST, refetch=True)
    assert ran.outcome(BAD) == "failed"
    assert ran.outcome(GOOD[0]) == "restated"
    after = tables(made, volatile=True)
    for name in ("curtailment_records", "settlement_ledger", "settlement_days", "historical_bitcoin_calculations"):
        was, now = (frame[name][frame[name]["settlement_date"] == BAD] for frame in (before, after))
        assert len(was) > 0
        assert was.reset_index(drop=True).equals(now.reset_index(drop=True)), name
    for day in DAYS:
        assert_day_is_right(made, twin.world, day)


def test_command_tells_the_bad_day_in_its_table_and_never_as_a_zero(twin: Twin, tmp_path: Path) -> None:
    made = environment(tmp_path, twin)
    twin.world.publish(BAD, periods=40)
    done = run_cli(made, "range", FIRST, LAST)
    assert done.returncode == 1
    line = next(line for line in done.stdout.splitlines() if line.startswith(f"│ {BAD} "))
    assert "missing" in line
    assert "0.000" not in line
    assert line.count("–") == 6
    assert "8 periods are empty on both sides (41, 42, 43, 44, 45, 46, …)" in " ".join(done.stderr.split())
    assert "not published" in " ".join(done.stderr.split())
    assert "4 of 5 days" in done.stdout
