"""The parsers on recorded answers of the real sources, where these are present."""

import gzip
import json
from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest

from mining_assets.domain.settlement import Side, period_start
from mining_assets.sources.elexon_schema import parse_bm_units, stack_parser
from mining_assets.sources.mempool import parse_difficulty_adjustments
from mining_assets_tests.support.twin.recorded import NO_DATA, recorded_data


def recorded(name: str) -> bytes:
    folder = recorded_data()
    if folder is None or not (folder / name).is_file():
        pytest.skip(f"{NO_DATA} ({name})")
    content = (folder / name).read_bytes()
    return gzip.decompress(content) if name.endswith(".gz") else content


@pytest.mark.parametrize(
    ("side", "day", "period"),
    [("bid", date(2026, 7, 20), 15), ("offer", date(2026, 7, 20), 15), ("bid", date(2026, 8, 6), 29)],
)
def test_recorded_stacks(side: Side, day: date, period: int) -> None:
    body = recorded(f"elexon/sample_stack_{side}_{day}_{period}.json")
    rows = stack_parser(day, period, side)(body)
    raw, start = json.loads(body)["data"], period_start(day, period)
    assert len(rows) == len(raw) > 0
    for row, fields in zip(rows, raw, strict=True):
        assert (row.sequence_number, row.bm_unit_id) == (fields["sequenceNumber"], fields["id"])
        assert (row.volume, row.original_price) == (fields["volume"], fields["originalPrice"])
        assert (row.so_flag, row.cadl_flag) == (fields["soFlag"], fields["cadlFlag"])
        assert start < row.created_at < start + timedelta(days=2)


def test_recorded_register() -> None:
    units = parse_bm_units(recorded("elexon/bm_units.json.gz"))
    ids = Counter(unit.bm_unit_id for unit in units)
    assert ids[None] == 61
    assert [name for name, count in ids.items() if name is not None and count > 1] == ["T_WLNYO-4"]
    wind = [unit for unit in units if unit.fuel_type == "WIND"]
    assert len(wind) > 150
    assert all(isinstance(unit.generation_capacity, float) for unit in wind if unit.bm_unit_id)


def test_recorded_difficulty_adjustments() -> None:
    adjustments = parse_difficulty_adjustments(recorded("bitcoin/difficulty_adjustments.json"))
    assert adjustments[-1].height == 0
    assert adjustments[-1].time == datetime(2009, 1, 3, 18, 15, 5, tzinfo=UTC)
    assert [adjustment.height for adjustment in adjustments] == sorted(
        (adjustment.height for adjustment in adjustments), reverse=True
    )
