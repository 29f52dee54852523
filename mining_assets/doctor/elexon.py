"""What the code assumes of Elexon's Insights API, compared with its answers.

A settlement day that is long over is asked for, and of its stacks the period with most curtailed wind.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime, timedelta
from statistics import median

import pandas as pd

from mining_assets.doctor.examination import Examination, body_of, out_of_order, too_often_null, unknown_keys
from mining_assets.domain.curtailment import PRICE_LIMIT
from mining_assets.domain.settlement import Side, period_start, periods_in
from mining_assets.domain.valuation import complete_generation
from mining_assets.domain.wind_units import WIND_FUEL_TYPE, WindUnit, is_bm_unit, wind_among
from mining_assets.domain.wording import count_of
from mining_assets.pipeline.fetch import wind_records
from mining_assets.pipeline.oracle import beside_whole_day, difference
from mining_assets.sources.elexon import ElexonClient, StackAnswer
from mining_assets.sources.elexon_schema import AcceptedVolume, BmUnit, Cashflow, WindGeneration
from mining_assets.sources.errors import SourceRefused

REGISTER, GENERATION, AGREEMENT, NO_PERIOD = "register", "generation", "bids of a period", "stack, no such period"
VOLUMES: Mapping[Side, str] = {"bid": "volumes, bid", "offer": "volumes, offer"}
STACK: Mapping[Side, str] = {"bid": "stack, bid", "offer": "stack, offer"}
CASHFLOWS = "cashflows, bid"

OF_REGISTER = ("wind", "nulls", "units")
OF_DAY = ("rows", "nulls", "keys", "whole")
OF_VOLUMES = ("rows", "types", "nulls", "signs", "keys", "whole")
OF_STACK = ("rows", "order", "nulls", "units", "vintage", "whole")
OF_GENERATION = ("half hours", "units")

# The most that may be null, of all rows, of those of BM units and of wind. On real answers it is far less.
_REGISTER_NULLS = {"elexonBmUnit": 0.1, "nationalGridBmUnit": 0.1, "bmUnitType": 0.5, "leadPartyName": 0.5}
_STACK_NULLS = {"createdDateTime": 0.5, "id": 0.5}
_BM_UNIT_NULLS = {"acceptanceId": 0.05, "bidOfferPairId": 0.05, "originalPrice": 0.05, "soFlag": 0.5, "finalPrice": 0.5}
_WIND_NULLS = {"originalPrice": 0.0}  # with one, the day would be refused
_DAY_NULLS = {"bmUnit": 0.05}
_PERIODS_WITH_ROWS = 0.8
_USUAL_MW = (1.0, 2000.0)
_USUAL_POUNDS = 1000.0
_CAPACITY_FACTOR = 1.5  # of all units together; some registered capacities are too low
_NATIONAL_MW = (10.0, 40_000.0)
_LAST_PERIOD_NUMBER = 50
_NOON = 25


async def examine_elexon(client: ElexonClient, seen: Examination, day: date, now: datetime) -> None:
    """Ask every endpoint once or twice, and judge the answers.

    Args:
        client: open.
        seen: gets the lines.
        day: a settlement day that is long over.
        now: the present instant, in UTC.
    """
    register = await seen.ask(
        REGISTER, client.bm_units, lambda units: f"{len(units):,} BM units", OF_REGISTER, "a bare list of units"
    )
    if register:
        _judge_register(seen, register)
    volumes = {side: await _volumes(client, seen, day, side) for side in VOLUMES}
    cashflows = await seen.ask(
        CASHFLOWS, lambda: client.cashflows(day, "bid"), lambda rows: f"{count_of(len(rows), 'row')} of {day}", OF_DAY
    )
    if cashflows is not None:
        _judge_rows(seen, CASHFLOWS, day, [(row.bm_unit_id, row.settlement_period) for row in cashflows])
    wind = {unit.bm_unit_id: unit for unit in wind_among(register or (), ())}
    period = _most_curtailed(volumes["bid"] or (), wind)
    stacks = {side: await _stack(client, seen, day, period, side, volumes[side], wind, now) for side in STACK}
    await _no_such_period(client, seen, day)
    _judge_agreement(seen, stacks["bid"], volumes["bid"], cashflows, wind)
    generation = await seen.ask(
        GENERATION,
        lambda: client.wind_generation(day, day),
        lambda answer: f"{count_of(len(answer.value), 'half hour')} of {day}",
        OF_GENERATION,
    )
    if generation:
        _judge_generation(seen, day, generation.value)
    seen.judge_compression()


def _judge_register(seen: Examination, units: Collection[BmUnit]) -> None:
    wind = [unit for unit in units if unit.fuel_type == WIND_FUEL_TYPE and unit.bm_unit_id]
    assumed = f"wind is typed {WIND_FUEL_TYPE}"
    seen.judge(REGISTER, "wind", None if wind else f"none of {len(units):,} units is typed {WIND_FUEL_TYPE}", assumed)
    seen.judge(REGISTER, "nulls", too_often_null(body_of(seen.received[-1]), _REGISTER_NULLS), "ids are mostly there")
    known = [unit.generation_capacity for unit in units if unit.generation_capacity]
    low, high = _USUAL_MW
    middle = median(known) if known else 0.0
    problem = None if low <= middle <= high else f"the median of {len(known):,} capacities is {middle:,.3f}: no MW"
    seen.judge(REGISTER, "units", problem, "capacities are in MW")


async def _volumes(client: ElexonClient, seen: Examination, day: date, side: Side) -> tuple[AcceptedVolume, ...] | None:
    subject = VOLUMES[side]
    rows = await seen.ask(
        subject,
        lambda: client.accepted_volumes(day, side),
        lambda rows: f"{count_of(len(rows), 'row')} of {day}",
        OF_VOLUMES,
    )
    if rows is None:
        return None
    types = {row["dataType"] for row in body_of(seen.received[-1])["data"]}
    problem = None if not types or "Original" in types else f"no row is of the type Original, but {', '.join(types)}"
    seen.judge(subject, "types", problem, "rows of the type Original are the accepted volumes")
    wrong = [row for row in rows if (row.volume > 0 if side == "bid" else row.volume < 0)]
    problem = (
        f"{len(wrong)} of {len(rows):,} are not, first {wrong[0].bm_unit_id}: {wrong[0].volume}" if wrong else None
    )
    assumed = f"{side}s are at or {'below' if side == 'bid' else 'above'} 0 MWh"
    seen.judge(subject, "signs", problem, assumed)
    if types and "Original" not in types:
        seen.skip(subject, "rows", "nulls", "keys", "whole")
    else:
        _judge_rows(seen, subject, day, [(row.bm_unit_id, row.settlement_period) for row in rows])
    return rows or None


def _judge_rows(seen: Examination, subject: str, day: date, keys: list[tuple[str | None, int]]) -> None:
    """Judge the rows of a whole-day report by their units and periods."""
    seen.judge(subject, "rows", None if keys else f"there is none of {day}, which is long over", "a past day has rows")
    if not keys:
        seen.skip(subject, "nulls", "keys", "whole")
        return
    nulls = too_often_null([{"bmUnit": unit} for unit, _ in keys], _DAY_NULLS)
    seen.judge(subject, "nulls", nulls, "nearly every row has its unit")
    (key, times), *_ = Counter(key for key in keys if key[0]).most_common(1) or [(("", 0), 0)]
    problem = f"{key[0]} is there {times} times in period {key[1]}" if times > 1 else None
    seen.judge(subject, "keys", problem, "a unit has one row in a period")
    periods, count = len({period for _, period in keys}), periods_in(day)
    problem = unknown_keys(body_of(seen.received[-1]), {"data", "metadata"})
    if periods < _PERIODS_WITH_ROWS * count:
        problem = problem or f"only {periods} of {count_of(count, 'period')} have rows: is it one of several pages?"
    seen.judge(subject, "whole", problem, "one answer has the whole day, without pages")


def _most_curtailed(volumes: Iterable[AcceptedVolume], wind: Collection[str]) -> int:
    """Return the period in which wind was curtailed most; that of noon where nobody says so."""
    curtailed: defaultdict[int, float] = defaultdict(float)
    for row in volumes:
        if row.bm_unit_id in wind:
            curtailed[row.settlement_period] -= row.volume
    return max(curtailed, key=curtailed.__getitem__, default=_NOON)


async def _stack(
    client: ElexonClient,
    seen: Examination,
    day: date,
    period: int,
    side: Side,
    volumes: Iterable[AcceptedVolume] | None,
    wind: Mapping[str, WindUnit],
    now: datetime,
) -> StackAnswer | None:
    subject = STACK[side]
    answer = await seen.ask(
        subject,
        lambda: client.stack(day, period, side),
        lambda stack: f"{count_of(len(stack.rows), 'row')} of {day} period {period}",
        OF_STACK,
        "rows of the day and period that was asked for, bids never above and offers never below 0 MWh",
    )
    if answer is None:
        return None
    accepted = sum(row.settlement_period == period and row.volume != 0 for row in volumes or ())
    problem = f"there is none, but {count_of(accepted, 'unit')} had accepted volume in period {period}"
    seen.judge(subject, "rows", problem if accepted and not answer.rows else None, "a published period has rows")
    if not answer.rows:
        seen.skip(subject, *OF_STACK[1:])
        return answer
    body = body_of(seen.received[-1])
    order = out_of_order([row.sequence_number for row in answer.rows])
    seen.judge(subject, "order", order and f"sequenceNumber: {order}", "rows come in the order of the stack")
    of_units = [row for row in body["data"] if is_bm_unit(row["id"])]
    of_wind = [row for row in of_units if row["id"] in wind]
    nulls = too_often_null(body["data"], _STACK_NULLS) or too_often_null(of_units, _BM_UNIT_NULLS)
    nulls = nulls or too_often_null(of_wind, _WIND_NULLS)
    seen.judge(
        subject, "nulls", nulls, "nearly every row of a unit has acceptance, pair and price, and of wind each one"
    )
    seen.judge(subject, "units", _wrong_units(answer, wind), "volumes are MWh in the half hour, prices £/MWh")
    seen.judge(subject, "vintage", _wrong_vintage(answer, now), "createdDateTime is after the period's start, and past")
    seen.judge(subject, "whole", unknown_keys(body, {"data", "metadata"}), "one answer has the whole stack")
    return answer


def _wrong_units(answer: StackAnswer, wind: Mapping[str, WindUnit]) -> str | None:
    prices = [abs(row.original_price) for row in answer.rows if row.original_price is not None]
    if prices and median(prices) > _USUAL_POUNDS:
        return f"the median of {len(prices)} prices is ±{median(prices):,.2f}: no £/MWh"
    volumes: defaultdict[str, float] = defaultdict(float)
    for row in answer.rows:
        if row.bm_unit_id and row.bm_unit_id in wind:
            if row.original_price is not None and abs(row.original_price) > PRICE_LIMIT:
                return f"{row.bm_unit_id} has a price of {row.original_price:,.2f}, beyond ±{PRICE_LIMIT:,.0f}"
            volumes[row.bm_unit_id] += abs(row.volume)
    capacities = {unit: wind[unit].generation_capacity or 0.0 for unit in volumes}
    possible = sum(0.5 * capacity for capacity in capacities.values())
    energy = sum(volume for unit, volume in volumes.items() if capacities[unit])
    if energy > _CAPACITY_FACTOR * possible:
        return f"the wind units of the stack have {energy:,.3f} MWh, their capacities allow {possible:,.3f}"
    return None


def _wrong_vintage(answer: StackAnswer, now: datetime) -> str | None:
    start, latest = period_start(answer.day, answer.period), now + timedelta(hours=1)
    for row in answer.rows:
        if row.created_at is not None and not start <= row.created_at <= latest:
            return f"row {row.sequence_number} was calculated at {row.created_at:%Y-%m-%d %H:%M} UTC"
    return None


async def _no_such_period(client: ElexonClient, seen: Examination, day: date) -> None:
    """Ask for a period that the day does not have: the code takes no answer's emptiness for a zero because of it."""
    if periods_in(day) == _LAST_PERIOD_NUMBER:
        day -= timedelta(days=1)
    period = periods_in(day) + 1
    answer = await seen.ask(
        NO_PERIOD,
        lambda: client.rows_of_period(day, period, "bid"),
        lambda answer: f"{day} period {period} is answered",
        ("rows",),
    )
    if answer is not None:
        problem = f"{count_of(answer.value, 'row')} of {day} period {period}, of which there are {period - 1}"
        seen.judge(NO_PERIOD, "rows", problem if answer.value else None, "it answers like a quiet one, without rows")


def _judge_agreement(
    seen: Examination,
    stack: StackAnswer | None,
    volumes: Iterable[AcceptedVolume] | None,
    cashflows: Iterable[Cashflow] | None,
    wind: Mapping[str, WindUnit],
) -> None:
    """Compare the bids of the period with what was published of the day: of wind, or of all where it had no bid."""
    if stack is None or not stack.rows or not volumes or not cashflows:
        seen.skip(AGREEMENT, "agreement")
        return
    volumes = [row for row in volumes if row.settlement_period == stack.period]
    cashflows = [row for row in cashflows if row.settlement_period == stack.period]
    farms = dict(wind)
    if not farms.keys() & {*(row.bm_unit_id for row in stack.rows), *(row.bm_unit_id for row in volumes)}:
        farms = {row.bm_unit_id: WindUnit(row.bm_unit_id) for row in stack.rows if row.bm_unit_id}
    try:
        records = wind_records({(stack.period, "bid"): stack}, farms)
    except SourceRefused:  # for a price, of which the stack's own lines tell
        seen.skip(AGREEMENT, "agreement")
        return
    both = beside_whole_day(records, volumes, cashflows, farms)
    assumed = f"stack, volumes and cashflows agree on {count_of(len(both), 'unit')} of period {stack.period}"
    seen.judge(AGREEMENT, "agreement", difference(both), assumed, stack.url)


def _judge_generation(seen: Examination, day: date, rows: Iterable[WindGeneration]) -> None:
    columns = ["settlement_date", "settlement_period", "start_time", "generation"]
    _, reasons = complete_generation(pd.DataFrame(list(rows), columns=columns), [day])
    seen.judge(GENERATION, "half hours", reasons.get(day), "every half hour of the day once, by its start")
    known = [row.generation for row in rows if row.generation is not None]
    if not known:
        seen.skip(GENERATION, "units")
        return
    low, high = _NATIONAL_MW
    mean = sum(known) / len(known)
    problem = None if low <= mean <= high else f"the mean of {len(known)} half hours is {mean:,.1f}: no MW"
    seen.judge(GENERATION, "units", problem, "the wind of the country, in MW")
