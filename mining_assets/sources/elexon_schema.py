"""The rows of Elexon's answers, and the parsers that check bodies and turn them into these rows.

Only the fields that are used are named here; others are ignored. A named field that is absent is an error, so
that a change of the API cannot pass as an empty column.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from math import isfinite
from typing import Annotated, NamedTuple, NotRequired

from msgspec import Struct
from pydantic import FailFast, Field, TypeAdapter, with_config
from typing_extensions import TypedDict  # pydantic wants this one below Python 3.12

from mining_assets.domain.settlement import Side, period_start, periods_in
from mining_assets.domain.wind_units import WIND_FUEL_TYPE
from mining_assets.domain.wording import count_of
from mining_assets.sources.elexon_rows import (
    CASHFLOWS,
    LONGEST_ID,
    STACK,
    VOLUMES,
    CashflowRow,
    StackRow,
    VolumeRow,
    decoded,
    without_negative_zeros,
)
from mining_assets.sources.errors import BrokenBodyError, ImpossibleValueError
from mining_assets.sources.json_body import STRICT, impossible, instants, shown, validated

_Id = Annotated[str, Field(min_length=1, max_length=LONGEST_ID, pattern=r"^[ -~]+$")]
_Integer = Annotated[int, Field(ge=-(2**31), lt=2**31)]
_LongInteger = Annotated[int, Field(ge=-(2**63), lt=2**63)]


class AcceptedVolume(Struct, frozen=True, gc=False):
    """A unit's accepted volume in one period, from the whole-day report (DISPTAV, type Original).

    Attributes:
        bm_unit_id: Elexon's id.
        settlement_period: 1 to 46, 48 or 50.
        volume: MWh in the half hour; bids negative.
    """

    bm_unit_id: str | None
    settlement_period: int
    volume: float


class Cashflow(Struct, frozen=True, gc=False):
    """A unit's cashflow in one period, from the whole-day report (EBOCF).

    Attributes:
        bm_unit_id: Elexon's id.
        settlement_period: 1 to 46, 48 or 50.
        cashflow: £, loss multiplier included; positive = paid to the unit.
    """

    bm_unit_id: str | None
    settlement_period: int
    cashflow: float


class WindGeneration(NamedTuple):
    """The mean power of all metered wind in one half hour (FUELHH, fuel type WIND).

    Attributes:
        settlement_date: the London day.
        settlement_period: as answered; whether the day has it is not looked at here.
        start_time: UTC start of the period, as answered.
        generation: MW; None where the source has none.
    """

    settlement_date: date
    settlement_period: int
    start_time: datetime
    generation: float | None


class BmUnit(NamedTuple):
    """One row of the register as it came: ids may be absent or occur twice, capacities may be absent or 0.

    Attributes:
        bm_unit_id: Elexon's id, as in the stacks.
        national_grid_id: the system operator's id.
        name: of the unit.
        fuel_type: WIND and others; not reliable in every month.
        unit_type: T (transmission), E (embedded), S, …
        lead_party_id: who answers for the unit.
        lead_party_name: the name of that party.
        generation_capacity: MW.
        demand_capacity: MW, at or below 0.
        transmission_loss_factor: of the zone.
        gsp_group_name: region, for units below the transmission grid.
    """

    bm_unit_id: str | None
    national_grid_id: str | None
    name: str | None
    fuel_type: str | None
    unit_type: str | None
    lead_party_id: str | None
    lead_party_name: str | None
    generation_capacity: float | None
    demand_capacity: float | None
    transmission_loss_factor: float | None
    gsp_group_name: str | None


@with_config(STRICT)
class _StackFields(TypedDict):
    settlementDate: str
    settlementPeriod: int
    startTime: str
    createdDateTime: str | None
    sequenceNumber: _Integer
    id: _Id | None
    acceptanceId: _LongInteger | None
    bidOfferPairId: _Integer | None
    soFlag: bool | None
    cadlFlag: bool | None
    originalPrice: float | None
    finalPrice: float | None
    volume: float
    transmissionLossMultiplier: NotRequired[float | None]


@with_config(STRICT)
class _Stack(TypedDict):
    data: Annotated[list[_StackFields], FailFast()]


@with_config(STRICT)
class _VolumeFields(TypedDict):
    dataType: str | None
    settlementDate: str
    settlementPeriod: int
    bmUnit: _Id | None
    totalVolumeAccepted: float | None


@with_config(STRICT)
class _Volumes(TypedDict):
    data: Annotated[list[_VolumeFields], FailFast()]


@with_config(STRICT)
class _CashflowFields(TypedDict):
    settlementDate: str
    settlementPeriod: int
    bmUnit: _Id | None
    totalCashflow: float


@with_config(STRICT)
class _Cashflows(TypedDict):
    data: Annotated[list[_CashflowFields], FailFast()]


@with_config(STRICT)
class _GenerationFields(TypedDict):
    settlementDate: str
    settlementPeriod: int
    startTime: str
    fuelType: str
    generation: float | None


@with_config(STRICT)
class _UnitFields(TypedDict, total=False):
    elexonBmUnit: str | None
    nationalGridBmUnit: str | None
    bmUnitName: str | None
    fuelType: str | None
    bmUnitType: str | None
    leadPartyId: str | None
    leadPartyName: str | None
    generationCapacity: str | float | None
    demandCapacity: str | float | None
    transmissionLossFactor: str | float | None
    gspGroupName: str | None


# Typed dictionaries, since they cost next to nothing beyond reading the JSON: a model per row took 1.4 times,
# a dataclass 1.8 times as long, and the rows are built below anyway, with the checks.
_STACK = TypeAdapter(_Stack)
_VOLUMES = TypeAdapter(_Volumes)
_CASHFLOWS = TypeAdapter(_Cashflows)
_GENERATION = TypeAdapter(Annotated[list[_GenerationFields], FailFast()])
_UNITS = TypeAdapter(Annotated[list[_UnitFields], FailFast()])


def stack_parser(day: date, period: int, side: Side) -> Callable[[bytes], tuple[StackRow, ...]]:
    """Return the parser for the stack of one period and side; it refuses other rows and signs against the side.

    Raises:
        ValueError: the day has no such period.
    """
    start = period_start(day, period)
    day_text = day.isoformat()

    def is_asked_for(rows: Sequence[StackRow], starts: Mapping[str, datetime]) -> bool:
        """Return whether every row is; checked in sets, since row by row takes longer than reading the JSON."""
        volumes = [row.volume for row in rows]
        return (
            {row.settlement_date for row in rows} <= {day_text}
            and {row.settlement_period for row in rows} <= {period}
            and all(each == start for each in starts.values())
            and len({row.sequence_number for row in rows}) == len(rows)
            and (max(volumes, default=0) <= 0 if side == "bid" else min(volumes, default=0) >= 0)
        )

    def first_wrong(rows: Sequence[StackRow], starts: Mapping[str, datetime]) -> ImpossibleValueError:
        seen: set[int] = set()
        for row in rows:
            sequence, volume = row.sequence_number, row.volume
            if row.settlement_date != day_text:
                return _wrong(sequence, "settlementDate", row.settlement_date, f"asked for {day_text}")
            if row.settlement_period != period:
                return _wrong(sequence, "settlementPeriod", row.settlement_period, f"asked for {period}")
            if starts[row.start] != start:
                return _wrong(sequence, "startTime", row.start, f"the period starts at {start}")
            if sequence in seen:
                return _wrong(sequence, "sequenceNumber", sequence, "occurs more than once")
            if volume > 0 if side == "bid" else volume < 0:
                return _wrong(sequence, "volume", volume, f"has the wrong sign for a {side}")
            seen.add(sequence)
        raise AssertionError("every row is as asked for")

    def parse(body: bytes) -> tuple[StackRow, ...]:
        rows = _stack_rows(body)
        instants({text for row in rows if (text := row.created)}, "createdDateTime")
        starts = instants({row.start for row in rows}, "startTime")
        if not is_asked_for(rows, starts):
            raise first_wrong(rows, starts)
        without_negative_zeros(rows)
        return tuple(rows)

    return parse


def count_stack_rows(body: bytes) -> int:
    """Count the rows of a stack, whichever period they are of."""
    return len(_stack_rows(body))


def _stack_rows(body: bytes) -> list[StackRow]:
    if (quickly := decoded(STACK, body)) is not None:
        return quickly.data
    return [
        StackRow(
            row["settlementDate"],
            row["settlementPeriod"],
            row["startTime"],
            row["createdDateTime"],
            row["sequenceNumber"],
            row["id"],
            row["acceptanceId"],
            row["bidOfferPairId"],
            row["soFlag"],
            row["cadlFlag"],
            row["originalPrice"],
            row["finalPrice"],
            row["volume"],
            row.get("transmissionLossMultiplier"),
        )
        for row in validated(_STACK, body, ("data",))["data"]
    ]


def _wrong(sequence: int, field: str, value: object, why: str) -> ImpossibleValueError:
    return ImpossibleValueError(f"row with sequence number {sequence}: {field} is {shown(value)}: {why}")


def volumes_parser(day: date) -> Callable[[bytes], tuple[AcceptedVolume, ...]]:
    """Return the parser for a day's accepted volumes; rows of other types repeat those of type Original."""

    def parse(body: bytes) -> tuple[AcceptedVolume, ...]:
        if (quickly := decoded(VOLUMES, body)) is not None:
            rows = quickly.data
        else:
            rows = [
                VolumeRow(
                    row["dataType"],
                    row["settlementDate"],
                    row["settlementPeriod"],
                    row["bmUnit"],
                    row["totalVolumeAccepted"],
                )
                for row in validated(_VOLUMES, body, ("data",))["data"]
            ]
        volumes: list[AcceptedVolume] = []
        periods, day_text = periods_in(day), day.isoformat()
        for index, row in enumerate(rows):
            if row.dataType != "Original":
                continue
            if row.settlementDate != day_text or not 1 <= row.settlementPeriod <= periods:
                raise _impossible_report_row(index, row, day)
            volume = row.totalVolumeAccepted
            if volume is None:
                raise impossible(index, "totalVolumeAccepted", None)
            volumes.append(AcceptedVolume(row.bmUnit, row.settlementPeriod, volume + 0.0))
        return tuple(volumes)

    return parse


def cashflows_parser(day: date) -> Callable[[bytes], tuple[Cashflow, ...]]:
    """Return the parser for a day's cashflows."""

    def parse(body: bytes) -> tuple[Cashflow, ...]:
        if (quickly := decoded(CASHFLOWS, body)) is not None:
            rows = quickly.data
        else:
            rows = [
                CashflowRow(row["settlementDate"], row["settlementPeriod"], row["bmUnit"], row["totalCashflow"])
                for row in validated(_CASHFLOWS, body, ("data",))["data"]
            ]
        flows: list[Cashflow] = []
        periods, day_text = periods_in(day), day.isoformat()
        for index, row in enumerate(rows):
            if row.settlementDate != day_text or not 1 <= row.settlementPeriod <= periods:
                raise _impossible_report_row(index, row, day)
            flows.append(Cashflow(row.bmUnit, row.settlementPeriod, row.totalCashflow + 0.0))
        return tuple(flows)

    return parse


def _impossible_report_row(index: int, row: VolumeRow | CashflowRow, day: date) -> ImpossibleValueError:
    """Return the error of a row of a whole-day report: it is of another day, or of a period that the day lacks."""
    if row.settlementDate != day.isoformat():
        return impossible(index, "settlementDate", row.settlementDate, f"asked for {day}")
    return impossible(index, "settlementPeriod", row.settlementPeriod, f"{day} has {periods_in(day)}")


def generation_parser(first: date, last: date) -> Callable[[bytes], tuple[WindGeneration, ...]]:
    """Return the parser for the generation of some days; it ignores other fuels and refuses rows of other days."""

    def parse(body: bytes) -> tuple[WindGeneration, ...]:
        fields = validated(_GENERATION, body, ())
        starts = instants((row["startTime"] for row in fields), "startTime")
        dates = {str(first + timedelta(days=offset)) for offset in range((last - first).days + 1)}
        for index, row in enumerate(fields):
            if row["settlementDate"] not in dates:
                raise impossible(index, "settlementDate", row["settlementDate"], f"asked for {first} to {last}")
        return tuple(
            WindGeneration(
                date.fromisoformat(row["settlementDate"]),
                row["settlementPeriod"],
                starts[row["startTime"]],
                row["generation"],
            )
            for row in fields
            if row["fuelType"] == WIND_FUEL_TYPE
        )

    return parse


def parse_bm_units(body: bytes) -> tuple[BmUnit, ...]:
    """Parse the register with its faults: absent ids stay None, numbers that cannot be read become None."""
    units = tuple(
        BmUnit(
            bm_unit_id=row.get("elexonBmUnit") or None,
            national_grid_id=row.get("nationalGridBmUnit") or None,
            name=row.get("bmUnitName"),
            fuel_type=row.get("fuelType"),
            unit_type=row.get("bmUnitType"),
            lead_party_id=row.get("leadPartyId"),
            lead_party_name=row.get("leadPartyName"),
            generation_capacity=_number(row.get("generationCapacity")),
            demand_capacity=_number(row.get("demandCapacity")),
            transmission_loss_factor=_number(row.get("transmissionLossFactor")),
            gsp_group_name=row.get("gspGroupName"),
        )
        for row in validated(_UNITS, body, ())
    )
    if not units:
        raise BrokenBodyError("the register of BM units is empty")
    if not any(unit.bm_unit_id for unit in units):
        raise ImpossibleValueError(f"none of {count_of(len(units), 'row')} of the register has an elexonBmUnit")
    return units


def _number(value: str | float | None) -> float | None:
    if value is None:
        return None
    try:
        number = float(value)
    except ValueError:
        return None
    return number + 0.0 if isfinite(number) else None
