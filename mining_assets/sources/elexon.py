"""The client of Elexon's Insights API: settlement stacks, reports of whole days, wind generation, the unit register.

How their bodies are read belongs in ``elexon_schema``.

The addresses are those of Elexon's OpenAPI description (Insights Solution, no key needed).
"""

import asyncio
from dataclasses import dataclass
from datetime import date, datetime

from mining_assets.domain.live_sources import LIVE_ELEXON
from mining_assets.domain.settlement import SIDES, Side, periods_in
from mining_assets.domain.wind_units import WIND_FUEL_TYPE
from mining_assets.sources.client import SourceClient
from mining_assets.sources.elexon_rows import StackRow
from mining_assets.sources.elexon_schema import (
    AcceptedVolume,
    BmUnit,
    Cashflow,
    WindGeneration,
    cashflows_parser,
    count_stack_rows,
    generation_parser,
    parse_bm_units,
    stack_parser,
    volumes_parser,
)
from mining_assets.sources.http import Answer


@dataclass(frozen=True)
class StackAnswer:
    """The whole stack of one period and side, over all units. No rows may also mean: not published.

    Attributes:
        day: the settlement day.
        period: the settlement period.
        side: bid or offer.
        rows: as answered, in that order.
        fetched_at: UTC instant at which the request was sent.
        url: the address asked, without credentials.
        attempts: how many requests it took.
    """

    day: date
    period: int
    side: Side
    rows: tuple[StackRow, ...]
    fetched_at: datetime
    url: str
    attempts: int


class ElexonClient(SourceClient):
    """Client of Elexon's Insights API."""

    base_url = LIVE_ELEXON
    address_setting = "MINING_ASSETS_ELEXON_URL"

    async def stack(self, day: date, period: int, side: Side) -> StackAnswer:
        """Fetch the settlement stack (ISPSTACK) of one period and side.

        Refused: rows of another day or period, a start that is not the period's, a sequence number that
        occurs twice, bids above or offers below 0 MWh, ids that are empty or above 32 characters, and values
        not of their type. The message names row, field, value and address.

        Raises:
            ValueError: the day has no such period.
        """
        parse = stack_parser(day, period, side)
        answer = await self._http.get(f"balancing/settlement/stack/all/{side}/{day}/{period}", parse)
        return StackAnswer(day, period, side, answer.value, answer.fetched_at, answer.url, answer.attempts)

    async def day_stacks(self, day: date) -> dict[tuple[int, Side], StackAnswer]:
        """Fetch the stacks of all 46, 48 or 50 periods and both sides, keyed by both, in order.

        All or nothing: the first failure stops the other requests and is raised as itself.
        """
        try:
            async with asyncio.TaskGroup() as group:
                tasks = {
                    (period, side): group.create_task(self.stack(day, period, side))
                    for period in range(1, periods_in(day) + 1)
                    for side in SIDES
                }
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from None
        return {key: task.result() for key, task in tasks.items()}

    async def rows_of_period(self, day: date, period: int, side: Side) -> Answer[int]:
        """Count the rows of the stack under any number of a period, also one that the day does not have."""
        return await self._http.get(f"balancing/settlement/stack/all/{side}/{day}/{period}", count_stack_rows)

    async def accepted_volumes(self, day: date, side: Side) -> tuple[AcceptedVolume, ...]:
        """Fetch the accepted volumes (DISPTAV, type Original) of a day, per unit and period, in MWh."""
        path = f"balancing/settlement/indicative/volumes/all/{side}/{day}"
        return (await self._http.get(path, volumes_parser(day))).value

    async def cashflows(self, day: date, side: Side) -> tuple[Cashflow, ...]:
        """Fetch the cashflows (EBOCF) of a day, per unit and period, in £; positive = paid to the unit."""
        path = f"balancing/settlement/indicative/cashflows/all/{side}/{day}"
        return (await self._http.get(path, cashflows_parser(day))).value

    async def wind_generation(self, first: date, last: date) -> Answer[tuple[WindGeneration, ...]]:
        """Fetch the generation of wind (FUELHH), in MW per half hour, of the days from first to last, both included.

        Half hours that are missing, repeated or below 0 are left to the caller: each spoils its own day only.
        """
        params = {"settlementDateFrom": str(first), "settlementDateTo": str(last), "fuelType": WIND_FUEL_TYPE}
        return await self._http.get("datasets/FUELHH/stream", generation_parser(first, last), params)

    async def bm_units(self) -> tuple[BmUnit, ...]:
        """Fetch the register of BM units as it is now, faults included; never empty."""
        return (await self._http.get("reference/bmunits/all", parse_bm_units)).value
