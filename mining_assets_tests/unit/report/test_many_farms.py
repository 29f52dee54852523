"""A day on which more farms were curtailed than a chart has room for, as on most real days."""

from datetime import UTC, datetime
from pathlib import Path

from mining_assets.report.build import build_report
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.report_page import csv_of, read_page, table_of
from mining_assets_tests.support.samples import DAY, MODELS, derive, fetched_day, record, store
from mining_assets_tests.support.templates import Templates

FARMS, DRAWN = 21, 15


def test_the_farms_that_are_not_drawn_are_one_row_with_all_their_units(templates: Templates, tmp_path: Path) -> None:
    rows = [
        record(1, sequence_number=number + 1, farm_id=f"T_{chr(65 + number)}AAW-1", volume=-1.0 - number)
        for number in range(FARMS)
    ]
    with templates.copy("sqlite", upgrade, tmp_path) as warehouse:
        store(warehouse, fetched_day(*rows))
        derive(warehouse, DAY)
        made = build_report(warehouse, DAY, DAY, MODELS, (DAY, DAY), now=datetime(2025, 8, 1, tzinfo=UTC))
    page = read_page(made.html)
    for figure in ("farms", "units"):
        table = table_of(page.by_id(figure))
        assert len(table) == DRAWN + 1
        assert table.iloc[-1, 0] == "6 others"
        assert float(table.iloc[-1]["MWh"]) == sum(range(1, FARMS - DRAWN + 1))
        assert len(csv_of(page.by_id(figure))) == FARMS
    assert table_of(page.by_id("farms"))["BM units"].astype(int).sum() == FARMS
