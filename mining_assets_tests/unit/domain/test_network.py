"""Difficulty and subsidy by block time: what is merged, what is refused, and what stays unknown."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from mining_assets.domain.network import (
    KNOWN_HALVINGS,
    NEVER_FETCHED,
    SETTLED_AFTER,
    Epoch,
    HistoryContradicted,
    NetworkHistory,
    NetworkHistoryRefused,
    Retarget,
    UnknownDifficulty,
    block_subsidy,
    halvings_within,
    merged_retargets,
    network_history,
    rewritten_span,
)
from mining_assets_tests.support.samples import history
from mining_assets_tests.support.twin.recorded import NO_DATA, recorded_data

FETCHED_AT = datetime(2024, 5, 10, tzinfo=UTC)
BEFORE = Retarget(datetime(2024, 4, 10, 21, 17, 33, tzinfo=UTC), 838_656, 8.6e13)
AFTER = Retarget(datetime(2024, 4, 24, 14, 51, 52, tzinfo=UTC), 840_672, 8.8e13)
LATER = Retarget(datetime(2024, 5, 9, 15, 18, 17, tzinfo=UTC), 842_688, 8.3e13)
NEXT = Retarget(datetime(2024, 5, 23, 2, 57, 1, tzinfo=UTC), 844_704, 8.4e13)
RETARGETS = [BEFORE, AFTER, LATER]
HALVING = datetime(2024, 4, 20, 0, 9, 27, tzinfo=UTC)


def in_force(known: NetworkHistory, *instants: datetime) -> list[tuple[float, float]]:
    frame = known.in_force(pd.Series(pd.DatetimeIndex(instants)))
    return list(frame[["difficulty", "block_subsidy"]].itertuples(index=False, name=None))


def recorded_retargets() -> list[Retarget]:
    folder = recorded_data()
    if folder is None:
        pytest.skip(NO_DATA)
    entries = json.loads((folder / "bitcoin/difficulty_adjustments.json").read_text())
    return [Retarget(datetime.fromtimestamp(time, UTC), height, difficulty) for time, height, difficulty, _ in entries]


@pytest.mark.parametrize(
    ("height", "subsidy"),
    [(0, 50.0), (209_999, 50.0), (210_000, 25.0), (630_000, 6.25), (839_999, 6.25), (840_000, 3.125)],
)
def test_the_subsidy_halves_every_210000_blocks(height: int, subsidy: float) -> None:
    assert block_subsidy(height) == subsidy


def test_a_halving_becomes_an_epoch_of_its_own_with_the_difficulty_before_it() -> None:
    assert network_history(RETARGETS, FETCHED_AT).epochs == (
        Epoch(BEFORE.time, 838_656, 8.6e13, 6.25, "retarget"),
        Epoch(HALVING, 840_000, 8.6e13, 3.125, "halving"),
        Epoch(AFTER.time, 840_672, 8.8e13, 3.125, "retarget"),
        Epoch(LATER.time, 842_688, 8.3e13, 3.125, "retarget"),
    )


def test_the_order_of_the_answer_does_not_matter() -> None:
    assert network_history(RETARGETS[::-1], FETCHED_AT) == network_history(RETARGETS, FETCHED_AT)


def test_a_history_that_ends_before_a_halving_does_not_have_it() -> None:
    early = [replace(BEFORE, height=BEFORE.height - 2016, time=BEFORE.time - timedelta(days=14))]
    assert [epoch.kind for epoch in network_history(early, early[0].time + timedelta(days=1)).epochs] == ["retarget"]


def test_a_history_that_begins_after_a_halving_has_its_subsidy_all_the_same() -> None:
    epochs = network_history([AFTER, LATER], FETCHED_AT).epochs
    assert [(epoch.kind, epoch.block_subsidy) for epoch in epochs] == [("retarget", 3.125)] * 2


def test_what_is_in_force_begins_with_its_block_to_the_second() -> None:
    second = timedelta(seconds=1)
    known = network_history(RETARGETS, FETCHED_AT)
    assert in_force(known, HALVING - second, HALVING, AFTER.time - second, AFTER.time) == [
        (8.6e13, 6.25),
        (8.6e13, 3.125),
        (8.6e13, 3.125),
        (8.8e13, 3.125),
    ]
    assert in_force(known, LATER.time, BEFORE.time) == [(8.3e13, 3.125), (8.6e13, 6.25)]  # in the order asked


@pytest.mark.parametrize("instant", [FETCHED_AT, FETCHED_AT + timedelta(days=365), BEFORE.time - timedelta(seconds=1)])
def test_outside_of_what_is_known_there_is_no_difficulty(instant: datetime) -> None:
    known = network_history(RETARGETS, FETCHED_AT)
    with pytest.raises(UnknownDifficulty, match=f"{instant:%Y-%m-%d %H:%M} UTC is not known"):
        in_force(known, LATER.time, instant)
    assert known.unknown(pd.Series(pd.DatetimeIndex([LATER.time, instant]))).tolist() == [False, True]


def test_the_last_instant_before_the_fetch_is_known() -> None:
    assert in_force(network_history(RETARGETS, FETCHED_AT), FETCHED_AT - timedelta(seconds=1)) == [(8.3e13, 3.125)]


def test_without_any_fetch_every_difficulty_is_unknown() -> None:
    with pytest.raises(UnknownDifficulty, match="never fetched"):
        in_force(NEVER_FETCHED, LATER.time)


def _with(**change: object) -> list[Retarget]:
    return [BEFORE, replace(AFTER, **change), LATER]


@pytest.mark.parametrize(
    ("retargets", "reason"),
    [
        ([], "holds no retarget"),
        (_with(difficulty=0.0), "difficulty 0.0 at height 840672"),
        (_with(difficulty=-1.0), "difficulty -1.0 at height 840672"),
        (_with(difficulty=float("nan")), "difficulty nan at height 840672"),
        (_with(height=840_673), "height 840673 is not a multiple of 2016"),
        (_with(height=-2016), "height -2016 is not a multiple of 2016"),
        ([*RETARGETS, AFTER], "height 840672 appears twice"),
        ([*RETARGETS, replace(AFTER, difficulty=1e13)], "height 840672 appears twice"),
        (_with(time=LATER.time), "height 842688 at .* is not after height 840672"),
        (_with(time=BEFORE.time - timedelta(days=1)), "height 840672 at .* is not after height 838656"),
        ([*RETARGETS, Retarget(FETCHED_AT + timedelta(seconds=1), 844_704, 1e14)], "height 844704 lies in the future"),
        # Block 840000 is known to be between these two heights, and so must its time be.
        ([replace(BEFORE, time=HALVING + timedelta(hours=1)), AFTER, LATER], "halving at height 840000.* does not fit"),
        (_with(time=HALVING - timedelta(hours=1)), "halving at height 840000.* does not fit"),
        (
            [
                replace(BEFORE, height=836_640, time=BEFORE.time - timedelta(days=14)),
                replace(BEFORE, time=HALVING + timedelta(hours=1)),
                LATER,
            ],
            "halving at height 840000.* does not fit",
        ),
    ],
)
def test_a_history_that_cannot_be_true_is_refused_with_the_entry_and_the_reason(
    retargets: list[Retarget], reason: str
) -> None:
    with pytest.raises(NetworkHistoryRefused, match=reason):
        network_history(retargets, FETCHED_AT)


STORED = network_history(RETARGETS, FETCHED_AT).epochs


@pytest.mark.parametrize(
    ("fetched", "merged"),
    [
        (RETARGETS, RETARGETS),
        ([BEFORE, AFTER], RETARGETS),  # the source lags behind
        ([AFTER, LATER], RETARGETS),  # it lists only the newest
        ([AFTER], RETARGETS),
        ([*RETARGETS, NEXT], [*RETARGETS, NEXT]),
        ([NEXT], [*RETARGETS, NEXT]),
    ],
)
def test_a_shorter_list_takes_nothing_away_and_a_longer_one_goes_on(
    fetched: list[Retarget], merged: list[Retarget]
) -> None:
    assert merged_retargets(STORED, FETCHED_AT + timedelta(days=30), fetched) == merged


CHANGES = [
    ([BEFORE, replace(AFTER, difficulty=1.0), LATER], "height 840672: stored difficulty 8.*fetched difficulty 1.0"),
    ([BEFORE, replace(AFTER, time=AFTER.time - timedelta(seconds=37)), LATER], "height 840672: stored .* 14:51:52, "),
    ([BEFORE, LATER], "height 840672: .*the fetched history lacks it"),
]


@pytest.mark.parametrize(("fetched", "reason"), CHANGES)
def test_a_settled_retarget_is_rewritten_only_when_asked_for(fetched: list[Retarget], reason: str) -> None:
    confirmed_at = AFTER.time + SETTLED_AFTER
    with pytest.raises(HistoryContradicted, match=reason):
        merged_retargets(STORED, confirmed_at, fetched)
    assert merged_retargets(STORED, confirmed_at, fetched, accept_change=True) == fetched


@pytest.mark.parametrize(("fetched", "reason"), CHANGES)
def test_a_retarget_that_was_young_when_confirmed_is_what_the_source_says(fetched: list[Retarget], reason: str) -> None:
    confirmed_at = AFTER.time + SETTLED_AFTER - timedelta(seconds=1)
    assert merged_retargets(STORED, confirmed_at, fetched) == fetched


def test_the_span_that_is_rewritten_reaches_as_far_as_anything_changed() -> None:
    earlier = replace(AFTER, time=AFTER.time - timedelta(seconds=37))
    assert rewritten_span(STORED, network_history([BEFORE, earlier, LATER], FETCHED_AT).epochs) == (
        earlier.time,
        AFTER.time,
    )
    other = replace(AFTER, difficulty=1.0)
    assert rewritten_span(STORED, network_history([BEFORE, other, LATER], FETCHED_AT).epochs) == (
        AFTER.time,
        LATER.time,
    )
    assert rewritten_span(STORED, network_history([*RETARGETS, NEXT], NEXT.time).epochs) is None


def test_between_retargets_with_others_lacking_nothing_is_known() -> None:
    known = network_history([BEFORE, AFTER, NEXT], NEXT.time + timedelta(days=1))
    assert in_force(known, AFTER.time - timedelta(seconds=1), NEXT.time) == [(8.6e13, 3.125), (8.4e13, 3.125)]
    for instant in (AFTER.time, NEXT.time - timedelta(seconds=1)):
        with pytest.raises(UnknownDifficulty, match="no retarget between the heights 840672 and 844704; let MINING"):
            in_force(known, instant)


def test_a_day_before_the_first_retarget_is_told_with_what_to_do() -> None:
    with pytest.raises(
        UnknownDifficulty, match=r"covers 2024-04-10 to .*; let MINING_ASSETS_MEMPOOL_URL name a source"
    ):
        in_force(network_history(RETARGETS, FETCHED_AT), BEFORE.time - timedelta(days=1))


def test_before_a_halving_of_unknown_time_history_ends_at_a_retarget() -> None:
    # Block 1,050,000 halves the subsidy between the retargets 1,048,320 and 1,050,336: until its header time is added,
    # only what is before the first of them is certain.
    start = datetime(2028, 3, 1, tzinfo=UTC)
    last = [Retarget(start + timedelta(days=14 * n), height, 1e14) for n, height in enumerate((1_046_304, 1_048_320))]
    fetched_at = last[1].time + timedelta(days=10)
    assert network_history(last[:1], last[0].time + timedelta(days=10)).known_until == last[0].time + timedelta(days=10)
    assert network_history(last, fetched_at).known_until == last[1].time
    with pytest.raises(UnknownDifficulty):
        in_force(network_history(last, fetched_at), last[1].time)


def test_the_recorded_history_loads_whole_with_every_halving() -> None:
    retargets = recorded_retargets()
    known = network_history(retargets, max(retarget.time for retarget in retargets) + timedelta(hours=1))
    assert len(known.epochs) == len(retargets) + len(KNOWN_HALVINGS)
    assert [(e.height, e.block_time) for e in known.epochs if e.kind == "halving"] == list(KNOWN_HALVINGS.items())
    assert [e.block_subsidy for e in known.epochs if e.kind == "halving"] == [25.0, 12.5, 6.25, 3.125]
    times = [epoch.block_time for epoch in known.epochs]
    assert times == sorted(times)
    day = datetime(2025, 2, 3, tzinfo=UTC)
    assert in_force(known, day) == [(108105433845147.16, 3.125)]


def test_the_short_history_of_the_tests_is_part_of_the_recorded_one() -> None:
    retargets = recorded_retargets()
    recorded = network_history(retargets, max(retarget.time for retarget in retargets))
    assert set(history().epochs) <= set(recorded.epochs)


def test_a_halving_on_a_retargets_own_height_needs_no_time() -> None:
    assert halvings_within([1_048_320]) == [1_050_000]
    assert halvings_within([1_046_304]) == []
    assert halvings_within([838_656, 1_471_680]) == [840_000, 1_050_000, 1_470_000]
    at_once = [Retarget(FETCHED_AT - timedelta(days=days), 1_260_000 - 2016 * days, 1e14) for days in (1, 0)]
    known = network_history(at_once, FETCHED_AT + timedelta(days=1))
    assert in_force(known, FETCHED_AT - timedelta(seconds=1), FETCHED_AT) == [(1e14, 1.5625), (1e14, 0.78125)]
