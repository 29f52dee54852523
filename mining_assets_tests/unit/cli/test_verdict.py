"""The sentence that every report begins with: true of the whole range, whatever is there, lacking or wrong."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from mining_assets.cli.report import as_text as report_as_text
from mining_assets.cli.status import as_dict, as_text
from mining_assets.cli.verdict import status_verdict
from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.keys import RECORDS
from mining_assets.domain.finality import FINAL_MEANS
from mining_assets.report.build import build_report
from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.status import Status, completion, read_status
from mining_assets.warehouse.verifications import note_verified
from mining_assets_tests.support.clean import BOUNDS, DAYS, MONTHS, SHORT, WINDY, YEARS, clean
from mining_assets_tests.support.mixed import FIRST, LAST, mixed
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.templates import Templates


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """Three clean days."""
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse


def look(warehouse: Warehouse, first: date, last: date, date_range: tuple[date, date] = BOUNDS) -> Status:
    with warehouse.reading() as connection:
        return read_status(connection, first, last, MODELS, date_range)


def test_few_of_many_days_never_read_as_complete(ground: Warehouse) -> None:
    first, last = date(2024, 1, 1), date(2025, 6, 30)
    status = look(ground, first, last, (first, last))
    days = len(status.days)
    lines = as_text(status).splitlines()
    assert lines[0].startswith(
        f"2024-01-01 to 2025-06-30: 3 of {days} days are complete; {days - 3} were never fetched"
    )
    form = lines[lines.index("=== Reconciliation Status ===") :]
    percent = 300 * 100 // days / 100
    assert form[3:5] == [
        f"Missing calculations: 0, and all of {days - 3} days not there",
        f"Completion percentage: {percent:.2f}%",
    ]
    assert form[6:9] == [
        "Dates with missing calculations:",
        "2024-01-01 to 2025-03-29: 0.0% complete (454 days not fetched)",
        "2025-04-02 to 2025-06-30: 0.0% complete (90 days not fetched)",
    ]
    report = as_dict(status)
    assert (report["verdict"], report["completion_percentage"]) == ("incomplete", percent)
    assert lines[0].endswith(report["sentence"])


def test_days_that_are_all_there_are_said_to_be(ground: Warehouse) -> None:
    judged = status_verdict(look(ground, DAYS[0], DAYS[-1]))
    assert judged.sentence.startswith("All 3 days are complete and final")
    one = as_text(look(ground, WINDY, WINDY))
    assert one.startswith(f"{WINDY}: The day is complete and final")
    assert "Completion percentage: 100.00%\n\nDates with missing calculations:\nnone\n" in one


def test_days_that_were_not_verified_since_they_were_written_are_told(ground: Warehouse) -> None:
    judged = status_verdict(look(ground, DAYS[0], DAYS[-1]))
    assert judged.level == "unverified"
    assert judged.sentence.endswith("; 3 were not verified since last written.")
    with ground.writing("verified") as connection:
        note_verified(connection, [*DAYS[1:], *MONTHS, *YEARS], datetime.now(UTC))
    judged = status_verdict(look(ground, DAYS[0], DAYS[-1]))
    assert judged.sentence.endswith("; 1 was not verified since last written.")
    with ground.writing("verified") as connection:
        note_verified(connection, [SHORT], datetime.now(UTC))
    judged = status_verdict(look(ground, DAYS[0], DAYS[-1]))
    assert (judged.level, judged.sentence) == ("final", "All 3 days are complete and final.")


def test_of_nothing_is_said_that_nothing_is_there(ground: Warehouse) -> None:
    status = look(ground, date(2024, 1, 1), date(2024, 1, 2))
    assert status_verdict(status).level == "empty"
    assert status_verdict(status).sentence == "None of 2 days is complete; 2 were never fetched."
    assert status.completion == 0


def test_every_kind_of_bad_day_is_told(
    backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with templates.copy(backend, mixed, tmp_path_factory.mktemp("mixed")) as warehouse:
        sentence = status_verdict(look(warehouse, FIRST, LAST, (FIRST, LAST))).sentence
    for part in (
        "4 of 10 days are complete; 4 were never fetched; 1 could not be fetched so far; 1 is damaged; ",
        "1 is quarantined after too many attempts; ",
        "1 is provisional: the settlement may still change it",
    ):
        assert part in sentence


@pytest.mark.parametrize(
    ("expected", "missing", "there", "days", "percent"),
    [
        (10, 0, 5, 5, 100.0),
        (0, 0, 5, 5, 100.0),
        (0, 0, 5, 544, 0.91),
        (1000, 0, 5, 544, 0.91),
        (0, 0, 0, 1, 0.0),
        (18, 1, 3, 3, 94.44),
        (10**6, 1, 9, 9, 99.99),
        (10**6, 0, 3652, 3653, 99.97),
    ],
)
def test_completion_counts_what_is_not_there(
    expected: int, missing: int, there: int, days: int, percent: float
) -> None:
    assert completion(expected, missing, there, days) == percent


def test_what_final_means_is_said_wherever_people_read_it(ground: Warehouse) -> None:
    told = " ".join(as_text(look(ground, DAYS[0], DAYS[-1])).split())
    made = build_report(ground, DAYS[0], DAYS[-1], MODELS, BOUNDS, now=datetime.now(UTC))
    specs = build_definitions(Settings(home=Path("/nowhere"))).resolve_all_asset_specs()
    (records,) = (spec.description for spec in specs if spec.key == RECORDS)
    assert records is not None
    for text in (told, made.verdict.explanation, made.html.replace("&#39;", "'"), records):
        assert FINAL_MEANS in text
    apart = [str(DAYS[0] + timedelta(days=2 * place)) for place in range(30)]
    lines = report_as_text(replace(made, open_ranges=[(day, 1, "missing") for day in apart]), Path("x")).splitlines()
    assert [line for line in lines if line.endswith(": missing")] == [f"  {day}: missing" for day in apart]
