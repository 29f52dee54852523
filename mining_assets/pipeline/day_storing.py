"""Getting a day into the warehouse: fetched and kept, or out of the archive; stored with what names its answers.

What is derived from it afterwards belongs in ``days``.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from tenacity import Retrying

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.domain.restatement import ShrinkRefused
from mining_assets.pipeline.archiving import NOT_KEPT, keep_day
from mining_assets.pipeline.dependencies import Dependencies
from mining_assets.pipeline.fetch import NothingPublished
from mining_assets.pipeline.fetch_ahead import Fetch, FetchAhead, FetchMetrics
from mining_assets.pipeline.outages import Outages
from mining_assets.pipeline.replay_day import NotReplayed
from mining_assets.pipeline.results import RECORDS, DayRequest, StepFailure, StopAsked
from mining_assets.reconciliation.plan import ARCHIVE, ELEXON
from mining_assets.sources.errors import SourceError
from mining_assets.warehouse.days import FetchedDay, Outcome, note_refused, store_day

_NOT_TRIED = {ELEXON: "Elexon does not answer", ARCHIVE: "the archive takes no answers"}


@dataclass(frozen=True)
class Stored:
    """How a day was got and stored."""

    outcome: str
    failure: StepFailure | None = None
    warnings: tuple[str, ...] = ()
    source_unavailable: bool = False
    metrics: FetchMetrics | None = None


class DayStoring:
    """Gets days and stores them, each in a transaction of its own.

    Args:
        dependencies: open.
        retry: repeats what the database refused for the moment.
        log: told of what is worked around.
        outages: those found during the run.
    """

    def __init__(self, dependencies: Dependencies, retry: Retrying, log: logging.Logger, outages: Outages) -> None:
        self.dependencies, self._retry, self._log, self._outages = dependencies, retry, log, outages
        self._warehouse = dependencies.warehouse

    def fetch(self, day: date, ahead: FetchAhead, request: DayRequest, should_stop: StopAsked) -> Stored:
        """Fetch a day, keep the answers, and store it; begin to fetch the next one meanwhile."""
        outages = self._outages
        for name, why in _NOT_TRIED.items():
            if name in outages:
                failure = StepFailure(RECORDS, f"not tried, since {why}")
                return Stored("failed", failure, source_unavailable=True)
        fetch = ahead.take(day)
        unavailable = self._finds_elexon_unavailable(day, fetch)
        if not unavailable and not should_stop():
            ahead.begin_next(day)
        if isinstance(fetch.outcome, Exception):
            self._keep_refused(day, fetch, str(fetch.outcome))
            failure = StepFailure(RECORDS, str(fetch.outcome))
            return Stored("failed", failure, source_unavailable=unavailable, metrics=fetch.metrics)
        outages.clear(ELEXON)
        try:
            fetched, kept = keep_day(
                self.dependencies.archiving,
                fetch.outcome,
                fetch.received,
                accept_empty=fetch.accepted_empty,
                accept_shrink=request.accept_shrink,
            )
            outcome = self._retry(self._store, fetched, request, kept)
        except ShrinkRefused as refused:
            self._refuse(refused, kept)
            return Stored("failed", StepFailure(RECORDS, str(refused)), metrics=fetch.metrics)
        except ArchiveError as error:
            outages.record(ARCHIVE, error)
            reason = f"not stored, since the answers could not be archived: {error}"
            return Stored("failed", StepFailure(RECORDS, reason), source_unavailable=True, metrics=fetch.metrics)
        outages.clear(ARCHIVE)
        return Stored(outcome, warnings=fetched.warnings, metrics=fetch.metrics)

    def _keep_refused(self, day: date, fetch: Fetch, reason: str) -> None:
        """Keep the answers that a day could not be made of; nothing else depends on them."""
        try:
            kept = self.dependencies.archiving.keep(SETTLEMENT_STACKS, fetch.received, day)
        except ArchiveError as error:
            self._log.warning(f"{day}: {NOT_KEPT}: {error}")
        else:
            self._record_refused(day, kept, reason)

    def _refuse(self, refused: ShrinkRefused, kept: ArchivedFetch | None) -> None:
        """Note that a smaller answer was refused, and then name what it was."""
        self._retry(self._note_refused, refused)
        self._record_refused(refused.day, kept, str(refused))

    def _record_refused(self, day: date, kept: ArchivedFetch | None, reason: str) -> None:
        try:
            self._retry(self.dependencies.archiving.record_refused, self._warehouse, kept, reason)
        except ArchiveError as error:
            self._log.warning(f"{day}: {NOT_KEPT}: {error}")

    def _finds_elexon_unavailable(self, day: date, fetch: Fetch) -> bool:
        """Tell whether the source is to blame for a day of which nothing came: it has nothing of another day either."""
        error = fetch.outcome
        if not isinstance(error, Exception) or (fetch.metrics.bytes and not isinstance(error, NothingPublished)):
            return False
        elexon = self.dependencies.elexon
        try:
            other = elexon.run(elexon.client.stack(day - timedelta(days=7), 1, "bid"))
        except SourceError:
            answers = False
        else:
            answers = bool(other.rows)
        if not answers:
            self._outages.record(ELEXON, error)
        return not answers

    def replay(
        self,
        day: date,
        replayed: Callable[[], FetchedDay] | None,
        ahead: FetchAhead,
        request: DayRequest,
        should_stop: StopAsked,
    ) -> Stored:
        """Make a day of its archived answers and store it; where they are damaged, fetch it unless only that is wanted.

        Args:
            day: the settlement day.
            replayed: returns the day as ``replay_day`` does; None where the archive lacks its answers.
            ahead: fetches it where need be.
            request: what is wanted.
            should_stop: whether to stop before a fetch.
        """
        try:
            if replayed is None:
                raise NotReplayed(f"{day} cannot be replayed: the archive lacks answers that it is made of")
            composed = replayed()
            outcome = self._retry(self._store, composed, request, None)
            if outcome == Outcome.SUPERSEDED:
                raise NotReplayed(f"{day} is not replayed: what is stored was fetched after what is archived")
        except ShrinkRefused as refused:  # not noted: no newer answer was refused
            return Stored("failed", StepFailure(RECORDS, str(refused)))
        except NotReplayed as error:
            if request.replay:
                return Stored("failed", StepFailure(RECORDS, str(error)))
            self._log.warning(f"{error}; it is fetched instead")
            return self.fetch(day, ahead, request, should_stop)
        return Stored(outcome, warnings=composed.warnings)

    def _store(self, fetched: FetchedDay, request: DayRequest, kept: ArchivedFetch | None) -> str:
        with self._warehouse.writing(str(fetched.day)) as connection:
            outcome = store_day(connection, fetched, accept_shrink=request.accept_shrink)
            self.dependencies.archiving.record(connection, kept)
            return str(outcome)

    def _note_refused(self, refused: ShrinkRefused) -> None:
        with self._warehouse.writing(str(refused.day)) as connection:
            note_refused(connection, refused)
