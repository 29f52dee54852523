"""The generation of real days whose half hours the source names oddly, or lacks."""

import csv
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import httpx
import pandas as pd
import pytest

from mining_assets.domain.settlement import periods_in
from mining_assets.domain.valuation import curtailed_share
from mining_assets.pipeline.fetch_series import FetchedSeries, fetch_generation
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.sync import SyncClient
from mining_assets_tests.support.elexon import LIMITS
from mining_assets_tests.support.twin.recorded import NO_DATA, recorded_data

FOLDER = recorded_data()
pytestmark = pytest.mark.skipif(FOLDER is None, reason=NO_DATA)

TRUSTED = {
    "2016-01-01": 91_256.0,
    "2016-10-30": 10_432.5,
    "2021-06-15": 81_786.5,
    "2022-01-01": 287_924.5,
    "2022-06-30": 33_355.0,
}
LACKING = {
    "2016-03-27": "45 of 46 periods are there, the first that lacks is 46 (from 2016-03-27 22:30 UTC)",
    "2022-07-14": "47 of 48 periods are there, the first that lacks is 48 (from 2022-07-14 22:30 UTC)",
    "2023-07-17": "47 of 48 periods are there, the first that lacks is 45 (from 2023-07-17 21:00 UTC)",
    "2023-12-29": "47 of 48 periods are there, the first that lacks is 8 (from 2023-12-29 03:30 UTC)",
}


class Fuelhh:
    """Serves the recorded rows by their own dates, as the source does, and counts what is asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []
        assert FOLDER is not None
        with (FOLDER / "elexon/fuelhh_wind_odd_days.csv").open() as file:
            self.rows = list(csv.DictReader(file))

    def __call__(self, request: httpx.Request) -> httpx.Response:
        first, last = (request.url.params[f"settlementDate{end}"] for end in ("From", "To"))
        self.asked.append((first, last))
        found: list[dict[str, Any]] = [
            {
                "startTime": row["start_time"],
                "settlementDate": row["settlement_date"],
                "settlementPeriod": int(row["settlement_period"]),
                "fuelType": "WIND",
                "generation": int(row["wind_mw"]),
            }
            for row in self.rows
            if first <= row["settlement_date"] <= last
        ]
        return httpx.Response(200, json=found)


@pytest.fixture
def fuelhh() -> Fuelhh:
    return Fuelhh()


@pytest.fixture
def elexon(fuelhh: Fuelhh) -> Iterator[SyncClient[ElexonClient]]:
    with SyncClient(ElexonClient("http://elexon.test", LIMITS, transport=httpx.MockTransport(fuelhh))) as client:
        yield client


def of(fetched: FetchedSeries, day: date) -> Any:
    (rows,) = [rows for rows in fetched.rows if day in set(rows["settlement_date"])]
    return rows[rows["settlement_date"] == day]


@pytest.mark.parametrize("day", TRUSTED)
def test_a_day_is_whole_with_the_half_hour_told_under_the_next_date(
    day: str, elexon: SyncClient[ElexonClient], fuelhh: Fuelhh
) -> None:
    asked = date.fromisoformat(day)
    fetched = fetch_generation(elexon, [asked])
    assert fetched.failed == {}
    rows = of(fetched, asked)
    assert list(rows["settlement_period"]) == list(range(1, periods_in(asked) + 1))
    assert rows["generated_energy"].sum() == TRUSTED[day]
    assert fuelhh.asked == [(day, str(asked + timedelta(days=1)))]


def test_the_share_of_a_day_whose_curtailment_is_known(elexon: SyncClient[ElexonClient]) -> None:
    generated = of(fetch_generation(elexon, [date(2022, 1, 1)]), date(2022, 1, 1))["generated_energy"].sum()
    share = curtailed_share(pd.Series([66_761.283617]), pd.Series([generated]))
    assert share.tolist() == pytest.approx([0.188227], abs=5e-7)


@pytest.mark.parametrize("day", LACKING)
def test_a_day_without_a_half_hour_stays_unknown_and_says_which(day: str, elexon: SyncClient[ElexonClient]) -> None:
    asked = date.fromisoformat(day)
    fetched = fetch_generation(elexon, [asked])
    assert fetched.fetched_at == {}
    assert LACKING[day] in fetched.failed[asked]


def test_a_range_asks_for_one_day_more_and_not_twice(elexon: SyncClient[ElexonClient], fuelhh: Fuelhh) -> None:
    days = [date(2021, 6, 1) + timedelta(days=offset) for offset in range(12)]
    fetch_generation(elexon, days)
    assert sorted(fuelhh.asked) == [("2021-06-01", "2021-06-07"), ("2021-06-07", "2021-06-13")]
    fuelhh.asked.clear()
    fetch_generation(elexon, [date(2023, 7, 17), date(2023, 7, 18)])
    assert fuelhh.asked == [("2023-07-17", "2023-07-18")]
