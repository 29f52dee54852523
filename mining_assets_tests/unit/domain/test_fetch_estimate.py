"""How long a fetch takes."""

import pytest

from mining_assets.domain.fetch_estimate import days_per_fetch


@pytest.mark.parametrize(("pace", "days"), [(0.1, 1), (1.7, 1), (3.4, 2), (10, 6), (50, 30), (1000, 31)])
def test_a_healing_run_fetches_for_about_a_minute(pace: float, days: int) -> None:
    assert days_per_fetch(pace) == days
