"""The report as a parser reads it: figures equal to the warehouse's, unknown told as unknown, nothing from outside."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from sqlalchemy import func, insert, select, update

from mining_assets.domain.periods import Month
from mining_assets.report.build import Report, build_report
from mining_assets.warehouse.connection import Warehouse, read_frame
from mining_assets.warehouse.schema import (
    bitcoin_daily_summaries,
    curtailment_records,
    historical_bitcoin_calculations,
    other_bm_units,
    restatements,
    unknown_wind_units,
    wind_generation,
)
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.clean import QUIET, SHORT, WINDY, clean
from mining_assets_tests.support.mixed import (
    ATTACK,
    BOUNDS,
    DAMAGED,
    FIRST,
    KNOWN,
    LAST,
    PROVISIONAL,
    QUARANTINED,
    mixed,
)
from mining_assets_tests.support.report_page import Element, csv_of, numbers, read_page, table_of
from mining_assets_tests.support.samples import MODELS, damage
from mining_assets_tests.support.templates import Templates

pytestmark = pytest.mark.system

NOW = datetime(2025, 5, 2, 9, 30, tzinfo=UTC)
WITH_CHARTS = [
    "days",
    "curtailment_by_month",
    "bitcoin_by_month",
    "paid_and_mined_value",
    "curtailed_share",
    "half_hours",
    "farms",
    "units",
    "lead_parties",
]
FIGURES = [*WITH_CHARTS, "restatements", "quarantine"]
close = pytest.approx


@pytest.fixture(scope="module")
def filled(backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with templates.copy(backend, mixed, tmp_path_factory.mktemp("mixed")) as copied:
        yield copied


@pytest.fixture(scope="module")
def report(filled: Warehouse) -> Report:
    return build_report(filled, FIRST, LAST, MODELS, BOUNDS, now=NOW)


@pytest.fixture(scope="module")
def page(report: Report) -> Element:
    return read_page(report.html)


@pytest.fixture(scope="module")
def bids(filled: Warehouse) -> pd.DataFrame:
    """The curtailment records of the days that are known, straight from the records."""
    records = curtailment_records.c
    with filled.reading() as connection:
        query = select(*records).where(records.settlement_date.in_(KNOWN), records.side == "bid", records.volume < 0)
        return read_frame(connection, query)


def total_cards(page: Element) -> dict[str, tuple[str, str]]:
    """What heads the page: name to value and note."""
    (totals,) = [each for each in page.all("dl") if each.attributes.get("class") == "totals"]
    names = [name.text for name in totals.all("dt")]
    told = [each.text for each in totals.all("dd")]
    return dict(zip(names, zip(told[::2], told[1::2], strict=True), strict=True))


def test_the_totals_are_those_of_the_records_of_the_days_that_are_known(
    report: Report, page: Element, bids: pd.DataFrame, filled: Warehouse
) -> None:
    totals, cards = report.totals, total_cards(page)
    assert (totals.days, totals.days_known) == (10, 4)
    assert totals.energy == close(-bids["volume"].sum())
    assert totals.payment == close(bids["payment"].sum())
    assert cards["Curtailed energy"][0] == f"{-bids['volume'].sum():,.0f} MWh"
    assert cards["Paid to wind farms"][0] == f"£{bids['payment'].sum():,.0f}"
    mined = historical_bitcoin_calculations.c
    with filled.reading() as connection:
        query = select(mined.miner_model, func.sum(mined.bitcoin_mined)).where(mined.settlement_date.in_(KNOWN))
        wanted = dict(connection.execute(query.group_by(mined.miner_model)).all())
    assert {each.model: each.bitcoin for each in totals.mined} == close(wanted)
    for model, bitcoin in wanted.items():
        assert cards[f"Bitcoin, {model}"][0] == f"{bitcoin:,.4f} BTC"


def test_a_value_and_a_share_are_unknown_while_a_day_lacks_price_or_generation(report: Report, page: Element) -> None:
    assert [each.value for each in report.totals.mined] == [None, None, None]
    assert report.totals.share is None
    cards = total_cards(page)
    assert cards["Share of wind curtailed"][0] == "unknown"
    assert "value unknown: 3 of 4 days priced" in cards["Bitcoin, S9"][1]
    worth = table_of(page.by_id("paid_and_mined_value"))
    assert worth.set_index(["Month", "Model"]).loc[("2025-04", "S9"), "£ value"] == "unknown"
    assert worth.set_index(["Month", "Model"]).loc[("2025-03", "S9"), "£ value"] != "unknown"


def test_the_page_says_that_it_is_not_complete_and_which_days_are_not_final(page: Element) -> None:
    (told,) = [each for each in page.all("div") if each.attributes.get("class") == "verdict incomplete"]
    assert told.text.startswith("Not complete Figures cover 4 of 10 days; the others are unknown, not zero.")
    listed = dict(table_of(page.by_id("open"))[["Days", "What they are"]].itertuples(index=False))
    assert listed[f"{FIRST} to 2025-03-29"] == "missing: not known"
    assert listed[str(PROVISIONAL)].startswith("provisional")
    assert listed[str(DAMAGED)].startswith("damaged")
    assert listed[str(QUARANTINED)].startswith("quarantined")
    assert str(QUIET) not in " ".join(listed)


def test_every_day_is_in_the_calendar_as_what_it_is(page: Element) -> None:
    days = csv_of(page.by_id("days")).set_index("date")["kind"]
    assert len(days) == 10
    assert days.to_dict() == {
        "2025-03-28": "missing",
        "2025-03-29": "missing",
        str(SHORT): "final",
        str(QUIET): "quiet",
        str(WINDY): "final",
        str(PROVISIONAL): "provisional",
        str(DAMAGED): "damaged",
        str(QUARANTINED): "quarantined",
        "2025-04-05": "missing",
        "2025-04-06": "missing",
    }
    cells = {title.text for title in page.by_id("days").all("title")}
    assert {f"{day}: missing: not known" for day in ("2025-03-28", "2025-04-06")} <= cells
    assert f"{QUIET}: final, nothing curtailed (a certified zero)" in cells
    fills = [each.attributes.get("fill", "") for each in page.by_id("days").all("path")]
    assert {fill for fill in fills if fill.startswith("url(#day-")} == {f"url(#day-{kind})" for kind in days}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_has_its_table_and_csv(page: Element, name: str) -> None:
    section = page.by_id(name)
    assert len(table_of(section)) > 0
    assert len(csv_of(section)) > 0
    assert section.all("h2")[0].text
    charts = [each for each in section.all("div") if each.attributes.get("role") == "img"]
    assert bool(charts) == (name in WITH_CHARTS)
    for chart in charts:
        assert len(chart.attributes["aria-label"]) > 20
        assert len(chart.all("svg")) == 2
        assert all(svg.attributes["aria-hidden"] == "true" for svg in chart.all("svg"))


def test_months_add_up_to_the_records(page: Element, bids: pd.DataFrame, filled: Warehouse) -> None:
    section = page.by_id("curtailment_by_month")
    for months in (csv_of(section), table_of(section).assign(total_curtailed_energy=None)):
        if months["total_curtailed_energy"].isna().all():
            energy, payment = numbers(months["MWh"]), numbers(months["£ paid"])
            assert energy.sum() == close(-bids["volume"].sum(), abs=0.1)
            assert payment.sum() == close(bids["payment"].sum(), abs=1)
        else:
            assert months["total_curtailed_energy"].sum() == close(-bids["volume"].sum())
            assert months["total_payment"].sum() == close(bids["payment"].sum())
            assert months["state"].tolist() == ["incomplete", "incomplete"]
    coins = bitcoin_daily_summaries.c
    with filled.reading() as connection:
        wanted = connection.execute(select(func.sum(coins.bitcoin_mined)).where(coins.summary_date.in_(KNOWN))).scalar()
        generated = connection.execute(select(func.sum(wind_generation.c.generated_energy))).scalar_one()
    assert csv_of(page.by_id("bitcoin_by_month"))["bitcoin_mined"].sum() == close(wanted)
    assert numbers(table_of(page.by_id("bitcoin_by_month"))["BTC"]).sum() == close(wanted, abs=1e-5)
    share = csv_of(page.by_id("curtailed_share"))
    assert share["generated_energy"].isna().tolist() == [False, True]
    assert share["generated_energy"].sum() == close(generated * 94 / (94 + 48))  # 50 MWh in each half hour


def test_farms_and_lead_parties_add_up_to_the_records(page: Element, bids: pd.DataFrame) -> None:
    for name in ("farms", "units", "lead_parties"):
        section = page.by_id(name)
        ranked, shown = csv_of(section), table_of(section)
        assert ranked["curtailed_energy"].sum() == close(-bids["volume"].sum())
        assert ranked["payment"].sum() == close(bids["payment"].sum())
        assert ranked["curtailed_energy"].is_monotonic_decreasing
        assert numbers(shown["MWh"]).sum() == close(-bids["volume"].sum(), abs=0.5)
        assert (ranked["average_price"] * ranked["curtailed_energy"]).sum() == close(bids["payment"].sum())


def test_half_hours_add_up_and_those_of_unknown_days_are_unknown(page: Element, bids: pd.DataFrame) -> None:
    section = page.by_id("half_hours")
    grid = csv_of(section)
    april = bids[[day.month == 4 for day in bids["settlement_date"]]]
    assert grid["curtailed_energy"].sum() == close(-april["volume"].sum())
    unknown = grid.groupby("day")["curtailed_energy"].apply(lambda energies: energies.isna().all())
    assert unknown.to_dict() == {f"2025-04-0{day}": day > 2 for day in range(1, 7)}
    assert grid.groupby("day").size().tolist() == [48] * 6
    titles = [each.text for each in section.all("title")]
    assert titles.count("2025-04-06, period 7: not known") == 2
    assert titles.count("2025-04-01, period 7: 0.0 MWh") == 2
    cells = table_of(section).set_index("Day")
    assert set(cells.loc["2025-04-06"]) == {"unknown"}
    assert numbers(cells.loc["2025-04-01"]).sum() == close(
        -april[april["settlement_date"] == WINDY]["volume"].sum(), abs=0.1
    )


def test_a_short_day_has_its_46_half_hours(filled: Warehouse) -> None:
    march = read_page(build_report(filled, FIRST, LAST, MODELS, BOUNDS, now=NOW, month=Month.parse("2025-03")).html)
    grid = csv_of(march.by_id("half_hours"))
    assert grid.groupby("day").size().to_dict() == {
        "2025-03-28": 48,
        "2025-03-29": 48,
        str(SHORT): 46,
        str(QUIET): 48,
    }


def test_restatements_and_quarantine_are_told(page: Element, filled: Warehouse) -> None:
    told = csv_of(page.by_id("restatements"))
    assert f"mining-assets history {told['settlement_date'].iloc[0]} " in page.by_id("restatements").text
    with filled.reading() as connection:
        stored = read_frame(connection, select(*restatements.c))
    assert told["settlement_date"].tolist() == [str(WINDY)]
    change = table_of(page.by_id("restatements"))["change, MWh"]
    assert numbers(change).tolist() == close((stored["energy_after"] - stored["energy_before"]).tolist())
    quarantined = table_of(page.by_id("quarantine"))
    assert quarantined["Day"].tolist() == [str(QUARANTINED)]
    assert "500 <Internal Server Error>" in quarantined["Last error"][0]


def test_a_name_that_is_an_attack_is_text(report: Report, page: Element) -> None:
    assert ATTACK in table_of(page.by_id("lead_parties"))["Lead party"].tolist()
    assert ATTACK in csv_of(page.by_id("lead_parties"))["lead_party_name"].tolist()
    assert page.all("script") == []
    assert page.all("img") == []
    assert "<script" not in report.html
    handlers = [name for element in page.every() for name in element.attributes if name.startswith("on")]
    assert handlers == []


def test_everything_has_a_name_of_its_own(page: Element) -> None:
    tables = [table.attributes["aria-label"] for table in page.all("table")]
    downloads = [link.attributes["aria-label"] for link in page.all("a") if "download" in link.attributes]
    headings = [heading.text for heading in page.all("h2")]
    for names in (tables, downloads, headings):
        assert len(set(names)) == len(names) >= len(FIGURES)
        assert all(names)
    assert [each.attributes["lang"] for each in page.all("html")] == ["en"]
    levels = [int(each.tag[1]) for each in page.every() if each.tag in ("h1", "h2", "h3")]
    assert levels[0] == 1
    assert max(after - before for before, after in pairwise(levels)) <= 1


def test_nothing_is_referenced_outside_of_the_page(page: Element) -> None:
    references = [
        value
        for element in page.every()
        for name, value in element.attributes.items()
        if name in ("href", "src", "srcset", "action", "data", "poster", "xlink:href")
    ]
    assert references
    ids = {element.attributes["id"] for element in page.every() if "id" in element.attributes}
    for reference in references:
        assert reference.startswith("data:") or reference.removeprefix("#") in ids, reference[:80]
    used = {name for value in _styles(page) for name in re.findall(r"url\(([^)]*)\)", value)}
    assert used
    assert {name.removeprefix("#") for name in used} <= ids
    assert not any("@import" in style.text for style in page.all("style"))
    (policy,) = [each for each in page.all("meta") if each.attributes.get("http-equiv") == "Content-Security-Policy"]
    assert policy.attributes["content"].startswith("default-src 'none'")


def _styles(page: Element) -> Iterator[str]:
    for element in page.every():
        yield from element.attributes.values()
        if element.tag == "style":
            yield element.text


def test_colours_of_the_charts_are_the_pages(page: Element) -> None:
    style = page.all("style")[0].text
    used = {name for value in _styles(page) for name in re.findall(r"var\((--[\w-]+)\)", value)}
    for block in (style.split("@media")[0], style.split("@media")[1]):  # light, dark
        assert used <= set(re.findall(r"(--[\w-]+):", block))
    drawn = [each for each in page.all("div") if each.attributes.get("class") in ("wide", "narrow")]
    fixed = {
        value
        for drawing in drawn
        for element in drawing.every()
        for name, value in element.attributes.items()
        if name in ("fill", "stroke") and not value.startswith(("var(", "url("))
    }
    assert fixed <= {"none", "transparent"}


def test_the_page_fits_a_phone(page: Element) -> None:
    (viewport,) = [each for each in page.all("meta") if each.attributes.get("name") == "viewport"]
    assert viewport.attributes["content"] == "width=device-width, initial-scale=1"
    narrow = [each for each in page.all("div") if each.attributes.get("class") == "narrow"]
    assert max(float(each.all("svg")[0].attributes["width"]) for each in narrow) <= 390 - 2 * 16
    wide = [each for each in page.all("div") if each.attributes.get("class") == "wide"]
    assert max(float(each.all("svg")[0].attributes["width"]) for each in wide) > 700


def test_it_says_when_and_from_what_it_was_made(page: Element, filled: Warehouse, backend: str) -> None:
    origin = page.by_id("origin").text
    assert "2025-05-02 09:30 UTC by mining-assets" in origin
    assert backend in origin
    assert "© Elexon Limited" in origin
    assert "National Energy SO" in origin


def test_an_empty_warehouse_gives_a_report_that_says_so(backend: str, templates: Templates, tmp_path: Path) -> None:
    with templates.copy(backend, upgrade, tmp_path) as empty:
        made = build_report(empty, FIRST, LAST, MODELS, BOUNDS, now=NOW)
    page = read_page(made.html)
    assert made.verdict.level == "empty"
    assert "Nothing is known" in page.text
    cards = total_cards(page)
    assert {value for value, _ in cards.values()} == {"unknown"}
    months = csv_of(page.by_id("curtailment_by_month"))
    assert months["total_curtailed_energy"].isna().all()
    assert set(csv_of(page.by_id("days"))["kind"]) == {"missing"}
    assert page.by_id("half_hours").all("svg") == []


def test_a_single_day_that_is_final_is_called_so(filled: Warehouse) -> None:
    made = build_report(filled, WINDY, WINDY, MODELS, BOUNDS, now=NOW)
    assert made.verdict.level == "inconsistent"  # its month was not summed up after its restatement
    quiet = build_report(filled, QUIET, QUIET, MODELS, BOUNDS, now=NOW)
    assert quiet.totals.energy == 0
    page = read_page(quiet.html)
    assert total_cards(page)["Curtailed energy"][0] == "0 MWh"
    assert "No known day had curtailment" in page.by_id("farms").text
    days = csv_of(page.by_id("days"))
    assert days["date"].tolist()[0] == str(FIRST)  # every day since the start
    assert date.fromisoformat(days["date"].tolist()[-1]) == QUIET


def test_units_that_may_be_wind_are_named_by_their_energy(templates: Templates, tmp_path: Path) -> None:
    with templates.copy("sqlite", clean, tmp_path) as mine:
        without = read_page(build_report(mine, SHORT, WINDY, MODELS, BOUNDS, now=NOW).html)
        assert not [each for each in without.all("section") if each.attributes.get("id") == "possible-wind"]
        rows = [(WINDY, "T_SGRWO-2", 3, -40.25), (SHORT, "T_SGRWO-2", 1, -0.5), (WINDY, "T_OTHR-1", 1, -100.0)]
        names = ("settlement_date", "bm_unit_id", "rows", "bid_mwh")
        damage(mine, insert(unknown_wind_units).values([dict(zip(names, row, strict=True)) for row in rows]))
        damage(mine, insert(other_bm_units).values(bm_unit_id="T_GAS-1", kind="CCGT"))
        section = read_page(build_report(mine, SHORT, WINDY, MODELS, BOUNDS, now=NOW).html).by_id("possible-wind")
    assert "2 BM units with 140.750 MWh of accepted bids are in no figure here" in section.text
    assert "Units with an id like a wind unit: 1; most others are batteries" in section.text
    assert table_of(section).to_numpy().tolist() == [
        ["T_OTHR-1", "no", "100.000", "1", str(WINDY), str(WINDY)],
        ["T_SGRWO-2", "yes", "40.750", "2", str(SHORT), str(WINDY)],
    ]


@pytest.mark.parametrize("column", ["volume", "payment"])
def test_damage_that_no_verification_has_found_yet_makes_no_final_report(
    backend: str, templates: Templates, tmp_path: Path, column: str
) -> None:
    with templates.copy(backend, clean, tmp_path) as warehouse:
        scope = (WINDY, WINDY, MODELS, (SHORT, WINDY))
        assert build_report(warehouse, *scope, now=NOW).verdict.level == "final"
        records = curtailment_records
        row = (records.c.settlement_date == WINDY) & (records.c.side == "bid")
        damage(warehouse, update(records).where(row).values({column: 2 * records.c[column]}))
        judged = build_report(warehouse, *scope, now=NOW).verdict
    assert (judged.level, judged.headline) == ("inconsistent", "Not consistent")
    assert "`mining-assets verify`" in judged.explanation
