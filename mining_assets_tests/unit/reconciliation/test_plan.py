"""From states to work: the smallest that mends, within bounds, and nothing that is under way, waits or was given up."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from mining_assets.reconciliation.plan import DERIVE, ELEXON, FETCH, MEMPOOL, HealingPlan, Work, needs, plan

NOW = datetime(2025, 7, 1, 12, tzinfo=UTC)
WELL = {
    "state": "final",
    "inconsistent": False,
    "quarantined": False,
    "newly_registered": False,
    "attempts": 0,
    "next_attempt_at": pd.NaT,
    "missing": 0,
    "fetched_at": NOW - timedelta(hours=1),
}
MISSING = {"state": "missing", "fetched_at": pd.NaT}


def june(day: int) -> date:
    return date(2025, 6, day)


def states(changed: Mapping[date, Mapping[str, Any]]) -> pd.DataFrame:
    """All of June, well but for some days."""
    days = [june(number) for number in range(1, 31)]
    return pd.DataFrame([WELL | dict(changed.get(day, {})) for day in days], index=pd.Index(days, name="day"))


def planned(
    changed: Mapping[date, Mapping[str, Any]],
    in_flight_days: Collection[date] = (),
    unavailable: Mapping[str, datetime] | None = None,
    free_run_slots: int = 3,
    held_back: Collection[date] = (),
) -> HealingPlan:
    return plan(
        states(changed),
        in_flight_days=in_flight_days,
        unavailable=unavailable or {},
        free_run_slots=free_run_slots,
        now=NOW,
        held_back=held_back,
    )


def test_nothing_is_asked_for_when_all_is_well() -> None:
    made = planned({})
    assert (made.work, made.days, made.skipped) == ([], [], {})


@pytest.mark.parametrize(
    ("state", "needed"),
    [
        (MISSING, FETCH),
        ({"state": "partial"}, FETCH),
        (MISSING | {"inconsistent": True}, FETCH),
        ({"state": "damaged"}, "refetch"),
        ({"state": "damaged", "inconsistent": True}, "refetch"),
        ({"state": "provisional", "fetched_at": datetime(2025, 6, 4, 9, tzinfo=UTC)}, "refetch"),
        ({"state": "final", "fetched_at": datetime(2025, 6, 11, 14, tzinfo=UTC)}, "refetch"),
        ({"state": "final", "fetched_at": datetime(2025, 6, 11, 15, tzinfo=UTC)}, None),
        ({"inconsistent": True}, DERIVE),
        ({"inconsistent": True, "fetched_at": datetime(2025, 6, 4, 9, tzinfo=UTC)}, "refetch"),
    ],
)
def test_a_day_needs_the_least_that_mends_it(state: dict[str, Any], needed: str | None) -> None:
    assert needs(states({june(3): state}), NOW) == ({june(3): needed} if needed else {})


def test_a_day_that_is_provisional_and_not_due_is_left_alone() -> None:
    day = {"state": "provisional", "fetched_at": datetime(2025, 7, 1, 9, tzinfo=UTC)}
    assert planned({june(30): day}).work == []


def test_only_whole_days_are_fetched_with_the_flag_and_derived_ones_are_not() -> None:
    made = planned(
        {
            june(1): MISSING,
            june(2): {"state": "partial"},
            june(3): {"state": "damaged"},
            june(4): {"inconsistent": True},
        },
    )
    assert sorted(made.work, key=lambda work: work.days) == [
        Work(FETCH, (june(1), june(2)), refetch=False),
        Work(FETCH, (june(3), june(3)), refetch=True),
        Work(DERIVE, (june(4), june(4)), refetch=False),
    ]
    assert made.days == [june(4), june(1), june(2), june(3)]


def test_runs_are_bounded_and_both_ends_are_served() -> None:
    gaps = {june(number): MISSING for number in range(1, 30, 2)}
    made = planned(gaps, free_run_slots=3)
    assert [work.days[0] for work in made.work] == [june(29), june(1), june(27)]
    assert made.skipped == {"later, after the runs now asked for": 12}
    for free_run_slots in (0, -1):
        assert planned(gaps, free_run_slots=free_run_slots).work == []
        assert planned(gaps, free_run_slots=free_run_slots).skipped == {"later, after the runs now asked for": 15}


def test_days_that_a_run_covers_are_not_asked_for_and_split_the_range() -> None:
    made = planned({june(number): MISSING for number in range(5, 10)}, in_flight_days=[june(7), june(20)])
    assert [work.days for work in made.work] == [(june(8), june(9)), (june(5), june(6))]
    assert made.skipped == {"a run is under way": 1}


@pytest.mark.parametrize(("ago", "asked"), [(timedelta(0), True), (timedelta(seconds=-1), False)])
def test_a_day_that_failed_waits_until_its_next_attempt(ago: timedelta, asked: bool) -> None:
    made = planned({june(5): MISSING | {"attempts": 1, "next_attempt_at": NOW - ago}})
    assert bool(made.work) == asked
    assert made.skipped == ({} if asked else {"waiting after a failure": 1})


def test_a_quarantined_day_waits_for_its_next_attempt_and_is_asked_for_then() -> None:
    waiting = MISSING | {"attempts": 3, "quarantined": True, "next_attempt_at": NOW + timedelta(hours=1)}
    made = planned({june(5): waiting})
    assert (made.work, made.skipped) == ([], {"quarantined": 1})
    assert planned({june(5): waiting | {"next_attempt_at": NOW}}).days == [june(5)]


def test_a_day_whose_run_never_began_waits_like_one_that_failed() -> None:
    made = planned({june(5): MISSING, june(6): MISSING}, held_back=[june(5)])
    assert made.days == [june(6)]
    assert made.skipped == {"waiting after a run that did not begin": 1}


def test_a_day_with_a_unit_that_became_known_later_is_fetched_again() -> None:
    made = planned({june(5): {"newly_registered": True, "inconsistent": True}})
    assert [(work.kind, work.refetch) for work in made.work] == [("fetch", True)]


ALL_MISSING = {june(number): MISSING for number in range(1, 31)}


def test_while_elexon_is_away_one_day_is_asked_for_when_it_may_be_asked_again() -> None:
    assert planned(ALL_MISSING, unavailable={ELEXON: NOW + timedelta(seconds=1)}).work == []
    made = planned(ALL_MISSING, unavailable={ELEXON: NOW})
    assert made.work == [Work(FETCH, (june(30), june(30)))]
    assert made.skipped == {"elexon does not answer": 29}


def test_while_elexon_is_away_and_a_probe_runs_no_second_one_is_asked_for() -> None:
    unavailable = {ELEXON: NOW + timedelta(minutes=2)}
    assert planned(ALL_MISSING, in_flight_days=[june(30)], unavailable=unavailable).work == []


def test_while_elexon_is_away_what_needs_no_fetching_is_derived() -> None:
    changed = ALL_MISSING | {june(10): {"inconsistent": True, "missing": 5}}
    made = planned(changed, unavailable={ELEXON: NOW + timedelta(hours=1)})
    assert made.work == [Work(DERIVE, (june(10), june(10)))]


def test_while_mempool_is_away_only_days_that_lack_calculations_wait() -> None:
    changed = {
        june(1): {"inconsistent": True, "missing": 0},
        june(10): {"inconsistent": True, "missing": 5},
        june(12): {"inconsistent": True, "missing": 5},
        june(20): MISSING,
    }
    made = planned(changed, unavailable={MEMPOOL: NOW + timedelta(hours=1)})
    assert [(work.kind, work.days[0]) for work in made.work] == [(FETCH, june(20)), (DERIVE, june(1))]
    assert made.skipped == {"mempool does not answer": 2}
    probing = planned(changed, unavailable={MEMPOOL: NOW})
    assert {work.days[0] for work in probing.work} == {june(20), june(1), june(12)}
    assert probing.skipped == {"mempool does not answer": 1}
