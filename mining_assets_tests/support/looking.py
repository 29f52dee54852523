"""Looking through sensors and schedules as the daemon does: one tick after the other, with the cursor kept."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any

import dagster as dg
from sqlalchemy import event

from mining_assets.definitions import build_definitions
from mining_assets.defs.run_requests import RANGE_END, RANGE_START
from mining_assets.reconciliation.attempts import begin_attempt
from mining_assets.settings import Settings
from mining_assets.warehouse.connection import Warehouse


@dataclass
class Ticked:
    """What a tick of a sensor came to."""

    requests: list[dg.RunRequest]
    said: str
    cursor: str | None

    @property
    def ranges(self) -> list[tuple[str | None, str, str]]:
        """The job, and the first and last day or span of each request."""
        return [(request.job_name, request.tags[RANGE_START], request.tags[RANGE_END]) for request in self.requests]

    @property
    def days(self) -> list[tuple[str, str]]:
        """The first and last day of each request for days."""
        return [(first, last) for job, first, last in self.ranges if job == "daily"]


@dataclass
class Looking:
    """The project's sensors on a warehouse and an instance."""

    settings: Settings
    warehouse: Warehouse
    instance: dg.DagsterInstance
    cursors: dict[str, str | None] = field(default_factory=dict)

    @cached_property
    def definitions(self) -> dg.Definitions:
        return build_definitions(self.settings, {"warehouse": self.warehouse})

    @property
    def repository(self) -> dg.RepositoryDefinition:
        return self.definitions.get_repository_def()

    def but(self, **settings: Any) -> "Looking":
        """The same with some settings changed."""
        kept = {name: getattr(self.settings, name) for name in self.settings.model_fields_set}
        return Looking(Settings(**(kept | settings)), self.warehouse, self.instance, self.cursors)

    def tick(self, sensor: str = "reconciliation_sensor", *, launch: bool = True, test: bool = False) -> Ticked:
        """One look of a sensor.

        Args:
            launch: whether the runs that it asks for begin, and then die without a word; else nothing comes of it.
            test: as the UI tests a sensor: without an earlier tick; else there was one a minute ago.
        """
        with dg.SensorEvaluationContext(
            instance_ref=None,
            instance=self.instance,
            last_tick_completion_time=None if test else time.time() - 60,
            cursor=self.cursors.get(sensor),
            repository_def=self.repository,
            resources={"warehouse": dg.ResourceDefinition.hardcoded_resource(self.warehouse)},
        ) as context:
            data = self.repository.get_sensor_def(sensor).evaluate_tick(context)
        ticked = Ticked(list(data.run_requests or []), data.skip_message or "", data.cursor)
        if launch:
            self.cursors[sensor] = data.cursor
            for request in ticked.requests:
                self._begin(request)
        return ticked

    def _begin(self, request: dg.RunRequest) -> None:
        if request.job_name == "daily":
            first, last = (date.fromisoformat(request.tags[end]) for end in (RANGE_START, RANGE_END))
            days = [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
            begin_attempt(self.warehouse, request.tags, days, self.settings.healing, datetime.now(UTC))

    def schedule(self, name: str, at: datetime) -> dg.RunRequest | str:
        """One tick of a schedule: what it requests, or why it does not."""
        context = dg.build_schedule_context(
            instance=self.instance,
            scheduled_execution_time=at,
            repository_def=self.repository,
            resources={"warehouse": self.warehouse},
        )
        data = self.repository.get_schedule_def(name).evaluate_tick(context)
        if not data.run_requests:
            return data.skip_message or ""
        (request,) = data.run_requests
        return request

    def queued(self, job: str, status: dg.DagsterRunStatus = dg.DagsterRunStatus.QUEUED, **tags: str) -> dg.DagsterRun:
        """A run that the instance knows of, in a state."""
        run = self.instance.create_run_for_job(self.definitions.resolve_job_def(job), tags=tags)
        if status == dg.DagsterRunStatus.QUEUED:
            return run  # created and not yet started; the queue itself wants a code location
        events = {
            dg.DagsterRunStatus.STARTED: dg.DagsterEventType.PIPELINE_START,
            dg.DagsterRunStatus.SUCCESS: dg.DagsterEventType.PIPELINE_SUCCESS,
            dg.DagsterRunStatus.FAILURE: dg.DagsterEventType.PIPELINE_FAILURE,
        }
        self.instance.report_dagster_event(dg.DagsterEvent(events[status].value, job), run.run_id)
        return run


def over(first: date | str, last: date | str) -> dict[str, str]:
    """The tags of a run over a range."""
    return {RANGE_START: str(first), RANGE_END: str(last)}


@contextmanager
def statements(warehouse: Warehouse) -> Iterator[Callable[[], list[str]]]:
    """The SQL statements sent to a warehouse inside the block."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(warehouse.engine, "before_cursor_execute", note)
    try:
        yield lambda: sent
    finally:
        event.remove(warehouse.engine, "before_cursor_execute", note)
