"""A made-up history of settlement days, drawn in sets: a year of records takes a second or two.

It has the distributions of the real one: about 350,000 curtailment records and 250,000 farm-periods a year, a tenth of
the days quiet, days of 46 and 50 periods, 1 to 3 rows per unit and period, 96 % of the energy with the system flag,
undo offers, farms that bid positive prices, flags and multipliers that are absent. The same days always come out alike.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pandas as pd

from mining_assets.domain.content_hash import EMPTY_HASH, PERIOD_KEY, combined_hash, content_hashes
from mining_assets.domain.curtailment import RECORD_COLUMNS, TOTALS, daily_totals, farm_energy, payment
from mining_assets.domain.settlement import SIDES, period_starts
from mining_assets.domain.valuation import BITCOIN_PRICE, MEMPOOL, WIND_GENERATION
from mining_assets.domain.wind_units import WindUnit
from mining_assets.warehouse.days import LEDGER_COLUMNS, FetchedDay
from mining_assets_tests.support.twin.register import Unit, wind_units

UNITS = 90
QUIET_SHARE = 0.1
# Of a day's level (0 to 1) this share of the units is bid down in its windiest periods.
ACTIVE_SHARE = 0.485
ROWS_PER_FARM_PERIOD = (0.65, 0.30, 0.05)  # 1, 2, 3: 1.4 on average
UNDO_SHARE = 0.03
SETTLED_AT = time(12, 44, 27)  # on the day after
FETCHED_AFTER = timedelta(days=9, hours=16)  # final, with nothing due


@dataclass(frozen=True)
class DrawnDays:
    """Records, ledger and figures of some days, as they are stored."""

    days: Sequence[date]
    records: pd.DataFrame
    ledger: pd.DataFrame
    figures: pd.DataFrame

    def fetched(self) -> list[FetchedDay]:
        """Each day as the fetch hands it to the warehouse."""
        records = {day: rows.reset_index(drop=True) for day, rows in self.records.groupby("settlement_date")}
        ledger = {day: rows.reset_index(drop=True) for day, rows in self.ledger.groupby("settlement_date")}
        nothing = self.records.iloc[:0]
        return [
            FetchedDay(day, records.get(day, nothing), ledger[day], unknown_units=None, origin=None)
            for day in self.days
        ]


def drawn_units() -> list[WindUnit]:
    """Return the wind register that the days belong to."""
    return [
        WindUnit(unit.id, unit.id, f"Lead party of {unit.id}", unit.capacity) for unit in wind_units(_random(0), UNITS)
    ]


def draw(days: Sequence[date]) -> DrawnDays:
    """Draw some days; of a month or a year at a time, for the sake of memory."""
    records = _records(days)
    ledger = _ledger(days, records)
    return DrawnDays(days, records, ledger, _figures(days, records, ledger))


def _random(*key: int) -> np.random.Generator:
    return np.random.default_rng([20, *key])


def _records(days: Sequence[date]) -> pd.DataFrame:
    units = wind_units(_random(0), UNITS)
    rng = _random(days[0].toordinal(), len(days))
    grid = _grid(days)
    active = rng.random((len(grid), len(units))) < (
        grid["intensity"].to_numpy()[:, None] * np.array([unit.tendency for unit in units])
    )
    at, who = np.nonzero(active)
    bids = _bids(rng, units, at, who)
    undone = rng.random(len(at)) < UNDO_SHARE
    offers = _offers(rng, units, at[undone], who[undone])
    rows = pd.concat([bids, offers], ignore_index=True)
    prices = np.array([unit.price for unit in units]) + rng.uniform(-4, 4, (len(days), len(units)))
    rows["original_price"] = prices[grid["day"].to_numpy()[rows["at"]], rows["who"]].round(2)
    return _finished(rng, units, grid, rows, days)


def _grid(days: Sequence[date]) -> pd.DataFrame:
    """Every period of the days: which day (its place), its number, UTC start, and how hard wind is curtailed."""
    frames = []
    for place, day in enumerate(days):
        rng = _random(1, day.toordinal())
        starts = period_starts(day)
        level, centre, width = rng.beta(1.5, 3.0), rng.uniform(), rng.uniform(0.15, 1.2)
        x = np.arange(len(starts)) / len(starts)
        intensity = np.clip(1.3 * level * np.exp(-(((x - centre) / width) ** 2)), 0.0, 1.0)
        intensity[intensity < 0.06] = 0.0
        quiet = rng.random() < QUIET_SHARE
        frames.append(
            pd.DataFrame(
                {
                    "day": place,
                    "settlement_period": np.arange(1, len(starts) + 1),
                    "start_time": starts,
                    "intensity": intensity * (0.0 if quiet else 1.0),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def _bids(rng: np.random.Generator, units: list[Unit], at: np.ndarray, who: np.ndarray) -> pd.DataFrame:
    counts = rng.choice([1, 2, 3], size=len(at), p=ROWS_PER_FARM_PERIOD)
    weights = rng.uniform(0.2, 1.0, counts.sum())
    of = np.repeat(np.arange(len(at)), counts)
    capacity = np.array([unit.capacity for unit in units])[who]
    energy = capacity / 2 * rng.uniform(0.15, 0.95, len(at))
    share = weights / np.bincount(of, weights, minlength=len(at))[of]
    number = np.arange(len(of)) - np.repeat(np.cumsum(counts) - counts, counts)
    return pd.DataFrame(
        {
            "at": at[of],
            "who": who[of],
            "side": "bid",
            "volume": (-energy[of] * share).round(6) - 0.000001,
            "bid_offer_pair_id": np.where(number < 2, -1, -2),
        }
    )


def _offers(rng: np.random.Generator, units: list[Unit], at: np.ndarray, who: np.ndarray) -> pd.DataFrame:
    capacity = np.array([unit.capacity for unit in units])[who]
    volume = (capacity / 2 * rng.uniform(0.02, 0.1, len(at))).round(6) + 0.000001
    return pd.DataFrame({"at": at, "who": who, "side": "offer", "volume": volume, "bid_offer_pair_id": 1})


def _finished(
    rng: np.random.Generator, units: list[Unit], grid: pd.DataFrame, rows: pd.DataFrame, days: Sequence[date]
) -> pd.DataFrame:
    """Complete the rows with every column of the table, in its order."""
    rows = rows.sort_values(["at", "side", "original_price"], ignore_index=True)
    in_stack = rows.groupby(["at", "side"]).cumcount().to_numpy()
    count = len(rows)
    draws = rng.random((4, count))
    of_period = grid.iloc[rows["at"].to_numpy()].reset_index(drop=True)
    place = of_period["day"].to_numpy()
    settled = pd.Series([datetime.combine(day + timedelta(days=1), SETTLED_AT, UTC) for day in days])
    names = np.array([unit.id for unit in units])[rows["who"]]
    multipliers = np.array([unit.loss_multiplier for unit in units])[rows["who"]]
    frame = pd.DataFrame(
        {
            "settlement_date": pd.Series(np.array(days, dtype=object)[place], dtype=object),
            "settlement_period": of_period["settlement_period"],
            "start_time": of_period["start_time"].astype("datetime64[us, UTC]"),
            "side": rows["side"].astype("str"),
            "sequence_number": in_stack * 3 + 1 + (draws[0] * 3).astype(int),
            "farm_id": pd.Series(names).astype("str"),
            "lead_party_name": ("Lead party of " + pd.Series(names)).astype("str"),
            "acceptance_id": pd.Series(rng.integers(10_000, 99_999, count)).astype("Int64"),
            "bid_offer_pair_id": rows["bid_offer_pair_id"].astype("Int64"),
            "so_flag": _flags(draws[1], absent=0.01, false=0.04),
            "cadl_flag": _flags(draws[2], absent=0.3, false=0.96),
            "volume": rows["volume"],
            "original_price": rows["original_price"],
            "final_price": rows["original_price"].where(draws[3] >= 0.05),
            "transmission_loss_multiplier": pd.Series(multipliers).where(draws[3] <= 0.96),
            "payment": payment(rows["volume"], rows["original_price"]),
            "vintage": settled.iloc[place].reset_index(drop=True).astype("datetime64[us, UTC]"),
        }
    )
    return frame[list(RECORD_COLUMNS)]


def _flags(draw: np.ndarray, absent: float, false: float) -> "pd.Series[bool]":
    return pd.Series(draw > false).astype("boolean").mask(draw < absent)


def _ledger(days: Sequence[date], records: pd.DataFrame) -> pd.DataFrame:
    grid = _grid(days)
    sides = pd.DataFrame({"side": pd.Series(SIDES, dtype="str"), "beside": [91, 274]})
    ledger = grid.assign(settlement_date=[days[place] for place in grid["day"]]).merge(sides, how="cross")
    groups = records.groupby(PERIOD_KEY)["volume"]
    wind = pd.DataFrame({"wind_rows": groups.size(), "wind_mwh": groups.sum()}).reset_index()
    ledger = ledger.merge(wind, how="left", on=PERIOD_KEY).fillna({"wind_rows": 0, "wind_mwh": 0.0})
    hashes = content_hashes(records)
    keys = ledger[PERIOD_KEY].itertuples(index=False, name=None)
    fetched = [datetime.combine(day, time(), UTC) + FETCHED_AFTER for day in days]
    settled = [datetime.combine(day + timedelta(days=1), SETTLED_AT, UTC) for day in days]
    wind_rows = ledger["wind_rows"].astype("int64")
    return ledger.assign(
        wind_rows=wind_rows,
        archive_object=None,
        fetched_at=pd.Series([fetched[place] for place in ledger["day"]], dtype="datetime64[us, UTC]"),
        vintage=pd.Series([settled[place] for place in ledger["day"]], dtype="datetime64[us, UTC]"),
        raw_rows=wind_rows + ledger["beside"] + ledger["settlement_period"] % 40,
        content_hash=[hashes.get(key, EMPTY_HASH) for key in keys],
        confirmed_by="rows",
        repeats_confirmed=None,
    )[list(LEDGER_COLUMNS)]


def _figures(days: Sequence[date], records: pd.DataFrame, ledger: pd.DataFrame) -> pd.DataFrame:
    """Make the rows of ``settlement_days``."""
    by_day = ledger.groupby("settlement_date")
    farm_periods = farm_energy(records).groupby("settlement_date").size()
    figures = daily_totals(records, pd.Index(days))[list(TOTALS)]
    figures["periods"] = by_day["settlement_period"].max()
    figures["fetched_at"] = by_day["fetched_at"].min()
    figures["vintage"] = by_day["vintage"].max()
    figures["content_hash"] = by_day["content_hash"].agg(lambda hashes: combined_hash(list(hashes)))
    figures["farm_periods"] = farm_periods.reindex(pd.Index(days), fill_value=0)
    return figures.rename_axis("settlement_date").reset_index()


def drawn_series(days: Sequence[date]) -> Iterator[tuple[str, pd.DataFrame, datetime]]:
    """Prices and generation of the days: name, rows, and when they were asked for."""
    fetched_at = datetime.combine(days[-1], time(), UTC) + timedelta(days=30)
    numbers = np.array([day.toordinal() for day in days], dtype=float)
    noons = [datetime.combine(day, time(12), UTC) for day in days]
    prices = pd.DataFrame(
        {
            "settlement_date": pd.Series(days, dtype=object),
            "price": 20_000 + 15_000 * np.sin(numbers / 90),
            "quoted_at": pd.Series(noons, dtype="datetime64[us, UTC]"),
            "source": MEMPOOL,
        }
    )
    yield BITCOIN_PRICE, prices, fetched_at
    grid = _grid(days)
    generation = pd.DataFrame(
        {
            "settlement_date": pd.Series([days[place] for place in grid["day"]], dtype=object),
            "settlement_period": grid["settlement_period"],
            "start_time": grid["start_time"].astype("datetime64[us, UTC]"),
            "generated_energy": 4_000 + 2_500 * np.sin(grid["day"] + grid["settlement_period"] / 8),
        }
    )
    yield WIND_GENERATION, generation, fetched_at
