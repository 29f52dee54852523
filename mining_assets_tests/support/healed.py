"""A warehouse that is damaged, scanned, and healed as the daemon heals it: the project's own plan, without Dagster."""

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime

from mining_assets.domain.daily_series import SERIES
from mining_assets.pipeline.results import DayRequest, DayResult, SeriesResult
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.reconciliation.plan import DAILY_TABLES, plan, plan_series, tables_for
from mining_assets.reconciliation.verify import scan
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.names import DERIVED_TABLES
from mining_assets.warehouse.series import series_states
from mining_assets_tests.support.ground import Ground
from mining_assets_tests.support.harness import days_between

MOST_ROUNDS = 6


class HealedGround(Ground):
    """Heals the days of the rules' scope; whatever it processes has to come right."""

    @property
    def days(self) -> list[date]:
        """Every day of the scope."""
        first, last = self.rules.scope.date_range
        assert last is not None
        return days_between(first, last)

    def process(
        self,
        days: Sequence[date],
        *,
        refetch: bool = False,
        repair: bool = False,
        wanted: Sequence[str] = DAILY_TABLES,
    ) -> None:
        """Process days; a failure is none only where no more than what is derived, or one series, is wanted."""
        for event in self.pipeline.run(sorted(days), DayRequest(frozenset(wanted), refetch, repair=repair)):
            if isinstance(event, DayResult):
                assert wanted == DERIVED_TABLES or not event.failures, event
            elif isinstance(event, SeriesResult):
                assert len(wanted) > 1 or not event.failed, event

    def roll_up(self) -> None:
        """Sum up months and years."""
        list(roll_up_days(self.warehouse, self.days, self.rules.scope.date_range))

    def scan(self) -> None:
        """Verify everything by value."""
        scan(self.warehouse, self.days[0], self.days[-1], self.rules.scope)

    def heal(self, but: Collection[date] = ()) -> int:
        """Do what the plan asks for until it asks for nothing; returns how many rounds that took.

        Args:
            but: days that are left alone, as those of another run are.
        """
        for done in range(MOST_ROUNDS):
            now = datetime.now(UTC)
            with self.warehouse.reading() as connection:
                states = day_states(connection, self.days[0], self.days[-1], self.rules.scope.models)
                series = {name: series_states(connection, name, self.days[0], self.days[-1]) for name in SERIES}
            made = plan(states, in_flight_days=but, unavailable={}, free_run_slots=10, now=now)
            for name, known in series.items():
                made.work += plan_series(
                    name, known, in_flight_days=[*made.days, *but], unavailable={}, free_run_slots=10, now=now
                ).work
            if not made.work:
                self.roll_up()
                return done
            for work in made.work:
                days = days_between(*work.days)
                self.process(days, refetch=work.refetch, repair=work.refetch, wanted=tables_for(work.kind))
            self.roll_up()
        raise AssertionError(f"not healed after {MOST_ROUNDS} rounds: {made.work}")
