"""Where data came from, as it is written and as it is judged."""

import pytest

from mining_assets.domain.origin import GIVEN, Kind, joined_origins, kind_of, origin_text

ELEXON = "https://elexon.example/api"
TWIN = "http://127.0.0.1:8900/api"
MADE_UP = origin_text(TWIN, generated=True)
LIVE = {ELEXON}


@pytest.mark.parametrize(
    ("origin", "kind"),
    [
        (ELEXON, Kind.LIVE),
        ("https://***@elexon.example/api", Kind.LIVE),
        (GIVEN, Kind.LIVE),
        (TWIN, Kind.OTHER),
        (ELEXON + "/v2", Kind.OTHER),
        (MADE_UP, Kind.GENERATED),
        (origin_text(ELEXON, generated=True), Kind.GENERATED),
        (None, Kind.UNKNOWN),
        (joined_origins([ELEXON, MADE_UP, TWIN, None]), Kind.GENERATED),
        (joined_origins([None, ELEXON, TWIN]), Kind.OTHER),
        (joined_origins([ELEXON, None]), Kind.UNKNOWN),
    ],
)
def test_an_origin_is_judged_by_its_part_that_matters_most(origin: str | None, kind: Kind) -> None:
    assert kind_of(origin, LIVE) is kind


def test_parts_are_named_once_and_what_is_unknown_stays_so() -> None:
    both = joined_origins([ELEXON, TWIN])
    assert joined_origins([both, TWIN, ELEXON]) == both == f"{ELEXON}; {TWIN}"
    assert joined_origins([None, ELEXON]) == f"unknown; {ELEXON}"
    assert joined_origins([None, None]) is None
    assert joined_origins([ELEXON]) == ELEXON
