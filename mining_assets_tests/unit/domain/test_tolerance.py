"""When two figures count as the same."""

import pandas as pd
import pytest

from mining_assets.domain.tolerance import RELATIVE_TOLERANCE, isclose


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (1e6, 1e6 * (1 + RELATIVE_TOLERANCE / 2), True),
        (1e6, 1e6 * (1 + RELATIVE_TOLERANCE * 2), False),
        (-1e6, -1e6, True),
        (-1e6, 1e6, False),
        (0.0, 0.0, True),
        (0.0, 1e-6, False),
        (float("nan"), float("nan"), False),
        (1.0, float("nan"), False),
    ],
)
def test_figures_are_the_same_within_one_relative_tolerance(left: float, right: float, expected: bool) -> None:
    assert isclose(pd.Series([left]), pd.Series([right])).tolist() == [expected]
