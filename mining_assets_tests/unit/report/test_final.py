"""What "final" means stands wherever people read the state, as market readers know the settlement's own runs."""

from collections.abc import Iterator
from datetime import UTC, date, datetime

import pytest
from sqlalchemy import Table

from mining_assets.cli.tables import print_figures
from mining_assets.defs.assets.partition_metadata import of_records
from mining_assets.defs.assets.report import figures_of
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.pipeline.days import read_records
from mining_assets.reconciliation.checks import CHECKS, Check
from mining_assets.report.build import build_report
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.status import read_status
from mining_assets.warehouse.views import views
from mining_assets_tests.support.mixed import FIRST, LAST, mixed
from mining_assets_tests.support.paths import DOCS
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.templates import Templates

BOUNDS = (FIRST, LAST)


@pytest.fixture(scope="module")
def days(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    with templates.copy("sqlite", mixed, tmp_path_factory.mktemp("mixed")) as warehouse:
        yield warehouse


def test_every_partition_of_the_records_says_it(days: Warehouse) -> None:
    with days.reading() as connection:
        days_stored = [date.fromordinal(n) for n in range(FIRST.toordinal(), LAST.toordinal())]
        stored = read_records(connection, days_stored, {})
    shown = [of_records(day, records) for day, records in stored.items()]
    assert {each["state"] for each in shown} >= {"final"}
    assert {each["what final means"] for each in shown} == {FINAL_MEANS}


def test_the_report_and_its_asset_say_it_whatever_the_verdict(days: Warehouse) -> None:
    made = build_report(days, FIRST, LAST, MODELS, BOUNDS, now=datetime.now(UTC))
    assert made.verdict.level == "incomplete"
    assert FINAL_MEANS.replace("'", "&#39;") in made.html
    assert figures_of(made)["what final means"] == FINAL_MEANS


def test_a_table_with_final_days_says_it(days: Warehouse, capsys: pytest.CaptureFixture[str]) -> None:
    with days.reading() as connection:
        print_figures(connection, read_status(connection, FIRST, LAST, MODELS, BOUNDS), MODELS)
    assert FINAL_MEANS in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("view", [view for view in views.sorted_tables if "state" in view.c], ids=str)
def test_every_view_with_the_state_says_it(view: Table) -> None:
    assert FINAL_MEANS in str(view.c.state.comment)


@pytest.mark.parametrize("check", [check for check in CHECKS if "final" in check.asserts], ids=lambda each: each.anchor)
def test_every_check_that_speaks_of_final_says_it(check: Check) -> None:
    assert FINAL_MEANS in check.asserts


@pytest.mark.parametrize(
    "page", ["json.md", "analysts.md", "checks.md", "reconciliation.md", "numbers.md", "operator.md"]
)
def test_every_page_that_lists_the_state_says_it(page: str) -> None:
    assert "no change is expected after the morning of D+1" in " ".join((DOCS / page).read_text().split())
