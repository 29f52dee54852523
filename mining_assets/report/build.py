"""The report on a range of days: one HTML file that needs nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from importlib.metadata import version
from pathlib import Path

import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined

from mining_assets.domain.mining import MinerModel
from mining_assets.files import written_whole
from mining_assets.report.figures import figures
from mining_assets.report.shaping import DAY_KINDS, Totals, farms_ranked, totals
from mining_assets.report.tables import number
from mining_assets.report.verdict import Verdict, open_ranges, verdict
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.reporting import Material, read_material
from mining_assets.warehouse.status import Bounds, Status

_RANGES = 40


@dataclass(frozen=True)
class Report:
    """A report, and what heads it.

    Attributes:
        farms: as from ``shaping.farms_ranked``, all of them.
        open_ranges: days that are not final, as from ``verdict.open_ranges``.
        month: whose half hours are shown.
    """

    status: Status
    totals: Totals
    verdict: Verdict
    farms: pd.DataFrame
    open_ranges: list[tuple[str, int, str]]
    month: str | None
    html: str

    def write(self, path: Path) -> None:
        """Write the page; a page that is there is replaced when the new one is whole.

        Raises:
            OSError: it cannot be written.
        """
        with written_whole(path) as file:
            file.write(self.html.encode())


def build_report(
    warehouse: Warehouse,
    first: date,
    last: date,
    models: Sequence[MinerModel],
    bounds: Bounds,
    *,
    now: datetime,
    month: str | None = None,
) -> Report:
    """The report from first to last, of one snapshot of the warehouse.

    Args:
        now: when it is made; UTC.
        month: whose half hours are shown, as 2025-06; the last with a whole day unless told.
    """
    with warehouse.reading() as connection:
        material = read_material(connection, first, last, month, models, bounds)
    made_from = warehouse.url.render_as_string(hide_password=True)
    judged, sums = verdict(material), totals(material)
    ranges = open_ranges(material)
    page = _page(material, sums, judged, ranges, models, made_from, now)
    return Report(material.status, sums, judged, farms_ranked(material.farms), ranges, material.month, page)


def _page(
    material: Material,
    sums: Totals,
    judged: Verdict,
    ranges: list[tuple[str, int, str]],
    models: Sequence[MinerModel],
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
        status=material.status,
        totals=sums,
        verdict=judged,
        kinds=DAY_KINDS,
        open_ranges=ranges[-_RANGES:],
        left_out=max(0, len(ranges) - _RANGES),
        figures=list(figures(material)),
        models=models,
        made_at=now,
        made_from=made_from,
        version=version("mining-assets"),
        scanned=max(material.status.scans.values(), default=None),
    )
