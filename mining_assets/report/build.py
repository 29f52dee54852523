"""Building the report on a range of days: one self-contained HTML file.

Reading its data is in ``warehouse``, what each section shows in ``contents``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from mining_assets.domain.finality import FINAL_FROM, FINAL_MEANS
from mining_assets.domain.mining import MinerModel
from mining_assets.domain.periods import DateRange, Month
from mining_assets.files import atomic_write
from mining_assets.reconciliation.findings import suspicions
from mining_assets.reconciliation.verify import Scope, verify_snapshot
from mining_assets.report.contents import contents
from mining_assets.report.frames import DAY_KINDS, Totals, farms_ranked, totals, units_ranked
from mining_assets.report.tables import number
from mining_assets.report.verdict import Verdict, open_ranges, verdict, verified_by_value
from mining_assets.warehouse.caveats import read_caveats
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.reporting import ReportData, read_report_data
from mining_assets.warehouse.status import Status

VERIFIED_HERE = 31
"""A report on at most this many days verifies them itself, on the snapshot that it is made from."""
_RANGES = 40


@dataclass(frozen=True)
class Report:
    """A report and the figures at its top.

    Attributes:
        farms: as from ``frames.farms_ranked``, all of them.
        units: as from ``frames.units_ranked``, all of them.
        open_ranges: days that are not final, as from ``verdict.open_ranges``.
        month: the month whose half hours are shown, as 2025-06; None when no day is complete.
        verified: which of its days were verified by value, and when, in words.
    """

    status: Status
    totals: Totals
    verdict: Verdict
    farms: pd.DataFrame
    units: pd.DataFrame
    open_ranges: list[tuple[str, int, str]]
    month: Month | None
    verified: str
    html: str

    def write(self, path: Path) -> None:
        """Write the page; an existing file is replaced once the new one is complete.

        Raises:
            OSError: it cannot be written.
        """
        with atomic_write(path) as file:
            file.write(self.html.encode())


def build_report(
    warehouse: Warehouse,
    first: date,
    last: date,
    models: Sequence[MinerModel],
    date_range: DateRange,
    *,
    now: datetime,
    month: Month | None = None,
) -> Report:
    """Build the report on the days from first to last from one snapshot of the warehouse.

    Args:
        warehouse: what is read; nothing is written.
        first: first settlement day.
        last: last settlement day, inclusive.
        models: the miner models in their order.
        date_range: first and last partition.
        now: when it is made; UTC.
        month: whose half hours to show; default: the last one with a complete day.
    """
    with warehouse.reading() as connection:
        report_data, judged, verified = judge(connection, first, last, month, models, date_range)
    made_from = warehouse.url.render_as_string(hide_password=True)
    sums, ranges = totals(report_data), open_ranges(report_data)
    page = _page(report_data, sums, judged, ranges, models, verified, made_from, now)
    ranked = (farms_ranked(report_data.units), units_ranked(report_data.units))
    return Report(report_data.status, sums, judged, *ranked, ranges, report_data.month, verified, page)


def judge(
    connection: Connection,
    first: date,
    last: date,
    month: Month | None,
    models: Sequence[MinerModel],
    date_range: DateRange,
) -> tuple[ReportData, Verdict, str]:
    """Read the data of a report from first to last and judge it; at most ``VERIFIED_HERE`` days are verified for that.

    Returns:
        The data, the verdict, and which days were verified by value, in words.
    """
    report_data = read_report_data(connection, first, last, month, models, date_range)
    days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
    verification = None
    if len(days) <= VERIFIED_HERE:
        verification = verify_snapshot(connection, days, Scope(tuple(models), date_range))
        seen = read_caveats(connection, first, last, report_data.status.units_not_kept, suspicions(verification))
        report_data = replace(report_data, status=replace(report_data.status, caveats=seen))
    return report_data, verdict(report_data, verification), verified_by_value(report_data.status, verification)


def _page(
    report_data: ReportData,
    sums: Totals,
    judged: Verdict,
    ranges: list[tuple[str, int, str]],
    models: Sequence[MinerModel],
    verified: str,
    made_from: str,
    now: datetime,
) -> str:
    environment = Environment(
        loader=PackageLoader("mining_assets.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = number
    return environment.get_template("page.html").render(
        status=report_data.status,
        totals=sums,
        verdict=judged,
        kinds=DAY_KINDS,
        open_ranges=ranges[-_RANGES:],
        left_out=max(0, len(ranges) - _RANGES),
        sections=list(contents(report_data)),
        models=models,
        final_from=FINAL_FROM,
        final_means=FINAL_MEANS,
        made_at=now,
        made_from=made_from,
        version=version("mining-assets"),
        verified=verified,
    )
