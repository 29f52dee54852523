"""What the twin serves: the interface ``World`` and the vintages that every world has.

A concrete world only says which rows a period has (``base_rows``), which units the register lists and what
the Bitcoin side answers. Everything that happens to published data over time is here, once: days that are
not yet published, published in part, emptied, or restated. No HTTP and no faults: a world never lies about
its rows.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from mining_assets.domain.settlement import Side, period_start, periods_in
from mining_assets.sources.http import GENERATED_HEADER
from mining_assets_tests.support.twin import chain
from mining_assets_tests.support.twin.rows import PAIRS, VOLUME_TYPES, Row, StackRow, is_bm_unit, stack_row, utc_text

FIRST_RUN = timedelta(minutes=44, seconds=27)  # after a period's start, as in the recorded samples
LAST_RUN = time(12, 44, 27)  # on the day after


@dataclass(frozen=True)
class Restatement:
    """A later calculation run of a day: in force from ``start`` and stamped ``created``."""

    start: datetime
    created: datetime
    scale: float = 1.0
    extra: tuple[tuple[int, Side, StackRow], ...] = ()


@dataclass(frozen=True)
class DayState:
    """What was done to one day.

    ``empty`` and ``withheld`` hold (period, side); a None in one means all. ``repeated`` holds (period, side, unit).
    """

    published: bool = True
    periods: int | None = None
    empty: frozenset[tuple[int | None, Side | None]] = frozenset()
    withheld: frozenset[tuple[int | None, Side | None]] = frozenset()
    repeated: frozenset[tuple[int, Side, str]] = frozenset()
    restatements: tuple[Restatement, ...] = ()
    changes: int = 0


@dataclass
class World(ABC):
    """The outside world as the twin serves it. ``clock`` decides what has happened already."""

    clock: Callable[[], datetime] = field(default=lambda: datetime.now(UTC), kw_only=True)
    description: str = field(default="generated data, not real", init=False)
    headers: tuple[tuple[str, str], ...] = field(default=((GENERATED_HEADER, "true"),), init=False)
    _states: dict[date, DayState] = field(default_factory=dict, init=False)

    # What a concrete world must say.

    @abstractmethod
    def base_rows(self, day: date, period: int, side: Side) -> list[StackRow]:
        """The rows of a period in the order of the stack, before anything was done to the day."""

    @abstractmethod
    def bm_units(self) -> list[Row]:
        """The register of BM units, as dirty as the real one."""

    @abstractmethod
    def wind_generation(self, first: date, last: date) -> list[Row]:
        """FUELHH rows of the days ``first`` to ``last``, both included; generation in MW."""

    @abstractmethod
    def difficulty_adjustments(self) -> list[list[float]]:
        """``[time, height, difficulty, ratio]``, newest first."""

    @abstractmethod
    def blocks(self, height: int | None) -> list[Row]:
        """``{"height", "timestamp"}`` of the newest blocks, or of that at a height and before, newest first."""

    @abstractmethod
    def prices(self, currency: str) -> list[Row]:
        """``{"time": unix, CURRENCY: price}``, newest first; −1 where the currency is not known."""

    def candles(self, start: int, end: int, seconds: int) -> list[list[float]]:
        """Candles of so many seconds that begin from start to end (Unix); no recording has any."""
        return chain.candles(self.clock(), start, end, seconds)

    # What happens to days. Each takes effect with the next request.

    def unpublish(self, day: date) -> None:
        """The day answers with nothing at all, as if its settlement had not run yet."""
        self._change(day, published=False)

    def publish(self, day: date, periods: int | None = None) -> None:
        """The day is published: in whole, or only its first ``periods`` periods."""
        self._change(day, published=True, periods=periods)

    def empty(self, day: date, period: int | None = None, side: Side | None = None) -> None:
        """Nothing was accepted there: stack, volumes and cashflows agree on it. None means all."""
        self._change(day, empty=self.state(day).empty | {(period, side)})

    def withhold(self, day: date, period: int | None = None, side: Side | None = None) -> None:
        """The stack answers empty there, though the whole-day volumes still have the rows."""
        self._change(day, withheld=self.state(day).withheld | {(period, side)})

    def repeat(self, day: date, period: int, side: Side, unit: str) -> None:
        """The stack tells the unit's first acceptance once more at its end; the whole-day volumes have it once."""
        self._change(day, repeated=self.state(day).repeated | {(period, side, unit)})

    def restate(
        self,
        day: date,
        scale: float = 1.0,
        extra: Iterable[Mapping[str, Any]] = (),
        at: datetime | None = None,
    ) -> None:
        """A later run changes the day: every accepted volume × ``scale``, and rows are added.

        Args:
            extra: rows with ``period``, ``side``, ``id``, ``volume``, ``originalPrice`` and, as wanted, any
                other field of the stack.
            at: when the new run appears; at once when None.
        """
        state, now = self.state(day), self.clock()
        number = len(state.restatements) + 1
        created = min(self._last_run(day) + timedelta(days=number), at or now)
        earlier = state.restatements[-1].created if state.restatements else self._last_run(day)
        run = Restatement(
            at or datetime.min.replace(tzinfo=UTC),
            max(created, earlier + timedelta(seconds=1)),
            scale,
            tuple(_extra_row(number, row) for row in extra),
        )
        self._change(day, restatements=(*state.restatements, run))

    def reset(self, day: date | None = None) -> None:
        """Forget whatever was done to the day, or to all days."""
        for known in [day] if day else list(self._states):
            self._states[known] = DayState(changes=self.state(known).changes + 1)

    def state(self, day: date) -> DayState:
        return self._states.get(day, DayState())

    # What is served.

    def stack(self, day: date, period: int, side: Side) -> list[Row]:
        """The rows of the settlement stack as Elexon names them; empty when nothing is published."""
        rows = self._served_rows(day, period, side)
        head = self._head(day, period) if rows else {}
        return [{**head, "sequenceNumber": number, **row.fields} for number, row in enumerate(rows, 1)]

    def stack_json(self, day: date, period: int, side: Side) -> bytes:
        """``stack`` as the body of its answer, put together from text that was encoded once."""
        rows = self._served_rows(day, period, side)
        head = json.dumps(self._head(day, period), separators=(",", ":"))[:-1] if rows else ""
        data = ",".join(f'{head},"sequenceNumber":{number},{row.text}}}' for number, row in enumerate(rows, 1))
        return f'{{"metadata":{{"datasets":["ISPSTACK"]}},"data":[{data}]}}'.encode()

    def volumes(self, day: date, side: Side) -> list[Row]:
        """Accepted volumes of the whole day per unit and period, four times over (``VOLUME_TYPES``)."""
        return [
            {
                **head,
                "dataType": kind,
                "totalVolumeAccepted": sum(pairs.values()),
                "pairVolumes": dict.fromkeys(PAIRS) | pairs,
            }
            for head, pairs in self._per_unit(day, side, lambda row: row["volume"])
            for kind in VOLUME_TYPES
        ]

    def cashflows(self, day: date, side: Side) -> list[Row]:
        """Cashflows of the whole day per unit and period, in £; positive = paid to the unit."""
        per_unit = self._per_unit(
            day,
            side,
            lambda row: row["volume"] * row["originalPrice"] * (row.get("transmissionLossMultiplier") or 1.0),
        )
        return [
            {
                **head,
                "bidOfferPairCashflows": dict.fromkeys(PAIRS) | pairs,
                "totalCashflow": sum(pairs.values()),
            }
            for head, pairs in per_unit
        ]

    def revision(self, day: date) -> tuple[int, ...]:
        """Changes whenever an answer about the day would: what caches of bodies are keyed by."""
        state, now = self.state(day), self.clock()
        runs = sum(run.start <= now for run in state.restatements)
        if now >= self._last_run(day):
            return state.changes, runs
        return state.changes, runs, (now - datetime.min.replace(tzinfo=UTC)) // timedelta(minutes=1)

    def published(self, day: date, period: int) -> bool:
        """Whether the period exists and its first calculation run is over and shown."""
        state = self.state(day)
        shown = state.published and 1 <= period <= min(periods_in(day), state.periods or 50)
        return shown and period_start(day, period) + FIRST_RUN <= self.clock()

    @cached_property
    def wind_unit_ids(self) -> frozenset[str]:
        """The ids of the units that the register types WIND."""
        return frozenset(row["elexonBmUnit"] for row in self.bm_units() if row["fuelType"] == "WIND") - {None}

    def _served_rows(self, day: date, period: int, side: Side) -> list[StackRow]:
        state = self.state(day)
        if _covers(state.withheld, period, side):
            return []
        rows = self._rows(day, period, side)
        units = {unit for p, s, unit in state.repeated if (p, s) == (period, side)}
        return rows + [next(row for row in rows if row.fields["id"] == unit) for unit in sorted(units)]

    def _rows(self, day: date, period: int, side: Side) -> list[StackRow]:
        state = self.state(day)
        if not self.published(day, period) or _covers(state.empty, period, side):
            return []
        rows = self.base_rows(day, period, side)
        now = self.clock()
        for run in state.restatements:
            if run.start <= now:
                rows = _restated(rows, run, period, side)
        return rows

    def _head(self, day: date, period: int) -> Row:
        start = period_start(day, period)
        return {
            "settlementDate": day.isoformat(),
            "settlementPeriod": period,
            "startTime": utc_text(start),
            "createdDateTime": utc_text(self._created(day, start)),
        }

    def _created(self, day: date, start: datetime) -> datetime:
        now = self.clock()
        runs = [run.created for run in self.state(day).restatements if run.start <= now]
        last = self._last_run(day)
        return runs[-1] if runs else last if last <= now else start + FIRST_RUN

    @staticmethod
    def _last_run(day: date) -> datetime:
        return datetime.combine(day + timedelta(days=1), LAST_RUN, UTC)

    def _per_unit(self, day: date, side: Side, value: Callable[[Row], float]) -> list[tuple[Row, dict[str, float]]]:
        found: list[tuple[Row, dict[str, float]]] = []
        for period in range(1, periods_in(day) + 1):
            units: dict[str, dict[str, float]] = {}
            for row in self._rows(day, period, side):
                if is_bm_unit(row.fields["id"]):
                    pairs, pair = units.setdefault(row.fields["id"], {}), row.fields["bidOfferPairId"]
                    name = f"{'negative' if pair < 0 else 'positive'}{abs(pair)}"
                    pairs[name] = pairs.get(name, 0.0) + value(row.fields)
            head = self._head(day, period)
            found += [({**head, "bmUnit": unit}, pairs) for unit, pairs in units.items()]
        return found

    def _change(self, day: date, **changes: Any) -> None:
        state = self.state(day)
        self._states[day] = replace(state, changes=state.changes + 1, **changes)


def _covers(places: frozenset[tuple[int | None, Side | None]], period: int, side: Side) -> bool:
    return any(p in (None, period) and s in (None, side) for p, s in places)


def _restated(rows: list[StackRow], run: Restatement, period: int, side: Side) -> list[StackRow]:
    if run.scale != 1.0:
        rows = [StackRow.of(row.fields | {"volume": row.fields["volume"] * run.scale}) for row in rows]
    return rows + [row for p, s, row in run.extra if (p, s) == (period, side)]


def _extra_row(number: int, given: Mapping[str, Any]) -> tuple[int, Side, StackRow]:
    fields = {name: value for name, value in given.items() if name not in ("period", "side")}
    price = float(fields["originalPrice"])
    row = stack_row(fields["id"], float(fields["volume"]), price, acceptance=99000 + number, final_price=price)
    return int(given["period"]), given["side"], StackRow.of(row.fields | fields)
