"""Whatever a warehouse lived through, in whatever order: another one out of its archive equals it, without a request.

A state machine interleaves fetches of days, ranges and single periods, restatements, answers that are refused,
changes of the register, an archive that fails, damage and healing over two days, one of them with 46 periods.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, suppress
from datetime import date, timedelta
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule, run_state_machine_as_test
from sqlalchemy import Delete, Update, delete, update

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.domain.retry_policy import HealingPolicy, RetryRule
from mining_assets.pipeline.dependencies import Rules
from mining_assets.pipeline.fetch_references import refresh_wind_units
from mining_assets.pipeline.repair import RepairFailed, Repairs
from mining_assets.pipeline.replay_day import kept_of_days
from mining_assets.pipeline.results import DayRequest, DayResult
from mining_assets.reconciliation.plan import DAILY_TABLES
from mining_assets.reconciliation.verify import Scope
from mining_assets.sources.errors import SourceRefused
from mining_assets.warehouse import schema
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.upgrade import upgrade
from mining_assets_tests.support.chaos.seeds import ROUNDS
from mining_assets_tests.support.failing_archive import STEPS, FailingArchive, Step
from mining_assets_tests.support.ground import LOG
from mining_assets_tests.support.harness import tables_in
from mining_assets_tests.support.healed import HealedGround
from mining_assets_tests.support.replayed import OF_ITS_OWN, assert_equal_but_for_sums, replayed
from mining_assets_tests.support.samples import MODELS, content, damage
from mining_assets_tests.support.templates import Templates
from mining_assets_tests.support.twin.registers import ChangingRegister

SHORT, NEXT = DAYS = [date(2025, 3, 30), date(2025, 3, 31)]
STACKS = (SETTLEMENT_STACKS,)
SPANS = [[SHORT], [NEXT], DAYS]
PERIODS = [1, 20, 46]
POLICY = HealingPolicy(interval=timedelta(0), attempts=50, runs_at_a_time=10)
RULES = Rules(Scope(MODELS, (SHORT, NEXT)), (), {}, {}, {}, POLICY, RetryRule(attempts=1), 1000)
# When something was compared or found, which is done anew, and what came of attempts, which a replay is one of.
DONE_ANEW = ("compared_at", "found_at", "open_since")
ATTEMPTS = ("healing_attempts", "source_outages")
# When a day was healed, and of what, is a history of the warehouse's own.
HISTORIES = ("restatements",)
# Of several settlement runs with the same content a record may be of any; content hashes leave this out too.
OF_THE_RUN = ["vintage", "sequence_number", "lead_party_name"]
Open = Callable[[Path], AbstractContextManager[Warehouse]]

records, ledger = schema.curtailment_records.c, schema.settlement_ledger.c
DAMAGE: dict[str, Callable[[date], Delete | Update]] = {
    "records deleted": lambda day: delete(schema.curtailment_records).where(
        records.settlement_date == day, records.settlement_period > 10
    ),
    "volume altered": lambda day: (
        update(schema.curtailment_records).where(records.settlement_date == day).values(volume=records.volume * 2)
    ),
    "ledger row lost": lambda day: delete(schema.settlement_ledger).where(
        ledger.settlement_date == day, ledger.settlement_period == 20
    ),
    "ledger lost": lambda day: delete(schema.settlement_ledger).where(ledger.settlement_date == day),
    "figures lost": lambda day: delete(schema.settlement_days).where(schema.settlement_days.c.settlement_date == day),
    "figures altered": lambda day: (
        update(schema.settlement_days).where(schema.settlement_days.c.settlement_date == day).values(total_payment=1.0)
    ),
    "calculations lost": lambda day: delete(schema.historical_bitcoin_calculations).where(
        schema.historical_bitcoin_calculations.c.settlement_date == day
    ),
    "summary altered": lambda day: (
        update(schema.daily_summaries)
        .where(schema.daily_summaries.c.summary_date == day)
        .values(total_curtailed_energy=7.0)
    ),
    "price altered": lambda day: (
        update(schema.bitcoin_price).where(schema.bitcoin_price.c.settlement_date == day).values(price=1.0)
    ),
}


class AnyOrder(RuleBasedStateMachine):
    """Two days of a world, and what may happen to them, to the register, to the archive and to what is stored.

    Args:
        open_empty: opens an empty warehouse, which may put its file in a folder.
    """

    def __init__(self, open_empty: Open) -> None:
        super().__init__()
        self.open_empty = open_empty
        self.opened = ExitStack()
        self.archive: FailingArchive | None = None
        # What the volumes once decided about them is kept in the ledger alone, and is lost with it.
        self.repeats = False

    @initialize(seed=st.integers(0, 3), absent=st.integers(0, 2))
    def begin(self, seed: int, absent: int) -> None:
        folder = self.folder()
        self.world = ChangingRegister(seed=seed, units=3, light=True, windy_days=DAYS)
        self.world.absent = set(self.world.wind_ids[:absent])
        warehouse = self.opened.enter_context(self.open_empty(folder))
        self.ground = self.opened.enter_context(HealedGround(self.world, RULES, folder, warehouse).open())
        self.ground.archive = self.archive = FailingArchive(str(folder / "archive"))
        self.run([SHORT])

    @rule(
        days=st.sampled_from(SPANS),
        refetch=st.booleans(),
        accept_shrink=st.booleans(),
        volumes=st.booleans(),
        derived=st.booleans(),
    )
    def fetch(self, days: Sequence[date], refetch: bool, accept_shrink: bool, volumes: bool, derived: bool) -> None:
        self.ground.without_volumes = not volumes and not self.repeats
        self.run(days, DAILY_TABLES if derived else STACKS, refetch=refetch, accept_shrink=accept_shrink)
        self.ground.without_volumes = False

    @rule(
        day=st.sampled_from(DAYS), period=st.sampled_from(PERIODS), unit=st.integers(0, 2), accept_shrink=st.booleans()
    )
    def fix_period(self, day: date, period: int, unit: int, accept_shrink: bool) -> None:
        repairs = Repairs(self.ground.dependencies, LOG)
        with suppress(RepairFailed):
            list(repairs.fix_period(day, period, self.world.wind_ids[unit], accept_shrink=accept_shrink))

    @rule(day=st.sampled_from(DAYS), scale=st.sampled_from([1.0, 1.1, 0.5]))
    def restated(self, day: date, scale: float) -> None:
        self.world.restate(day, scale)

    @rule(day=st.sampled_from(DAYS), period=st.sampled_from(PERIODS), unit=st.integers(0, 2))
    def more_rows(self, day: date, period: int, unit: int) -> None:
        row = {"id": self.world.wind_ids[unit], "volume": -12.5, "originalPrice": -40.0}
        self.world.restate(day, extra=[row | {"period": period, "side": "bid"}])

    @rule(day=st.sampled_from(DAYS), period=st.sampled_from(PERIODS), unit=st.integers(0, 2))
    def repeated_row(self, day: date, period: int, unit: int) -> None:
        name = self.world.wind_ids[unit]
        if name in {row["id"] for row in self.world.stack(day, period, "bid")}:
            self.world.repeat(day, period, "bid", name)
            self.repeats = True

    @rule(day=st.sampled_from(DAYS), period=st.sampled_from(PERIODS))
    def fewer_rows(self, day: date, period: int) -> None:
        self.world.empty(day, period, "bid")

    @rule(unit=st.integers(0, 2), becomes=st.sampled_from(["WIND", "CCGT", "absent"]))
    def registered(self, unit: int, becomes: str) -> None:
        name = self.world.wind_ids[unit]
        self.world.absent -= {name}
        self.world.retyped.pop(name, None)
        if becomes == "absent":
            self.world.absent |= {name}
        else:
            self.world.retyped[name] = becomes
        ground = self.ground
        with suppress(ArchiveError, SourceRefused):  # refused where no unit is left that is typed wind
            refresh_wind_units(ground.warehouse, ground.elexon, [], archiving=ground.dependencies.archiving)

    @rule(day=st.sampled_from(DAYS), refused=st.booleans())
    def unanswered(self, day: date, refused: bool) -> None:
        asked = self.ground.refused if refused else self.ground.failing
        asked.add(day)
        self.run([day], refetch=True)
        asked.clear()

    @rule(days=st.sampled_from(SPANS), step=st.sampled_from(STEPS))
    def archive_fails(self, days: Sequence[date], step: Step) -> None:
        assert self.archive is not None
        self.archive.fails_at = step
        self.run(days, DAILY_TABLES, refetch=True)
        self.registered(0, "WIND")
        self.archive.fails_at = None

    @rule(day=st.sampled_from(DAYS), kind=st.sampled_from(sorted(DAMAGE)), heal=st.booleans())
    def damaged(self, day: date, kind: str, heal: bool) -> None:
        damage(self.ground.warehouse, DAMAGE[kind](day))
        if heal:
            self.healed()

    @rule()
    def healed(self) -> None:
        """Heal the days that the archive has, while no stack can be had."""
        with self.ground.warehouse.reading() as connection:
            archived = kept_of_days(connection, DAYS)
        self.ground.failing = set(DAYS)
        self.ground.scan()
        self.ground.heal(but=set(DAYS) - archived.keys())
        self.ground.failing.clear()

    @rule()
    def replayed_in_place(self) -> None:
        self.healed()
        before, requests = self.stored(), self.ground.requests
        with self.ground.warehouse.reading() as connection:
            archived = list(kept_of_days(connection, DAYS))
        if archived:
            results = self.run(archived, DAILY_TABLES, replay=True)
            assert [failure for result in results for failure in result.failures] == []
        assert self.ground.requests == requests
        assert self.stored() == before

    def teardown(self) -> None:
        with self.opened:
            if not hasattr(self, "ground"):
                return
            self.replayed_in_place()
            with self.open_empty(self.folder()) as target:
                built, lived = replayed(self.ground, target), tables_in(self.ground.warehouse, OF_ITS_OWN)
                for tables in (built, lived):
                    rows = tables["curtailment_records"].drop(columns=OF_THE_RUN)
                    tables["curtailment_records"] = rows.sort_values(list(rows), ignore_index=True)
                assert_equal_but_for_sums(built, lived, HISTORIES)

    def run(self, days: Sequence[date], tables: Sequence[str] = STACKS, **request: bool) -> list[DayResult]:
        events = self.ground.pipeline.run(days, DayRequest(frozenset(tables), **request))
        return [event for event in events if isinstance(event, DayResult)]

    def folder(self) -> Path:
        return Path(self.opened.enter_context(TemporaryDirectory()))

    def stored(self) -> dict[str, list[tuple[Any, ...]]]:
        """Everything but what says when it was done."""
        rows = content(self.ground.warehouse)
        shown = {}
        for table in schema.metadata.sorted_tables:
            if table.name in rows and table.name not in ATTEMPTS:
                keep = [i for i, column in enumerate(table.columns) if column.name not in DONE_ANEW]
                shown[table.name] = [tuple(row[i] for i in keep) for row in rows[table.name]]
        return shown


def play(open_empty: Open, examples: int, steps: int) -> None:
    machine: Any = partial(AnyOrder, open_empty)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            derandomize=True,
            database=None,
            deadline=None,
            phases=[Phase.explicit, Phase.generate],  # shrinking takes minutes; the steps can be read as they are
            suppress_health_check=list(HealthCheck),
        ),
    )


@pytest.mark.system
def test_replay_equals_what_was_lived_through_in_many_orders(backend: str, templates: Templates) -> None:
    play(lambda folder: templates.copy(backend, upgrade, folder), examples=2 * ROUNDS, steps=8)
