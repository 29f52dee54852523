"""A section of the report: its texts, charts, legend, table and CSV. How each is filled is in ``contents``."""

from dataclasses import dataclass

from mining_assets.report.charts import Drawing
from mining_assets.report.tables import Table


@dataclass(frozen=True)
class Swatch:
    """An entry of a legend: an area of a colour or pattern, or, with ``dash``, a line."""

    fill: str
    text: str
    dash: str | None = None


@dataclass(frozen=True)
class Chart:
    """A drawing with its title and its alternative text."""

    title: str
    drawing: Drawing
    alternative: str


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        name: its anchor in the page, and the name of its CSV file.
        lead: the sentence under its title.
        csv: a ``data:`` address.
        absent: shown instead of charts when there is nothing to draw.
    """

    name: str
    title: str
    lead: str
    table: Table
    csv: str
    charts: tuple[Chart, ...] = ()
    legend: tuple[Swatch, ...] = ()
    absent: str = ""
