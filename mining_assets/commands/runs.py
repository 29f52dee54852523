"""Running the jobs from the terminal: in this process, on the instance that the UI shows, a month at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby
from typing import Any

import dagster as dg

from mining_assets.automation.integrity import ALL, INTEGRITY_JOB, VERIFY
from mining_assets.automation.jobs import DAILY_JOB, MONTHLY_JOB, YEARLY_JOB
from mining_assets.definitions import build_definitions
from mining_assets.domain.summaries import month_of, year_of
from mining_assets.progress import Progress
from mining_assets.settings import Settings

_RANGE_START, _RANGE_END = "dagster/asset_partition_range_start", "dagster/asset_partition_range_end"
COMMAND_TAG = "mining_assets/command"


@dataclass
class Outcome:
    """What became of the runs: the ids of all, and what went wrong beyond single days."""

    run_ids: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


def run_days(
    settings: Settings, days: Sequence[date], config: dict[str, Any], command: str, progress: Progress
) -> Outcome:
    """Run the daily chain over the days, a run per month, then the months and years they are in.

    Args:
        config: of ``daily_chain.DailyRun``.
        command: the command line, with which the runs are tagged.
    """
    definitions = build_definitions(settings, {"progress": progress})
    outcome = Outcome()
    with dg.DagsterInstance.get() as instance:
        for job, first, last, run_config in _plan(days, config):
            result = definitions.resolve_job_def(job).execute_in_process(
                instance=instance,
                tags={_RANGE_START: first, _RANGE_END: last, COMMAND_TAG: command},
                run_config=run_config | _QUIET,
                raise_on_error=False,
            )
            outcome.run_ids.append(result.run_id)
            outcome.errors += _unexpected(job, first, last, result)
    return outcome


def run_verification(settings: Settings, first: date, last: date, *, whole: bool) -> list[str]:
    """Verify the days by the integrity scan's job; returns what went wrong with the run itself.

    Args:
        whole: the days are the whole history, so this counts as a scan of all.
    """
    definitions = build_definitions(settings)
    days = {"first": str(first), "last": str(last)}
    config = {"ops": {VERIFY: {"config": days | ({"scope": ALL} if whole else {})}}}
    with dg.DagsterInstance.get() as instance:
        result = definitions.resolve_job_def(INTEGRITY_JOB).execute_in_process(
            instance=instance,
            tags={COMMAND_TAG: f"verify {first} {last}"},
            run_config=config | _QUIET,
            raise_on_error=False,
        )
    return _unexpected(INTEGRITY_JOB, str(first), str(last), result)


# The console belongs to the progress; the instance keeps the whole log.
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}


def _plan(days: Sequence[date], config: dict[str, Any]) -> Iterator[tuple[str, str, str, dict[str, Any]]]:
    months = []
    for month, group in groupby(days, key=month_of):
        chunk = list(group)
        months.append(month)
        yield DAILY_JOB, str(chunk[0]), str(chunk[-1]), {"ops": {"daily_chain": {"config": config}}}
    yield MONTHLY_JOB, months[0], months[-1], {}
    yield YEARLY_JOB, year_of(months[0]), year_of(months[-1]), {}


def _unexpected(job: str, first: str, last: str, result: dg.ExecuteInProcessResult) -> list[str]:
    """Failures other than days that could not be completed, which the progress has told already."""
    errors = []
    for event in result.all_events:
        error = event.step_failure_data.error if event.is_step_failure else None
        if error is not None and error.cls_name != "Failure":
            cause = error.cause or error
            text = " ".join(f"{cause.cls_name}: {cause.message}".split())
            errors.append(f"{job} {first} to {last}: {text[:500]}")
    if not result.success and not any(event.is_step_failure for event in result.all_events):
        errors.append(f"{job} {first} to {last} failed before its first step; see run {result.run_id} in the UI")
    return errors
