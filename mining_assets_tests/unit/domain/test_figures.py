"""Figures are rounded for people by what they are, and a difference is never rounded away."""

import math

import numpy as np
import pytest

from mining_assets.domain.figures import rounded, rounded_apart


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("curtailed energy (MWh)", 26683079.393),
        ("total_curtailed_energy", 26683079.393),
        ("payment (£)", 26683079.39),
        ("total_payment", 26683079.39),
        ("average price (£/MWh)", 26683079.39),
        ("S9 (£)", 26683079.39),
        ("S9 (BTC)", 26683079.39316399),
        ("S9 value ÷ payment", 26683079.3932),
        ("curtailed share", 26683079.393164),
        ("difficulty", 26683079.3932),
    ],
)
def test_a_figure_has_as_many_decimals_as_its_unit_allows(name: str, shown: float) -> None:
    for figure in (26683079.39316399, np.float64(26683079.39316399)):
        assert repr(rounded(name, figure)) == repr(shown)


def test_what_is_no_fraction_stays_as_it_is() -> None:
    assert repr(rounded("farms", np.int64(3))) == "3"
    assert rounded("state", "final") == "final"
    assert math.isnan(rounded("payment", math.nan))


def test_a_difference_is_not_rounded_away() -> None:
    assert rounded_apart("total_payment", 1.23456, 2.34567) == (1.23, 2.35)
    assert rounded_apart("total_payment", 1.23456, 1.23457) == (1.23456, 1.23457)
