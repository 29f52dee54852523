"""The report in a browser, opened from its file: its figures, its manners, its looks."""

import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import BrowserContext, Page

from mining_assets_tests.support.browser.chromium import Watched, watched
from mining_assets_tests.support.browser.pictures import Pictures
from mining_assets_tests.support.harness import Environment, environment, run_cli, tables
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, LAST = date(2025, 5, 24), date(2025, 6, 22)
UNKNOWN_DAY = date(2025, 6, 11)
DESKTOP, PHONE = {"width": 1200, "height": 900}, {"width": 390, "height": 844}
BRIGHTNESS = """() => {
  const [red, green, blue] = getComputedStyle(document.body).backgroundColor.match(/[0-9.]+/g).map(Number);
  return (0.2126 * red + 0.7152 * green + 0.0722 * blue) / 255;
}"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """A home with a month of days, one of which could not be had, and the report on them."""
    folder = tmp_path_factory.mktemp("report")
    with Twin(GeneratedWorld(seed=4, units=30, light=True)) as twin:
        twin.fault(Fault(kind="status", status=503, date=UNKNOWN_DAY, period=17, side="offer"))
        filled = environment(folder, twin, start_date=FIRST, end_date=LAST)
        done = run_cli(filled, "range", FIRST, LAST, timeout=600)
        assert done.returncode == 1, done.stderr  # for the day that could not be had
    done = run_cli(filled, "report", "--out", filled.home / "report.html")
    assert done.returncode == 0, done.stderr
    return filled


@pytest.fixture
def opened(made: Environment, context: BrowserContext, tmp_path: Path) -> Iterator[Watched]:
    """The report, opened as a file by a double click is."""
    with watched(context, tmp_path / "failed.png") as seen:
        seen.page.goto((made.home / "report.html").as_uri())
        yield seen
        seen.assert_quiet()


def headline(page: Page) -> dict[str, str]:
    """The totals that head the page: name and value."""
    totals = page.locator("dl.totals > div")
    return {each.locator("dt").inner_text(): each.locator(".value").inner_text() for each in totals.all()}


def test_headline_figures_are_those_of_the_warehouse(opened: Watched, made: Environment) -> None:
    dumped = tables(made)
    records = dumped["curtailment_records"]
    bids = records[(records["side"] == "bid") & (records["volume"] < 0)]
    curtailed, known = -bids["volume"].sum(), dumped["settlement_days"]["settlement_date"]
    generation = dumped["wind_generation"]
    generated = generation[generation["settlement_date"].isin(known)]["generated_energy"].sum()
    mined = dumped["historical_bitcoin_calculations"].groupby("miner_model")["bitcoin_mined"].sum()
    assert headline(opened.page) == {
        "Curtailed energy": f"{curtailed:,.0f} MWh",
        "Paid to wind farms": f"£{bids['payment'].sum():,.0f}",
        "Share of wind curtailed": f"{100 * curtailed / (generated + curtailed):.2f} %",
    } | {f"Bitcoin, {model}": f"{bitcoin:,.4f} BTC" for model, bitcoin in mined.items()}
    days = (LAST - FIRST).days + 1
    assert f"Figures cover {days - 1} of {days} days" in opened.page.locator(".verdict").inner_text()


def test_a_table_is_opened_and_its_csv_downloaded(opened: Watched, made: Environment) -> None:
    section = opened.page.locator("section#days")
    section.locator("summary").click()
    assert "2025-06" in section.locator("tbody").inner_text()
    with opened.page.expect_download() as begun:
        section.get_by_role("link", name=re.compile("Download CSV")).click()
    days = pd.read_csv(io.BytesIO(Path(begun.value.path()).read_bytes()))
    assert len(days) == (LAST - FIRST).days + 1
    (unknown,) = days[days["state"] == "missing"]["date"]
    assert unknown == str(UNKNOWN_DAY)


@pytest.mark.parametrize(
    ("window", "scheme", "picture"),
    [
        (DESKTOP, "light", "report_light"),
        (DESKTOP, "dark", "report_dark"),
        (PHONE, "light", "report_phone"),
        (PHONE, "dark", None),
    ],
)
def test_it_fits_and_follows_the_scheme(
    opened: Watched, pictures: Pictures, window: dict[str, int], scheme: str, picture: str | None
) -> None:
    page = opened.page
    page.set_viewport_size(window)
    page.emulate_media(color_scheme=scheme)
    assert (page.evaluate(BRIGHTNESS) > 0.5) == (scheme == "light")
    assert not opened.scrolls_sideways
    if scheme == "dark":
        page.locator("section#half_hours").evaluate("element => element.scrollIntoView()")
    if picture:
        pictures.take(page, picture)
    for table in page.locator("details").all():
        table.evaluate("element => { element.open = true; }")
    assert not opened.scrolls_sideways
