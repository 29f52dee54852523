"""Prices and generation: in whatever order they come, the summaries end the same; what is absent stops nothing."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from mining_assets_tests.support.chaos.seeds import long
from mining_assets_tests.support.harness import Environment, Tables, assert_same_tables, environment, run_cli, tables
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.generated import GeneratedWorld
from mining_assets_tests.support.twin.server import Twin

FIRST, MIDDLE, LAST = date(2025, 6, 29), date(2025, 6, 30), date(2025, 7, 1)
NO_PRICES = (Fault(kind="blank", route="prices"), Fault(kind="blank", route="candles"))
NO_GENERATION = Fault(kind="status", route="fuelhh", status=503)
NOT_OF_MIDDLE = (
    Fault(kind="mutate", route="prices", date=MIDDLE, row="all", field="GBP", value=-1),
    Fault(kind="mutate", route="candles", date=MIDDLE, drop=True),
)


@contextmanager
def three_days(folder: Path, **settings: object) -> Iterator[tuple[Environment, Twin]]:
    with Twin(GeneratedWorld(seed=6, units=6, light=True, windy_days=[FIRST, MIDDLE, LAST])) as twin:
        yield environment(folder, twin, start_date=FIRST, end_date=LAST, **settings), twin


def status(made: Environment) -> tuple[int, dict[str, Any]]:
    done = run_cli(made, "status", "--json")
    report: dict[str, Any] = json.loads(done.stdout)
    return done.returncode, report


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    """The tables when everything comes at once."""
    with three_days(tmp_path_factory.mktemp("plain")) as (made, twin):
        done = run_cli(made, "range", FIRST, LAST)
        assert done.returncode == 0, done.stderr
        assert "warning" not in done.stderr
        assert (twin.count(route="prices"), twin.count(route="fuelhh")) == (2, 2)  # a run a month
        return tables(made)


def test_when_all_is_known_every_summary_has_value_and_share(plain: Tables) -> None:
    for name in ("daily", "monthly", "yearly"):
        bitcoin, curtailment = plain[f"bitcoin_{name}_summaries"], plain[f"{name}_summaries"]
        assert not bitcoin[["bitcoin_value", "total_payment", "value_ratio"]].isna().any().any()
        assert not curtailment[["generated_energy", "curtailed_share"]].isna().any().any()
    assert plain["bitcoin_monthly_summaries"]["days_priced"].tolist() == [2, 2, 2, 1, 1, 1]
    assert plain["yearly_summaries"]["days_with_generation"].tolist() == [3]


def test_what_cannot_be_had_is_a_warning_changes_no_exit_code_and_comes_later(tmp_path: Path, plain: Tables) -> None:
    with three_days(tmp_path) as (made, twin):
        twin.fault(*NOT_OF_MIDDLE, NO_GENERATION)
        done = run_cli(made, "range", FIRST, LAST)
        assert done.returncode == 0, done.stderr
        assert "warning: bitcoin_price: 1 of 2 days could not be fetched, 2025-06-30: GBP is -1.0" in done.stderr
        assert "warning: wind_generation: 2 of 2 days could not be fetched" in done.stderr
        code, report = status(made)
        assert (code, report["states"]["final"], report["flags"]["inconsistent"]) == (0, 3, 0)
        assert report["series"]["bitcoin_price"] == {
            "known": 2,
            "altered": 0,
            "missing": 1,
            "known_from": "2025-06-29",
            "sources": {"mempool": 2},
            "overruled": 0,
            "not_known": [{"from": "2025-06-30", "to": "2025-06-30"}],
        }
        assert report["series"]["wind_generation"]["missing"] == 3
        printed = run_cli(made, "status").stdout
        known = "Bitcoin prices: 2 of 3 days known, from 2025-06-29 on (mempool 2); 1 lacking: 2025-06-30"
        assert f"{known}\n  not known 2025-06-30: GBP is -1.0" in printed
        assert "Wind generation: 0 of 3 days known; 3 lacking: 2025-06-29 to 2025-07-01" in printed
        assert run_cli(made, "verify").returncode == 0

        half = tables(made)
        months = half["bitcoin_monthly_summaries"].groupby("year_month").first()
        assert months["days_priced"].to_dict() == {"2025-06": 1, "2025-07": 1}
        assert months["bitcoin_value"].isna().to_dict() == {"2025-06": True, "2025-07": False}
        assert months["days_complete"].to_dict() == {"2025-06": 2, "2025-07": 1}
        assert half["bitcoin_yearly_summaries"]["value_ratio"].isna().all()
        assert half["daily_summaries"]["curtailed_share"].isna().all()
        assert half["yearly_summaries"]["days_with_generation"].tolist() == [0]

        twin.clear_faults()
        before = twin.count(route="stack")
        done = run_cli(made, "reconcile")
        assert done.returncode == 0, done.stderr
        assert twin.count(route="stack") == before
        assert_same_tables(tables(made), plain)
        assert "nothing to do" in run_cli(made, "reconcile").stderr


@long
def test_price_and_generation_may_come_before_the_day(tmp_path: Path, plain: Tables) -> None:
    with three_days(tmp_path) as (made, twin):
        twin.fault(Fault(kind="status", route="stack", date=MIDDLE, status=503))
        assert run_cli(made, "range", FIRST, LAST).returncode != 0
        assert set(tables(made)["bitcoin_daily_summaries"]["summary_date"]) == {FIRST, LAST}
        assert status(made)[1]["series"]["bitcoin_price"]["known"] == 3
        twin.clear_faults()
        twin.fault(*NO_PRICES, NO_GENERATION)  # they are known already
        assert run_cli(made, "date", MIDDLE).returncode == 0
        assert_same_tables(tables(made), plain)


OF_SERIES = (
    "UPDATE bitcoin_price SET price = price * 2 WHERE settlement_date = '2025-06-29'",
    "DELETE FROM bitcoin_price WHERE settlement_date = '2025-06-30'",
    "UPDATE wind_generation SET generated_energy = 0 WHERE settlement_period > 20",
    "DELETE FROM day_fetches WHERE settlement_date = '2025-07-01'",
)
OF_SUMMARIES = (
    "UPDATE bitcoin_daily_summaries SET bitcoin_value = 1 WHERE summary_date = '2025-06-29'",
    "UPDATE daily_summaries SET curtailed_share = 0.5, generated_energy = NULL WHERE summary_date = '2025-06-30'",
    "UPDATE bitcoin_yearly_summaries SET days_priced = 2",
    "UPDATE monthly_summaries SET curtailed_share = NULL",
)


def test_damage_is_found_by_value_and_mended_by_reconcile(tmp_path: Path, plain: Tables) -> None:
    with three_days(tmp_path) as (made, twin):
        assert run_cli(made, "range", FIRST, LAST).returncode == 0
        stacks = twin.count(route="stack")
        for harm in (OF_SERIES, OF_SUMMARIES):
            with made.warehouse() as warehouse, warehouse.writing("harm") as connection:
                for statement in harm:
                    connection.execute(text(statement))
            done = run_cli(made, "reconcile")
            assert done.returncode == 0, done.stderr
            assert_same_tables(tables(made), plain)
            assert run_cli(made, "verify").returncode == 0
        assert twin.count(route="stack") == stacks


@long
def test_the_daily_check_brings_what_is_lacking_of_days_that_are_right(tmp_path: Path, plain: Tables) -> None:
    with three_days(tmp_path) as (made, twin):
        twin.fault(*NO_PRICES, NO_GENERATION)
        assert run_cli(made, "range", FIRST, LAST).returncode == 0
        failing = run_cli(made, "daily", 3)
        assert failing.returncode == 0, failing.stderr
        assert "warning: bitcoin_price: 3 of 3 days could not be fetched" in failing.stderr
        twin.clear_faults()
        done = run_cli(made, "daily", 3)
        assert done.returncode == 0, done.stderr
        assert_same_tables(tables(made), plain)
