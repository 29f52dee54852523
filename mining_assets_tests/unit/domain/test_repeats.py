"""Which rows repeat an acceptance, and which reading of them the published volumes make the right one."""

import pandas as pd
import pytest

from mining_assets.domain.content_hash import content_hashes
from mining_assets.domain.repeats import read_as_before, read_repeats, repeats
from mining_assets.domain.settlement import Side
from mining_assets_tests.support.samples import DAY, FARM, OTHER_FARM, record, records

KEY = (DAY, 1, "bid")


def published(*volumes: tuple[int, Side, str, float]) -> "pd.Series[float]":
    names = ["settlement_date", "settlement_period", "side", "farm_id", "volume"]
    frame = pd.DataFrame([(DAY, *row) for row in volumes], columns=names).astype({"side": "str"})
    return frame.set_index(names[:-1])["volume"]


@pytest.mark.parametrize(
    "change",
    [
        {"farm_id": OTHER_FARM},
        {"acceptance_id": 1},
        {"bid_offer_pair_id": -2},
        {"volume": -10.5},
        {"original_price": -71.0},
        {"settlement_period": 2},
    ],
)
def test_a_row_that_differs_in_anything_else_repeats_nothing(change: dict[str, object]) -> None:
    assert not repeats(records(record(), record(**{"sequence_number": 2} | change))).any()


def test_all_but_the_lowest_sequence_number_are_repeats_whatever_the_order() -> None:
    rows = records(record(sequence_number=5), record(sequence_number=2), record(sequence_number=9))
    assert repeats(rows).tolist() == [True, False, True]


def test_rows_without_an_acceptance_can_repeat_and_rows_without_energy_cannot() -> None:
    unnamed, empty = record(acceptance_id=None), record(2, volume=0.0)
    rows = records(unnamed, unnamed | {"sequence_number": 2}, empty, empty | {"sequence_number": 2})
    assert repeats(rows).tolist() == [False, True, False, False]


TWICE = records(record(), record(sequence_number=2, volume=-5.0), record(sequence_number=3))


@pytest.mark.parametrize(
    ("volume", "confirmed", "refuted"),
    [(-25.0, True, False), (-25.0009, True, False), (-15.0, False, True), (-20.0, False, False), (0.0, False, False)],
)
def test_the_published_volume_decides_or_nothing_does(volume: float, confirmed: bool, refuted: bool) -> None:
    readings = read_repeats(TWICE, published((1, "bid", FARM, volume), (1, "bid", OTHER_FARM, -15.0)))
    assert readings.confirmed.tolist() == [False, False, confirmed]
    assert readings.refuted.tolist() == [False, False, refuted]


def test_a_unit_that_the_volumes_do_not_have_is_not_decided() -> None:
    readings = read_repeats(TWICE, published((2, "bid", FARM, -15.0)))
    assert not (readings.confirmed | readings.refuted).any()


def test_within_the_rounding_of_the_volumes_the_rows_count_as_told() -> None:
    rows = records(record(volume=-0.0004), record(volume=-0.0004, sequence_number=2))
    readings = read_repeats(rows, published((1, "bid", FARM, -0.0004)))
    assert (readings.confirmed.tolist(), readings.refuted.any()) == ([False, True], False)


@pytest.mark.parametrize(("was_confirmed", "kept"), [(True, 3), (False, 2)])
def test_the_same_content_is_read_as_it_was_before(was_confirmed: bool, kept: int) -> None:
    content = content_hashes(TWICE if was_confirmed else TWICE.iloc[:2])[KEY]
    rows, decided = read_as_before(TWICE, {KEY: (content, was_confirmed)})
    assert (len(rows), decided) == (kept, {KEY: was_confirmed})


@pytest.mark.parametrize("was_confirmed", [True, False])
def test_another_content_is_not_decided_by_what_was_before(was_confirmed: bool) -> None:
    rows, decided = read_as_before(TWICE, {KEY: ("of other rows", was_confirmed)})
    assert (len(rows), decided) == (3, {})
