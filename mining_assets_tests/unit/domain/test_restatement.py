"""When a smaller answer is refused."""

from datetime import UTC, date, datetime

import pytest

from mining_assets.domain.restatement import DayFigures, ShrinkRefused, shrinks
from mining_assets_tests.support.samples import after_final, before_final

DAY = date(2025, 6, 3)
FINAL_FROM = datetime(2025, 6, 4, 15, tzinfo=UTC)


def figures(energy: float, fetched_at: datetime = FINAL_FROM) -> DayFigures:
    return DayFigures(fetched_at, "hash", energy, energy * 70, 10)


@pytest.mark.parametrize(
    ("before", "after", "refused"),
    [
        (100.0, 94.9, True),
        (100.0, 95.0, False),
        (100.0, 95.1, False),
        (100.0, 0.0, True),
        (100.0, 200.0, False),
        (0.0, 0.0, False),
        (0.0, 100.0, False),
    ],
)
def test_more_than_5_percent_less_is_a_shrink(before: float, after: float, refused: bool) -> None:
    assert shrinks(DAY, figures(before), figures(after)) is refused


def test_a_provisional_day_may_shrink_freely() -> None:
    assert not shrinks(DAY, figures(100.0, before_final(DAY)), figures(0.0))


def test_it_is_the_stored_day_that_has_to_be_final() -> None:
    assert shrinks(DAY, figures(100.0, after_final(DAY)), figures(0.0, before_final(DAY)))


def test_the_refusal_says_both_figures_and_what_to_do() -> None:
    refused = ShrinkRefused(DAY, figures(1234.5), figures(0.0), "the reason")
    for part in ("2025-06-03", "the reason", "1,234.500 MWh", "0.000 MWh", "2025-06-04 15:00 UTC", "--accept-shrink"):
        assert part in str(refused)
