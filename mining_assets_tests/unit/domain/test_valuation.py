"""Worth and share: which price and generation are a day's, and what becomes of the figures where they are unknown."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pandas as pd
import pytest

from mining_assets.domain.rollups import (
    bitcoin_months_from_days,
    bitcoin_years_from_months,
    months_from_days,
    years_from_months,
)
from mining_assets.domain.settlement import period_starts, periods_in
from mining_assets.domain.valuation import (
    GENERATION_COLUMNS,
    Candle,
    complete_generation,
    curtailed_share,
    is_price_of,
    price_instant,
    prices_of_candles,
    prices_of_days,
    value_ratio,
)
from mining_assets_tests.support.rollup_frames import bitcoin, daily
from mining_assets_tests.support.twin.recorded import NO_DATA, recorded_data

DAY, SHORT, LONG = date(2025, 6, 3), date(2025, 3, 30), date(2025, 10, 26)
FIRST, SECOND, JULY = date(2025, 6, 1), date(2025, 6, 2), date(2025, 7, 1)


@pytest.mark.parametrize("day", [DAY, SHORT, LONG])
def test_the_price_of_a_day_is_that_of_noon_utc_within_it(day: date) -> None:
    at = price_instant(day)
    assert (at.date(), at.hour, at.tzinfo) == (day, 12, UTC)
    assert period_starts(day)[0] < at < period_starts(day)[-1]


@pytest.mark.parametrize(
    ("hours", "is_of_it"), [(0, True), (-12, True), (-12.01, False), (-36, False), (11.99, True), (12, False)]
)
def test_a_quotation_of_another_date_is_no_price_of_the_day(hours: float, is_of_it: bool) -> None:
    assert is_price_of(DAY, price_instant(DAY) + timedelta(hours=hours)) is is_of_it


THURSDAY = date(2025, 6, 5)
AT_NOON = price_instant(THURSDAY)
WEEKS = [AT_NOON - timedelta(hours=12) + timedelta(weeks=number) for number in range(-2, 3)]


@pytest.mark.parametrize(
    "times",
    [WEEKS, WEEKS[2:], WEEKS[:3], [*WEEKS[:3], WEEKS[2] + timedelta(days=2)], [WEEKS[0], *WEEKS[2:]]],
    ids=["amid", "first", "last", "before the first daily one", "after a gap"],
)
def test_a_quotation_of_a_week_is_no_price_of_its_first_day(times: list[datetime]) -> None:
    found, reasons = prices_of_days(dict.fromkeys(times, 1.0), [THURSDAY])
    assert (found, reasons) == ({}, {THURSDAY: "the quotation of 2025-06-05 is one of a week"})


def test_a_daily_quotation_on_the_grid_of_weeks_is_the_price_of_its_day() -> None:
    quoted = {WEEKS[2] + timedelta(days=days): 100.0 + days for days in (-1, 0, 1)}
    assert prices_of_days(quoted, [THURSDAY]) == ({THURSDAY: (WEEKS[2], 100.0)}, {})


def test_the_price_is_the_last_until_noon_of_its_own_date() -> None:
    quoted = {AT_NOON + timedelta(hours=hours): 100.0 + hours for hours in (-30, -2, -1, 1)}
    found, reasons = prices_of_days(quoted, [THURSDAY, date(2025, 6, 6)])
    assert found == {THURSDAY: (AT_NOON - timedelta(hours=1), 99.0)}
    assert reasons == {date(2025, 6, 6): "there is no quotation of 2025-06-06 until noon UTC"}


@pytest.mark.parametrize("price", [0.0, -1.0])
def test_what_stands_for_no_price_is_none_and_no_older_one_takes_its_place(price: float) -> None:
    quoted = {AT_NOON - timedelta(hours=1): 5.0, AT_NOON: price}
    assert prices_of_days(quoted, [THURSDAY]) == (
        {},
        {THURSDAY: f"GBP is {price}: the price of 2025-06-05 is not known"},
    )


@pytest.mark.skipif(recorded_data() is None, reason=NO_DATA)
def test_of_recorded_closes_those_by_the_day_are_taken_and_not_by_the_week() -> None:
    folder = recorded_data()
    assert folder is not None
    table = pd.read_csv(folder / "bitcoin/btc_usd_daily.csv")
    closes = {date.fromisoformat(day): price for day, price in zip(table["date"], table["btc_usd"], strict=True)}
    change, week = date(2021, 9, 4), timedelta(weeks=1)
    weekly = {day: closes[day + week] for day in closes if day < change and day.weekday() == 3}
    daily_closes = {day: price for day, price in closes.items() if day >= change}
    quoted = {price_instant(day) - timedelta(hours=12): price for day, price in (weekly | daily_closes).items()}
    found, reasons = prices_of_days(quoted, list(closes))
    assert len(weekly) > 290
    assert {day: price for day, (_, price) in found.items()} == daily_closes
    assert set(reasons) == {day for day in closes if day < change}


def megawatts(day: date, value: float = 100.0) -> list[dict[str, Any]]:
    return [
        {"settlement_date": day, "settlement_period": period, "start_time": start, "generation": value + period}
        for period, start in enumerate(period_starts(day), start=1)
    ]


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["settlement_date", "settlement_period", "start_time", "generation"])


@pytest.mark.parametrize("day", [DAY, SHORT, LONG])
def test_the_generation_of_a_half_hour_is_half_its_megawatts(day: date) -> None:
    rows, reasons = complete_generation(frame(megawatts(day)[::-1]), [day])
    assert reasons == {}
    assert list(rows.columns) == list(GENERATION_COLUMNS)
    assert list(rows["settlement_period"]) == list(range(1, periods_in(day) + 1))
    assert rows["generated_energy"].tolist() == [(100 + period) / 2 for period in rows["settlement_period"]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda rows: rows[:-1], "47 of 48 periods are there, the first that lacks is 48 (from 20"),
        (lambda rows: [], "0 of 48 periods are there, the first that lacks is 1"),
        (lambda rows: [*rows, rows[4]], "period 5 is there more than once"),
        (lambda rows: [*rows, rows[0] | {"settlement_period": 49}], "period 49 starts at"),
        (lambda rows: [rows[0] | {"generation": -1.0}, *rows[1:]], "period 1: generation is -1.0"),
        (lambda rows: [rows[0] | {"generation": None}, *rows[1:]], "period 1: generation is absent"),
        (lambda rows: [rows[0] | {"start_time": rows[1]["start_time"]}, *rows[1:]], "period 1 starts at"),
    ],
)
def test_a_day_whose_generation_is_not_whole_is_named_and_spoils_no_other(change: Any, says: str) -> None:
    other = DAY + timedelta(days=1)
    rows, reasons = complete_generation(frame(change(megawatts(DAY)) + megawatts(other)), [DAY, other])
    assert list(reasons) == [DAY]
    assert says in reasons[DAY]
    assert set(rows["settlement_date"]) == {other}
    assert len(rows) == 48


def test_zero_generation_is_a_figure() -> None:
    rows, reasons = complete_generation(frame([row | {"generation": 0} for row in megawatts(DAY)]), [DAY])
    assert (reasons, rows["generated_energy"].sum()) == ({}, 0.0)


def test_ratio_and_share_are_absent_without_meaning_and_keep_their_sign() -> None:
    ratio = value_ratio(pd.Series([10.0, 10.0, 10.0, None]), pd.Series([4.0, 0.0, -5.0, 4.0]))
    assert ratio.tolist()[0] == 2.5
    assert ratio.isna().tolist() == [False, True, False, True]
    assert ratio.tolist()[2] == -2.0
    share = curtailed_share(pd.Series([1.0, 0.0, 0.0, 1.0]), pd.Series([3.0, 0.0, 5.0, None]))
    assert share.tolist()[0] == 0.25
    assert share.isna().tolist() == [False, True, False, True]
    assert share.tolist()[2] == 0.0


def test_the_share_of_a_span_is_weighted_by_energy() -> None:
    days = daily({FIRST: 10.0, SECOND: 90.0, JULY: 50.0}, {FIRST: 90.0, SECOND: 10.0, JULY: 50.0})
    assert days["curtailed_share"].tolist() == [0.1, 0.9, 0.5]
    months = months_from_days(days).set_index("year_month")
    assert months.loc["2025-06", ["generated_energy", "curtailed_share", "days_with_generation"]].tolist() == [
        100,
        0.5,
        2,
    ]
    year = years_from_months(months.reset_index()).iloc[0]
    assert (year["generated_energy"], year["curtailed_share"], year["days_with_generation"]) == (150.0, 0.5, 3)


def test_a_span_with_a_day_without_generation_has_no_share() -> None:
    days = daily({FIRST: 10.0, SECOND: 90.0, JULY: 50.0}, {FIRST: 90.0, JULY: 50.0})
    months = months_from_days(days).set_index("year_month")
    assert pd.isna(months.loc["2025-06", "generated_energy"])
    assert pd.isna(months.loc["2025-06", "curtailed_share"])
    assert months["days_with_generation"].to_dict() == {"2025-06": 1, "2025-07": 1}
    assert months.loc["2025-07", "curtailed_share"] == 0.5
    year = years_from_months(months.reset_index()).iloc[0]
    assert pd.isna(year["curtailed_share"])
    assert (year["days_with_generation"], year["days_complete"], year["total_curtailed_energy"]) == (2, 3, 150.0)


def test_each_day_is_valued_at_its_own_price_and_spans_add_up() -> None:
    coins = {(FIRST, "S9"): 1000.0, (SECOND, "S9"): 3000.0, (JULY, "S9"): 2000.0}
    days = bitcoin(coins, {FIRST: 10.0, SECOND: 20.0, JULY: 30.0}, {FIRST: 5.0, SECOND: -60.0, JULY: 0.0})
    assert days["bitcoin_value"].tolist() == [10.0, 60.0, 60.0]
    assert days["value_ratio"].fillna(-9).tolist() == [2.0, -1.0, -9.0]
    months = bitcoin_months_from_days(days).set_index("year_month")
    june = months.loc["2025-06"]
    assert june[["bitcoin_value", "total_payment", "days_priced"]].tolist() == [70.0, -55.0, 2]
    assert june["value_ratio"] == 70.0 / -55.0
    assert pd.isna(months.loc["2025-07", "value_ratio"])
    year = bitcoin_years_from_months(months.reset_index()).iloc[0]
    assert (year["bitcoin_value"], year["total_payment"], year["days_priced"]) == (130.0, -55.0, 3)


def test_a_span_with_a_day_without_price_has_no_value() -> None:
    coins = {(FIRST, "S9"): 1000.0, (SECOND, "S9"): 0.0, (JULY, "S9"): 2000.0}
    days = bitcoin(coins, {FIRST: 10.0, JULY: 30.0}, {FIRST: 5.0, SECOND: 0.0, JULY: 60.0})
    months = bitcoin_months_from_days(days).set_index("year_month")
    assert months["bitcoin_value"].isna().to_dict() == {"2025-06": True, "2025-07": False}
    assert months["days_priced"].to_dict() == {"2025-06": 1, "2025-07": 1}
    assert months["total_payment"].to_dict() == {"2025-06": 5.0, "2025-07": 60.0}
    year = bitcoin_years_from_months(months.reset_index()).iloc[0]
    assert pd.isna(year["bitcoin_value"])
    assert pd.isna(year["value_ratio"])
    assert (year["total_payment"], year["days_priced"], year["days_complete"]) == (65.0, 2, 3)


def test_days_of_a_quotation_are_of_utc() -> None:
    assert is_price_of(DAY, datetime.fromisoformat("2025-06-04T00:30:00+01:00"))


def test_the_close_of_the_candle_until_noon_is_the_price_in_every_season() -> None:
    days = [date(2017, 1, 12), date(2017, 7, 13)]
    candles = [
        Candle(datetime(day.year, day.month, day.day, hour, tzinfo=UTC), 1000.0 * day.month + hour)
        for day in days
        for hour in (0, 6, 12, 18)
    ]
    found, reasons = prices_of_candles(candles, days)
    assert found == {days[0]: (price_instant(days[0]), 1006.0), days[1]: (price_instant(days[1]), 7006.0)}
    assert reasons == {}
    assert all(is_price_of(day, quoted_at) for day, (quoted_at, _) in found.items())


def test_without_a_candle_that_ends_at_noon_a_day_has_no_price() -> None:
    others = [Candle(datetime(2017, 7, 13, hour, tzinfo=UTC), 1800.0) for hour in (0, 12, 18)]
    nothing = Candle(datetime(2017, 7, 14, 6, tzinfo=UTC), 0.0)
    found, reasons = prices_of_candles([*others, nothing], [date(2017, 7, 13), date(2017, 7, 14)])
    assert found == {}
    assert reasons == {
        date(2017, 7, 13): "there is no candle of 2017-07-13 06:00 to 12:00 UTC",
        date(2017, 7, 14): "the candle of 2017-07-14 06:00 to 12:00 UTC closes at 0.0",
    }
