"""A report says where its figures came from, and names no source that they are not from."""

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from mining_assets.cli.report import as_dict, as_text
from mining_assets.defs.assets.report import figures_of
from mining_assets.report.build import Report, build_report
from mining_assets.warehouse.connection import Warehouse
from mining_assets_tests.support.clean import BOUNDS, DAYS, clean
from mining_assets_tests.support.noted import MIRROR, TWIN, note_day, note_live
from mining_assets_tests.support.report_page import Element, read_page
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.templates import Templates

pytestmark = pytest.mark.system

CREDIT = "© Elexon Limited"
PATH = Path("report.html")


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """Three clean days, of which no origin is noted."""
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse


Build = Callable[..., tuple[Report, Element]]


@pytest.fixture
def built(ground: Warehouse) -> Build:
    """Build the report on some days; with its page."""

    def build(first: date = DAYS[0], last: date = DAYS[-1]) -> tuple[Report, Element]:
        made = build_report(ground, first, last, MODELS, BOUNDS, now=datetime(2025, 5, 2, tzinfo=UTC))
        return made, read_page(made.html)

    return build


def marks(page: Element) -> list[Element]:
    """Give what the head says of the data's origin."""
    return [each for each in page.all("div") if each.attributes.get("class", "").split()[:1] == ["origin"]]


def test_generated_data_is_marked_at_the_head_and_credited_to_nobody(ground: Warehouse, built: Build) -> None:
    note_live(ground, elsewhere=TWIN)
    made, page = built()
    (mark,) = marks(page)
    assert mark.text.startswith("Generated data: not real figures")
    assert TWIN in mark.text
    assert page.all("title")[0].text.startswith("Generated data: ")
    origin = page.by_id("origin").text
    assert "Generated data: not real figures" in origin
    for name in (CREDIT, "mempool", "Coinbase"):
        assert name not in origin
    downloads = [each.attributes["download"] for each in page.all("a") if "download" in each.attributes]
    assert downloads
    assert all(name.startswith("generated_") for name in downloads)
    assert "Generated data: not real figures. 3 days," in as_text(made, PATH).splitlines()[1]
    assert f"Totals of {made.totals.days_known} of 3 days:" in as_text(made, PATH).splitlines()
    assert as_dict(made, PATH)["origin"]["kind"] == "generated"
    assert str(figures_of(made)["origin"]).startswith("Generated data: not real figures. ")


def test_live_data_has_its_credits_and_no_mark(ground: Warehouse, built: Build) -> None:
    note_live(ground)
    made, page = built()
    assert marks(page) == []
    assert "Generated data" not in made.html
    origin = page.by_id("origin").text
    for name in (CREDIT, "difficulty by mempool.space", "prices by Coinbase Exchange"):
        assert name in origin
    assert "prices by mempool.space" not in origin
    assert as_dict(made, PATH)["origin"]["sentence"] is None
    assert "origin" not in figures_of(made)


def test_of_mixed_data_the_mark_says_which_days_and_the_live_ones_are_credited(ground: Warehouse, built: Build) -> None:
    note_live(ground)
    note_day(ground, DAYS[0], MIRROR)
    _, page = built()
    (mark,) = marks(page)
    assert mark.text.split("\n")[0].startswith("Not all data is from the live sources")
    assert f"1 day from {MIRROR}." in mark.text
    assert CREDIT in page.by_id("origin").text
    assert marks(built(DAYS[1], DAYS[-1])[1]) == []


def test_of_an_earlier_versions_data_the_credit_is_given_with_reservation(built: Build) -> None:
    _, page = built()
    (mark,) = marks(page)
    assert mark.text.startswith("Where all data came from is not known")
    assert f"What is of unknown origin, as far as it is Elexon's: Contains BMRS data {CREDIT}" in (
        page.by_id("origin").text
    )
