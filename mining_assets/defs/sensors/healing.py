"""The healing sensor: looks at the states of all days and asks for the smallest work that mends them.

It writes nothing: an attempt counts when its run begins, so that a look that launches nothing changes nothing.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import dagster as dg

from mining_assets.curated import given_prices
from mining_assets.defs.in_flight import (
    days_held_back,
    days_in_flight,
    roll_ups_waiting,
    unfinished_runs,
)
from mining_assets.defs.jobs import ASSET_JOBS
from mining_assets.defs.run_requests import (
    DAILY_JOB,
    MONTHLY_JOB,
    YEARLY_JOB,
    healing_request,
    healing_roll_up_request,
)
from mining_assets.domain.daily_series import SERIES, nouns
from mining_assets.domain.fetch_estimate import estimate_fetch
from mining_assets.domain.periods import Month, P, Period, Year, between
from mining_assets.domain.rollups import LEVELS
from mining_assets.domain.wording import count_of
from mining_assets.reconciliation.attempts import HEALING_TAG
from mining_assets.reconciliation.plan import HealingPlan, plan, plan_series
from mining_assets.reconciliation.verify import Scope
from mining_assets.settings import Settings, now
from mining_assets.warehouse.attempts import outages
from mining_assets.warehouse.connection import Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.days import stored_days
from mining_assets.warehouse.series import series_states
from mining_assets.warehouse.status import mismatched_summaries, moved_summaries
from mining_assets.warehouse.verifications import read_verified

SENSOR = "reconciliation_sensor"
# The roll-up sensor follows every change within a minute; what differs for longer was lost, or done by hand.
SETTLING_TIME = timedelta(seconds=90)

Span = tuple[str, Month | Year]
"""A summary table, and the month or year of the row in it."""


def healing_sensor(settings: Settings, scope: Scope) -> dg.SensorDefinition:
    """Return the healing sensor. On by default."""
    policy = settings.healing

    @dg.sensor(
        name=SENSOR,
        jobs=[job for job in ASSET_JOBS if job.name in (DAILY_JOB, MONTHLY_JOB, YEARLY_JOB)],
        minimum_interval_seconds=settings.heal_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Heals by itself: fetches days that are missing, partial, damaged or due for a refetch, derives what is "
            "missing or does not add up, within bounds, and quarantines what it cannot mend. In what room is left it "
            f"asks for {nouns()} that are missing."
        ),
    )
    def reconciliation_sensor(
        context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]
    ) -> dg.SensorResult | dg.SkipReason:
        last = settings.last_day(now())
        first = settings.start_date
        if policy.days_back is not None:
            first = max(first, last - timedelta(days=policy.days_back - 1))
        if last < first:
            return dg.SkipReason("no day is over yet")
        runs = unfinished_runs(context.instance)
        assert context.repository_def is not None
        at = datetime.now(UTC)
        with warehouse.reading() as connection:
            states = day_states(connection, first, last, scope.models)
            # A day that is not whole brings its series along when it is fetched.
            fetched = states["fetched_at"].notna().to_numpy()
            given = given_prices(settings)
            series = {name: series_states(connection, name, first, last, given)[fetched] for name in SERIES}
            # However far back days are healed: months and years are summed up from what is stored.
            every = settings.start_date, last
            differing = list(mismatched_summaries(connection, *every, scope.date_range))
            moved = moved_summaries(connection, *every, scope.date_range)
            unavailable = outages(connection)
            verified = read_verified(connection, stored_days(connection, *every))
        in_flight_days = days_in_flight(context.instance, runs, context.repository_def)
        free_run_slots = policy.runs_at_a_time - sum(HEALING_TAG in run.tags for run in runs)
        held_back = days_held_back(context.instance, policy, at)
        healing = plan(
            states,
            in_flight_days=in_flight_days,
            unavailable=unavailable,
            free_run_slots=free_run_slots,
            now=at,
            held_back=held_back,
            days_per_fetch=policy.days_per_fetch,
        )
        in_flight_days |= set(healing.days)  # a run of a day brings its series with it
        for name, known in series.items():
            slots_left = free_run_slots - len(healing.work)
            of_series = plan_series(
                name,
                known,
                in_flight_days=in_flight_days,
                unavailable=unavailable,
                free_run_slots=slots_left,
                now=at,
                held_back=held_back,
            )
            healing.work += of_series.work
            healing.skipped += of_series.skipped
        before = _seen_before(context.cursor)
        due = [] if runs or healing.work else [span for span in differing if at - before.get(span, at) >= SETTLING_TIME]
        if not any(run.job_name in (MONTHLY_JOB, YEARLY_JOB) for run in runs):
            # No run follows a moved partition by itself, and what is under way is not what makes the difference.
            due += [span for span in differing if span in moved and span not in before]
        failed = roll_ups_waiting(context.instance, policy, at) if due else {}
        waiting = {span for _, span in due if failed.get(span, at) > at}
        due = [span for span in due if span[1] not in waiting]
        spans = _next_level(due, failed)
        requests = [healing_request(work) for work in healing.work]
        requests += [healing_roll_up_request(spans[0], spans[-1])] if spans else []
        # What was due is new again at the next look. Of what moved that was asked for is not, else it would be asked
        # for at every look.
        seen = {span: before.get(span, at) for span in differing if span not in moved.union(due)}
        seen |= {span: before[span] for span in moved & before.keys()}
        seen |= {span: at for span in moved.intersection(due) if span[1] in spans}
        never = states.index[states["state"] == "missing"]
        cost = f"; in all {estimate_fetch(never, settings.requests_per_second)}" if len(never) else ""
        summary = f"{_summary(healing, len(differing), len(waiting))}{cost}; verified by value: {verified.sentence}"
        context.log.info(summary)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else summary,
            cursor=json.dumps([[table, str(period), moment.isoformat()] for (table, period), moment in seen.items()]),
        )

    return reconciliation_sensor


def _seen_before(cursor: str | None) -> dict[Span, datetime]:
    """Return since when each summary has been seen to differ from the level below."""
    return {
        (table, LEVELS[table].period.parse(text)): datetime.fromisoformat(seen)
        for table, text, seen in json.loads(cursor or "[]")
    }


def _next_level(due: list[Span], failed: Mapping[Period, datetime]) -> list[Month] | list[Year]:
    """Return the months that are due, or, when none is, the years: these follow from the months.

    Args:
        due: the summaries that do not follow from the level below.
        failed: months and years that failed lately. One that always does must not keep others from being summed up,
            so beside it they are asked for one at a time, those that never failed first.
    """
    months = sorted({period for _, period in due if isinstance(period, Month)})
    if months:
        return _one_if_failed(months, failed)
    return _one_if_failed(sorted({period for _, period in due if isinstance(period, Year)}), failed)


def _one_if_failed(periods: list[P], failed: Mapping[Period, datetime]) -> list[P]:
    if periods and any(period in failed for period in between(periods[0], periods[-1])):
        return sorted(periods, key=lambda period: (period in failed, failed.get(period), period))[:1]
    return periods


def _summary(healing: HealingPlan, differing: int, waiting: int) -> str:
    asked = ", ".join(f"{work.kind} {work.days[0]} to {work.days[1]}" for work in healing.work) or "nothing to ask for"
    skipped = "".join(f"; {reason}: {count_of(count, 'day')}" for reason, count in healing.skipped.items())
    held = f", of which {waiting} wait after a failure" if waiting else ""
    return f"{asked}{skipped}; months and years that differ: {differing}{held}"
