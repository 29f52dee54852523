"""The tables: what they refuse, and that they say what their columns mean."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest
from sqlalchemy import Table, insert
from sqlalchemy.exc import IntegrityError

from mining_assets.warehouse import names
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.schema import (
    curtailment_records,
    historical_bitcoin_calculations,
    integrity_findings,
    metadata,
    network_epochs,
    settlement_days,
    settlement_ledger,
)
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.samples import DAY, fetched_day, record, records, taken_back
from mining_assets_tests.support.templates import Templates

NOW = datetime(2025, 6, 5, tzinfo=UTC)
RECORD = records(record()).iloc[0].to_dict()
LEDGER = fetched_day().ledger.iloc[0].to_dict()
CALCULATION = {
    "settlement_date": DAY,
    "settlement_period": 1,
    "farm_id": "T_AAAAW-1",
    "miner_model": "S9",
    "curtailed_energy": 1.0,
    "bitcoin_mined": 0.0,
    "difficulty": 1.0,
    "block_subsidy": 3.125,
    "calculated_at": NOW,
}
EPOCH = {"block_time": NOW, "height": 0, "kind": "retarget", "difficulty": 1.0, "block_subsidy": 50.0}
SETTLEMENT_DAY: dict[str, Any] = {
    column.name: 0 for column in settlement_days.columns if column.name not in ("vintage",)
} | {"settlement_date": DAY, "periods": 48, "fetched_at": NOW, "content_hash": "hash"}
FINDING = {
    "table_name": "t",
    "check_name": "c",
    "span": "2025",
    "severity": "error",
    "effect": "damaged",
    "problems": 1,
    "missing": 0,
    "orphan": 0,
    "stale": 0,
    "example": "e",
    "found_at": NOW,
    "open_since": NOW,
}


@pytest.fixture(scope="module")
def shared(backend: str, templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """An empty warehouse for tests that leave nothing in it."""
    with templates.copy(backend, upgrade, tmp_path_factory.mktemp("shared")) as copied:
        yield copied


@pytest.mark.parametrize(
    ("table", "row"),
    [
        (curtailment_records, RECORD),
        (settlement_ledger, LEDGER),
        (historical_bitcoin_calculations, CALCULATION),
        (network_epochs, EPOCH),
        (settlement_days, SETTLEMENT_DAY),
        (integrity_findings, FINDING),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_right_rows_are_taken_once(shared: Warehouse, table: Table, row: dict[str, Any]) -> None:
    with taken_back(shared) as connection:
        connection.execute(insert(table).values(row))
        with pytest.raises(IntegrityError), connection.begin_nested():
            connection.execute(insert(table).values(row))


@pytest.mark.parametrize(
    ("table", "row", "broken"),
    [
        (curtailment_records, RECORD | {"settlement_period": 0}, "curtailment_records_period"),
        (curtailment_records, RECORD | {"settlement_period": 51}, "curtailment_records_period"),
        (curtailment_records, RECORD | {"side": "both"}, "curtailment_records_si"),
        (curtailment_records, RECORD | {"volume": 1.0}, "curtailment_records_sign"),
        (curtailment_records, RECORD | {"side": "offer", "volume": -1.0}, "curtailment_records_sign"),
        (curtailment_records, RECORD | {"original_price": None}, "original_price"),
        (curtailment_records, RECORD | {"vintage": None}, "vintage"),
        (settlement_ledger, LEDGER | {"settlement_period": 51}, "settlement_ledger_period"),
        (settlement_ledger, LEDGER | {"side": "both"}, "settlement_ledger_side"),
        (settlement_ledger, LEDGER | {"raw_rows": 5, "wind_rows": 6}, "settlement_ledger_rows"),
        (settlement_ledger, LEDGER | {"wind_rows": -1}, "settlement_ledger_rows"),
        # No rows, and nothing that confirms it; confirmed as empty, and there are rows.
        (settlement_ledger, LEDGER | {"raw_rows": 0, "wind_rows": 0}, "settlement_ledger_confirmed"),
        (settlement_ledger, LEDGER | {"confirmed_by": "volumes"}, "settlement_ledger_confirmed"),
        (settlement_ledger, LEDGER | {"fetched_at": None}, "fetched_at"),
        (historical_bitcoin_calculations, CALCULATION | {"curtailed_energy": 0.0}, "calculations_positive"),
        (historical_bitcoin_calculations, CALCULATION | {"curtailed_energy": -1.0}, "calculations_positive"),
        (historical_bitcoin_calculations, CALCULATION | {"bitcoin_mined": -1e-9}, "calculations_positive"),
        (historical_bitcoin_calculations, CALCULATION | {"difficulty": 0.0}, "calculations_network"),
        (historical_bitcoin_calculations, CALCULATION | {"difficulty": None}, "difficulty"),
        (historical_bitcoin_calculations, CALCULATION | {"settlement_period": 51}, "calculations_period"),
        (network_epochs, EPOCH | {"difficulty": 0.0}, "network_epochs_difficulty"),
        (network_epochs, EPOCH | {"height": -1}, "network_epochs_height"),
        (settlement_days, SETTLEMENT_DAY | {"periods": 47}, "settlement_days_periods"),
        (integrity_findings, FINDING | {"severity": "info"}, "integrity_findings_severity"),
        (integrity_findings, FINDING | {"effect": "harmless"}, "integrity_findings_effect"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_wrong_rows_are_refused_by_the_database_itself(
    shared: Warehouse, table: Table, row: dict[str, Any], broken: str
) -> None:
    with pytest.raises(IntegrityError, match=broken), shared.writing("a") as connection:
        connection.execute(insert(table).values(row))


def test_a_quiet_side_is_a_right_row(shared: Warehouse) -> None:
    quiet = LEDGER | {"raw_rows": 0, "wind_rows": 0, "wind_mwh": 0.0, "vintage": None, "confirmed_by": "volumes"}
    with taken_back(shared) as connection:
        connection.execute(insert(settlement_ledger).values(quiet))


def test_dates_are_dates_and_nothing_else(shared: Warehouse) -> None:
    with taken_back(shared) as connection:
        connection.execute(insert(settlement_days).values(SETTLEMENT_DAY))
        (stored,) = connection.execute(settlement_days.select().with_only_columns(settlement_days.c.settlement_date))
    assert type(stored[0]) is date


def test_every_table_and_column_says_what_it_means() -> None:
    for table in metadata.sorted_tables:
        assert table.comment, table.name
        assert table.primary_key.columns, table.name
        for column in table.columns:
            assert column.comment, f"{table.name}.{column.name}"


def test_the_names_that_other_rooms_use_are_those_of_tables() -> None:
    used = {name for key, name in vars(names).items() if key.isupper() and isinstance(name, str)}
    assert used <= metadata.tables.keys()
    assert "curtailment_records" in used
