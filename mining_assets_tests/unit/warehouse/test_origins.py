"""Where what is stored came from, as the status of a range tells it."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from mining_assets.cli.status import as_dict, as_text
from mining_assets.defs.assets.partition_metadata import of_records
from mining_assets.domain.live_sources import LIVE_ELEXON
from mining_assets.domain.origin import Kind
from mining_assets.pipeline.days import read_records
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.origins import read_origins
from mining_assets.warehouse.status import read_status
from mining_assets_tests.support.clean import BOUNDS, DAYS, clean
from mining_assets_tests.support.noted import MIRROR, TWIN, note_day, note_live
from mining_assets_tests.support.samples import MODELS
from mining_assets_tests.support.templates import Templates


@pytest.fixture
def ground(backend: str, templates: Templates, tmp_path: Path) -> Iterator[Warehouse]:
    """Three clean days, of which no origin is noted: as an earlier version stored them."""
    with templates.copy(backend, clean, tmp_path) as warehouse:
        yield warehouse


def told(warehouse: Warehouse, first: date, last: date) -> tuple[list[str], dict[str, Any]]:
    """Give what the status says of origins: the lines below the verdict, and for machines."""
    with warehouse.reading() as connection:
        status = read_status(connection, first, last, MODELS, BOUNDS)
    lines = as_text(status).splitlines()
    return lines[1 : lines.index("=== Reconciliation Status ===") - 1], as_dict(status)["origin"]


def test_nothing_is_said_of_live_data(ground: Warehouse) -> None:
    note_live(ground)
    lines, origin = told(ground, DAYS[0], DAYS[-1])
    assert lines == []
    assert (origin["kind"], origin["sentence"]) == ("live", None)
    assert {"data": "settlement_days", "origin": LIVE_ELEXON, "kind": "live", "days": 3} in origin["sources"]


def test_of_days_of_an_earlier_version_the_origin_is_unknown_and_never_guessed(ground: Warehouse) -> None:
    lines, origin = told(ground, DAYS[0], DAYS[-1])
    assert " ".join(lines) == (
        "Where all data came from is not known. 3 days, 3 days of prices, 3 days of generation, the register of "
        "units, the difficulty from an address that is not known."
    )
    assert origin["kind"] == "unknown"
    assert {source["origin"] for source in origin["sources"]} == {None}


def test_days_of_several_origins_are_told_apart_and_the_range_decides(ground: Warehouse) -> None:
    note_live(ground)
    note_day(ground, DAYS[0], TWIN)
    note_day(ground, DAYS[1], MIRROR)
    lines, origin = told(ground, DAYS[0], DAYS[-1])
    assert " ".join(lines) == f"Generated data: not real figures. 1 day from {TWIN}; 1 day from {MIRROR}."
    assert max(map(len, lines)) < 80
    assert origin["kind"] == "generated"
    lines, origin = told(ground, DAYS[1], DAYS[-1])
    assert " ".join(lines) == f"Not all data is from the live sources. 1 day from {MIRROR}."
    assert origin["kind"] == "other address"
    assert told(ground, DAYS[-1], DAYS[-1])[0] == []


def test_without_a_range_everything_counts(ground: Warehouse) -> None:
    note_live(ground)
    note_day(ground, DAYS[0], TWIN)
    with ground.reading() as connection:
        every, later = read_origins(connection), read_origins(connection, DAYS[1])
        earlier = read_origins(connection, None, DAYS[0])
    assert every.kind is Kind.GENERATED
    assert later.kind is Kind.LIVE
    assert earlier.has(["settlement_days"], Kind.GENERATED)
    assert not earlier.has(["bitcoin_price"], Kind.GENERATED)
    assert not replace(every, all=()).sentence


def test_the_ui_shows_the_origin_of_a_day_unless_it_is_live(ground: Warehouse) -> None:
    note_live(ground)
    note_day(ground, DAYS[0], TWIN)
    note_day(ground, DAYS[1], None)
    with ground.reading() as connection:
        stored = read_records(connection, DAYS, {})
    assert [of_records(day, stored[day]).get("origin") for day in DAYS] == [TWIN, "unknown", None]
