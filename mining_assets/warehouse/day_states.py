"""The state of every day, in one query over the control tables. Status, sensor, checks and report all ask here.

Which state a day is in:

- ``missing``: it was never complete.
- ``partial``: some of its ledger is gone; something outside damaged it.
- ``damaged``: its records are not as many as its ledger says, or the last verification found that they are not those.
- ``provisional``: complete, last fetched before 15:00 UTC of the day after, when the settlement still changes.
- ``final``: complete, and fetched after that.

Beside its state a day is ``inconsistent`` when something derived from it is missing, orphan, stale or does not add up,
``restated`` when its content changed at a later fetch, and ``quarantined`` when healing gave it up.

The newest days of a range are counted in the large tables themselves (``counting``). Of older days, and of all values,
the control tables and the last verification tell.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
from sqlalchemy import CTE, ColumnElement, Connection, Select, Subquery, and_, case, func, or_, select, union

from mining_assets.domain.curtailment import TOTALS
from mining_assets.domain.day_state import COMPLETE, DAMAGED, FINAL, MISSING, PARTIAL, PROVISIONAL, TRUSTED, is_complete
from mining_assets.domain.finality import are_final
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.rollups import BITCOIN_FIGURES
from mining_assets.domain.tolerance import RELATIVE_TOLERANCE
from mining_assets.warehouse.connection import read_frame
from mining_assets.warehouse.counting import count_rows, counted_days
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    calculation_days,
    daily_summaries,
    healing_attempts,
    integrity_findings,
    restatements,
    settlement_days,
    settlement_ledger,
    unknown_wind_units,
    wind_bm_units,
)

STATES = (*TRUSTED, "partial", "damaged", "missing")
COUNTS = ("records", "expected", "actual", "missing", "orphan", "stale")


def day_states(connection: Connection, first: date, last: date, models: Sequence[MinerModel]) -> pd.DataFrame:
    """Read the state of every day from first to last.

    Returns:
        Indexed by date: state; inconsistent, restated, quarantined and newly_registered (a unit of its stacks became
        known as wind only afterwards; bool); of complete days, whether rows_differ from the ledger in number, and
        whether summary_differs or bitcoin_differs from what it is made of; fetched_at, vintage; the counts of
        curtailment records and of expected, actual, missing, orphan and stale calculations; and of healing: attempts,
        next_attempt_at, quarantined_at, last_error.
    """
    stored = read_frame(connection, _query(first, last, models)).set_index("day")
    every = pd.Index([first + timedelta(days=offset) for offset in range((last - first).days + 1)], name="day")
    days = stored.reindex(every)
    counted = count_rows(connection, *counted_days(first, last), models)
    days["counted_rows"] = counted["stored"]
    days["rows_differ"] = counted["stored"] != counted["noted"]
    states = pd.DataFrame(index=every)
    states["state"] = _state(days)
    for name in COUNTS:
        states[name] = days[name].fillna(0).astype("int64")
        if name in counted:
            states[name] = counted[name].reindex(every).fillna(states[name]).astype("int64")
    states["stale"] = states["stale"].clip(upper=states["actual"])
    # The control tables know what was written; a verification that found more wrong knows better.
    for name, present in (("missing", -1), ("orphan", 1), ("stale", 0)):
        worse = (days[f"found_{name}"].fillna(0).astype("int64") - states[name]).clip(lower=0)
        states[name] += worse
        states["actual"] += present * worse
    adds_up = _true(days["summary_adds_up"]) & _true(days["bitcoin_adds_up"])
    complete = states["state"].isin(COMPLETE)
    states["rows_differ"] = complete & _true(days["rows_differ"])
    for name in ("summary", "bitcoin"):
        states[f"{name}_differs"] = complete & ~_true(days[f"{name}_adds_up"])
    disagrees = states[["missing", "orphan", "stale"]].sum(axis=1).gt(0) | ~adds_up | _true(days["found_inconsistent"])
    states["inconsistent"] = (complete & (disagrees | _true(days["newly_registered"]))) | (
        ~complete & (_true(days["has_derived"]) | states["actual"].gt(0))
    )
    states["newly_registered"] = _true(days["newly_registered"])
    states["restated"] = _true(days["restated"])
    states["quarantined"] = days["quarantined_at"].notna()
    states["attempts"] = days["attempts"].fillna(0).astype("int64")
    for name in ("fetched_at", "vintage", "next_attempt_at", "quarantined_at", "last_error"):
        states[name] = days[name]
    return states


def _true(flags: "pd.Series[bool]") -> "pd.Series[bool]":
    return flags.fillna(False).astype(bool)


def _state(days: pd.DataFrame) -> "np.ndarray[tuple[int], np.dtype[np.object_]]":
    ledger_rows = days["ledger_rows"].fillna(0)
    complete = days["periods"].notna() & is_complete(ledger_rows, days["periods"].fillna(0))
    final = complete & are_final(days["fetched_at"])
    some = days["periods"].notna() | (ledger_rows > 0) | (days["counted_rows"] > 0)
    return np.select(
        [complete & (_true(days["found_damaged"]) | _true(days["rows_differ"])), final, complete, some],
        [DAMAGED, FINAL, PROVISIONAL, PARTIAL],
        MISSING,
    )


def _query(first: date, last: date, models: Sequence[MinerModel]) -> Select[Any]:
    ledger = _ledger(first, last)
    calculated = _calculated(first, last, models)
    bitcoin = _bitcoin(first, last)
    found = _found(first, last)
    newly_registered = _newly_registered(first, last)
    restated = _dates(restatements.c.settlement_date, first, last).distinct().subquery()
    days, summary, healing = settlement_days.c, daily_summaries.c, healing_attempts.c
    known = union(
        select(ledger.c.day),
        _dates(calculation_days.c.settlement_date, first, last),
        _dates(bitcoin_daily_summaries.c.summary_date, first, last),
        _dates(days.settlement_date, first, last),
        _dates(summary.summary_date, first, last),
        _dates(healing.settlement_date, first, last),
    ).subquery()
    day = known.c.day
    expected = func.coalesce(days.farm_periods, 0) * len(models)
    summary_adds_up = and_(*(_close(summary[name], days[name]) for name in TOTALS))
    bitcoin_adds_up = and_(
        func.coalesce(calculated.c.in_line, 0) == len(models),
        func.coalesce(bitcoin.c.rows, 0) == len(models),
    )
    return select(
        day,
        days.periods,
        days.fetched_at,
        days.vintage,
        func.coalesce(ledger.c.rows, 0).label("ledger_rows"),
        func.coalesce(days.curtailment_records, 0).label("records"),
        expected.label("expected"),
        func.coalesce(calculated.c.actual, 0).label("actual"),
        (expected - func.coalesce(calculated.c.found, 0)).label("missing"),
        func.coalesce(calculated.c.orphan, 0).label("orphan"),
        func.coalesce(calculated.c.stale, 0).label("stale"),
        summary_adds_up.label("summary_adds_up"),
        bitcoin_adds_up.label("bitcoin_adds_up"),
        or_(summary.summary_date.is_not(None), bitcoin.c.day.is_not(None), calculated.c.actual > 0).label(
            "has_derived"
        ),
        restated.c.day.is_not(None).label("restated"),
        (found.c.damaged > 0).label("found_damaged"),
        (found.c.inconsistent > 0).label("found_inconsistent"),
        found.c.missing.label("found_missing"),
        found.c.orphan.label("found_orphan"),
        (newly_registered.c.units > 0).label("newly_registered"),
        found.c.stale.label("found_stale"),
        healing.attempts,
        healing.next_attempt_at,
        healing.quarantined_at,
        healing.last_error,
    ).select_from(
        known.outerjoin(settlement_days, days.settlement_date == day)
        .outerjoin(daily_summaries, summary.summary_date == day)
        .outerjoin(ledger, ledger.c.day == day)
        .outerjoin(calculated, calculated.c.day == day)
        .outerjoin(bitcoin, bitcoin.c.day == day)
        .outerjoin(restated, restated.c.day == day)
        .outerjoin(found, found.c.day == day)
        .outerjoin(newly_registered, newly_registered.c.day == day)
        .outerjoin(healing_attempts, healing.settlement_date == day)
    )


def _dates(column: ColumnElement[date], first: date, last: date) -> Select[Any]:
    return select(column.label("day")).where(column.between(first, last))


def _ledger(first: date, last: date) -> CTE:
    """Count the ledger's rows by day, once for both uses: it is the largest table of them."""
    day = settlement_ledger.c.settlement_date
    return _dates(day, first, last).add_columns(func.count().label("rows")).group_by(day).cte("ledger")


def _bitcoin(first: date, last: date) -> Subquery:
    day = bitcoin_daily_summaries.c.summary_date
    return _dates(day, first, last).add_columns(func.count().label("rows")).group_by(day).subquery()


def _newly_registered(first: date, last: date) -> Subquery:
    """Count by day the units of its stacks that became known as wind only afterwards: it has to be refetched."""
    unknown, units = unknown_wind_units.c, wind_bm_units.c
    return (
        _dates(unknown.settlement_date, first, last)
        .add_columns(func.count().label("units"))
        .select_from(
            unknown_wind_units.join(wind_bm_units, and_(units.bm_unit_id == unknown.bm_unit_id, units.is_current))
        )
        .group_by(unknown.settlement_date)
        .subquery()
    )


def _found(first: date, last: date) -> Subquery:
    """Count by day the findings of the last verification that say that it is damaged or inconsistent."""
    findings = integrity_findings.c
    return (
        _dates(findings.settlement_date, first, last)
        .add_columns(
            func.sum(case((findings.effect == "damaged", 1), else_=0)).label("damaged"),
            func.sum(case((findings.effect == "inconsistent", 1), else_=0)).label("inconsistent"),
            func.sum(findings.missing).label("missing"),
            func.sum(findings.orphan).label("orphan"),
            func.sum(findings.stale).label("stale"),
        )
        .group_by(findings.settlement_date)
        .subquery()
    )


def _calculated(first: date, last: date, models: Sequence[MinerModel]) -> Subquery:
    """Count by day the calculations found, orphan and stale, and the models that fit its records and summary."""
    notes, days, summary = calculation_days.c, settlement_days.c, bitcoin_daily_summaries.c
    wanted = func.coalesce(days.farm_periods, 0)
    fitting = case((notes.calculations < wanted, notes.calculations), else_=wanted)
    is_known = notes.miner_model.in_([model.name for model in models])
    is_current = and_(
        notes.records_hash == days.content_hash,
        or_(
            *(
                and_(
                    notes.miner_model == model.name,
                    notes.hashrate_th == model.hashrate_th,
                    notes.power_w == model.power_w,
                )
                for model in models
            )
        ),
    )
    is_in_line = and_(is_current, *(_close(summary[name], notes[name]) for name in BITCOIN_FIGURES))
    return (
        _dates(notes.settlement_date, first, last)
        .add_columns(
            func.sum(notes.calculations).label("actual"),
            func.sum(case((is_known, fitting), else_=0)).label("found"),
            func.sum(notes.calculations - case((is_known, fitting), else_=0)).label("orphan"),
            func.sum(case((and_(is_known, ~func.coalesce(is_current, False)), fitting), else_=0)).label("stale"),
            func.sum(case((is_in_line, 1), else_=0)).label("in_line"),
        )
        .select_from(
            calculation_days.outerjoin(settlement_days, days.settlement_date == notes.settlement_date).outerjoin(
                bitcoin_daily_summaries,
                and_(summary.summary_date == notes.settlement_date, summary.miner_model == notes.miner_model),
            )
        )
        .group_by(notes.settlement_date)
        .subquery()
    )


def _close(left: ColumnElement[float], right: ColumnElement[float]) -> ColumnElement[bool]:
    return func.abs(left - right) <= RELATIVE_TOLERANCE * (1 + func.abs(right))
