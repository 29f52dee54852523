"""A source of the difficulty that is short for a while, or says something else than before: told, and mended."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest
from sqlalchemy import select

from mining_assets.cli.main import main
from mining_assets.curated import miner_models
from mining_assets.definitions import build_definitions
from mining_assets.defs.assets.references import NETWORK_EPOCHS
from mining_assets.defs.jobs import REFERENCE_JOB
from mining_assets.reconciliation.plan import DERIVE, MEMPOOL, needs
from mining_assets.settings import now
from mining_assets.warehouse.attempts import outages
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.schema import healing_attempts, source_outages
from mining_assets_tests.support.changed_references import world
from mining_assets_tests.support.harness import QUIET, Environment, Here, environment, run_range, table
from mining_assets_tests.support.twin.faults import Fault
from mining_assets_tests.support.twin.server import Twin

DAY, QUIET_DAY = date(2025, 6, 3), date(2025, 6, 4)


def short(rows: list[list[float]]) -> list[list[float]]:
    """What a node of one's own lists by default: the newest retargets."""
    return rows[:5]


def doubled(rows: list[list[float]]) -> list[list[float]]:
    """Another difficulty for every retarget of 2025."""
    return [[*row[:2], row[2] * (2 if 1735689600 < row[0] < 1767225600 else 1), row[3]] for row in rows]


@pytest.fixture
def twin() -> Iterator[Twin]:
    with Twin(world()) as started:
        yield started


@pytest.fixture
def made(twin: Twin, tmp_path: Path) -> Environment:
    return environment(tmp_path, twin, retry_attempts=2, start_date=DAY, end_date=QUIET_DAY)


@pytest.fixture
def short_twin() -> Iterator[Twin]:
    with Twin(world(short)) as started:
        yield started


@pytest.fixture
def other_twin() -> Iterator[Twin]:
    with Twin(world(doubled)) as started:
        yield started


def of_the_difficulty(twin: Twin) -> int:
    return sum(request.route == "difficulty" for request in twin.requests)


def states(made: Environment) -> pd.DataFrame:
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        return day_states(connection, DAY, QUIET_DAY, miner_models(made.settings))


def test_days_before_the_sources_list_are_told_and_done_as_soon_as_it_has_them(
    made: Environment, twin: Twin, short_twin: Twin
) -> None:
    ran = run_range(made.but(mempool_url=short_twin.mempool_url), DAY, QUIET_DAY, roll_ups=False)
    assert "let MINING_ASSETS_MEMPOOL_URL name a source that lists all retargets" in ran.reason(DAY)
    assert of_the_difficulty(short_twin) == 1
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        assert outages(connection).keys() == {MEMPOOL}  # so that one day a while is tried, not all of them
        assert "network_epochs covers" in connection.execute(select(source_outages.c.last_error)).scalar_one()
        assert connection.execute(select(healing_attempts)).all() == []  # no day is to blame
    assert run_range(made, DAY, QUIET_DAY, roll_ups=False).errors == []
    assert of_the_difficulty(twin) == 1
    with made.warehouse() as warehouse, warehouse.reading() as connection:
        assert outages(connection) == {}
    assert not states(made)["inconsistent"].any()
    assert len(table(made, "historical_bitcoin_calculations"))


def test_a_settled_difficulty_that_differs_is_refused_once_and_taken_by_name(
    made: Environment, other_twin: Twin
) -> None:
    assert run_range(made, DAY, QUIET_DAY, roll_ups=False).errors == []
    before = table(made, "historical_bitcoin_calculations")
    other = made.but(mempool_url=other_twin.mempool_url)
    job = build_definitions(other.settings).resolve_job_def(REFERENCE_JOB)

    def materialize(*, accept_change: bool) -> dg.ExecuteInProcessResult:
        config = {"ops": {NETWORK_EPOCHS.to_user_string(): {"config": {"accept_change": accept_change}}}} | QUIET
        with dg.DagsterInstance.ephemeral() as instance:
            return job.execute_in_process(
                instance=instance, run_config=config, asset_selection=[NETWORK_EPOCHS], raise_on_error=False
            )

    refused = materialize(accept_change=False)
    assert not refused.success
    assert not [event for event in refused.all_events if event.is_step_up_for_retry]
    assert of_the_difficulty(other_twin) == 1
    assert not states(made)["inconsistent"].any()
    assert materialize(accept_change=True).success
    found = states(made)
    assert found["stale"].sum() == len(before)
    assert needs(found, now())[DAY] == DERIVE
    assert run_range(other, DAY, QUIET_DAY, roll_ups=False).errors == []
    after = table(made, "historical_bitcoin_calculations")
    pd.testing.assert_series_equal(after["difficulty"], before["difficulty"] * 2)
    assert not states(made)["inconsistent"].any()


@pytest.fixture
def here(made: Environment, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Here:
    """The command line in this process, with changed settings first."""

    def run(settings: dict[str, object], *arguments: object) -> tuple[int, str, str]:
        monkeypatch.setattr("os.environ", made.but(**settings).of_process())
        monkeypatch.setattr("sys.argv", ["mining-assets", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capfd.readouterr()
        return int(ended.value.code or 0), said.out, said.err

    return run


def test_verify_fails_while_a_refused_difficulty_stands(made: Environment, other_twin: Twin, here: Here) -> None:
    other = {"mempool_url": other_twin.mempool_url}
    assert here({}, "range", DAY, QUIET_DAY)[0] == 0
    assert here({}, "verify", DAY, QUIET_DAY)[0] == 0
    code, _, told = here(other, "difficulty")
    assert code == 1
    assert "contradicts what is stored: height" in told
    assert "mining-assets difficulty --accept-change" in told
    code, said, _ = here(other, "verify", DAY, QUIET_DAY)
    assert code == 1
    assert "network_epochs: contradiction" in said
    assert here(other, "difficulty", "--accept-change")[0] == 0
    code, said, _ = here(other, "verify", DAY, QUIET_DAY)
    assert code == 1
    assert "network_epochs: contradiction" not in said
    assert "consistency" in said  # what was calculated with the other difficulty is stale
    assert here(other, "reconcile")[0] == 0
    assert here(other, "verify", DAY, QUIET_DAY)[0] == 0


def test_a_source_that_refuses_connections_is_told_at_once(here: Here) -> None:
    code, _, told = here({"mempool_url": "http://127.0.0.1:9"}, "difficulty")
    assert code == 3
    assert "MINING_ASSETS_MEMPOOL_URL" in told


def test_a_source_that_fails_is_not_waited_for_beyond_its_attempts(here: Here, other_twin: Twin) -> None:
    other_twin.fault(Fault(kind="status", route="difficulty"))
    code, _, told = here({"mempool_url": other_twin.mempool_url}, "difficulty")
    assert (code, of_the_difficulty(other_twin)) == (3, 2)
    assert "mining/difficulty-adjustments" in told
