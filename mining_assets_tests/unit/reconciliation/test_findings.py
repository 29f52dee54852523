"""What is found is kept: replaced when looked at again, left alone otherwise, and it makes the state of its day."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pandas as pd
import pytest
from sqlalchemy import Connection, delete, insert, update

from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.periods import Month
from mining_assets.reconciliation import check_records as records_checks
from mining_assets.reconciliation import checks
from mining_assets.reconciliation.check_summaries import verify_periods
from mining_assets.reconciliation.checks import CHECKS
from mining_assets.reconciliation.chunk import read_chunk
from mining_assets.reconciliation.findings import Verification, store_findings, stored_findings
from mining_assets.reconciliation.verify import (
    note_scan,
    scan,
    verify_and_store_days,
    verify_and_store_periods,
    verify_and_store_references,
)
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.schema import (
    curtailment_records,
    daily_summaries,
    historical_bitcoin_calculations,
    integrity_findings,
    integrity_scans,
    monthly_summaries,
    network_epochs,
    settlement_days,
    yearly_summaries,
)
from mining_assets.warehouse.status import read_status
from mining_assets_tests.support.clean import BOUNDS, MONTHS, QUIET, SCOPE, SHORT, WINDY, YEARS, derive_all, scan_all
from mining_assets_tests.support.samples import MODELS, OTHER_FARM, after_final, damage, everything, rows_of

PAYMENT_OF = curtailment_records.c.settlement_date
DOUBLED = update(curtailment_records).values(payment=curtailment_records.c.payment * 2)
MENDED = update(curtailment_records).values(payment=curtailment_records.c.volume * curtailment_records.c.original_price)


def kept(warehouse: Warehouse) -> set[tuple[str, str]]:
    """The findings that are kept, by check and span."""
    with warehouse.reading() as connection:
        return {
            (f"{found.check.table}.{found.check.name}", str(found.span))
            for found in stored_findings(connection, SHORT, WINDY)
        }


VALIDITY = "curtailment_records.validity"


def test_what_is_found_is_kept_as_it_was_found(ground: Warehouse) -> None:
    damage(ground, DOUBLED.where(PAYMENT_OF == WINDY))
    (found,) = scan_all(ground).findings
    with ground.reading() as connection:
        (stored,) = stored_findings(connection, SHORT, WINDY)
        assert stored_findings(connection, SHORT, WINDY, ["daily_summaries"]) == []
    assert (stored.check, stored.span, stored.problems, stored.example) == (
        found.check,
        WINDY,
        5,
        "period 1 bid #1: payment is not volume × original price",
    )


def test_a_span_looked_at_again_has_new_findings_and_others_keep_theirs(ground: Warehouse) -> None:
    damage(
        ground,
        DOUBLED,
        update(monthly_summaries).values(farms=9),
        update(yearly_summaries).values(farms=9),
        update(network_epochs).where(network_epochs.c.height == 840_672).values(block_subsidy=1.0),
    )
    scan_all(ground)
    others = {
        ("monthly_summaries.sums", "2025-03"),
        ("monthly_summaries.sums", "2025-04"),
        ("yearly_summaries.sums", "2025"),
        ("network_epochs.grid_and_halvings", "all"),
    }
    assert kept(ground) == {(VALIDITY, str(SHORT)), (VALIDITY, str(WINDY))} | others

    damage(ground, MENDED, update(monthly_summaries).values(farms=2))
    verify_and_store_days(ground, [WINDY], SCOPE)
    assert kept(ground) == {(VALIDITY, str(SHORT))} | others
    verify_and_store_days(ground, [SHORT, QUIET], SCOPE)
    assert kept(ground) == others
    verify_and_store_periods(ground, [Month.of(WINDY)], SCOPE)
    assert kept(ground) == others - {("monthly_summaries.sums", "2025-04")}
    verify_and_store_periods(ground, list(YEARS), SCOPE)
    verify_and_store_periods(ground, list(MONTHS), SCOPE)
    assert kept(ground) == others - {("monthly_summaries.sums", str(month)) for month in MONTHS}
    damage(ground, update(yearly_summaries).values(farms=2))
    verify_and_store_references(ground)
    verify_and_store_periods(ground, list(YEARS), SCOPE)
    assert kept(ground) == {("network_epochs.grid_and_halvings", "all")}


def test_verifying_writes_nothing_but_what_it_finds_and_when_it_looked(ground: Warehouse) -> None:
    damage(ground, DOUBLED, delete(historical_bitcoin_calculations))
    before = everything(ground)
    scan_all(ground)
    after = everything(ground)
    for name in ("integrity_findings", "verifications"):
        assert after.pop(name) != before.pop(name)
    assert after == before


class Overtaken(Warehouse):
    """A warehouse in which somebody else writes just before the next writer gets the lock."""

    meanwhile: Callable[[], None] | None = None

    @contextmanager
    def writing(self, *scopes: str) -> Iterator[Connection]:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile:
            meanwhile()
        with super().writing(*scopes) as connection:
            yield connection


@pytest.fixture
def overtaken(ground: Warehouse) -> Iterator[Overtaken]:
    warehouse = Overtaken(ground.url)
    yield warehouse
    warehouse.close()


def test_a_scan_does_not_note_what_was_mended_after_its_snapshot(ground: Warehouse, overtaken: Overtaken) -> None:
    figure = update(settlement_days).where(settlement_days.c.settlement_date == WINDY).values(farms=9)
    damage(ground, update(daily_summaries).values(farms=9), figure)
    overtaken.meanwhile = lambda: derive_all(ground)  # mends the summaries, not the day's figure
    verification = verify_and_store_days(overtaken, [SHORT, QUIET, WINDY], SCOPE)
    assert {found.check for found in verification.errors} == {checks.LEDGER_AGREEMENT}
    assert kept(ground) == {("curtailment_records.ledger_agreement", str(WINDY))}


def test_the_second_look_finds_what_came_after_the_snapshot_too(ground: Warehouse, overtaken: Overtaken) -> None:
    damage(ground, DOUBLED.where(PAYMENT_OF == WINDY))
    overtaken.meanwhile = lambda: damage(ground, update(daily_summaries).values(farms=9))
    verify_and_store_days(overtaken, [WINDY], SCOPE)
    assert kept(ground) == {(VALIDITY, str(WINDY)), ("daily_summaries.sums", str(WINDY))}


# What findings do to states and status.


def states(warehouse: Warehouse) -> pd.DataFrame:
    with warehouse.reading() as connection:
        return day_states(connection, SHORT, WINDY, MODELS)


def test_altered_records_make_their_day_damaged_until_they_are_mended(ground: Warehouse) -> None:
    damage(ground, DOUBLED.where(PAYMENT_OF == WINDY))
    assert states(ground)["state"].tolist() == ["final", "final", "final"]
    scan_all(ground)
    assert states(ground)["state"].tolist() == ["final", "final", "damaged"]
    damage(ground, MENDED)
    scan_all(ground)
    assert states(ground)["state"].tolist() == ["final", "final", "final"]


def test_calculations_that_are_wrong_by_value_only_are_counted_in_the_status(ground: Warehouse) -> None:
    table = historical_bitcoin_calculations
    key = (table.c.settlement_date == WINDY, table.c.miner_model == "S9")
    damage(
        ground,
        update(table).where(*key, table.c.settlement_period == 2).values(farm_id="T_GONEW-1"),
        update(table).where(*key, table.c.settlement_period == 48).values(difficulty=1.0),
    )
    assert not states(ground)["inconsistent"].any()
    scan_all(ground)
    row = states(ground).loc[WINDY]
    assert (row["state"], row["inconsistent"]) == ("final", True)
    assert (row["expected"], row["actual"], row["missing"], row["orphan"], row["stale"]) == (9, 9, 1, 1, 1)
    with ground.reading() as connection:
        status = read_status(connection, SHORT, WINDY, MODELS, BOUNDS)
    assert (status.total("missing"), status.total("orphan"), status.total("stale")) == (1, 1, 1)
    assert not status.is_right
    assert status.completion == 94.44  # 17 of 18
    assert status.open_days.index.tolist() == [WINDY]


def test_a_finding_has_the_effect_of_its_check(ground: Warehouse) -> None:
    rows = pd.DataFrame(
        {"span": [WINDY], "key": [""], "detail": ["so"], "kind": ["other"], "mwh": [None]}, dtype=object
    )
    of_days = [check for check in CHECKS if check.level == "day"]
    assert len(of_days) == 21
    for check in of_days:
        verification = Verification({WINDY}, {each.table for each in of_days})
        verification.add(check, rows)
        with ground.writing("a test") as connection:
            store_findings(connection, verification, after_final(WINDY))
        row = states(ground).loc[WINDY]
        damages = check in (checks.LEDGER_AGREEMENT, checks.VALIDITY)
        is_of_derived = not check.of_archive and check.table not in (curtailment_records.name, *SERIES)
        assert row["state"] == ("damaged" if damages else "final"), check.name
        assert row["inconsistent"] == is_of_derived, check.name


def test_a_scan_that_ran_is_noted_with_its_errors(ground: Warehouse) -> None:
    damage(ground, DOUBLED)
    verification = scan(ground, SHORT, WINDY, SCOPE)
    note_scan(ground, "all", SHORT, WINDY, verification)
    note_scan(ground, "all", SHORT, QUIET, verification)
    ((scope, _, first, last, errors),) = rows_of(ground, integrity_scans)
    assert (scope, first, last, errors) == ("all", SHORT, QUIET, 2)


# What only a part of the warehouse shows.


def test_days_that_were_never_fetched_are_incomplete_and_nothing_else(ground: Warehouse) -> None:
    never = [WINDY + timedelta(days=1), WINDY + timedelta(days=2)]
    verification = verify_and_store_days(ground, [WINDY, *never], SCOPE)
    assert {found.check for found in verification.errors} == {checks.COMPLETENESS}
    assert [(found.span, found.example) for found in verification.errors] == [(day, "never fetched") for day in never]
    unknown = [(found.span, found.example) for found in verification.findings if found.check.table in SERIES]
    assert unknown == [(day, "not known") for day in never] * 2
    assert verification.counts[checks.COMPLETENESS] == {"days": 3, "whole_days": 1}


def test_a_row_of_a_month_without_data_should_not_be_there(ground: Warehouse) -> None:
    names = [column.name for column in monthly_summaries.columns if column.name != "year_month"]
    damage(ground, insert(monthly_summaries).values(year_month="2025-05", **dict.fromkeys(names, 0)))
    with ground.reading() as connection:
        (found,) = verify_periods(connection, [Month.parse("2025-04"), Month.parse("2025-05")], BOUNDS).findings
    assert (found.span, found.example) == (Month.parse("2025-05"), "there should be no row")


def test_completeness_counts_expected_missing_and_orphan_calculations_per_model(ground: Warehouse) -> None:
    table = historical_bitcoin_calculations
    damage(
        ground,
        delete(table).where(table.c.settlement_date == SHORT, table.c.miner_model == "S9"),
        update(table).where(table.c.settlement_period == 48, table.c.miner_model == "M20S").values(farm_id="T_GONEW-1"),
    )
    counts = scan_all(ground).counts[checks.CALCULATIONS_COMPLETE]
    assert counts == {"expected": 18, "actual": 15, "missing": 4, "orphan": 1, "missing S9": 3, "missing M20S": 1}


def test_models_out_of_ratio_are_found_even_when_the_difficulty_is_not_known(ground: Warehouse) -> None:
    table = historical_bitcoin_calculations
    one = (table.c.settlement_period == 3, table.c.miner_model == "S9")
    damage(ground, update(table).where(*one).values(bitcoin_mined=table.c.bitcoin_mined * (1 + 1e-6)))
    damage(ground, delete(network_epochs))
    (found,) = scan_all(ground).found(checks.CALCULATIONS_CONSISTENT)
    assert found.example == f"period 3 {OTHER_FARM} S9: not in the ratio of the models' efficiency"
    assert found.problems == 1


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"volume": 10.0, "payment": -700.0}, "its volume has the wrong sign for its side"),
        ({"side": "offer"}, "its volume has the wrong sign for its side"),
        ({"original_price": 5001.0, "payment": -50010.0}, "its price is beyond ±5,000 £/MWh"),
    ],
)
def test_rows_that_the_database_itself_refuses_are_invalid_all_the_same(
    change: dict[str, Any], says: str, ground: Warehouse
) -> None:
    found = verified_with(ground, lambda rows: pd.concat([rows.iloc[:1].assign(**change), rows.iloc[1:]]))
    assert says in found


def test_a_key_that_appears_twice_is_invalid(ground: Warehouse) -> None:
    found = verified_with(ground, lambda rows: pd.concat([rows, rows.iloc[1:2]]))
    assert found == ["its key appears twice"]


def verified_with(warehouse: Warehouse, change: Callable[[pd.DataFrame], pd.DataFrame]) -> list[str]:
    """What validity says of records that no database would hold."""
    with warehouse.reading() as connection:
        chunk = read_chunk(connection, [WINDY])
    changed = change(chunk.records).reset_index(drop=True)
    verification = Verification({WINDY}, {curtailment_records.name})
    records_checks.verify(replace(chunk, records=changed), verification, {})
    return [found.example.split(": ", 1)[1] for found in verification.found(checks.VALIDITY)]


def test_findings_of_checks_that_are_no_more_are_passed_over(ground: Warehouse) -> None:
    damage(ground, DOUBLED.where(PAYMENT_OF == WINDY))
    scan_all(ground)
    damage(ground, update(integrity_findings).values(check_name="of an older version"))
    assert kept(ground) == set()
