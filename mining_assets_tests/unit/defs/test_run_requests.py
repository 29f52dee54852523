"""Each kind of work selects its assets and carries its tags, whoever asks for it."""

from datetime import date

import dagster as dg
import pytest

from mining_assets.defs.assets.keys import BITCOIN_DAILY, DAILY_CHAIN, DERIVED
from mining_assets.defs.run_requests import (
    RANGE_END,
    RANGE_START,
    days_request,
    healing_request,
    healing_roll_up_request,
    roll_up_request,
    selection,
)
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.periods import Month, Year
from mining_assets.reconciliation.attempts import HEALING_TAG
from mining_assets.reconciliation.plan import Work

FIRST, LAST = date(2025, 6, 1), date(2025, 6, 3)
DAYS = {RANGE_START: "2025-06-01", RANGE_END: "2025-06-03"}


@pytest.mark.parametrize(
    ("kind", "assets"),
    [
        ("fetch", DAILY_CHAIN),
        ("refetch", DAILY_CHAIN),
        ("derive", DERIVED),
        *((name, [dg.AssetKey(name)]) for name in SERIES),
    ],
)
def test_a_kind_of_work_selects_its_assets(kind: str, assets: list[dg.AssetKey]) -> None:
    assert set(selection([kind])) == set(assets)
    assert len(selection([kind])) == len(assets)


def test_the_series_are_selected_together() -> None:
    request = days_request(FIRST, LAST, SERIES, {})
    assert request.asset_selection == [dg.AssetKey(name) for name in SERIES]
    assert request.tags == DAYS


def test_a_person_asks_for_days_without_a_priority() -> None:
    request = days_request(FIRST, LAST, ["derive"], {"refetch": False})
    assert request.job_name == "daily"
    assert BITCOIN_DAILY in (request.asset_selection or ())
    assert request.run_config == {"ops": {"daily_chain": {"config": {"refetch": False}}}}
    assert request.tags == DAYS


def test_healing_asks_for_days_behind_everything_else() -> None:
    request = healing_request(Work("fetch", (FIRST, LAST), refetch=True))
    asked = days_request(FIRST, LAST, ["fetch"], {"refetch": True, "repair": True})
    assert request == asked.with_replaced_attrs(tags={**DAYS, HEALING_TAG: "fetch", "dagster/priority": "-2"})


@pytest.mark.parametrize(
    ("first", "last", "job"),
    [(Month.parse("2025-05"), Month.parse("2025-06"), "monthly"), (Year.parse("2024"), Year.parse("2025"), "yearly")],
)
def test_months_and_years_have_their_jobs(first: Month | Year, last: Month | Year, job: str) -> None:
    request = roll_up_request(first, last)
    assert (request.job_name, request.asset_selection) == (job, None)
    assert request.tags == {RANGE_START: str(first), RANGE_END: str(last)}
    healing = healing_roll_up_request(first, last)
    assert healing.job_name == job
    assert healing.tags == request.tags | {HEALING_TAG: "roll up", "dagster/priority": "-1"}
