"""Results as tables, on standard output."""

from collections.abc import Iterator, Sequence
from datetime import date
from operator import attrgetter
from textwrap import fill

import click
import pandas as pd
from rich.console import Console
from rich.table import Table

from mining_assets.domain.day_state import TRUSTED
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.periods import Month, Period, Year
from mining_assets.domain.wording import count_of, format_days
from mining_assets.progress import DayReport, Figure
from mining_assets.warehouse.connection import Connection
from mining_assets.warehouse.names import (
    BITCOIN_DAILY_SUMMARIES,
    BITCOIN_MONTHLY_SUMMARIES,
    BITCOIN_YEARLY_SUMMARIES,
    DAILY_SUMMARIES,
    MONTHLY_SUMMARIES,
    YEARLY_SUMMARIES,
)
from mining_assets.warehouse.status import Status
from mining_assets.warehouse.summaries import summaries_between

_LISTED = 31
_REASON = 40  # columns
_RECORDS, _FIRST_OF_BITCOIN = 2, 5  # columns of the figures


def print_figures(connection: Connection, status: Status, models: Sequence[MinerModel]) -> None:
    """Print the days of a range with their figures (the newest of a long range), their total, and months and years."""
    names = [model.name for model in models]
    headings = ["", "", "records", "MWh", "£ paid", *(f"{name} BTC" for name in names)]
    expendable = [*range(len(headings) - 1, _FIRST_OF_BITCOIN, -1), _RECORDS, _FIRST_OF_BITCOIN]
    table = _Fitting(headings, [at for at in expendable if at < len(headings)])
    title, caption = f"{status.first} to {status.last}", ""
    daily, coins = _summaries(connection, DAILY_SUMMARIES, BITCOIN_DAILY_SUMMARIES, status.first, status.last)
    known = status.days.index[status.days["state"].isin(TRUSTED)]  # of a damaged day no figure can be trusted
    daily, coins = daily[daily.index.isin(known)], coins[coins.index.isin(known)]
    shown = status.days if len(status.days) <= _LISTED else status.days.tail(_LISTED)
    if len(shown) < len(status.days):
        caption = f"the last {_LISTED} of {count_of(len(status.days), 'day')}; the total is of all"
    for day, state in shown.iterrows():
        flag = " (inconsistent)" if state["inconsistent"] else ""
        table.add_row(str(day), f"{state['state']}{flag}", *_row(daily, coins, day, names))
    table.end_section()
    total = ("total", f"{len(daily)} of {count_of(len(status.days), 'day')}")
    mined = {name: int(coins[name].count()) for name in names if name in coins}
    fewer = [f"{name} BTC of {count_of(days, 'day')}" for name, days in mined.items() if days != len(daily)]
    caption = "; ".join(filter(None, (caption, f"in the total: {', '.join(fewer)}" if fewer else "")))
    summed = _figures(daily.sum(numeric_only=True)) if len(daily) else ["–"] * 3
    table.add_row(*total, *summed, *_bitcoin(coins.sum(), names))
    for above, bitcoin_above, level in (
        (MONTHLY_SUMMARIES, BITCOIN_MONTHLY_SUMMARIES, Month),
        (YEARLY_SUMMARIES, BITCOIN_YEARLY_SUMMARIES, Year),
    ):
        table.end_section()
        rows, coins = _summaries(connection, above, bitcoin_above, level.of(status.first), level.of(status.last))
        for span, row in rows.iterrows():
            complete = f"{row['days_complete']:.0f} of {count_of(int(row['days_expected']), 'day')}"
            table.add_row(str(span), complete, *_row(rows, coins, span, names))
    table.print(Console(highlight=False), title, caption)
    click.echo("MWh gross; £ positive = paid to the farms; BTC: subsidy only, full uptime.")
    if status.states["final"]:
        click.echo(fill(FINAL_MEANS, 80))


class _Fitting:
    """A table of figures that leaves out columns rather than break cells where a terminal is too narrow."""

    def __init__(self, headings: Sequence[str], expendable: Sequence[int]) -> None:
        """Begin with the headings, and the columns that may be left out, in this order."""
        self._headings, self._expendable = headings, expendable
        self._rows: list[tuple[str, ...]] = []
        self._sections: set[int] = set()

    def add_row(self, *cells: str) -> None:
        self._rows.append(cells)

    def end_section(self) -> None:
        self._sections.add(len(self._rows) - 1)

    def print(self, console: Console, title: str, caption: str) -> None:
        """Print it whole where nobody reads it on a terminal, else as much of it as fits."""
        kept = list(range(len(self._headings)))
        expendable = list(self._expendable)
        left_out = ""
        while True:
            table = self._table(kept, title, " · ".join(filter(None, (caption, left_out))))
            needed = console.measure(table, options=console.options.update(max_width=10_000)).maximum
            if needed <= console.width or not console.is_terminal or not expendable:
                break
            kept.remove(expendable.pop(0))
            names = [heading for at, heading in enumerate(self._headings) if at not in kept]
            left_out = f"not shown here: {', '.join(names)}"
        if not console.is_terminal:
            console.width = max(console.width, needed)
        console.print(table)

    def _table(self, kept: Sequence[int], title: str, caption: str) -> Table:
        table = Table(title=title, title_justify="left", caption=caption or None, caption_justify="left")
        for at in kept:
            heading = self._headings[at]
            table.add_column(heading, justify="right" if heading else "left", no_wrap=True)
        for number, cells in enumerate(self._rows):
            table.add_row(*(cells[at] for at in kept), end_section=number in self._sections)
        return table


def print_comparison(day: date, figures: Sequence[Figure]) -> None:
    """Print a table of a day before and after it was replaced."""
    table = _Fitting(["", "before", "after", "change"], expendable=[3])
    for figure in figures:
        change = figure.after - figure.before
        row = (f"{figure.before:,.8g}", f"{figure.after:,.8g}", f"{change:+,.8g}" if change else "none")
        table.add_row(figure.name, *row)
    table.print(Console(highlight=False), f"{day}, before and after", "")


def print_failures(failed: Sequence[DayReport], errors: Sequence[str]) -> None:
    """Print what did not work and why, on standard error."""
    if failed:
        console = Console(stderr=True, highlight=False)
        table = Table()
        table.add_column("days", overflow="fold")
        table.add_column("reason", overflow="fold", min_width=_REASON)
        for days, reasons in _by_reason(failed):
            table.add_row(format_days(days), "\n".join(reasons))
        click.echo("Days that are not complete; what was stored for them before is unchanged", err=True)
        console.print(table, markup=False)
    for error in errors:
        click.echo(f"mining-assets: {error}", err=True)


def _by_reason(failed: Sequence[DayReport]) -> Iterator[tuple[list[date], Sequence[str]]]:
    """Yield the days that failed for the same reasons, apart from the day that these name, with those of the first."""
    alike: dict[tuple[str, ...], list[DayReport]] = {}
    for report in sorted(failed, key=attrgetter("day")):
        key = tuple(reason.replace(str(report.day), "DAY") for reason in report.reasons)
        alike.setdefault(key, []).append(report)
    for reports in alike.values():
        yield [report.day for report in reports], reports[0].reasons


def _summaries(
    connection: Connection, table: str, bitcoin: str, first: Period, last: Period
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Curtailment by span, and Bitcoin by span with a column per model."""
    rows = summaries_between(connection, table, first, last)
    coins = summaries_between(connection, bitcoin, first, last)
    span = rows.columns[0]
    return rows.set_index(span), coins.pivot_table(index=span, columns="miner_model", values="bitcoin_mined")


def _row(rows: pd.DataFrame, coins: pd.DataFrame, span: object, models: Sequence[str]) -> list[str]:
    """Return the figures of a period as text; a dash stands for what is not known, never a zero."""
    figures = _figures(rows.loc[span]) if span in rows.index else ["–"] * 3
    return figures + (_bitcoin(coins.loc[span], models) if span in coins.index else ["–"] * len(models))


def _figures(row: "pd.Series[float]") -> list[str]:
    return [
        f"{int(row['curtailment_records']):,}",
        f"{row['total_curtailed_energy']:,.3f}",
        f"{row['total_payment']:,.2f}",
    ]


def _bitcoin(row: "pd.Series[float]", models: Sequence[str]) -> list[str]:
    return [f"{row[model]:,.8f}" if pd.notna(row.get(model)) else "–" for model in models]
