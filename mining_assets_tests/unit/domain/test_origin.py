"""Where data came from, as it is written and as it is judged."""

import pytest

from mining_assets.domain.origin import (
    GIVEN,
    Kind,
    Origins,
    StoredOrigin,
    joined_origins,
    kind_of,
    origin_text,
    other_source,
)

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


def test_what_is_stored_from_elsewhere_than_would_be_asked_now_is_said() -> None:
    here = Origins((StoredOrigin("settlement_days", ELEXON, 3), StoredOrigin("bitcoin_price", TWIN, 3)))
    assert other_source(here, ELEXON) == ""
    assert other_source(Origins((StoredOrigin("settlement_days", None, 3),)), ELEXON) == ""
    assert other_source(Origins((StoredOrigin("settlement_days", MADE_UP, 1),)), TWIN) == ""
    made_up = Origins((StoredOrigin("settlement_days", MADE_UP, 14),))
    assert other_source(made_up, ELEXON) == (
        f"14 days are stored from {MADE_UP}; what is fetched now comes from {ELEXON}"
    )
    assert other_source(here, TWIN) == f"3 days are stored from {ELEXON}; what is fetched now comes from {TWIN}"


def test_many_addresses_are_not_all_listed() -> None:
    stored = [StoredOrigin("settlement_days", f"http://127.0.0.1:{port}/api (generated)", 2) for port in range(9)]
    assert Origins(tuple(stored)).details.endswith("others from 6 other addresses.")
    assert len(Origins(tuple(stored)).details) < 250
