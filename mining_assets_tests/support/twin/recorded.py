"""``RecordedWorld``: recorded settlement data, served as if the outside world still had nothing else.

Volumes and prices are exactly those of the files. The recordings hold wind rows only, while a published
period always has rows on both sides: a few rows of made-up units (``T_FILLER-1`` …) fill that gap. What was
not recorded (acceptance numbers, pairs, flags) is made up plausibly. The files are not part of this
project: ``recorded_data`` finds them.
"""

import csv
import gzip
import io
import json
import os
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from pathlib import Path

from mining_assets.domain.settlement import Side
from mining_assets.settings import TEST_DATA_VARIABLE
from mining_assets_tests.support.paths import ROOT
from mining_assets_tests.support.twin.rows import Row, StackRow, stack_row
from mining_assets_tests.support.twin.world import World

VARIABLE = TEST_DATA_VARIABLE
SPAN = "2025-06-01_2025-07-17"
GRAIN_DAY = date(2022, 1, 1)
# Recorded prices are in USD only; this rate is made up.
POUNDS_PER_DOLLAR = 0.78
NO_DATA = f"recorded data not found: set {VARIABLE} to its folder"


def recorded_data() -> Path | None:
    """The folder of the recorded data: from the environment, else ``shared/data`` beside the repository."""
    if told := os.environ.get(VARIABLE):
        return Path(told)
    folder = ROOT.parent / "shared" / "data"
    return folder if folder.is_dir() else None


@dataclass
class RecordedWorld(World):
    """The recorded days; every other day is unpublished.

    Args:
        folder: the recorded data, with ``elexon/`` and ``bitcoin/`` in it.
        empty_sides: about one in forty of the periods without a wind bid has no bid at all.
    """

    folder: Path
    empty_sides: bool = False
    _recorded: dict[tuple[date, int, Side], list[StackRow]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.description, self.headers = "recorded data", ()
        self._read_bids()
        self._read_acceptances()

    @cached_property
    def days(self) -> list[date]:
        """The recorded days."""
        return sorted({day for day, _, _ in self._recorded})

    def base_rows(self, day: date, period: int, side: Side) -> list[StackRow]:
        if day not in self._known_days:
            return []
        rows = self._recorded.get((day, period, side), [])
        if self.empty_sides and side == "bid" and not rows and (day.toordinal() * 48 + period) % 40 == 0:
            return []
        return [*rows, *FILLER[side]]

    def bm_units(self) -> list[Row]:
        return self._register

    def wind_generation(self, first: date, last: date) -> list[Row]:
        return [row for row in self._generation if first.isoformat() <= row["settlementDate"] <= last.isoformat()]

    def difficulty_adjustments(self) -> list[list[float]]:
        series: list[list[float]] = json.loads((self.folder / "bitcoin/difficulty_adjustments.json").read_text())
        return series

    def blocks(self, height: int | None) -> list[Row]:
        """Those at which the difficulty changed: no others were recorded."""
        rows = [{"height": row[1], "timestamp": row[0]} for row in self.difficulty_adjustments()]
        return [row for row in rows if height is None or row["height"] <= height][:15]

    def prices(self, currency: str) -> list[Row]:
        """Daily closes, stamped at midnight UTC of their day; pounds are dollars at a made-up rate."""
        rate = {"USD": 1.0, "GBP": POUNDS_PER_DOLLAR}.get(currency)
        closes = [(row["date"], float(row["btc_usd"])) for row in self._table("bitcoin/btc_usd_daily.csv")]
        return [
            {"time": _midnight(day), currency: -1 if rate is None else round(usd * rate, 2)}
            for day, usd in reversed(closes)
        ]

    @cached_property
    def _known_days(self) -> frozenset[date]:
        return frozenset(self.days)

    @cached_property
    def _register(self) -> list[Row]:
        rows: list[Row] = json.loads(gzip.decompress((self.folder / "elexon/bm_units.json.gz").read_bytes()))
        return rows

    @cached_property
    def _generation(self) -> list[Row]:
        return [
            {
                "dataset": "FUELHH",
                "publishTime": row["startTime"],
                **row,
                "settlementPeriod": int(row["settlementPeriod"]),
                "generation": int(row["generation"]),
            }
            for row in self._table(f"elexon/fuelhh_wind_{SPAN}.csv")
        ]

    def _read_bids(self) -> None:
        for number, row in enumerate(self._table(f"elexon/wind_bids_{SPAN}.csv.gz")):
            self._add(row, "bid", acceptance=1000 + number % 90_000, pair=-1)

    def _read_acceptances(self) -> None:
        for row in self._table(f"elexon/wind_acceptances_{GRAIN_DAY}.csv.gz"):
            side: Side = "bid" if row["side"] == "bid" else "offer"
            self._add(row, side, acceptance=int(row["acceptanceId"]), pair=int(row["bidOfferPairId"]))

    def _add(self, row: dict[str, str], side: Side, *, acceptance: int, pair: int) -> None:
        key = (date.fromisoformat(row["settlementDate"]), int(row["settlementPeriod"]), side)
        price = float(row["originalPrice"])
        made = stack_row(
            row["id"],
            float(row["volume"]),
            price,
            acceptance=acceptance,
            pair=pair,
            so_flag=row["soFlag"] == "True",
            cadl_flag=None,
            final_price=price,
        )
        self._recorded.setdefault(key, []).append(made)

    def _table(self, name: str) -> list[dict[str, str]]:
        data = (self.folder / name).read_bytes()
        text = (gzip.decompress(data) if name.endswith(".gz") else data).decode()
        return list(csv.DictReader(io.StringIO(text)))


def _midnight(day: str) -> int:
    return int(datetime.fromisoformat(f"{day}T00:00:00+00:00").timestamp())


def _filler(sign: int) -> list[StackRow]:
    return [
        stack_row(
            f"T_FILLER-{number}",
            sign * 4.0 * number,
            40.0 + 10 * number,
            acceptance=500 + number,
            pair=sign,
            so_flag=False,
            final_price=40.0 + 10 * number,
            loss_multiplier=1.0,
        )
        for number in range(1, 4)
    ]


FILLER: dict[Side, list[StackRow]] = {"bid": _filler(-1), "offer": _filler(1)}
