"""What a figure of the report consists of."""

from dataclasses import dataclass

from mining_assets.report.charts import Drawing
from mining_assets.report.tables import Table


@dataclass(frozen=True)
class Swatch:
    """An entry of a legend: an area of a colour or pattern, or a line of it."""

    fill: str
    text: str
    dash: str | None = None


@dataclass(frozen=True)
class Chart:
    """A drawing, what it is called, and what it shows for those who do not see it."""

    title: str
    drawing: Drawing
    alternative: str


@dataclass(frozen=True)
class Section:
    """A section of the report.

    Attributes:
        name: of its place in the page and its CSV file.
        lead: what to know to read it.
        absent: said instead of charts, when there is nothing to draw.
    """

    name: str
    title: str
    lead: str
    table: Table
    csv: str
    charts: tuple[Chart, ...] = ()
    legend: tuple[Swatch, ...] = ()
    absent: str = ""
