"""The healing sensor: looks at the states of all days and asks for the smallest work that mends them.

It writes nothing: an attempt counts when its run begins, so that a look that launches nothing changes nothing.
"""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import dagster as dg

from mining_assets.assets.day_run import BITCOIN_DAILY, CALCULATIONS, DAILY, DAILY_CHAIN
from mining_assets.automation.in_flight import (
    RANGE_END,
    RANGE_START,
    days_held_back,
    days_in_flight,
    unfinished_runs,
)
from mining_assets.automation.jobs import ASSET_JOBS, DAILY_JOB, MONTHLY_JOB, YEARLY_JOB
from mining_assets.domain.worth import SERIES
from mining_assets.healing.attempts import HEALING_TAG
from mining_assets.healing.plan import DERIVE, FETCH, HealingPlan, Work, plan, plan_series
from mining_assets.settings import Settings, now
from mining_assets.verification.scan import Scope
from mining_assets.warehouse.engine import Warehouse
from mining_assets.warehouse.healing import outages
from mining_assets.warehouse.series import series_states
from mining_assets.warehouse.states import day_states
from mining_assets.warehouse.status import differing_spans

SENSOR = "reconciliation_sensor"
# The roll-up sensor follows every change within a minute; what differs for longer was lost, or done by hand.
LASTING = timedelta(seconds=90)

Span = tuple[str, str]
"""A summary table, and the month or year of the row in it."""


def healing_sensor(settings: Settings, scope: Scope) -> dg.SensorDefinition:
    """The sensor. On by default."""
    policy = settings.healing

    @dg.sensor(
        name=SENSOR,
        jobs=[job for job in ASSET_JOBS if job.name in (DAILY_JOB, MONTHLY_JOB, YEARLY_JOB)],
        minimum_interval_seconds=settings.heal_interval_seconds,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description=(
            "Heals by itself: fetches days that are missing, partial, damaged or due for a refetch, derives what is "
            "missing or does not add up, within bounds, and quarantines what it cannot mend. In what room is left it "
            "asks for prices and generation that are lacking."
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
            # A day that is not whole brings its price and generation along when it is fetched.
            whole = states["fetched_at"].notna().to_numpy()
            series = {name: series_states(connection, name, first, last)[whole] for name in SERIES}
            differing = list(differing_spans(connection, first, last, scope.bounds))
            away = outages(connection)
        covered = days_in_flight(context.instance, runs, context.repository_def)
        room = policy.runs_at_a_time - sum(HEALING_TAG in run.tags for run in runs)
        held_back = days_held_back(context.instance, policy, at)
        made = plan(states, covered=covered, away=away, room=room, now=at, held_back=held_back)
        covered |= set(made.days)  # a run of a day brings its price and generation with it
        for name, known in series.items():
            room_left = room - len(made.work)
            of_series = plan_series(name, known, covered=covered | held_back, away=away, room=room_left, now=at)
            made.work += of_series.work
            made.skipped += of_series.skipped
        since = _differing_since(context.cursor, differing, at)
        lasting = [] if runs or made.work else [span for span in differing if at - since[span] >= LASTING]
        requests = [_request(work) for work in made.work] + list(_roll_up_requests(lasting))
        said = _said(made, len(differing))
        context.log.info(said)
        return dg.SensorResult(
            run_requests=requests,
            skip_reason=None if requests else said,
            cursor=json.dumps([[*span, seen.isoformat()] for span, seen in since.items() if span not in lasting]),
        )

    return reconciliation_sensor


def _differing_since(cursor: str | None, differing: list[Span], at: datetime) -> dict[Span, datetime]:
    """Since when each summary has been seen to differ from the level below."""
    before = {(table, span): datetime.fromisoformat(seen) for table, span, seen in json.loads(cursor or "[]")}
    return {span: before.get(span, at) for span in differing}


def _request(work: Work) -> dg.RunRequest:
    selections = {FETCH: DAILY_CHAIN, DERIVE: (CALCULATIONS, DAILY, BITCOIN_DAILY)}
    selection = selections.get(work.kind) or (dg.AssetKey(work.kind),)
    return dg.RunRequest(
        job_name=DAILY_JOB,
        asset_selection=list(selection),
        run_config={"ops": {"daily_chain": {"config": {"refetch": work.refetch}}}},
        tags=_tags(*work.days, work.kind),
    )


def _roll_up_requests(differing: list[Span]) -> Iterator[dg.RunRequest]:
    """The months that differ, or, when none does, the years: these follow from the months."""
    months = sorted({span for _, span in differing if "-" in span})
    years = sorted({span for _, span in differing if "-" not in span})
    spans, job = (months, MONTHLY_JOB) if months else (years, YEARLY_JOB)
    if spans:
        yield dg.RunRequest(job_name=job, tags=_tags(spans[0], spans[-1], "roll up"))


def _tags(first: date | str, last: date | str, kind: str) -> dict[str, str]:
    return {RANGE_START: str(first), RANGE_END: str(last), HEALING_TAG: kind}


def _said(made: HealingPlan, differing: int) -> str:
    asked = ", ".join(f"{work.kind} {work.days[0]} to {work.days[1]}" for work in made.work) or "nothing to ask for"
    skipped = "".join(f"; {reason}: {count:,} days" for reason, count in made.skipped.items())
    return f"{asked}{skipped}; months and years that differ: {differing}"
