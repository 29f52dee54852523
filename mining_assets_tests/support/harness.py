"""What the integration tests share: an isolated environment on a twin, runs of the real jobs, and whole tables."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
import pandas as pd
import pytest
from sqlalchemy import select

from mining_assets.definitions import build_definitions
from mining_assets.defs.run_requests import DAILY_JOB, MONTHLY_JOB, YEARLY_JOB
from mining_assets.domain.settlement import SIDES, periods_in
from mining_assets.progress import DayReport, NullProgress
from mining_assets.settings import PREFIX, Settings, prepare_home
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.http import HttpLimits
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse import schema
from mining_assets.warehouse.connection import Warehouse, read_frame
from mining_assets.warehouse.upgrade import open_warehouse
from mining_assets_tests.support.commands import run_command
from mining_assets_tests.support.dagster_storage import place_storage
from mining_assets_tests.support.empty import place_empty_warehouse
from mining_assets_tests.support.twin.record import Request
from mining_assets_tests.support.twin.server import Twin
from mining_assets_tests.support.twin.world import World

COMMAND = (sys.executable, "-c", "from mining_assets.cli.main import main; main()")
RANGE_START, RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

# Every table whose content follows from what was fetched, whenever and in however many attempts it was.
TABLES = (
    schema.curtailment_records,
    schema.historical_bitcoin_calculations,
    schema.daily_summaries,
    schema.monthly_summaries,
    schema.yearly_summaries,
    schema.bitcoin_daily_summaries,
    schema.bitcoin_monthly_summaries,
    schema.bitcoin_yearly_summaries,
    schema.settlement_ledger,
    schema.settlement_days,
    schema.calculation_days,
    schema.restatements,
    schema.unknown_wind_units,
    schema.wind_bm_units,
    schema.other_bm_units,
    schema.network_epochs,
    schema.bitcoin_price,
    schema.wind_generation,
    schema.reference_fetches,
)
# When something was done, from which twin's port and among which answers it came, not what came of it.
VOLATILE = frozenset(
    {"fetched_at", "calculated_at", "restated_at", "seen_from", "seen_until", "origin", "archive_object"}
)

Tables = dict[str, pd.DataFrame]
Here = Callable[..., tuple[int, str, str]]
"""The command line in this process: exit code, standard output and error of some arguments."""
T = TypeVar("T")


@dataclass(frozen=True)
class Environment:
    """A Dagster home of its own and the settings that go with it."""

    home: Path
    variables: Mapping[str, str]

    @property
    def settings(self) -> Settings:
        """The settings for use in this process; the process's own environment has none in tests."""
        named: dict[str, Any] = {name.removeprefix(PREFIX).lower(): value for name, value in self.variables.items()}
        return Settings(home=self.home, **named)

    def of_process(self) -> dict[str, str]:
        """The environment of a process that is to use it."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith((PREFIX, "DAGSTER_"))}
        return kept | {"DAGSTER_HOME": str(self.home), "COLUMNS": "200"} | dict(self.variables)

    def but(self, **changes: object) -> "Environment":
        """The same with some settings changed; None unsets one."""
        changed = dict(self.variables) | {PREFIX + name.upper(): str(value) for name, value in changes.items()}
        unset = {PREFIX + name.upper() for name, value in changes.items() if value is None}
        return Environment(self.home, {name: value for name, value in changed.items() if name not in unset})

    @contextmanager
    def warehouse(self) -> Iterator[Warehouse]:
        """Its warehouse, with its tables."""
        opened = open_warehouse(self.settings.warehouse)
        try:
            yield opened
        finally:
            opened.close()

    @contextmanager
    def instance(self) -> Iterator[dg.DagsterInstance]:
        """Its Dagster instance, as the UI would show it; prepared if it is not."""
        with pytest.MonkeyPatch.context() as patched:
            patched.setenv("DAGSTER_HOME", str(self.home))
            prepare_home(self.home)
            place_storage(self.home)
            with dg.DagsterInstance.get() as instance:
                yield instance


def environment(folder: Path, twin: Twin, **settings: object) -> Environment:
    """A new environment in a folder, fed by a twin: fast, with waits of fractions of a second."""
    base = Environment(folder / "home", {})
    return base.but(
        elexon_url=twin.elexon_url,
        mempool_url=twin.mempool_url,
        coinbase_url=twin.coinbase_url,
        start_date="2022-01-01",
        end_date="2025-12-31",
        requests_per_second=1000,
        retry_attempts=3,
        retry_base_seconds=0.01,
        retry_max_seconds=0.05,
    ).but(**settings)


def run_cli(
    environment: Environment, *arguments: object, cwd: Path | None = None, timeout: float = 1200
) -> "subprocess.CompletedProcess[str]":
    """`mining-assets` with some arguments, as a process."""
    folder = cwd or environment.home.parent
    return run_command(list(map(str, arguments)), environment.of_process(), folder, timeout)


@dataclass
class Ran(NullProgress):
    """What became of a run of the jobs in this process."""

    results: dict[str, dg.ExecuteInProcessResult] = field(default_factory=dict)
    reports: dict[date, DayReport] = field(default_factory=dict)

    @property
    def errors(self) -> list[str]:
        """What went wrong, run by run; nothing when all runs succeeded."""
        return [f"{job}: {_failures(result)}" for job, result in self.results.items() if not result.success]

    def day(self, report: DayReport) -> None:
        """The progress that the runs report to."""
        self.reports[report.day] = report

    def outcome(self, day: date) -> str:
        return self.reports[day].outcome

    def reason(self, day: date) -> str:
        """Everything that was said about why a day is not in place."""
        return "\n".join(self.reports[day].reasons)


def _failures(result: dg.ExecuteInProcessResult) -> str:
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    causes = [error.cause or error for error in errors if error]
    return "\n".join(f"{cause.cls_name}: {cause.message}" for cause in causes) or "failed before its first step"


def run_range(
    environment: Environment,
    first: date,
    last: date | None = None,
    *,
    instance: dg.DagsterInstance | None = None,
    overrides: Mapping[str, Any] | None = None,
    ran: Ran | None = None,
    roll_ups: bool = True,
    **config: Any,
) -> Ran:
    """The daily job over the days of one month, then month and year, in this process.

    Args:
        instance: where it is recorded; nowhere that lasts by default.
        overrides: resources to use instead of the usual ones.
        ran: what the runs report to, and may be stopped by.
        roll_ups: whether month and year are run.
        config: of ``daily_chain.DailyRun``.
    """
    last = last or first
    ran = ran or Ran()
    definitions = build_definitions(environment.settings, overrides, ran)
    daily = {"ops": {"daily_chain": {"config": config}}}
    plan: list[tuple[str, str, str, dict[str, Any]]] = [(DAILY_JOB, str(first), str(last), daily)]
    if roll_ups:
        plan += [(MONTHLY_JOB, f"{first:%Y-%m}", f"{last:%Y-%m}", {}), (YEARLY_JOB, f"{first:%Y}", f"{last:%Y}", {})]
    address = environment.settings.warehouse
    if address.get_backend_name() == "sqlite":  # spared the migrations; that a run makes its warehouse, others show
        place_empty_warehouse(Path(address.database or ""))
    for job, start, end, run_config in plan:
        ran.results[job] = definitions.resolve_job_def(job).execute_in_process(
            instance=instance or _forgetful_instance(),
            tags={RANGE_START: start, RANGE_END: end},
            run_config=run_config | QUIET,
            raise_on_error=False,
        )
    return ran


@cache
def _forgetful_instance() -> dg.DagsterInstance:
    """One in memory for all runs whose record nobody looks at: to make one takes longer than many a run."""
    return dg.DagsterInstance.ephemeral()


def with_timeout(environment: Environment, seconds: float, **limits: Any) -> dict[str, Any]:
    """Resources whose requests take no longer than some seconds: there is no setting for that."""
    settings = environment.settings
    http = HttpLimits(
        requests_per_second=1000,
        retry_attempts=settings.retry_attempts,
        retry_base_seconds=settings.retry_base_seconds,
        retry_max_seconds=settings.retry_max_seconds,
        timeout_seconds=seconds,
        **limits,
    )

    @dg.resource
    def elexon(_: dg.InitResourceContext) -> Iterator[SyncClient[ElexonClient]]:
        with SyncClient(ElexonClient(settings.elexon_url, http)) as client:
            yield client

    @dg.resource
    def mempool(_: dg.InitResourceContext) -> Iterator[SyncClient[MempoolClient]]:
        with SyncClient(MempoolClient(settings.mempool_url, http)) as client:
            yield client

    @dg.resource
    def coinbase(_: dg.InitResourceContext) -> Iterator[SyncClient[CoinbaseClient]]:
        with SyncClient(CoinbaseClient(settings.coinbase_url, http)) as client:
            yield client

    return {"elexon": elexon, "mempool": mempool, "coinbase": coinbase}


def table(environment: Environment, name: str) -> pd.DataFrame:
    """A table in the order of its key."""
    return tables(environment, volatile=True)[name]


def tables(environment: Environment, *, volatile: bool = False) -> Tables:
    """The tables in the order of their keys; without the volatile columns unless they are wanted."""
    with environment.warehouse() as warehouse:
        return tables_in(warehouse, frozenset() if volatile else VOLATILE)


def tables_in(warehouse: Warehouse, without: frozenset[str] = VOLATILE) -> Tables:
    """The tables of a warehouse in the order of their keys, without some columns."""
    dumped = {}
    with warehouse.reading() as connection:
        for each in TABLES:
            columns = [column for column in each.columns if column.name not in without]
            order = [column for column in each.primary_key if column.name not in without]
            dumped[each.name] = read_frame(connection, select(*columns).order_by(*order))
    return dumped


def assert_same_tables(left: Tables, right: Tables) -> None:
    """Every table equals its counterpart to the last bit."""
    assert left.keys() == right.keys()
    for name, frame in left.items():
        pd.testing.assert_frame_equal(frame, right[name], check_exact=True, obj=name)


def served_wind_rows(world: World, day: date) -> pd.DataFrame:
    """The wind rows of a day as the world has them, told independently of the project's own reading of them."""
    rows = [
        {
            "settlement_period": period,
            "side": side,
            "sequence_number": row["sequenceNumber"],
            "farm_id": row["id"],
            "so_flag": row["soFlag"],
            "volume": row["volume"],
            "original_price": row["originalPrice"],
            "payment": row["volume"] * row["originalPrice"],
        }
        for period in range(1, periods_in(day) + 1)
        for side in SIDES
        for row in world.stack(day, period, side)
        if row["id"] in world.wind_unit_ids
    ]
    names = ["settlement_period", "side", "sequence_number", "farm_id", "so_flag", "volume", "original_price"]
    frame = pd.DataFrame(rows, columns=[*names, "payment"]).sort_values(names[:3], ignore_index=True)
    return frame.astype({"so_flag": "boolean"})


def assert_day_is_right(environment: Environment, world: World, day: date) -> None:
    """The stored day is the world's day, with a ledger row for every period and side and everything derived."""
    dumped = tables(environment)
    served, stored = served_wind_rows(world, day), of_day(dumped, "curtailment_records", day)
    pd.testing.assert_frame_equal(
        stored[list(served.columns)].reset_index(drop=True), served, check_dtype=False, check_exact=True
    )
    ledger = of_day(dumped, "settlement_ledger", day)
    assert len(ledger) == 2 * periods_in(day)
    bids = served[(served["side"] == "bid") & (served["volume"] < 0)]
    summary = of_day(dumped, "daily_summaries", day).iloc[0]
    assert_close(summary["total_curtailed_energy"], -bids["volume"].sum())
    assert_close(summary["total_payment"], bids["payment"].sum())
    assert summary["curtailment_records"] == len(bids)
    farm_periods = len(bids[["settlement_period", "farm_id"]].drop_duplicates())
    assert len(of_day(dumped, "historical_bitcoin_calculations", day)) == 3 * farm_periods
    assert len(of_day(dumped, "bitcoin_daily_summaries", day)) == 3


def of_day(dumped: Tables, name: str, day: date) -> pd.DataFrame:
    """The rows of a table that belong to a day."""
    frame = dumped[name]
    column = "summary_date" if "summary_date" in frame else "settlement_date"
    return frame[frame[column] == day]


def assert_nothing_stored(environment: Environment, day: date) -> None:
    """No table knows anything of the day but, perhaps, its price and the wind's generation, which stand alone."""
    for name, frame in tables(environment).items():
        if name in ("bitcoin_price", "wind_generation", "day_fetches"):
            continue
        if "summary_date" in frame or "settlement_date" in frame:
            assert of_day({name: frame}, name, day).empty, f"{name} has rows of {day}"


def assert_close(left: float, right: float, relative: float = 1e-9) -> None:
    """Equal up to a relative difference."""
    assert abs(left - right) <= relative * max(1.0, abs(left), abs(right)), f"{left} is not {right}"


def days_between(first: date, last: date) -> list[date]:
    """The days from first to last, inclusive."""
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]


def days_asked(requests: list[Request]) -> set[date]:
    """The days of which any stack was asked for."""
    return {request.date for request in requests if request.route == "stack" and request.date}


def wait_for(what: str, seconds: float, probe: Callable[[], T | None], interval: float = 0.05) -> T:
    """Ask until the probe gives something true."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := probe():
            return found
        time.sleep(interval)
    raise AssertionError(f"{what}: not within {seconds:g} s")
