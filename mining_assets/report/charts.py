"""Charts: Vega-Lite specifications, drawn to SVG without a browser.

Every chart is drawn twice, for a wide and for a narrow screen, and the page's style shows the one that fits. Colours
are CSS variables and patterns of the page, so that light, dark and print are a matter of style alone. What a mark
stands for is its ``title``, which browsers show under the pointer.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import pandas as pd
import vl_convert
from markupsafe import Markup

from mining_assets.domain.periods import Month
from mining_assets.report.frames import DAY_KINDS

Spec = dict[str, Any]
VEGA_LITE = "6.4"
SVG = "http://www.w3.org/2000/svg"

_DASHES = ([1, 0], [10, 3], [6, 3], [2, 3], [8, 3, 2, 3], [4, 4])
UNKNOWN = "url(#unknown)"
HEAT_STEPS = 6
_MANY_DECIMALS = re.compile(r"-?\d+\.\d{3,}")

_POUNDS = "(datum.value < 0 ? '−£' : '£') + format(abs(datum.value), '~s')"
_AXIS_FORMATS = {"£": _POUNDS, "MWh": "format(datum.value, '~s')", "BTC": "format(datum.value, '~g')"}


@dataclass(frozen=True)
class Screen:
    """What fits a screen: pixels of a plot, a calendar's cell and a name; month labels, and calendars side by side."""

    width: int
    cell: int
    labels: int
    calendars: int
    name_width: int


WIDE = Screen(width=790, cell=13, labels=12, calendars=2, name_width=250)
NARROW = Screen(width=262, cell=9, labels=4, calendars=1, name_width=170)
ROW = 13


@dataclass(frozen=True)
class Drawing:
    """A chart for a wide and for a narrow screen."""

    wide: Markup
    narrow: Markup


def draw(spec_for: Callable[[Screen], Spec]) -> Drawing:
    """Draw a chart for both screens."""
    return Drawing(_svg(spec_for(WIDE)), _svg(spec_for(NARROW)))


def colour_of(number: int) -> str:
    """Return the CSS colour of a series, counted from 1; after six they repeat, with other dashes."""
    return f"var(--series-{(number - 1) % 6 + 1})"


def dash_of(number: int) -> list[int]:
    """Return the dash pattern of a series, counted from 1."""
    return list(_DASHES[(number - 1) % len(_DASHES)])


def month_name(month: Month) -> str:
    """Format a month like 2025-06 for an axis: Jun 2025."""
    return f"{month.first:%b %Y}"


def month_bars(months: pd.DataFrame, figure: str, unit: str, colour: int) -> Callable[[Screen], Spec]:
    """Specify a bar per month; unknown months are hatched from top to bottom.

    Args:
        months: year_month, the figure (absent where unknown), complete (bool), label (the bar's tooltip).
        figure: name of the column that is drawn.
        unit: MWh, £ or % (of a share from 0 to 1).
        colour: number of the series' colour.
    """
    rows = _month_rows(months, [figure, "label"], months["complete"])

    def spec(screen: Screen) -> Spec:
        fill = {"condition": {"test": "datum.complete", "value": colour_of(colour)}, "value": f"url(#part-{colour})"}
        bars = {
            "mark": {"type": "bar", "width": {"band": 0.72}},
            "encoding": {
                "x": _month_axis(rows, screen),
                "y": {"field": figure, "type": "quantitative", "axis": _value_axis(unit)},
                "fill": fill,
                "description": {"field": "label"},
            },
        }
        return _plot(rows, screen, [_unknown_months(rows, screen, figure), bars], 170)

    return spec


def month_lines(months: pd.DataFrame, figure: str, unit: str, series: Mapping[str, int]) -> Callable[[Screen], Spec]:
    """Specify a line per series through its complete months; incomplete months are hollow points.

    Args:
        months: year_month, series, the figure (absent where unknown), complete (bool), label; a row per month and
            series.
        figure: name of the column that is drawn.
        unit: MWh, £ or BTC.
        series: numbers of the colours by name of the series, in the order of the legend.
    """
    rows = _month_rows(months, [figure, "label", "series"], months["complete"])
    names = list(series)
    colours = {"domain": names, "range": [colour_of(number) for number in series.values()]}
    dashes = {"domain": names, "range": [dash_of(number) for number in series.values()]}
    by_colour = {"field": "series", "type": "nominal", "scale": colours, "legend": None}

    def spec(screen: Screen) -> Spec:
        x, axis = _month_axis(rows, screen), _value_axis(unit)
        size = 34 if len(set(months["year_month"])) <= 3 * screen.labels else 9
        lines = {
            "mark": {"type": "line", "strokeWidth": 2},
            "transform": [{"calculate": f"datum.complete ? datum['{figure}'] : null", "as": "whole"}],
            "encoding": {
                "x": x,
                "y": {"field": "whole", "type": "quantitative", "axis": axis},
                "stroke": by_colour,
                "strokeDash": {"field": "series", "type": "nominal", "scale": dashes, "legend": None},
            },
        }
        points: Spec = {
            "mark": {"type": "point", "size": size, "opacity": 1, "strokeWidth": 1.5},
            "transform": [{"filter": f"isValid(datum['{figure}'])"}],
            "encoding": {
                "x": x,
                "y": {"field": figure, "type": "quantitative", "axis": axis},
                "stroke": by_colour,
                "fill": by_colour | {"condition": {"test": "!datum.complete", "value": "var(--page)"}},
                "description": {"field": "label"},
            },
        }
        return _plot(rows, screen, [_unknown_months(rows, screen, figure), lines, points], 220)

    return spec


def ranking(rows: pd.DataFrame, name: str, colour: int) -> Callable[[Screen], Spec]:
    """Specify a horizontal bar of MWh per row, in the given order; on wide screens with text beside it.

    Args:
        rows: the name, curtailed_energy (MWh), label (the tooltip), beside (the text).
        name: name of the column with the names of the bars.
        colour: number of the series' colour.
    """
    values = rows[[name, "curtailed_energy", "label", "beside"]].to_dict("records")
    order = [row[name] for row in values]

    def spec(screen: Screen) -> Spec:
        limit = min(screen.name_width, 10 * max(map(len, order)))
        axis = {"title": None, "labelLimit": limit, "domain": False, "ticks": False}
        x = {"field": "curtailed_energy", "type": "quantitative", "axis": _value_axis("MWh", screen)}
        common = {"y": {"field": name, "type": "nominal", "sort": order, "axis": axis}, "x": x}
        bars = {
            "mark": {"type": "bar", "height": {"band": 0.7}, "fill": colour_of(colour)},
            "encoding": common | {"description": {"field": "label"}},
        }
        beside = {
            "mark": {"type": "text", "align": "left", "dx": 5, "fill": "var(--muted)", "fontSize": 12, "aria": False},
            "encoding": common | {"text": {"field": "beside"}},
        }
        width = screen.width + 20 - limit - (160 if screen is WIDE else 0)
        layers = [bars, beside] if screen is WIDE else [bars]
        # The browser's letters may be wider than those that the names were measured with.
        padding = {"left": 14, "top": 2, "right": 2, "bottom": 2}
        content = {"data": {"values": values}, "padding": padding, "width": width, "height": {"step": 22}}
        return _spec(content | {"layer": layers})

    return spec


def calendar(kinds: "pd.Series[str]") -> Callable[[Screen], Spec]:
    """Specify a calendar: a cell per day, a row per month, a block per year, filled by the kind of the day.

    Args:
        kinds: keys of ``frames.DAY_KINDS``, by day.
    """
    rows = [
        {"year": f"{day:%Y}", "month": f"{day:%b}", "day": day.day, "kind": kind, "label": f"{day}: {DAY_KINDS[kind]}"}
        for day, kind in kinds.items()
    ]
    months = [f"{date(2000, month, 1):%b}" for month in range(1, 13)]

    def spec(screen: Screen) -> Spec:
        fills = {"domain": list(DAY_KINDS), "range": [f"url(#day-{kind})" for kind in DAY_KINDS]}
        bare: Spec = {"title": None, "domain": False, "ticks": False, "grid": False}
        cell = {
            "mark": {"type": "rect", "width": {"band": 0.86}, "height": {"band": 0.86}},
            "width": {"step": screen.cell},
            "height": {"step": ROW},
            "encoding": {
                "x": {
                    "field": "day",
                    "type": "ordinal",
                    "scale": {"domain": list(range(1, 32))},
                    "axis": bare | {"values": [1, 10, 20, 30], "labelAngle": 0},
                },
                "y": {"field": "month", "type": "ordinal", "sort": months, "axis": bare},
                "fill": {"field": "kind", "type": "nominal", "scale": fills, "legend": None},
                "stroke": {"condition": {"test": "datum.kind == 'quiet'", "value": "var(--final)"}, "value": None},
                "description": {"field": "label"},
            },
        }
        facet = {"field": "year", "type": "ordinal", "title": None, "header": {"labelAnchor": "start"}}
        independent = {"scale": {"y": "independent"}, "axis": {"x": "independent", "y": "independent"}}
        return _spec(
            {
                "data": {"values": rows},
                "facet": facet,
                "columns": screen.calendars,
                "spacing": {"row": 14, "column": 36},
                "resolve": independent,
                "spec": cell,
            }
        )

    return spec


def heat_bounds(energy: "pd.Series[float]") -> list[float]:
    """Return the upper bounds (MWh) of the ``HEAT_STEPS`` steps of a heat map: round figures that reach its maximum."""
    most = float(energy.max()) if energy.notna().any() else 0.0
    if most <= 0:
        return []
    raw = most / HEAT_STEPS
    magnitude = 10.0 ** (len(f"{raw:.0f}") - 1) if raw >= 1 else 0.01
    step = next(
        nice * magnitude for nice in (1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 20, 50, 100) if nice * magnitude >= raw
    )
    return [round(step * number, 6) for number in range(1, HEAT_STEPS + 1)]


def heat_map(grid: pd.DataFrame) -> Callable[[Screen], Spec]:
    """Specify a heat map: half hours down, days across, filled by energy; unknown half hours are hatched.

    Args:
        grid: as from ``frames.half_hour_grid``, without half hours that a day does not have.
    """
    date_range = heat_bounds(grid["curtailed_energy"])

    def fill(energy: float) -> str:
        if pd.isna(energy):
            return UNKNOWN
        return f"var(--heat-{0 if energy <= 0 else 1 + sum(energy > bound for bound in date_range[:-1])})"

    def energy_text(energy: float) -> str:
        return "not known" if pd.isna(energy) else f"{energy:,.1f} MWh"

    rows = [
        {
            "day": row.day.day,
            "period": row.settlement_period,
            "fill": fill(row.curtailed_energy),
            "label": f"{row.day}, period {row.settlement_period}: {energy_text(row.curtailed_energy)}",
        }
        for row in grid.itertuples()
    ]
    fills = sorted({row["fill"] for row in rows})

    def spec(screen: Screen) -> Spec:
        clock = "(datum.value < 20 ? '0' : '') + floor((datum.value - 1) / 2) + ':00'"
        bare: Spec = {"domain": False, "ticks": False, "grid": False}
        return _spec(
            {
                "data": {"values": rows},
                "width": min(screen.width, 60 * grid["day"].nunique()),
                "height": 8 * int(grid["settlement_period"].max()),
                "mark": {"type": "rect", "width": {"band": 0.94}, "height": {"band": 0.9}},
                "encoding": {
                    "x": {
                        "field": "day",
                        "type": "ordinal",
                        "axis": bare
                        | {
                            "title": "Day of the month",
                            "labelAngle": 0,
                            "values": list(range(1, 32)) if screen is WIDE else [1, 5, 10, 15, 20, 25, 30],
                        },
                    },
                    "y": {
                        "field": "period",
                        "type": "ordinal",
                        "axis": bare
                        | {
                            "title": "Half hour from local midnight",
                            "values": list(range(1, 50, 6)),
                            "labelExpr": clock,
                        },
                    },
                    "fill": {
                        "field": "fill",
                        "type": "nominal",
                        "scale": {"domain": fills, "range": fills},
                        "legend": None,
                    },
                    "description": {"field": "label"},
                },
            }
        )

    return spec


def _month_rows(months: pd.DataFrame, names: list[str], complete: "pd.Series[bool] | None" = None) -> list[Spec]:
    rows = months[["year_month", *names]].astype(object)
    rows = rows.where(rows.notna(), None)
    if complete is not None:
        rows = rows.assign(complete=complete.astype(object))
    rows["month"] = [month_name(Month.parse(month)) for month in rows["year_month"]]
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]


def _month_axis(rows: list[Spec], screen: Screen) -> Spec:
    months = list(dict.fromkeys(row["month"] for row in rows))
    shown = months[:: -(-len(months) // screen.labels)]
    januaries = [month for month in months if month.startswith("Jan")]
    if len(months) > 3 * screen.labels and len(januaries) > 1:
        shown = januaries[:: -(-len(januaries) // screen.labels)]
    axis = {"title": None, "values": shown, "labelAngle": 0, "labelOverlap": False, "ticks": False}
    return {"field": "month", "type": "ordinal", "sort": months, "axis": axis}


def _value_axis(unit: str, screen: Screen = WIDE) -> Spec:
    count = 5 if screen is WIDE else 3
    common: Spec = {"tickCount": count, "domain": False, "ticks": False}
    if unit == "%":
        return common | {"title": None, "format": ".0%"}
    return common | {"title": None, "labelExpr": _AXIS_FORMATS[unit]}


def _unknown_months(rows: list[Spec], screen: Screen, figure: str) -> Spec:
    """Specify the hatching, over the full height, of months whose figure is unknown."""
    return {
        "mark": {"type": "rect", "fill": UNKNOWN, "width": {"band": 0.9}},
        "transform": [{"filter": f"!isValid(datum['{figure}'])"}],
        "encoding": {
            "x": _month_axis(rows, screen),
            "y": {"value": 0},
            "y2": {"value": "height"},
            "description": {"field": "label"},
        },
    }


def _plot(rows: list[Spec], screen: Screen, layers: list[Spec], height: int) -> Spec:
    months = len({row["month"] for row in rows})
    width = min(screen.width, max(140, 95 * months))
    return _spec({"data": {"values": rows}, "width": width, "height": height, "layer": layers})


def _spec(content: Spec) -> Spec:
    text = {"labelColor": "var(--muted)", "titleColor": "var(--muted)", "labelFontSize": 12, "titleFontSize": 12}
    return {
        "background": None,
        "padding": 2,
        "config": {
            "font": "system-ui, sans-serif",
            "view": {"stroke": None},
            "axis": text | {"gridColor": "var(--line)", "domainColor": "var(--line)", "titleFontWeight": "normal"},
            "header": {"labelColor": "var(--ink)", "labelFontSize": 13, "labelFontWeight": 600},
        },
        **content,
    }


def _svg(spec: Spec) -> Markup:
    """Draw to SVG, with a title per mark instead of attributes for screen readers.

    The page describes each chart and has its table, which helps more than hundreds of named marks.
    """
    root = ET.fromstring(vl_convert.vegalite_to_svg(spec, vl_version=VEGA_LITE, allowed_base_urls=[]))
    for element in root.iter():
        role, label = element.attrib.get("aria-roledescription"), element.attrib.get("aria-label")
        for name in [name for name in element.attrib if name.startswith("aria-") or name in ("role", "class")]:
            del element.attrib[name]
        for name in ("d", "transform", "x", "x2", "y2", "width", "height"):
            if name in element.attrib:
                element.attrib[name] = _MANY_DECIMALS.sub(lambda found: f"{float(found[0]):.2f}", element.attrib[name])
        if label and role not in ("axis", "header", "title"):
            title = ET.Element(f"{{{SVG}}}title")
            title.text = label
            element.insert(0, title)
    root.attrib.update({"aria-hidden": "true", "focusable": "false"})
    ET.register_namespace("", SVG)
    return Markup(ET.tostring(root, encoding="unicode"))
