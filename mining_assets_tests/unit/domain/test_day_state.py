"""Which states a day can be in, and when it is complete."""

from datetime import date, timedelta

import pandas as pd
import pytest

from mining_assets.domain.day_state import (
    COMPLETE,
    FINAL,
    MISSING,
    PARTIAL,
    PROVISIONAL,
    STATES,
    TRUSTED,
    is_complete,
    trusted_state,
)
from mining_assets.domain.finality import final_from

DAY = date(2025, 6, 3)


def test_a_trusted_day_is_complete_and_one_that_lacks_something_is_neither() -> None:
    assert set(TRUSTED) < set(COMPLETE) < set(STATES)
    assert set(STATES) - set(COMPLETE) == {PARTIAL, MISSING}
    assert set(TRUSTED) == {FINAL, PROVISIONAL}


@pytest.mark.parametrize(
    ("rows", "periods", "complete"), [(96, 48, True), (95, 48, False), (92, 46, True), (0, 48, False)]
)
def test_a_complete_day_has_a_row_for_each_period_and_side(rows: int, periods: int, complete: bool) -> None:
    assert is_complete(rows, periods) is complete
    assert is_complete(pd.Series([rows]), pd.Series([periods])).tolist() == [complete]


def test_a_complete_day_is_final_or_provisional_by_the_instant_of_its_fetch() -> None:
    assert trusted_state(DAY, final_from(DAY)) == FINAL
    assert trusted_state(DAY, final_from(DAY) - timedelta(seconds=1)) == PROVISIONAL
