"""What must hold after any fault, and what must be there once healing is done."""

from datetime import date

import pandas as pd
from sqlalchemy import text

from mining_assets.curated import miner_models
from mining_assets.reconciliation.findings import Finding
from mining_assets.reconciliation.verify import Scope, scan
from mining_assets.warehouse.connection import is_transient
from mining_assets.warehouse.status import read_status
from mining_assets_tests.support.harness import Environment, Tables, tables

# A row each for what is stored of a day, whatever else of it is still to come.
OF_DAYS = {
    "curtailment_records": "settlement_date",
    "settlement_ledger": "settlement_date",
    "settlement_days": "settlement_date",
    "unknown_wind_units": "settlement_date",
    "historical_bitcoin_calculations": "settlement_date",
    "calculation_days": "settlement_date",
    "daily_summaries": "summary_date",
    "bitcoin_daily_summaries": "summary_date",
}
FETCHED = ("curtailment_records", "settlement_ledger", "settlement_days", "unknown_wind_units")
DERIVED = tuple(name for name in OF_DAYS if name not in FETCHED)


def dumped(made: Environment) -> Tables:
    """All tables but for instants, in an order that does not depend on the database."""
    frames = {}
    for name, frame in tables(made).items():
        keys = [column for column in frame if not frame[column].isna().any()]
        frames[name] = frame.sort_values(keys, ignore_index=True) if keys else frame
    return frames


def whole_days(stored: Tables) -> set[date]:
    """The days that have figures."""
    return set(stored["settlement_days"]["settlement_date"])


def assert_sound(made: Environment, expected: Tables) -> set[date]:
    """Whatever happened, what is stored is right as far as it goes; returns the days that are stored.

    Each day is there as in an undisturbed warehouse or not at all; the same holds for what is derived of it; nothing is
    derived of a day that is not there; and the product's own verification finds nothing but gaps.
    """
    stored = dumped(made)
    days = whole_days(stored)
    for names, base in ((FETCHED, days), (DERIVED, None)):
        for name in names:
            column = OF_DAYS[name]
            there = base if base is not None else set(stored[name][column])
            assert set(stored[name][column]) <= days, f"{name} holds rows of days that are not there"
            same_rows(stored[name], expected[name][expected[name][column].isin(there)], name)
    for name in ("monthly_summaries", "yearly_summaries"):
        assert stored[name]["days_complete"].sum() <= len(days), f"{name} counts days that are not there"
        assert (stored[name]["days_complete"] > 0).all(), f"{name} holds a row without days"
    _assert_only_gaps(made, days)
    return days


def assert_undisturbed(made: Environment, expected: Tables) -> None:
    """All tables are those of a run that nothing disturbed, row by row, and the product itself finds nothing wrong."""
    stored = dumped(made)
    assert stored.keys() == expected.keys()
    for name, frame in stored.items():
        same_rows(frame, expected[name], name)
    settings = made.settings
    assert settings.end_date is not None
    with made.warehouse() as warehouse:
        found = scan(warehouse, settings.start_date, settings.end_date, _scope(made))
        assert not found.errors, found.errors
        with warehouse.reading() as connection:
            status = read_status(
                connection, settings.start_date, settings.end_date, miner_models(settings), _scope(made).date_range
            )
    assert status.is_right
    assert status.states["final"] == len(status.days)


def is_right(made: Environment) -> bool:
    """Whether every day is final and everything derived from it adds up."""
    settings = made.settings
    assert settings.end_date is not None
    date_range = (settings.start_date, settings.end_date)
    try:
        with made.warehouse() as warehouse, warehouse.reading() as connection:
            status = read_status(connection, *date_range, miner_models(settings), date_range)
    except Exception as error:
        if is_transient(error):
            return False
        raise
    return status.is_right and status.states["final"] == len(status.days)


def same_rows(left: pd.DataFrame, right: pd.DataFrame, name: str) -> None:
    """Both hold the same rows, to the last bit."""
    pd.testing.assert_frame_equal(left, right.reset_index(drop=True), check_exact=True, check_dtype=False, obj=name)


def _scope(made: Environment) -> Scope:
    return Scope(miner_models(made.settings), (made.settings.start_date, made.settings.end_date))


def _assert_only_gaps(made: Environment, days: set[date]) -> None:
    settings = made.settings
    assert settings.end_date is not None
    with made.warehouse() as warehouse:
        if warehouse.is_sqlite:
            with warehouse.reading() as connection:
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"
        found = scan(warehouse, settings.start_date, settings.end_date, _scope(made))
    for finding in found.errors:
        # A month that its days have left behind, or a reference that was not fetched yet, is a gap too.
        if finding.check.level == "day" and finding.span in days:
            assert _is_gap(finding), f"{finding.check.table} {finding.check.name} {finding.span}: {finding.example}"


def _is_gap(finding: Finding) -> bool:
    """Whether something derived of a stored day is only missing; its records are not."""
    if finding.check.table == "curtailment_records":
        return False
    return (bool(finding.kinds) and set(finding.kinds) <= {"missing"}) or "missing" in finding.example
