"""The one planner: from what is stored of all days to the smallest work that repairs them.

What a day needs is decided here and nowhere else: for the sensor, which also asks what may run now, for commands, and
for the pipeline, which keeps days that need not be fetched.
"""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.daily_series import DAILY_SERIES, SERIES
from mining_assets.domain.date_ranges import LONGEST_RANGE, DayRange, day_ranges, newest_and_oldest
from mining_assets.domain.finality import refetches_due
from mining_assets.warehouse.names import DAY_TABLES, DERIVED_TABLES

ELEXON, MEMPOOL, ARCHIVE = "elexon", "mempool", "archive"
"""What a day may have to wait for: the sources, and the archive that takes their answers before they are stored."""
FETCH, REFETCH, DERIVE = "fetch", "refetch", "derive"
"""What a day may need. One that is fetched again is complete, or cannot be trusted."""
WAIT_FOR_GIVEN = timedelta(hours=1)
"""How long after its last attempt, at most, a day is asked for again of which a person gave the price."""


@dataclass(frozen=True)
class Work:
    """A range of days to fetch (and derive), only to derive, or to fetch a series of.

    Attributes:
        kind: ``fetch``, ``derive``, or the name of a daily series.
        refetch: whether the days are complete and have to be fetched all the same.
    """

    kind: str
    days: DayRange
    refetch: bool = False


@dataclass
class HealingPlan:
    """What to ask for now, and how many days were skipped, by reason."""

    work: list[Work] = field(default_factory=list)
    skipped: Counter[str] = field(default_factory=Counter)

    @property
    def days(self) -> list[date]:
        """Every day that is asked for."""
        return [
            first + timedelta(days=offset)
            for first, last in (work.days for work in self.work)
            for offset in range((last - first).days + 1)
        ]


def needs(states: pd.DataFrame, now: datetime) -> dict[date, str]:
    """Return what each day needs that needs anything: ``fetch``, ``refetch`` or ``derive``.

    Args:
        states: as from ``warehouse.day_states.day_states``.
        now: the instant of the decision, UTC.
    """
    again = (states["state"] == "damaged") | states["newly_registered"] | refetches_due(states["fetched_at"], now)
    kinds = np.select(
        [states["state"].isin(["missing", "partial"]), again, states["inconsistent"]], [FETCH, REFETCH, DERIVE], ""
    )
    return {day: str(kind) for day, kind in zip(states.index, kinds, strict=True) if kind}


DAILY_TABLES = (SETTLEMENT_STACKS, *DAY_TABLES, *SERIES)
"""Everything that is kept day by day; the stacks are in the archive."""


def tables_for(kind: str) -> tuple[str, ...]:
    """Return the tables that a kind of work processes.

    Args:
        kind: what a day needs, or the name of a daily series, which is fetched alone.
    """
    if kind == DERIVE:
        return DERIVED_TABLES
    return (kind,) if kind in SERIES else DAILY_TABLES


def days_to_fetch(days: Sequence[date], untampered: Collection[date], *, refetch: bool) -> set[date]:
    """Return which of the days that were asked for are fetched; the others are kept as they are, and derived again.

    Args:
        days: in order.
        untampered: the days whose records are complete and match the hash of what was fetched.
        refetch: whether a person asked for all of them.
    """
    return set(days) if refetch else set(days) - set(untampered)


def plan(
    states: pd.DataFrame,
    *,
    in_flight_days: Collection[date],
    unavailable: Mapping[str, datetime],
    free_run_slots: int,
    now: datetime,
    held_back: Collection[date] = (),
    days_per_fetch: int = LONGEST_RANGE,
) -> HealingPlan:
    """Return what to ask for now.

    Args:
        states: of all days that may be healed, as from ``warehouse.day_states.day_states``.
        in_flight_days: days that a queued or running run, or a backfill, is going to do.
        unavailable: sources that do not answer, and when each may be asked again.
        free_run_slots: how many runs may be asked for now.
        now: the instant of the decision, UTC.
        held_back: days whose last run never began, and whose wait for that is not over.
        days_per_fetch: days that one run fetches at most; one that only derives takes seconds for a month.
    """
    healing = HealingPlan()
    open_days: dict[str, list[date]] = {FETCH: [], REFETCH: [], DERIVE: []}
    for day, kind in needs(states, now).items():
        state = states.loc[day]
        if day in in_flight_days:
            healing.skipped["a run is under way"] += 1
        elif day in held_back:
            healing.skipped["waiting after a run that did not begin"] += 1
        elif state["attempts"] and state["next_attempt_at"] > now:
            healing.skipped["quarantined" if state["quarantined"] else "waiting after a failure"] += 1
        else:
            open_days[kind].append(day)
    works = []
    for kind, days in open_days.items():
        source = MEMPOOL if kind == DERIVE else _awaited(unavailable)
        ready = _ready(days, source, states, unavailable, now, healing.skipped)
        ranges = day_ranges(ready, LONGEST_RANGE if kind == DERIVE else days_per_fetch)
        works += [Work(DERIVE if kind == DERIVE else FETCH, span, kind == REFETCH) for span in ranges]
    chosen = newest_and_oldest([work.days for work in works], max(free_run_slots, 0))
    healing.work = [next(work for work in works if work.days == days) for days in chosen]
    later = sum((last - first).days + 1 for first, last in (work.days for work in works if work not in healing.work))
    if later:
        healing.skipped["later, after the runs now asked for"] += later
    return healing


def plan_series(
    name: str,
    states: pd.DataFrame,
    *,
    in_flight_days: Collection[date],
    unavailable: Mapping[str, datetime],
    free_run_slots: int,
    now: datetime,
    held_back: Collection[date] = (),
) -> HealingPlan:
    """Return what to ask for of a series now; no day is quarantined for it, one that fails often waits longer.

    Args:
        name: of the daily series.
        states: as from ``warehouse.series.series_states``.
        in_flight_days: as for :func:`plan`.
        unavailable: as for :func:`plan`.
        free_run_slots: as for :func:`plan`.
        now: the instant of the decision, UTC.
        held_back: as for :func:`plan`.
    """
    healing, ready = HealingPlan(), []
    for day in series_days_needed(name, states, now):
        if day in in_flight_days:
            healing.skipped[f"{name}, a run is under way"] += 1
        elif day in held_back:
            healing.skipped[f"{name}, waiting after a run that did not begin"] += 1
        elif _is_waiting(states.loc[day], now):
            healing.skipped[f"{name}, waiting after a failure"] += 1
        else:
            ready.append(day)
    given = [day for day in ready if states.loc[day, "overruled"]]
    asked = [day for day in ready if not states.loc[day, "overruled"]]
    probe = asked[-1:] if name in unavailable and unavailable[name] <= now else []
    if name in unavailable and len(asked) > len(probe):
        healing.skipped[f"{name}, its source does not answer"] += len(asked) - len(probe)
    ranges = day_ranges([*given, *probe] if name in unavailable else ready)
    healing.work = [Work(name, days) for days in newest_and_oldest(ranges, max(free_run_slots, 0))]
    later = sum((last - first).days + 1 for first, last in ranges) - len(healing.days)
    if later:
        healing.skipped[f"{name}, later"] += later
    return healing


def _is_waiting(state: "pd.Series[Any]", now: datetime) -> bool:
    """Return whether a day of a series failed and is not asked for yet.

    What a person gave since then need not wait as long as what a source lacks.
    """
    if not state["attempts"]:
        return False
    until = state["next_attempt_at"]
    return bool((min(until, state["last_attempt_at"] + WAIT_FOR_GIVEN) if state["overruled"] else until) > now)


def series_days_needed(
    name: str, states: pd.DataFrame, now: datetime, trusted: Collection[date] | None = None
) -> list[date]:
    """Return the days on which a series is missing, tampered with, due for a refetch, or not what a person gave.

    Args:
        name: of the daily series.
        states: as from ``warehouse.series.series_states``.
        now: the instant of the decision, UTC.
        trusted: the days whose rows are now what was fetched, where that was checked; as verified last otherwise.
    """
    needed = states["state"] != "known"
    needed |= DAILY_SERIES[name].refetches_due(states["fetched_at"], now) | states["overruled"]
    if trusted is not None:
        needed |= ~states.index.isin(list(trusted))
    return list(states.index[needed])


def _awaited(unavailable: Mapping[str, datetime]) -> str:
    """Return what a fetch waits for longest: the source, or the archive that takes its answers."""
    return max((ELEXON, ARCHIVE), key=lambda name: unavailable[name].timestamp() if name in unavailable else 0.0)


def _ready(
    days: list[date],
    source: str,
    states: pd.DataFrame,
    unavailable: Mapping[str, datetime],
    now: datetime,
    skipped: Counter[str],
) -> list[date]:
    """Return the days that can be fetched: with their source unavailable none, or one to see whether it recovered."""
    if source not in unavailable:
        return days
    # Only calculations need the network's history; summaries alone can be derived without it.
    waiting = [day for day in days if source != MEMPOOL or states.loc[day]["missing"] > 0]
    probe = waiting[-1:] if unavailable[source] <= now else []
    if len(waiting) > len(probe):
        skipped[f"{source} does not answer"] += len(waiting) - len(probe)
    return sorted(set(days) - set(waiting) | set(probe))
