"""Whatever happens in whatever order: scanning and healing end in the state of a clean run, then have nothing to do.

A state machine interleaves fetching, restatements, every kind of damage, scans, and healing over three days, one of
them with 46 periods. The work is the project's own: its client on a transport that asks the twin's world directly, its
day run, its plan.
"""

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import text

from mining_assets.domain.mining import MinerModel
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.pipeline.dependencies import Rules
from mining_assets.reconciliation.verify import Scope
from mining_assets.warehouse.names import DERIVED_TABLES
from mining_assets.warehouse.status import read_status
from mining_assets_tests.support.chaos.seeds import ROUNDS
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.healed import HealedGround
from mining_assets_tests.support.samples import everything
from mining_assets_tests.support.twin.generated import GeneratedWorld

pytestmark = pytest.mark.system

DAYS = [date(2025, 3, 29), date(2025, 3, 30), date(2025, 3, 31)]
MODELS = (MinerModel("S19J_PRO", 100, 3050), MinerModel("S9", 13.5, 1323))
SCOPE = Scope(MODELS, (DAYS[0], DAYS[-1]))
POLICY = HealingPolicy(interval=timedelta(0), attempts=50, runs_at_a_time=10)
RULES = Rules(SCOPE, (), {}, {}, {}, POLICY, RetryRule(attempts=1), 1000)

# Every table that people or other tables rely on; when something was done is left out of the comparison.
VOLATILE = {"fetched_at", "calculated_at", "compared_at"}
COMPARED = (
    "curtailment_records",
    "historical_bitcoin_calculations",
    "settlement_ledger",
    "settlement_days",
    "calculation_days",
    "daily_summaries",
    "monthly_summaries",
    "yearly_summaries",
    "bitcoin_daily_summaries",
    "bitcoin_monthly_summaries",
    "bitcoin_yearly_summaries",
    "bitcoin_price",
    "wind_generation",
)
DAMAGE = {
    "records deleted": "DELETE FROM curtailment_records WHERE settlement_date = :day AND settlement_period > 20",
    "volume altered": "UPDATE curtailment_records SET volume = volume * 2 WHERE settlement_date = :day",
    "payment altered": "UPDATE curtailment_records SET payment = payment + 1 WHERE settlement_date = :day",
    "flag altered": "UPDATE curtailment_records SET so_flag = NOT so_flag WHERE settlement_date = :day",
    "start altered": "UPDATE curtailment_records SET start_time = '2025-03-29 00:00:00.000000'"
    " WHERE settlement_date = :day AND settlement_period > 30",
    "ledger row lost": "DELETE FROM settlement_ledger WHERE settlement_date = :day AND settlement_period = 7",
    "ledger lost": "DELETE FROM settlement_ledger WHERE settlement_date = :day",
    "ledger altered": "UPDATE settlement_ledger SET wind_mwh = wind_mwh - 1 WHERE settlement_date = :day",
    "figures lost": "DELETE FROM settlement_days WHERE settlement_date = :day",
    "figures altered": "UPDATE settlement_days SET total_payment = 1 WHERE settlement_date = :day",
    "calculations deleted": "DELETE FROM historical_bitcoin_calculations WHERE settlement_date = :day",
    "calculation orphaned": "INSERT INTO historical_bitcoin_calculations"
    " SELECT :day, 1, 'T_NONE-1', 'S9', 1.0, 1.0, 1.0, 1.0, '2025-01-01 00:00:00.000000'"
    " WHERE NOT EXISTS (SELECT 1 FROM historical_bitcoin_calculations"
    " WHERE farm_id = 'T_NONE-1' AND settlement_date = :day)",
    "calculations altered": "UPDATE historical_bitcoin_calculations SET bitcoin_mined = bitcoin_mined * 2"
    " WHERE settlement_date = :day",
    "note lost": "DELETE FROM calculation_days WHERE settlement_date = :day",
    "summary edited": "UPDATE daily_summaries SET total_curtailed_energy = 7 WHERE summary_date = :day",
    "summary lost": "DELETE FROM daily_summaries WHERE summary_date = :day",
    "bitcoin summary edited": "UPDATE bitcoin_daily_summaries SET bitcoin_mined = 7 WHERE summary_date = :day",
    "bitcoin summary lost": "DELETE FROM bitcoin_daily_summaries WHERE summary_date = :day",
    "month edited": "UPDATE monthly_summaries SET total_payment = 7 WHERE :day IS NOT NULL",
    "bitcoin month lost": "DELETE FROM bitcoin_monthly_summaries WHERE :day IS NOT NULL",
    "year edited": "UPDATE yearly_summaries SET days_complete = 99 WHERE :day IS NOT NULL",
    "bitcoin year lost": "DELETE FROM bitcoin_yearly_summaries WHERE :day IS NOT NULL",
    "price altered": "UPDATE bitcoin_price SET price = price * 2 WHERE settlement_date = :day",
    "price lost": "DELETE FROM bitcoin_price WHERE settlement_date = :day",
    "generation altered": "UPDATE wind_generation SET generated_energy = 1 WHERE settlement_date = :day",
    "value edited": "UPDATE bitcoin_daily_summaries SET bitcoin_value = 7 WHERE summary_date = :day",
    "share lost": "UPDATE daily_summaries SET curtailed_share = NULL WHERE summary_date = :day",
}


def content(ground: Ground) -> dict[str, list[tuple[Any, ...]]]:
    """The compared tables without their volatile columns."""
    tables = {}
    for name in COMPARED:
        with ground.warehouse.reading() as connection:
            rows = connection.execute(text(f"SELECT * FROM {name} ORDER BY 1, 2, 3"))  # noqa: S608
            keep = [i for i, column in enumerate(rows.keys()) if column not in VOLATILE]
            tables[name] = sorted(tuple(row[i] for i in keep) for row in rows)
    return tables


class AnyOrder(RuleBasedStateMachine):
    """The days of a world, and everything that may happen to what is stored of them."""

    @initialize(seed=st.integers(0, 5))
    def begin(self, seed: int) -> None:
        self.folder = TemporaryDirectory()
        self.seed = seed
        self.restatements: list[date] = []
        self._opened = HealedGround(self.world(), RULES, Path(self.folder.name)).open()
        self.ground = self._opened.__enter__()

    def world(self) -> GeneratedWorld:
        return GeneratedWorld(seed=self.seed, units=8, light=True, windy_days=DAYS[:2], quiet_days=DAYS[2:])

    @rule(day=st.sampled_from(DAYS), refetch=st.booleans())
    def ingest(self, day: date, refetch: bool) -> None:
        self.ground.process([day], refetch=refetch)

    @rule(day=st.sampled_from(DAYS))
    def restate(self, day: date) -> None:
        self.ground.world.restate(day, scale=1.1)
        self.restatements.append(day)
        self.ground.process([day], refetch=True)

    @rule(day=st.sampled_from(DAYS), kind=st.sampled_from(sorted(DAMAGE)))
    def damage(self, day: date, kind: str) -> None:
        with self.ground.warehouse.writing("damage") as connection:
            connection.execute(text(DAMAGE[kind]), {"day": str(day)})

    @rule()
    def scanned(self) -> None:
        self.ground.scan()

    @rule()
    def healed(self) -> None:
        self.ground.heal()

    @rule(day=st.sampled_from(DAYS))
    def recomputed(self, day: date) -> None:
        self.ground.process([day], wanted=DERIVED_TABLES)

    @rule()
    def rolled_up(self) -> None:
        self.ground.roll_up()

    def teardown(self) -> None:
        if not hasattr(self, "ground"):
            return
        try:
            self._ends_as_a_clean_run()
        finally:
            self._opened.__exit__(None, None, None)
            self.folder.cleanup()

    def _ends_as_a_clean_run(self) -> None:
        self.ground.scan()
        self.ground.heal()
        with self.ground.warehouse.reading() as connection:
            status = read_status(connection, DAYS[0], DAYS[-1], MODELS, SCOPE.date_range)
        assert status.is_right, status
        assert status.states["final"] == len(DAYS)
        with TemporaryDirectory() as folder:
            world = self.world()
            for day in self.restatements:
                world.restate(day, scale=1.1)
            with HealedGround(world, RULES, Path(folder)).open() as clean:
                clean.process(DAYS)
                clean.roll_up()
                assert content(self.ground) == content(clean)
        self._has_nothing_left_to_do()

    def _has_nothing_left_to_do(self) -> None:
        self.ground.scan()
        before, requests = everything(self.ground.warehouse), self.ground.requests
        assert self.ground.heal() == 0
        assert self.ground.requests == requests
        assert everything(self.ground.warehouse) == before


def test_any_order_of_events_ends_in_the_state_of_a_clean_run() -> None:
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=5 * ROUNDS,
            stateful_step_count=10,
            deadline=None,
            print_blob=True,
            phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes; ten steps can be read as they are
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_each_kind_of_damage_alone_is_mended(tmp_path: Path) -> None:
    world = GeneratedWorld(seed=1, units=8, light=True, windy_days=DAYS[:2], quiet_days=DAYS[2:])
    with HealedGround(world, RULES, tmp_path).open() as ground:
        ground.process(DAYS)
        ground.roll_up()
        clean = content(ground)
        for kind, statement in DAMAGE.items():
            with ground.warehouse.writing("damage") as connection:
                connection.execute(text(statement), {"day": str(DAYS[1])})
            assert content(ground) != clean, f"{kind} damages nothing"
            ground.scan()
            ground.heal()
            assert content(ground) == clean, kind
