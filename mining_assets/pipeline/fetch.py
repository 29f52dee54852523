"""Fetching a settlement day, completely or not at all.

An empty answer is not a zero. Unpublished periods, periods that do not exist and truly quiet sides all look the same,
so an empty side counts only when something else says so: rows on the other side and the day's accepted volumes.
"""

import asyncio
from collections import Counter
from collections.abc import Collection, Mapping
from datetime import date, datetime

import numpy as np
import pandas as pd

from mining_assets.domain.content_hash import EMPTY_HASH, content_hashes
from mining_assets.domain.curtailment import PRICE_LIMIT, RECORD_COLUMNS, payment
from mining_assets.domain.settlement import SIDES, Side, period_start, periods_in
from mining_assets.domain.wind_units import WindUnit, is_bm_unit, looks_like_wind
from mining_assets.domain.wording import count_of
from mining_assets.pipeline.oracle import compare_with_whole_day
from mining_assets.pipeline.repeats import Decided, decide_repeats
from mining_assets.sources.elexon import ElexonClient, StackAnswer
from mining_assets.sources.elexon_rows import StackRow
from mining_assets.sources.errors import SourceError, SourceRefused
from mining_assets.warehouse.days import LEDGER_COLUMNS, FetchedDay

Stacks = dict[tuple[int, Side], StackAnswer]


class DayIncomplete(Exception):
    """The source answered, but the day is not complete; nothing was stored."""


class NothingPublished(DayIncomplete):
    """No period of the day has any row on any side: the day is not published, or the source has lost its data."""


async def fetch_day(
    elexon: ElexonClient, day: date, units: Mapping[str, WindUnit], accept_empty: Collection[int] = ()
) -> FetchedDay:
    """Fetch both stacks of every period of a day and keep the wind rows.

    Args:
        elexon: asked for what is fetched.
        day: the settlement day.
        units: every wind unit known, by id.
        accept_empty: periods that a person knows to be truly empty on both sides.

    Raises:
        SourceError: a stack could not be had, or is refused.
        DayIncomplete: a period is empty on both sides, or on one and the day's volumes say otherwise.
    """
    stacks = await elexon.day_stacks(day)
    records, ledger, warnings = await certified(elexon, day, stacks, units, accept_empty)
    return FetchedDay(
        day=day,
        records=records,
        ledger=ledger,
        unknown_units=_unknown_units(day, stacks, units),
        origin=elexon.origin,
        oracle=await compare_with_whole_day(elexon, day, records, units),
        warnings=warnings,
    )


async def certified(
    elexon: ElexonClient,
    day: date,
    stacks: Stacks,
    units: Mapping[str, WindUnit],
    accept_empty: Collection[int] = (),
) -> tuple[pd.DataFrame, pd.DataFrame, tuple[str, ...]]:
    """Return the wind records of some stacks, their ledger rows, and warnings, once every empty side is confirmed.

    Rows that repeat an acceptance are left out where the day's volumes show that they do.

    Raises:
        SourceError, DayIncomplete: as for :func:`fetch_day`.
    """
    if not units:
        raise DayIncomplete("no wind unit is known: without a register every day would look quiet")
    await _ask_again(elexon, stacks)
    _refuse_unpublished(day, stacks, accept_empty)
    confirmed, warnings = await _confirm_empty_sides(elexon, day, stacks, accept_empty)
    records, decided, of_repeats = await decide_repeats(elexon, day, wind_records(stacks, units))
    return records, _ledger(stacks, records, confirmed, decided), warnings + of_repeats


async def _ask_again(elexon: ElexonClient, stacks: Stacks) -> None:
    """Ask once more for the empty side of each period whose other side has rows."""
    keys = [
        (period, side) for (period, side), answer in stacks.items() if not answer.rows and not _is_empty(stacks, period)
    ]
    answers = await asyncio.gather(*(elexon.stack(stacks[key].day, *key) for key in keys))
    stacks.update(zip(keys, answers, strict=True))


def _is_empty(stacks: Stacks, period: int) -> bool:
    return not any(stacks[period, side].rows for side in SIDES)


def _refuse_unpublished(day: date, stacks: Stacks, accept_empty: Collection[int]) -> None:
    empty = sorted({period for period, _ in stacks if _is_empty(stacks, period)} - set(accept_empty))
    if empty:
        which = f"period {empty[0]} is" if len(empty) == 1 else f"{len(empty)} periods are"
        listed = "" if len(empty) == 1 else f" ({', '.join(map(str, empty[:6]))}{', …' if len(empty) > 6 else ''})"
        failure = NothingPublished if len(empty) == periods_in(day) else DayIncomplete
        raise failure(f"{which} empty on both sides{listed}, which means not published: {stacks[empty[0], 'bid'].url}")


async def _confirm_empty_sides(
    elexon: ElexonClient, day: date, stacks: Stacks, accept_empty: Collection[int]
) -> tuple[dict[tuple[int, Side], str], tuple[str, ...]]:
    confirmed: dict[tuple[int, Side], str] = {}
    warnings: list[str] = []
    for side in SIDES:
        empty = [period for period, of in stacks if of == side and not stacks[period, of].rows]
        confirmed |= {(period, side): "operator" for period in empty if _is_empty(stacks, period)}
        quiet = [period for period in empty if (period, side) not in confirmed]
        if not quiet:
            continue
        try:
            volumes = await elexon.accepted_volumes(day, side)
            unconfirmed = None if volumes else "they are empty too"
        except SourceError as error:
            volumes, unconfirmed = (), str(error)
        if unconfirmed:
            warnings.append(
                f"{day} {side}: empty periods {quiet} taken as quiet without the day's volumes: {unconfirmed}"
            )
        accepted = Counter(row.settlement_period for row in volumes if row.volume != 0)
        for period in quiet:
            if accepted[period]:
                raise DayIncomplete(
                    f"period {period} {side} is empty, but {count_of(accepted[period], 'unit')} had accepted volume "
                    f"in it according to the day's volumes: {stacks[period, side].url}"
                )
            confirmed[period, side] = "volumes" if volumes else "unreachable"
    return confirmed, tuple(warnings)


def _vintages(stacks: Stacks) -> dict[tuple[int, Side], datetime | None]:
    """Return the newest calculation run that each stack names; None where none of its rows names one."""
    vintages = {}
    for key, answer in stacks.items():
        one_of_each = {row.created: row for row in answer.rows}.values()
        vintages[key] = max((at for row in one_of_each if (at := row.created_at)), default=None)
    return vintages


def wind_records(stacks: Stacks, units: Mapping[str, WindUnit]) -> pd.DataFrame:
    """Return the wind rows; one without the time of its calculation gets the newest run of its stack, or of the day.

    Raises:
        SourceRefused: a wind row has no price or an impossible one, or nothing says when it was calculated.
    """
    found: list[tuple[StackAnswer, StackRow, WindUnit, datetime | None]] = []
    vintages = _vintages(stacks)
    newest = max(filter(None, vintages.values()), default=None)
    for key, answer in stacks.items():
        for row in answer.rows:
            unit = units.get(row.bm_unit_id) if row.bm_unit_id else None
            if unit is None:
                continue
            vintage = row.created_at or vintages[key] or newest
            wrong = _unusable(row, vintage)
            if wrong:
                raise SourceRefused(
                    f"row {row.sequence_number}: {wrong}: {answer.day} period {answer.period} {answer.side}",
                    url=answer.url,
                    attempts=answer.attempts,
                )
            found.append((answer, row, unit, vintage))
    starts = {key: period_start(answer.day, answer.period) for key, answer in stacks.items()}
    values: dict[str, list[object]] = {
        "settlement_date": [answer.day for answer, *_ in found],
        "settlement_period": [answer.period for answer, *_ in found],
        "start_time": [starts[answer.period, answer.side] for answer, *_ in found],
        "side": [answer.side for answer, *_ in found],
        "farm_id": [row.bm_unit_id for _, row, *_ in found],
        "lead_party_name": [unit.lead_party_name for _, _, unit, _ in found],
        "vintage": [vintage for *_, vintage in found],
    }
    values |= {name: [getattr(row, name) for _, row, *_ in found] for name in _AS_ANSWERED}
    frame = pd.DataFrame({name: pd.Series(of, dtype=_RECORD_TYPES[name]) for name, of in values.items()})
    return frame.assign(payment=payment(frame["volume"], frame["original_price"]))[list(RECORD_COLUMNS)]


def _unusable(row: StackRow, vintage: datetime | None) -> str | None:
    """Return why a wind row cannot be stored; rows of other units are not looked at."""
    unit = f"on the wind unit {row.bm_unit_id}"
    if row.original_price is None:
        return f"originalPrice {unit} is null"
    if abs(row.original_price) > PRICE_LIMIT:
        return f"originalPrice {row.original_price} £/MWh {unit} is beyond ±{PRICE_LIMIT:,.0f}"
    if vintage is None:
        return f"createdDateTime {unit} is null, as on every other row of the day"
    return None


_AS_ANSWERED = (
    "sequence_number",
    "acceptance_id",
    "bid_offer_pair_id",
    "so_flag",
    "cadl_flag",
    "volume",
    "original_price",
    "final_price",
    "transmission_loss_multiplier",
)
_RECORD_TYPES = {
    "settlement_date": "object",
    "settlement_period": "int64",
    "start_time": "datetime64[us, UTC]",
    "side": "str",
    "sequence_number": "int64",
    "farm_id": "str",
    "lead_party_name": "str",
    "acceptance_id": "Int64",
    "bid_offer_pair_id": "Int64",
    "so_flag": "boolean",
    "cadl_flag": "boolean",
    "volume": "float64",
    "original_price": "float64",
    "final_price": "float64",
    "transmission_loss_multiplier": "float64",
    "vintage": "datetime64[us, UTC]",
}


def _ledger(
    stacks: Stacks, records: pd.DataFrame, confirmed: Mapping[tuple[int, Side], str], decided: Decided
) -> pd.DataFrame:
    hashes, vintages = content_hashes(records), _vintages(stacks)
    volumes = records.groupby(["settlement_period", "side"])["volume"]
    counts, sums = volumes.size().to_dict(), volumes.sum().to_dict()
    rows = [
        {
            "settlement_date": answer.day,
            "settlement_period": period,
            "side": side,
            "fetched_at": answer.fetched_at,
            "vintage": vintages[period, side],
            "raw_rows": len(answer.rows),
            "wind_rows": int(counts.get((period, side), 0)),
            "wind_mwh": float(sums.get((period, side), 0.0)),
            "content_hash": hashes.get((answer.day, period, side), EMPTY_HASH),
            "confirmed_by": confirmed.get((period, side), "rows"),
            "repeats_confirmed": decided.get((period, side)),
            "archive_object": None,
        }
        for (period, side), answer in stacks.items()
    ]
    return pd.DataFrame(rows, columns=list(LEDGER_COLUMNS))


def _unknown_units(day: date, stacks: Stacks, units: Mapping[str, WindUnit]) -> pd.DataFrame:
    """List every unit with accepted bids that is not known as wind, whatever the register says of it now.

    A fuel type that is corrected later then tells which days to fetch again. Of units with offers only those are
    listed whose id looks like wind.
    """
    answered = {row.bm_unit_id for answer in stacks.values() for row in answer.rows}
    others = sorted(unit for unit in answered if unit and unit not in units and is_bm_unit(unit))
    number = {unit: place for place, unit in enumerate(others)}
    numbers: list[int] = []
    energies: list[float] = []  # no tuples of both: the garbage collector would go through each of them
    for (_, side), answer in stacks.items():
        mine = [row for row in answer.rows if row.bm_unit_id in number]
        numbers += [number[row.bm_unit_id] for row in mine if row.bm_unit_id]
        energies += [row.volume for row in mine] if side == "bid" else [0.0] * len(mine)
    groups = pd.Series(energies, dtype=float).groupby(np.array(numbers, dtype=np.intp))
    found = pd.DataFrame({"bm_unit_id": others, "rows": groups.size(), "bid_mwh": groups.sum()})
    found = found.astype({"bm_unit_id": "str", "rows": "int64"})
    kept = (found["bid_mwh"] < 0) | found["bm_unit_id"].map(looks_like_wind).astype(bool)
    return found[kept].reset_index(drop=True).assign(settlement_date=day)
