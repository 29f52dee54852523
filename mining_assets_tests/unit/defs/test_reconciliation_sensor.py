"""The healing sensor asks for the smallest work, bounded, and for nothing that is under way or not over."""

import re
import socket
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import pytest
import time_machine
from dagster._daemon.run_coordinator.queued_run_coordinator_daemon import QueuedRunCoordinatorDaemon
from sqlalchemy import delete, insert, update

from mining_assets.defs.assets.keys import BITCOIN_DAILY, CALCULATIONS, DAILY, DAILY_CHAIN, RECORDS
from mining_assets.defs.in_flight import PROCESS_TAG
from mining_assets.defs.run_requests import PARTITION
from mining_assets.domain.finality import final_from
from mining_assets.reconciliation.attempts import ATTEMPT_TAG, HEALING_TAG
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    calculation_days,
    curtailment_records,
    daily_summaries,
    day_fetches,
    healing_attempts,
    settlement_days,
    settlement_ledger,
    source_outages,
)
from mining_assets.warehouse.verifications import note_written
from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, scan_all
from mining_assets_tests.support.looking import Looking, over, statements
from mining_assets_tests.support.samples import damage, everything, rows_of

FETCHED = set(DAILY_CHAIN)
DERIVED = {CALCULATIONS, DAILY, BITCOIN_DAILY}
EARLY = {"fetched_at": final_from(WINDY) - timedelta(hours=1)}
PROCESS_THAT_IS_GONE = {PROCESS_TAG: f"{socket.gethostname()}:{2**22 + 1}"}
COUNTED = "months and years that differ: "


def test_the_sensor_runs_by_default_and_looks_every_minute_at_least(looking: Looking) -> None:
    sensor = looking.repository.get_sensor_def("reconciliation_sensor")
    assert sensor.default_status == dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 60
    assert {target.job_name for target in sensor.targets} == {"daily", "monthly", "yearly"}
    often = looking.but(heal_interval_seconds=7).repository.get_sensor_def("reconciliation_sensor")
    assert often.minimum_interval_seconds == 7


def test_nothing_is_asked_for_and_nothing_written_when_all_is_well(looking: Looking, ground: Warehouse) -> None:
    before = everything(ground)
    for _ in range(3):
        ticked = looking.tick()
        assert ticked.requests == []
        assert ticked.said.startswith(f"nothing to ask for; {COUNTED}0; verified by value: ")
    assert everything(ground) == before


def test_a_look_says_since_when_all_of_it_is_verified(looking: Looking, ground: Warehouse) -> None:
    scan_all(ground)
    verified = looking.tick().said.partition("; verified by value: ")[2]
    assert re.fullmatch(r"everything at 20\d\d-\d\d-\d\d \d\d:\d\d UTC or later", verified)
    with ground.writing(str(WINDY)) as connection:
        note_written(connection, [WINDY])
    assert f"; not since it was last written: {WINDY}" in looking.tick().said


OF_WINDY = settlement_ledger.c.settlement_date == WINDY
ALTERED = update(daily_summaries).where(daily_summaries.c.summary_date == WINDY)
WORK_OF = {
    "ledger lost": (delete(settlement_ledger).where(OF_WINDY), FETCHED, False),
    "partial": (delete(settlement_ledger).where(OF_WINDY, settlement_ledger.c.settlement_period == 9), FETCHED, False),
    "damaged": (
        update(curtailment_records).where(curtailment_records.c.settlement_date == WINDY).values(payment=0),
        FETCHED,
        True,
    ),
    "due": (
        update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY),
        FETCHED,
        True,
    ),
    "calculations lost": (
        delete(calculation_days).where(calculation_days.c.settlement_date == WINDY),
        DERIVED,
        False,
    ),
    "summary altered": (ALTERED.values(total_payment=1), DERIVED, False),
    "farms altered": (ALTERED.values(farms=7), DERIVED, False),
}
QUICK = ("damaged", "summary altered")


@pytest.mark.parametrize(
    ("harm", "assets", "refetch"),
    [pytest.param(*case, id=name, marks=() if name in QUICK else pytest.mark.system) for name, case in WORK_OF.items()],
)
def test_a_day_has_just_the_work_that_mends_it(
    harm: object, assets: set[dg.AssetKey], refetch: bool, looking: Looking, ground: Warehouse
) -> None:
    damage(ground, harm)  # type: ignore[arg-type]
    scan_all(ground)
    (request,) = looking.tick().requests
    assert request.job_name == "daily"
    assert set(request.asset_selection or ()) == assets
    assert request.run_config == {
        "ops": {"daily_chain": {"config": {"refetch": refetch} | ({"repair": True} if refetch else {})}}
    }
    assert request.tags.items() >= over(WINDY, WINDY).items()
    assert request.tags[HEALING_TAG] == ("fetch" if RECORDS in assets else "derive")
    assert request.run_key is None
    assert request.partition_key is None
    ((day, attempts, *_),) = rows_of(ground, healing_attempts)
    assert (day, attempts) == (WINDY, 1)


@pytest.mark.parametrize(
    ("pace", "asked"),
    [
        (0.5, [("2025-03-29", "2025-03-29"), ("2024-01-01", "2024-01-01"), ("2025-03-28", "2025-03-28")]),
        (10, [("2025-03-26", "2025-03-29"), ("2024-01-01", "2024-01-06"), ("2025-03-20", "2025-03-25")]),
        (1000, [("2025-03-10", "2025-03-29"), ("2024-01-01", "2024-01-31"), ("2025-02-07", "2025-03-09")]),
    ],
)
def test_days_never_fetched_are_asked_for_at_both_ends_in_pieces_of_a_minute(
    looking: Looking, pace: float, asked: list[tuple[str, str]]
) -> None:
    looking = looking.but(start_date=date(2024, 1, 1), requests_per_second=pace)
    assert looking.tick().days == asked


def test_a_look_says_what_the_days_that_were_never_fetched_cost(
    looking: Looking, capfd: pytest.CaptureFixture[str]
) -> None:
    assert looking.but(start_date=date(2025, 3, 1), requests_per_second=10).tick().requests
    assert "; in all 29 days to fetch: about 2,842 requests, 5 minutes; " in capfd.readouterr().err


def test_what_only_derives_needs_no_requests_and_is_not_cut(looking: Looking, ground: Warehouse) -> None:
    with ground.writing() as connection:
        connection.execute(delete(calculation_days))
    ticked = looking.but(requests_per_second=0.5).tick()
    assert ticked.ranges == [("daily", str(SHORT), str(WINDY))]


def test_people_overtake_queued_healing_and_roll_ups_stand_between(looking: Looking) -> None:
    # The first partition moved: its days are missing, and its month differs.
    requests = looking.but(start_date=date(2025, 3, 28)).tick(launch=False).requests
    assert [request.job_name for request in requests] == ["daily", "monthly"]
    of_the_graph = looking.repository.get_sensor_def("roll_up_sensor").run_tags
    asked = [
        *(looking.queued(request.job_name or "", **request.tags) for request in requests),
        looking.queued("monthly", **of_the_graph),
        looking.queued("daily", **over(SHORT, SHORT)),
        looking.queued("references"),
    ]
    # How the daemon orders its queue; runs of the same priority keep their turn.
    kinds = {"-2": "healing", "-1": "roll up"}
    ordered = QueuedRunCoordinatorDaemon(60)._priority_sort(asked)
    told = [kinds.get(run.tags.get("dagster/priority", ""), "a person") for run in ordered]
    assert told == ["a person"] * 2 + ["roll up"] * 2 + ["healing"]


@pytest.mark.system
def test_the_sensor_counts_its_own_unfinished_runs_against_the_bound(looking: Looking) -> None:
    looking = looking.but(start_date=date(2024, 1, 1), heal_runs=2)
    looking.queued("monthly", **over("2025-03", "2025-03"))  # of the edge, which moved
    looking.queued("daily", **over("2024-06-01", "2024-06-30"), **{HEALING_TAG: "fetch"})
    looking.queued("daily", dg.DagsterRunStatus.SUCCESS, **over("2024-08-01", "2024-08-02"), **{HEALING_TAG: "fetch"})
    looking.queued("daily", **over("2024-07-01", "2024-07-31"))  # somebody else's run is no healing
    assert len(looking.tick().requests) == 1
    looking.queued("daily", **over("2024-06-01", "2024-06-30"), **{HEALING_TAG: "fetch"})
    ticked = looking.tick()
    assert ticked.requests == []
    assert "later, after the runs now asked for" in ticked.said
    assert "a run is under way: 61 days" in ticked.said


@pytest.mark.parametrize(
    ("tags", "status"),
    [
        (over(SHORT, WINDY), dg.DagsterRunStatus.QUEUED),
        pytest.param(over(WINDY, WINDY), dg.DagsterRunStatus.STARTED, marks=pytest.mark.system),
        ({PARTITION: str(WINDY)}, dg.DagsterRunStatus.QUEUED),
    ],
)
def test_a_day_that_an_unfinished_run_covers_is_not_asked_for(
    tags: dict[str, str], status: dg.DagsterRunStatus, looking: Looking, ground: Warehouse
) -> None:
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY))
    run = looking.queued("daily", status, **tags)
    ticked = looking.tick()
    assert ticked.requests == []
    assert "a run is under way: 1 day" in ticked.said
    assert rows_of(ground, healing_attempts) == []
    looking.instance.report_run_failed(run)
    assert looking.tick().ranges == [("daily", str(WINDY), str(WINDY))]


def test_days_that_are_not_over_are_never_asked_for(looking: Looking) -> None:
    looking = looking.but(start_date=date(2025, 6, 1), end_date=None)
    before_midnight = datetime(2025, 6, 2, 22, 59, tzinfo=UTC)  # 23:59 in London
    with time_machine.travel(before_midnight, tick=False):
        assert looking.tick().days == [("2025-06-01", "2025-06-01")]
    damage(looking.warehouse, delete(healing_attempts))
    with time_machine.travel(before_midnight + timedelta(minutes=1), tick=False):
        assert looking.tick().days == [("2025-06-01", "2025-06-02")]
    with time_machine.travel(datetime(2025, 5, 31, tzinfo=UTC), tick=False):
        assert looking.tick().said == "no day is over yet"


def test_days_further_back_than_set_are_left_alone(looking: Looking) -> None:
    looking = looking.but(start_date=date(2024, 1, 1), heal_days_back=5)
    assert looking.tick().days == [("2025-03-28", "2025-03-29")]


def test_a_look_that_launches_nothing_changes_nothing(looking: Looking, ground: Warehouse) -> None:
    """As the UI's test of a sensor, which must not make the next real look wait."""
    damage(
        ground,
        update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY),
        delete(day_fetches),
    )
    dead = looking.queued("daily", dg.DagsterRunStatus.STARTED, **over(SHORT, SHORT), **PROCESS_THAT_IS_GONE)
    before = everything(ground)
    looks = [looking.tick(launch=False) for _ in range(3)]
    assert everything(ground) == before
    run = looking.instance.get_run_by_id(dead.run_id)
    assert run is not None
    assert run.status == dg.DagsterRunStatus.STARTED
    assert [look.ranges for look in looks] == 3 * [looking.tick().ranges]
    assert looks[0].ranges


def test_a_run_that_never_began_makes_its_days_wait(looking: Looking, ground: Warehouse) -> None:
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY))
    for _ in range(2):
        assert looking.tick(launch=False).ranges
    run = looking.queued("daily", **over(WINDY, WINDY), **{HEALING_TAG: "fetch"})
    looking.instance.report_run_failed(run)
    ticked = looking.tick()
    assert ticked.requests == []
    assert "waiting after a run that did not begin: 1 day" in ticked.said
    with time_machine.travel(datetime.now(UTC) + timedelta(minutes=3), tick=False):
        assert looking.tick().ranges == [("daily", str(WINDY), str(WINDY))]


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(1, 2), pytest.param(2, 4, marks=pytest.mark.system), pytest.param(4, 16, marks=pytest.mark.system)],
)
def test_runs_that_died_before_they_counted_make_days_wait_ever_longer(
    failures: int, minutes: int, looking: Looking, ground: Warehouse
) -> None:
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY))
    for _ in range(failures):
        run = looking.queued("daily", dg.DagsterRunStatus.STARTED, **over(WINDY, WINDY), **{HEALING_TAG: "fetch"})
        looking.instance.report_run_failed(run)
    assert rows_of(ground, healing_attempts) == []
    for passed, asked in ((0, []), (minutes - 0.5, []), (minutes + 0.5, [("daily", str(WINDY), str(WINDY))])):
        with time_machine.travel(datetime.now(UTC) + timedelta(minutes=passed), tick=False):
            assert looking.tick(launch=False).ranges == asked


def test_a_run_that_inherited_the_mark_of_another_attempt_has_counted_none(looking: Looking, ground: Warehouse) -> None:
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY))
    tags = {HEALING_TAG: "fetch", ATTEMPT_TAG: "the run that was retried"}
    looking.instance.report_run_failed(looking.queued("daily", **over(WINDY, WINDY), **tags))
    assert looking.tick().requests == []


@pytest.mark.system
def test_a_run_is_marked_as_its_attempt_is_counted(looking: Looking, ground: Warehouse) -> None:
    damage(ground, update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(**EARLY))
    (request,) = looking.tick(launch=False).requests
    looking = looking.but(elexon_url="http://127.0.0.1:9", mempool_url="http://127.0.0.1:9")
    result = looking.definitions.resolve_job_def("daily").execute_in_process(
        instance=looking.instance,
        tags=dict(request.tags),
        asset_selection=list(request.asset_selection or ()),
        run_config={**request.run_config, "loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
        raise_on_error=False,
    )
    run = looking.instance.get_run_by_id(result.run_id)
    assert run is not None
    assert run.tags[ATTEMPT_TAG] == run.run_id
    assert "did not begin" not in looking.tick(launch=False).said


def test_a_day_that_was_asked_for_waits_and_is_given_up_after_the_attempts_set(looking: Looking) -> None:
    looking = looking.but(start_date=SHORT - timedelta(days=1), heal_attempts=2)
    missing = str(SHORT - timedelta(days=1))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    asked = []
    for minute in range(12):
        with time_machine.travel(at + timedelta(minutes=minute), tick=False):
            ticked = looking.tick()
        if ("daily", missing, missing) in ticked.ranges:
            asked.append(minute)
    assert asked == [0, 2, 6]  # the third begins after two that died without a word, and is the last for a day
    ((_, attempts, *_, quarantined_at),) = rows_of(looking.warehouse, healing_attempts)
    assert (attempts, quarantined_at) == (3, at + timedelta(minutes=6))


@long
def test_a_week_of_failures_costs_a_bounded_number_of_runs(looking: Looking) -> None:
    looking = looking.but(start_date=date(2025, 1, 1))
    at = datetime(2026, 1, 1, tzinfo=UTC)
    runs = 0
    for hour in range(7 * 24):
        with time_machine.travel(at + timedelta(hours=hour), tick=False):
            runs += sum(request.job_name == "daily" for request in looking.tick().requests)
    # Three ranges, each asked for as often as set, and then once a day.
    assert 3 * looking.settings.heal_attempts < runs <= 3 * (looking.settings.heal_attempts + 7)


def test_a_source_that_is_away_is_probed_with_one_day(looking: Looking, ground: Warehouse) -> None:
    looking = looking.but(start_date=date(2024, 1, 1))
    looking.queued("monthly", **over("2025-03", "2025-03"))  # of the edge, which moved
    now = datetime.now(UTC)
    row = {"source": "elexon", "since": now, "attempts": 1, "last_error": "refused"}
    damage(ground, insert(source_outages).values(**row, next_attempt_at=now + timedelta(hours=1)))
    ticked = looking.tick()
    assert ticked.requests == []
    assert "elexon does not answer: 454 days" in ticked.said
    damage(ground, update(source_outages).values(next_attempt_at=now))
    assert looking.tick().ranges == [("daily", "2025-03-29", "2025-03-29")]


# Months and years.


def test_the_number_of_statements_does_not_depend_on_the_number_of_days(looking: Looking, ground: Warehouse) -> None:
    counts = []
    for first in (SHORT, date(2024, 1, 1), date(2016, 1, 1)):
        elsewhere = looking.but(start_date=first)
        elsewhere.definitions  # noqa: B018
        with statements(ground) as sent:
            elsewhere.tick(launch=False)
        counts.append(len(sent()))
    assert counts[0] == counts[1] == counts[2] <= 25


def test_quiet_days_are_whole(looking: Looking, ground: Warehouse) -> None:
    damage(ground, delete(healing_attempts))
    assert not any(str(QUIET) in request.tags.values() for request in looking.tick().requests)
