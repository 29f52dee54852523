"""Results as tables, on standard output."""

from collections.abc import Sequence

import click
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection

from mining_assets.domain.mining import MinerModel
from mining_assets.progress import DayReport
from mining_assets.warehouse.schema import bitcoin_daily_summaries, daily_summaries
from mining_assets.warehouse.status import Status
from mining_assets.warehouse.summaries import summaries_between

_LISTED = 31


def print_figures(connection: Connection, status: Status, models: Sequence[MinerModel]) -> None:
    """The days of a range with their figures, the newest of a long range, and the totals of all."""
    daily = summaries_between(connection, daily_summaries, status.first, status.last).set_index("summary_date")
    bitcoin = summaries_between(connection, bitcoin_daily_summaries, status.first, status.last)
    mined = bitcoin.pivot_table(index="summary_date", columns="miner_model", values="bitcoin_mined", aggfunc="sum")
    table = Table(title=f"{status.first} to {status.last}", title_justify="left", caption_justify="left")
    for heading in ("day", "state", "records", "MWh", "£ paid", *(f"{model.name} BTC" for model in models)):
        table.add_column(heading, justify="left" if heading in ("day", "state") else "right", no_wrap=True)
    shown = status.days if len(status.days) <= _LISTED else status.days.tail(_LISTED)
    if len(shown) < len(status.days):
        table.caption = f"the last {_LISTED} of {len(status.days):,} days; the total is of all"
    for day, state in shown.iterrows():
        figures = daily.loc[day] if day in daily.index else None
        coins = [_coins(mined.get(model.name), day) for model in models]
        table.add_row(
            str(day),
            str(state["state"]) + (" (inconsistent)" if state["inconsistent"] else ""),
            *(["–"] * 3 if figures is None else _figures(figures)),
            *coins,
        )
    table.add_section()
    totals = [f"{mined[model.name].sum():,.8f}" if model.name in mined else "–" for model in models]
    table.add_row(f"{status.whole} of {len(status.days)} days", "", *_figures(daily.sum(numeric_only=True)), *totals)
    console = Console(highlight=False)
    console.width = max(console.width, 60 + 20 * len(models))
    console.print(table)
    click.echo("MWh gross; £ positive = paid to the farms; BTC from the block subsidy only, at full uptime.")


def print_failures(failed: Sequence[DayReport], errors: Sequence[str]) -> None:
    """What did not work and why, on standard error."""
    if failed:
        table = Table(title="Days that are not complete; what was stored for them before is unchanged")
        table.title_justify = "left"
        table.add_column("day", no_wrap=True)
        table.add_column("reason", overflow="fold")
        for report in failed:
            table.add_row(str(report.day), "\n".join(report.reasons))
        Console(stderr=True, highlight=False).print(table, markup=False)
    for error in errors:
        click.echo(f"mining-assets: {error}", err=True)


def _figures(row: object) -> list[str]:
    return [
        f"{int(row['curtailment_records']):,}",  # type: ignore[index]
        f"{row['total_curtailed_energy']:,.3f}",  # type: ignore[index]
        f"{row['total_payment']:,.2f}",  # type: ignore[index]
    ]


def _coins(column: object, day: object) -> str:
    if column is None or day not in column.index:  # type: ignore[attr-defined]
        return "–"
    return f"{column.loc[day]:,.8f}"  # type: ignore[attr-defined]
