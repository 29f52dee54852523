"""What makes a day be refused: impossible rows, answers to other questions, stacks that cannot be had."""

from typing import Any

import pandas as pd
import pytest

from mining_assets.sources.errors import SourceRefused, SourceUnavailable
from mining_assets.warehouse.days import FetchedDay
from mining_assets_tests.support.fetched import DAY, of_ledger, windy_period
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.register import UNTYPED_WIND
from mining_assets_tests.support.twin.server import Twin


@pytest.mark.parametrize("price", [5_000.01, -5_000.01])
def test_a_price_beyond_the_bound_on_a_wind_row_refuses_the_day(
    fetch: Any, twin: Twin, world: GeneratedWorld, price: float
) -> None:
    period = windy_period(world)
    twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field="originalPrice", value=price))
    with pytest.raises(
        SourceRefused, match=rf"originalPrice {price} £/MWh on the wind unit [TE]_.*/bid/{DAY}/{period}$"
    ):
        fetch()


def test_a_price_at_the_bound_is_taken_and_any_price_of_another_unit(
    fetch: Any, twin: Twin, world: GeneratedWorld
) -> None:
    period = windy_period(world)
    changed = {"kind": "mutate", "route": "stack", "side": "bid", "field": "originalPrice"}
    ids = [row["id"] for row in world.stack(DAY, period - 2, "bid")]
    other = next(name for name in ids if name and "_" in name and name not in {*world.wind_unit_ids, UNTYPED_WIND})
    twin.fault(
        Fault(**changed, period=period, value=5_000.0),
        Fault(**changed, period=period - 1, value=-5_000.0),
        Fault(**changed, period=period - 2, value=99_999.0, row=other),
    )
    prices = fetch().records["original_price"]
    assert {prices.max(), prices.min()} == {5_000.0, -5_000.0}


@pytest.mark.parametrize("sentinel", [9_999.0, -9_999.0, 99_999.0, -99_999.0])
def test_a_sentinel_for_a_price_on_a_wind_row_refuses_the_day(
    fetch: Any, twin: Twin, world: GeneratedWorld, sentinel: float
) -> None:
    period = windy_period(world)
    twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field="originalPrice", value=sentinel))
    with pytest.raises(SourceRefused, match=rf"originalPrice {sentinel} £/MWh on the wind unit .* period {period} bid"):
        fetch()


def test_a_wind_row_without_a_price_refuses_the_day_by_name(fetch: Any, twin: Twin, world: GeneratedWorld) -> None:
    period = windy_period(world)
    twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field="originalPrice", value=None))
    with pytest.raises(
        SourceRefused, match=rf"row \d+: originalPrice on the wind unit [TE]_\S+ is null: {DAY} period {period} bid"
    ):
        fetch()


def test_another_row_may_lack_all_that_the_source_says_may_be_null(
    fetch: Any, twin: Twin, world: GeneratedWorld, plain: FetchedDay
) -> None:
    period = windy_period(world)
    ids = [row["id"] for row in world.stack(DAY, period, "bid")]
    other = next(name for name in ids if name and "_" in name and name not in {*world.wind_unit_ids, UNTYPED_WIND})
    for field in ("originalPrice", "createdDateTime"):
        twin.fault(Fault(kind="mutate", route="stack", period=period, side="bid", field=field, value=None, row=other))
    pd.testing.assert_frame_equal(fetch().records, plain.records)


@pytest.mark.parametrize("row", ["wind", "all"])
def test_a_wind_row_without_a_vintage_has_the_newest_that_is_there(
    fetch: Any, twin: Twin, world: GeneratedWorld, plain: FetchedDay, row: str
) -> None:
    """Of its stack, or, when no row of the stack has one, of the day."""
    period = windy_period(world)
    twin.fault(
        Fault(kind="mutate", route="stack", period=period, side="bid", field="createdDateTime", value=None, row=row)
    )
    fetched = fetch()
    pd.testing.assert_frame_equal(fetched.records, plain.records)
    assert (of_ledger(fetched, period, "bid")["vintage"] is pd.NaT) == (row == "all")


def test_a_day_on_which_nothing_says_when_it_was_calculated_is_refused(fetch: Any, twin: Twin) -> None:
    twin.fault(Fault(kind="mutate", route="stack", field="createdDateTime", value=None, row="all"))
    with pytest.raises(SourceRefused, match=r"createdDateTime on the wind unit .* is null, as on every other row"):
        fetch()


@pytest.mark.parametrize("kind", ["wrong_period", "duplicate"])
def test_an_answer_that_is_not_the_one_asked_for_refuses_the_day(fetch: Any, twin: Twin, kind: str) -> None:
    twin.fault(Fault(kind=kind, route="stack", period=11, side="offer"))
    with pytest.raises(SourceRefused, match=f"offer/{DAY}/11"):
        fetch()


def test_one_stack_that_cannot_be_had_fails_the_day(fetch: Any, twin: Twin) -> None:
    twin.fault(Fault(kind="status", status=500, route="stack", period=48, side="offer"))
    with pytest.raises(SourceUnavailable, match=f"offer/{DAY}/48"):
        fetch()


def test_passing_faults_change_nothing(fetch: Any, plain: FetchedDay, twin: Twin) -> None:
    twin.fault(
        Fault(kind="status", status=500, share=0.1, attempts=1, route="stack"),
        Fault(kind="cut_json", share=0.1, attempts=1, route="stack"),
        Fault(kind="reset", share=0.05, attempts=1, route="stack"),
    )
    pd.testing.assert_frame_equal(fetch().records, plain.records)


# Into the warehouse.
