"""The content hash: equal for equal content, different for every difference, and the same for ever."""

import hashlib
import struct
from datetime import date, timedelta
from typing import Any

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mining_assets.domain.content_hash import EMPTY_HASH, combined_hash, content_hashes
from mining_assets_tests.support.samples import DAY, OTHER_FARM, record, records

NUMBERS = st.floats(-1e4, 1e4)
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "farm_id": st.sampled_from(["T_AAAAW-1", "T_AAAAW-10", "E_B", "2__C"]),
            "acceptance_id": st.none() | st.integers(0, 2**40),
            "bid_offer_pair_id": st.none() | st.integers(-6, 6),
            "so_flag": st.none() | st.booleans(),
            "cadl_flag": st.none() | st.booleans(),
            "volume": NUMBERS,
            "original_price": NUMBERS,
            "final_price": st.none() | NUMBERS,
            "transmission_loss_multiplier": st.none() | NUMBERS,
        }
    ),
    min_size=1,
    max_size=8,
)


def hash_of(*rows: dict[str, Any]) -> str:
    hashes = content_hashes(records(*rows))
    assert len(hashes) == 1
    return next(iter(hashes.values()))


def packed(row: dict[str, Any]) -> bytes:
    """The content of a row in bytes, made without numpy."""
    absent = -(2**63)

    def number(value: float | None) -> float:
        return float("nan") if value is None else value + 0.0

    def flag(value: bool | None) -> int:
        return -1 if value is None else int(value)

    return struct.pack(
        "<32sqqbbdddd",
        row["farm_id"].encode(),
        absent if row["acceptance_id"] is None else row["acceptance_id"],
        absent if row["bid_offer_pair_id"] is None else row["bid_offer_pair_id"],
        flag(row["so_flag"]),
        flag(row["cadl_flag"]),
        *(number(row[name]) for name in ("volume", "original_price", "final_price", "transmission_loss_multiplier")),
    )


def test_the_hash_of_known_rows_never_changes() -> None:
    # Stored hashes are compared with computed ones: another value here would make every stored day a restatement.
    full = record(1)
    bare = record(
        1,
        sequence_number=2,
        farm_id=OTHER_FARM,
        acceptance_id=None,
        bid_offer_pair_id=None,
        so_flag=None,
        cadl_flag=None,
        volume=-0.004,
        final_price=None,
        transmission_loss_multiplier=None,
    )
    assert hash_of(full) == "dc6427ae26c0d0059d7bdba70e348a467f2cf4135952aca9074c387912793090"
    assert hash_of(full, bare) == "7983199e387a847061ce59edc1b977c7f55e4c302094f1ff13aa8226c4431bd8"


def test_nothing_has_the_hash_of_nothing() -> None:
    assert hashlib.sha256().hexdigest() == EMPTY_HASH
    assert content_hashes(records()) == {}


@given(ROWS)
def test_the_hash_is_that_of_the_packed_rows_in_order_of_their_bytes(rows: list[dict[str, Any]]) -> None:
    whole = [record(1, sequence_number=n, **row) for n, row in enumerate(rows, 1)]
    expected = hashlib.sha256(b"".join(sorted(map(packed, whole)))).hexdigest()
    assert hash_of(*whole) == expected


@given(ROWS, st.randoms(use_true_random=False))
def test_order_and_rank_do_not_matter(rows: list[dict[str, Any]], chance: Any) -> None:
    ranked = [record(1, sequence_number=n, **row) for n, row in enumerate(rows, 1)]
    shuffled = rows.copy()
    chance.shuffle(shuffled)
    reranked = [record(1, sequence_number=7 * n, **row) for n, row in enumerate(shuffled, 1)]
    assert hash_of(*ranked) == hash_of(*reranked)


@pytest.mark.parametrize(
    "change",
    [
        {"sequence_number": 99},
        {"vintage": record()["vintage"] + timedelta(days=30)},
        {"lead_party_name": None},
        {"lead_party_name": "Somebody Else"},
    ],
)
def test_a_new_run_with_the_same_content_has_the_same_hash(change: dict[str, Any]) -> None:
    assert hash_of(record(**change)) == hash_of(record())


@pytest.mark.parametrize(
    "change",
    [
        {"farm_id": OTHER_FARM},
        {"acceptance_id": 4712},
        {"acceptance_id": None},
        {"acceptance_id": 0},
        {"bid_offer_pair_id": -2},
        {"bid_offer_pair_id": None},
        {"so_flag": False},
        {"so_flag": None},
        {"cadl_flag": True},
        {"cadl_flag": None},
        {"volume": -10.0000000001},
        {"volume": 0.0},
        {"original_price": -70.01},
        {"original_price": 70.0},
        {"final_price": -70.01},
        {"final_price": None},
        {"final_price": 0.0},
        {"transmission_loss_multiplier": 0.9700001},
        {"transmission_loss_multiplier": None},
    ],
    ids=str,
)
def test_any_change_of_content_changes_the_hash(change: dict[str, Any]) -> None:
    assert hash_of(record(**change)) != hash_of(record())
    # Also among other rows, and where the other row is the same as before.
    assert hash_of(record(**change), record(sequence_number=2)) != hash_of(record(), record(sequence_number=2))


@pytest.mark.parametrize("name", ["so_flag", "cadl_flag", "acceptance_id", "bid_offer_pair_id", "final_price"])
def test_an_absent_value_is_not_a_zero(name: str) -> None:
    zero = False if name.endswith("flag") else 0
    assert hash_of(record(**{name: None})) != hash_of(record(**{name: zero}))


@pytest.mark.parametrize("name", ["volume", "original_price", "final_price", "transmission_loss_multiplier"])
def test_minus_zero_is_zero(name: str) -> None:
    assert hash_of(record(**{name: -0.0})) == hash_of(record(**{name: 0.0}))


def test_a_row_that_is_there_twice_is_not_a_row_that_is_there_once() -> None:
    assert hash_of(record(), record(sequence_number=2)) != hash_of(record())


def test_a_value_that_moves_to_another_row_is_a_change() -> None:
    before = [record(volume=-1.0, original_price=-5.0), record(sequence_number=2, volume=-2.0, original_price=-6.0)]
    after = [record(volume=-1.0, original_price=-6.0), record(sequence_number=2, volume=-2.0, original_price=-5.0)]
    assert hash_of(*before) != hash_of(*after)


def test_each_period_and_side_has_a_hash_of_its_own() -> None:
    other_day = date(2025, 6, 4)
    hashes = content_hashes(records(record(1), record(2), record(1, "offer"), record(1, day=other_day)))
    assert set(hashes) == {(DAY, 1, "bid"), (DAY, 2, "bid"), (DAY, 1, "offer"), (other_day, 1, "bid")}
    assert hashes[DAY, 1, "bid"] == hashes[DAY, 2, "bid"]


def test_the_columns_types_do_not_matter() -> None:
    as_read = records(record(acceptance_id=None), record(sequence_number=2))
    loose = as_read.astype(object).where(as_read.notna(), None)
    assert content_hashes(pd.DataFrame(loose)) == content_hashes(as_read)


def test_the_hash_of_a_day_depends_on_the_order_of_its_periods() -> None:
    first, second = hash_of(record()), hash_of(record(volume=-1.0))
    assert combined_hash([first, second]) != combined_hash([second, first])
    assert combined_hash([first]) != first
    assert combined_hash([first, second]) == hashlib.sha256((first + second).encode()).hexdigest()
