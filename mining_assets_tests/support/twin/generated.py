"""``GeneratedWorld``: a made-up but realistic Britain, the same for the same seed.

Every period of every day is drawn from its own generator, seeded by (seed, day, period, side): any day can
be asked for in any order, without a history. The rows have the shapes that ``docs/domain.md`` warns of:
several rows per unit and period, undo offers, trades, null flags, missing multipliers, tiny volumes, and a
wind unit that is not typed so.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import lru_cache

import numpy as np

from mining_assets.domain.settlement import Side, period_start, periods_in
from mining_assets_tests.support.twin import chain
from mining_assets_tests.support.twin.register import Unit, other_units, register, wind_units
from mining_assets_tests.support.twin.rows import Row, StackRow, stack_row, utc_text
from mining_assets_tests.support.twin.world import World

QUIET_SHARE = 0.1  # 66 of 659 recorded days had no wind bid
POOL_SIZE = 900
BOUNDS: dict[tuple[bool, Side], tuple[int, int]] = {
    (False, "bid"): (70, 112),  # with the wind rows this gives 70 to 180 bids
    (False, "offer"): (150, 398),
    (True, "bid"): (4, 4),
    (True, "offer"): (6, 6),
}
DATED_LATE_UNTIL = date(2022, 7, 14)
FUELS = {"WIND": 1.0, "CCGT": 9000.0, "NUCLEAR": 4200.0, "BIOMASS": 2100.0}


@dataclass(frozen=True)
class DayPlan:
    """The weather of a day: how hard wind is curtailed in each period (0 to 1), and what each unit bids."""

    intensity: np.ndarray
    prices: list[float]
    wind_megawatts: np.ndarray


@dataclass
class GeneratedWorld(World):
    """A world drawn from ``seed``.

    Args:
        units: how many wind units the register types as such; one more is in the stack without being typed.
        light: only 4 bids and 6 offers per period beside wind, for quick tests.
        quiet_days: days that have no wind bid whatever the seed says. Others are quiet by chance (1 in 10).
        windy_days: days that have wind bids whatever the seed says.
    """

    seed: int = 1
    units: int = 90
    light: bool = False
    quiet_days: Collection[date] = ()
    windy_days: Collection[date] = ()
    _wind: list[Unit] = field(default_factory=list, init=False)
    _others: list[Unit] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        self._wind = wind_units(self._rng(0), self.units)
        self._others = other_units(self._rng(1))
        self._pools: dict[Side, list[StackRow]] = {"bid": self._pool("bid"), "offer": self._pool("offer")}
        self._prices = {
            side: np.array([row.fields["originalPrice"] for row in pool]) for side, pool in self._pools.items()
        }
        self.plan = lru_cache(maxsize=64)(self._plan)

    def is_quiet(self, day: date) -> bool:
        """Whether the day truly has no wind bid."""
        return not self.plan(day).intensity.any()

    def base_rows(self, day: date, period: int, side: Side) -> list[StackRow]:
        rng = self._rng(2, day.toordinal(), period, int(side == "offer"))
        rows = self._filler(rng, period, side)
        if self.plan(day).intensity[period - 1] > 0:
            rows += self._bids(rng, day, period) if side == "bid" else self._undo_offers(rng, day, period)
            rows.sort(key=lambda row: row.fields["originalPrice"], reverse=side == "bid")
        return rows

    def bm_units(self) -> list[Row]:
        return register([*self._wind, *self._others])

    def wind_generation(self, first: date, last: date) -> list[Row]:
        """The rows by the source's own dates: until 2022-07-14 the last half hour of a day is under the next date."""
        days = (first + timedelta(days=offset) for offset in range(-1, (last - first).days + 1))
        rows = [row for day in days for row in self._generation_of(day)]
        return [row for row in rows if first.isoformat() <= row["settlementDate"] <= last.isoformat()]

    def _generation_of(self, day: date) -> list[Row]:
        megawatts, last = self.plan(day).wind_megawatts, periods_in(day)
        return [
            {
                "dataset": "FUELHH",
                "publishTime": utc_text(period_start(day, period) + timedelta(minutes=30)),
                "startTime": utc_text(period_start(day, period)),
                "settlementDate": str(day + timedelta(days=day < DATED_LATE_UNTIL and period == last)),
                "settlementPeriod": period,
                "fuelType": fuel,
                "generation": round(float(megawatts[period - 1]) if fuel == "WIND" else level),
            }
            for period in range(1, last + 1)
            if self.published(day, period)
            for fuel, level in FUELS.items()
        ]

    def difficulty_adjustments(self) -> list[list[float]]:
        return chain.difficulty_adjustments(self.clock())

    def blocks(self, height: int | None) -> list[Row]:
        return chain.blocks(self.clock(), height)

    def prices(self, currency: str) -> list[Row]:
        return chain.prices(self.clock(), currency)

    def _rng(self, *key: int) -> np.random.Generator:
        return np.random.default_rng((self.seed, *key))

    def _plan(self, day: date) -> DayPlan:
        rng = self._rng(3, day.toordinal())
        count = periods_in(day)
        level, centre, width = rng.beta(1.5, 3.0), rng.uniform(0, 1), rng.uniform(0.15, 1.2)
        x = np.arange(count) / count
        intensity = np.clip(1.3 * level * np.exp(-(((x - centre) / width) ** 2)), 0.0, 1.0)
        intensity[intensity < 0.06] = 0.0
        intensity[int(np.argmin(np.abs(x - centre)))] += 0.1  # a day that is not quiet has a bid for certain
        quiet = rng.random() < QUIET_SHARE and day not in self.windy_days
        if quiet or day in self.quiet_days:
            intensity[:] = 0.0
        prices = [
            round(unit.price + jitter, 2)
            for unit, jitter in zip(self._wind, rng.uniform(-4, 4, len(self._wind)).tolist(), strict=True)
        ]
        megawatts = 3000 + 12000 * level + 1500 * np.sin(2 * np.pi * (x - centre))
        return DayPlan(intensity, prices, megawatts)

    def _pool(self, side: Side) -> list[StackRow]:
        """Rows of other units, drawn and encoded once: they only have to be there, in realistic numbers."""
        rng = self._rng(4, int(side == "offer"))
        sign = 1 if side == "offer" else -1
        low, high = (20, 260) if side == "offer" else (-20, 110)
        rows = []
        for index in range(POOL_SIZE):
            unit, draw = self._others[index % len(self._others)], rng.random(6)
            price = round(low + (high - low) * float(draw[0]), 2)
            rows.append(
                stack_row(
                    unit.id,
                    sign * (0.004 if draw[1] < 0.03 else round(unit.capacity / 2 * float(draw[1]) ** 2 + 0.001, 6)),
                    price,
                    acceptance=10_000 + index,
                    pair=sign * (1 if draw[2] < 0.8 else 2),
                    so_flag=None if draw[3] < 0.02 else bool(draw[3] > 0.9),
                    cadl_flag=None if draw[4] < 0.4 else bool(draw[4] > 0.95),
                    final_price=None if draw[5] < 0.05 else price,
                    loss_multiplier=None if draw[5] > 0.96 else unit.loss_multiplier,
                )
            )
        return rows

    def _filler(self, rng: np.random.Generator, period: int, side: Side) -> list[StackRow]:
        low, high = BOUNDS[self.light, side]
        count, trades = int(rng.integers(low, high + 1)), 1 if self.light else 2
        chosen = rng.choice(POOL_SIZE, count - trades, replace=False)
        chosen = chosen[np.argsort(self._prices[side][chosen])]
        pool = self._pools[side]
        rows = [pool[index] for index in (chosen[::-1] if side == "bid" else chosen)]
        # Trades stand in the stack under a number or under nothing; in a light world they take turns.
        names = [str(20_000 + period), None]
        for name in names[period % 2 :][:1] if self.light else names:
            volume = round(float(rng.uniform(1, 60)), 3) * (1 if side == "offer" else -1)
            rows.append(
                stack_row(
                    name,
                    volume,
                    45.0,
                    acceptance=None,
                    pair=None,
                    so_flag=True,
                    cadl_flag=None,
                    final_price=45.0,
                )
            )
        return rows

    def _bids(self, rng: np.random.Generator, day: date, period: int) -> list[StackRow]:
        plan = self.plan(day)
        intensity = float(plan.intensity[period - 1])
        active = rng.random(len(self._wind)) < intensity * np.array([unit.tendency for unit in self._wind])
        active[0] |= intensity == plan.intensity.max()
        rows: list[StackRow] = []
        for index in np.flatnonzero(active):
            unit, draw = self._wind[index], rng.random(8)
            # Row counts of 1, 2 and 3 with a mean of about 1.7.
            cuts = np.diff([0.0, *sorted(draw[1 : 1 + int(draw[0] > 0.45) + int(draw[0] > 0.85)]), 1.0])
            volumes = [round(-unit.capacity / 2 * (0.15 + 0.8 * float(draw[3])) * float(cut), 6) for cut in cuts]
            if draw[4] < 0.03:
                volumes.append(-0.004)
            rows += [
                stack_row(
                    unit.id,
                    volume,
                    plan.prices[index],
                    acceptance=30_000 + (day.toordinal() * 53 + period * 11 + int(index) * 101 + number) % 60_000,
                    pair=-1 if number < 2 else -2,
                    so_flag=None if draw[5] < 0.01 else bool(draw[5] > 0.04),
                    cadl_flag=None if draw[6] < 0.3 else bool(draw[6] > 0.96),
                    final_price=None if draw[7] < 0.05 else plan.prices[index],
                    loss_multiplier=None if draw[7] > 0.96 else unit.loss_multiplier,
                )
                for number, volume in enumerate(volumes)
            ]
        return rows

    def _undo_offers(self, rng: np.random.Generator, day: date, period: int) -> list[StackRow]:
        """Offers on wind units take back part of an earlier bid, at the price of its pair."""
        plan = self.plan(day)
        active = rng.random(len(self._wind)) < 0.05 * float(plan.intensity[period - 1])
        return [
            stack_row(
                self._wind[index].id,
                round(self._wind[index].capacity / 2 * float(rng.uniform(0.05, 0.4)), 6),
                plan.prices[index],
                acceptance=95_000 + int(index),
                final_price=plan.prices[index],
                loss_multiplier=self._wind[index].loss_multiplier,
            )
            for index in np.flatnonzero(active)
        ]
