"""Alerts: failed runs, failed checks and quarantine, in the log and by a webhook, once a day and cause.

A test of the sensor in the UI must send nothing, and Dagster does not tell a sensor that it is being tested. But it
tells of no earlier tick then, which is so of a real one only when it is the very first.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import dagster as dg

from mining_assets.domain.wording import count_of
from mining_assets.settings import Settings
from mining_assets.sources.webhook import WebhookError, post_alert
from mining_assets.warehouse.alerts import note_sent, standing_causes, was_sent
from mining_assets.warehouse.connection import Warehouse

SENSOR = "alert_sensor"
Cause = tuple[str, str, str | None]
"""What an alert is about, a sentence about it, and a link."""


def alert_sensor(settings: Settings) -> dg.SensorDefinition:
    """Return the sensor of alerts. On by default; without a webhook it only logs."""

    @dg.sensor(
        name=SENSOR,
        minimum_interval_seconds=60,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Raises an alert for failed runs, failed checks and quarantined days, once a day and cause.",
    )
    def sensor(context: dg.SensorEvaluationContext, warehouse: dg.ResourceParam[Warehouse]) -> dg.SensorResult:
        now = datetime.now(UTC)
        since = datetime.fromisoformat(context.cursor) if context.cursor else now - timedelta(hours=1)
        first, last = settings.start_date, settings.last_day(now)
        with warehouse.reading() as connection:
            causes: list[Cause] = [(cause, text, None) for cause, text in standing_causes(connection, first, last)]
        causes += list(_failed_runs(context.instance, since, settings.ui_url))
        with warehouse.reading() as connection:
            due = [cause for cause in causes if not was_sent(connection, cause[0], now.date())]
        if context.last_tick_completion_time is None:
            listed = "; ".join(text for _, text, _ in due) or "nothing"
            return dg.SensorResult(
                skip_reason=f"a test, or the first tick, which sends nothing; due: {listed}", cursor=context.cursor
            )
        sent, undelivered = set[str](), False
        for cause, text, link in due:
            if cause in sent:
                continue
            context.log.error(f"{text} {link or ''}".rstrip())
            try:
                if settings.alert_webhook is not None:
                    post_alert(settings.alert_webhook.get_secret_value(), text, cause, link)
            except WebhookError as error:
                context.log.warning(f"not delivered, tried again at the next tick: {error}")
                undelivered = True
                continue
            with warehouse.writing("alerts") as connection:
                note_sent(connection, cause, now.date())
            sent.add(cause)
        cursor = context.cursor if undelivered else now.isoformat()
        return dg.SensorResult(
            skip_reason=f"{count_of(len(sent), 'alert')} sent; standing: {count_of(len(causes), 'cause')}",
            cursor=cursor,
        )

    return sensor


def _failed_runs(instance: dg.DagsterInstance, since: datetime, ui_url: str | None) -> Iterator[Cause]:
    failed = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE], updated_after=since)
    for record in instance.get_run_records(failed):
        run = record.dagster_run
        link = f"{ui_url}/runs/{run.run_id}" if ui_url else None
        yield f"run of {run.job_name}", f"Run {run.run_id[:8]} of {run.job_name} failed.", link
