"""What a command would do: shown before it is done, or instead."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from itertools import groupby
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.table import Table

from mining_assets.domain.daily_series import nouns
from mining_assets.domain.fetch_estimate import FetchEstimate, estimate_fetch
from mining_assets.domain.periods import Month, Period, Year, comes_after, in_order
from mining_assets.reconciliation.plan import days_to_fetch
from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.days import untampered_days

if TYPE_CHECKING:
    from mining_assets.cli.runs import Batch

FETCH = "fetch, calculate, summarize"
DERIVE = "calculate and summarize"
REPLAY = "replay from the archive, calculate, summarize"
KEEP = "keep (whole already), calculate and summarize"
FETCH_SERIES = f"fetch {nouns()}"
SUM_UP = "sum up"


@dataclass(frozen=True)
class Step:
    """A thing to do.

    Attributes:
        first: its first day, or a month or a year.
        days: how many days it covers; 0 for months and years.
    """

    action: str
    first: Period
    last: Period
    days: int = 0

    @property
    def fetched(self) -> list[date]:
        """The days that it fetches."""
        if self.action != FETCH or not isinstance(self.first, date):
            return []
        return [self.first + timedelta(days=offset) for offset in range(self.days)]

    def __str__(self) -> str:
        return str(self.first) if self.first == self.last else f"{self.first} to {self.last}"


def steps_of(warehouse: Warehouse | None, batches: "Iterable[Batch]", spans: Sequence[Month | Year] = ()) -> list[Step]:
    """Return the steps of batches, complete days apart from those that are fetched, then months and years.

    Args:
        batches: what the daily chain is to do.
        spans: months and years to sum up besides those of the days.
        warehouse: None where there is none yet, and so no day is whole.
    """
    steps = []
    for batch in batches:
        fetched: set[date] = set()
        if batch.series_only:
            steps.append(Step(FETCH_SERIES, batch.days[0], batch.days[-1], len(batch.days)))
            continue
        if batch.config.get("replay"):
            steps.append(Step(REPLAY, batch.days[0], batch.days[-1], len(batch.days)))
            continue
        if not batch.derive_only:
            fetched = days_to_fetch(
                batch.days, _untampered(warehouse, batch.days), refetch=bool(batch.config.get("refetch"))
            )
        for is_fetched, group in groupby(batch.days, key=fetched.__contains__):
            days = list(group)
            action = DERIVE if batch.derive_only else FETCH if is_fetched else KEEP
            steps.append(Step(action, days[0], days[-1], len(days)))
    return steps + [Step(SUM_UP, span, span) for span in sorted(set(spans), key=in_order)]


def _untampered(warehouse: Warehouse | None, days: Sequence[date]) -> set[date]:
    if warehouse is None:
        return set()
    with warehouse.reading() as connection:
        return set(untampered_days(connection, days).hashes)


def cost_of(steps: Iterable[Step], settings: Settings) -> FetchEstimate:
    """Estimate what the steps fetch, at the pace of the settings."""
    return estimate_fetch((day for step in steps for day in step.fetched), settings.requests_per_second)


def print_estimate(cost: FetchEstimate, requests_per_second: float) -> None:
    """Tell on standard error what is about to be fetched, when that takes more than a moment."""
    if cost.takes_long:
        click.echo(cost.at_pace(requests_per_second), err=True)


def joined(steps: Sequence[Step]) -> list[Step]:
    """Put steps together that do the same to days, months or years that follow one another."""
    rows: list[Step] = []
    for step in steps:
        for at, row in enumerate(rows):
            if row.action == step.action and comes_after(step.first, row.last):
                rows[at] = replace(row, last=step.last, days=row.days + step.days)
                break
        else:
            rows.append(step)
    return rows


def show_plan(
    command: str, steps: Sequence[Step], cost: FetchEstimate, *, as_json: bool, code: int = 0, to_stderr: bool = False
) -> int:
    """Print a plan; return the exit code given.

    Args:
        command: the command line.
        steps: what would be done, in order.
        as_json: for machines.
        code: the exit code to return.
        cost: of what it fetches.
        to_stderr: on standard error, before the work begins.
    """
    if as_json:
        plan = [
            {"action": step.action, "from": str(step.first), "to": str(step.last), "days": step.days} for step in steps
        ]
        document = {"command": command, "exit_code": code, "plan": plan, "cost": asdict(cost)}
        click.echo(json.dumps(document, indent=2))
        return code
    table = Table(title=f"{command} {'will' if to_stderr else 'would'}", title_justify="left")
    for heading in ("what", "when", "days"):
        table.add_column(heading, justify="right" if heading == "days" else "left", no_wrap=heading != "what")
    for step in joined(steps):
        table.add_row(step.action, str(step), f"{step.days:,}" if step.days else "")
    Console(stderr=to_stderr, highlight=False).print(table)
    if cost.requests and not to_stderr:
        click.echo(str(cost))
    return code
