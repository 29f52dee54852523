"""From what the pipeline yields to Dagster's events and log, and to whoever watches the run."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

import dagster as dg

from mining_assets.archive.manifest import SETTLEMENT_STACKS
from mining_assets.archive.store import Archive
from mining_assets.defs.assets.partition_metadata import labelled, of_answers, of_origin, of_records, of_series
from mining_assets.defs.assets.rollups import summary_metadata
from mining_assets.domain.wording import count_of, format_days
from mining_assets.pipeline.results import (
    RECORDS,
    Comparison,
    DayResult,
    Event,
    Message,
    Phase,
    ReferenceResult,
    SeriesResult,
    SummaryResult,
)
from mining_assets.progress import DayReport, Progress
from mining_assets.reconciliation.findings import Verification


class DayReporter:
    """Reports one run, event by event, and keeps what its end is judged by.

    Attributes:
        reasons: why each day that is not in place is not.
        verification: what the days look like by value, afterwards.
    """

    def __init__(
        self,
        context: dg.AssetExecutionContext | dg.OpExecutionContext,
        progress: Progress,
        total: int,
        archive: Archive | None,
        *,
        series_only: bool = False,
    ) -> None:
        """For a run over so many days, or over their daily series alone; ``archive`` is where their answers are."""
        self._archive = archive
        self._context, self._progress, self._total, self._series_only = context, progress, total, series_only
        self._reported = 0
        self.reasons: dict[date, list[str]] = {}
        self.verification = Verification()

    @property
    def days_left(self) -> int:
        """How many days the run was stopped before."""
        return 0 if self._series_only else self._total - self._reported

    def report(self, events: Iterable[Event]) -> None:
        """Report each event as it comes: a run that dies later has not lost it."""
        for event in events:
            match event:
                case DayResult():
                    self.day(event)
                case SeriesResult():
                    self._series(event)
                case ReferenceResult():
                    shown = {**event.counts, **of_origin(event.origin)}
                    self._context.log_event(dg.AssetMaterialization(event.table, metadata=shown))
                case SummaryResult():
                    shown = summary_metadata(event.table, event.rows)
                    self._context.log_event(
                        dg.AssetMaterialization(event.table, partition=str(event.period), metadata=shown)
                    )
                case Message():
                    self.say(event.text)
                case Phase():
                    self._progress.phase(event.text)
                case Comparison():
                    for figure in event.figures:
                        self._context.log.info(f"{event.day} {figure}")
                    self._progress.compared(event.day, event.figures)
                case Verification():
                    self.verification.merge(event)

    def say(self, text: str) -> None:
        """Tell the run's log and whoever watches."""
        self._context.log.info(text)
        self._progress.say(text)

    def day(self, result: DayResult) -> None:
        """Report what became of a day."""
        self._reported += 1
        for warning in result.warnings:
            self._context.log.warning(warning)
        if result.records is not None:
            self._materialized(SETTLEMENT_STACKS, result.day, of_answers(result.day, result.records, self._archive))
            self._materialized(RECORDS, result.day, of_records(result.day, result.records))
        for table, figures in result.derived.items():
            self._materialized(table, result.day, labelled(figures))
        for failure in result.failures:
            self._failed(result.day, str(failure))
        report = day_report(result)
        stored = f"{count_of(report.records, 'record')}, {report.energy:,.3f} MWh"
        self._context.log.info(f"{result.day}: {report.outcome}{'; stored is' if result.failures else ','} {stored}")
        self._progress.day(report)

    def failure(self) -> dg.Failure | None:
        """Return the failure that names the days that are not complete, if there are any."""
        if self.days_left:
            return dg.Failure(
                f"stopped by a signal: {self.days_left} of {count_of(self._total, 'day')} left as they were, "
                "the others are done",
                allow_retries=False,
            )
        if not self.reasons:
            return None
        rows = "\n".join(f"| {day} | {'<br>'.join(reasons)} |" for day, reasons in sorted(self.reasons.items()))
        listed = "; ".join(f"{day}: {reasons[0]}" for day, reasons in sorted(self.reasons.items()))
        others = ", the others are" if len(self.reasons) < self._total else ""
        return dg.Failure(
            f"{len(self.reasons)} of {count_of(self._total, 'day')} not complete{others}. {listed}",
            metadata={"days that are not complete": dg.MetadataValue.md(f"| day | reason |\n|---|---|\n{rows}")},
            allow_retries=False,
        )

    def _series(self, result: SeriesResult) -> None:
        """Report a series; what is lacking of it is a warning, and fails only a run of nothing else."""
        for day, rows in result.known.items():
            self._materialized(result.name, day, of_series(result.name, rows, result.origins[day]))
        for table, summaries in result.summaries.items():
            for day, figures in summaries.items():
                self._materialized(table, day, labelled(figures))
        if result.failed:
            first = min(result.failed)
            many = f"; {first}" if len(result.failed) > 1 else ""
            count = f"{len(result.failed)} of {count_of(self._total, 'day')}"
            days = f"{count} could not be fetched, {format_days(result.failed)}"
            text = f"{result.name}: {days}{many}: {result.failed[first]}"
            self._context.log.warning(text)
            self._progress.say(f"warning: {text}")
        if self._series_only:
            for day, reason in result.failed.items():
                self._failed(day, f"{result.name}: {reason}")

    def _materialized(self, table: str, day: date, metadata: Mapping[str, Any]) -> None:
        self._context.log_event(dg.AssetMaterialization(table, partition=str(day), metadata=metadata))

    def _failed(self, day: date, reason: str) -> None:
        self.reasons.setdefault(day, []).append(reason)
        self._context.log.error(f"{day} {reason}")


def day_report(result: DayResult) -> DayReport:
    """Return what whoever watches is told of a day."""
    stored = result.stored
    return DayReport(
        day=result.day,
        outcome=result.outcome,
        records=stored.records if stored else 0,
        energy=stored.energy if stored else 0.0,
        payment=stored.payment if stored else 0.0,
        reasons=tuple(map(str, result.failures)),
        requests=result.requests,
        unreachable=result.source_unavailable,
    )
