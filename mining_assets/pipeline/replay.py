"""Another warehouse out of the archive, as it would have stood at an instant, without a request.

Every fetch that was committed until then is taken in the order in which it was made, references and daily series
too, by today's rules; then everything is derived and verified. One day alone belongs in ``replay_day``.
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from itertools import groupby

from tenacity import Retrying

from mining_assets.archive.errors import ArchiveError
from mining_assets.archive.http import ArchivedHttp
from mining_assets.archive.manifest import SETTLEMENT_STACKS, ArchivedFetch
from mining_assets.archive.store import Archive
from mining_assets.domain.daily_series import SERIES
from mining_assets.domain.date_ranges import DayRange
from mining_assets.domain.network import NetworkHistory
from mining_assets.domain.periods import Month, months_of, years_of
from mining_assets.domain.wind_units import WindUnit
from mining_assets.pipeline.archiving import Replaying
from mining_assets.pipeline.dependencies import Dependencies, Rules, database_retries
from mining_assets.pipeline.derive import derive
from mining_assets.pipeline.fetch import DayIncomplete
from mining_assets.pipeline.fetch_references import (
    known_wind_units,
    refresh_network_epochs,
    refresh_wind_units,
    stored_network_history,
)
from mining_assets.pipeline.fetch_series import FETCH
from mining_assets.pipeline.other_processes import Ahead, computed_ahead
from mining_assets.pipeline.replace_period import fetch_period, replace_period
from mining_assets.pipeline.replay_day import NotReplayed, compose_day, kept_of_days, prepared, replay_day
from mining_assets.pipeline.rollups import roll_up_days
from mining_assets.pipeline.update_series import store_and_summarize
from mining_assets.reconciliation.findings import Verification
from mining_assets.reconciliation.verify import verify_and_store_days, verify_and_store_periods
from mining_assets.sources.coinbase import CoinbaseClient
from mining_assets.sources.elexon import ElexonClient
from mining_assets.sources.errors import SourceError, SourceRefused
from mining_assets.sources.mempool import MempoolClient
from mining_assets.sources.sync import SyncClient
from mining_assets.warehouse.address import URL
from mining_assets.warehouse.archived import noted_fetches
from mining_assets.warehouse.connection import Connection, Warehouse
from mining_assets.warehouse.day_states import day_states
from mining_assets.warehouse.days import FetchedDay, store_day, stored_days
from mining_assets.warehouse.names import NETWORK_EPOCHS, WIND_BM_UNITS
from mining_assets.warehouse.series import fetched_rows

Committed = frozenset[tuple[str, datetime, str]]
"""Name, instant and object of fetches."""
FEWEST_MONTHS = 3
"""With fewer months than this nothing is gained by deriving some of them in other processes."""
OTHERS = (WIND_BM_UNITS, NETWORK_EPOCHS, *SERIES)


@dataclass(frozen=True)
class Replayed:
    """What became of a fetch that was taken again.

    Attributes:
        fetch: whose answers were taken.
        reason: why nothing could be made of them; empty when it could.
    """

    fetch: ArchivedFetch
    reason: str = ""


def committed_fetches(connection: Connection) -> Committed:
    """Read which fetches a warehouse knows of, refused ones apart: those are taken, others may never have counted."""
    names = (*OTHERS, SETTLEMENT_STACKS)
    frames = [(name, noted_fetches(connection, name)) for name in names]
    return frozenset(
        (name, row.fetched_at.to_pydatetime(), row.object)
        for name, noted in frames
        for row in noted[noted["refused"].isna()].itertuples(index=False)
    )


def fetches_until(
    archive: Archive, days: Sequence[date], as_of: datetime | None, committed: Committed | None
) -> list[ArchivedFetch]:
    """Return the fetches to take, in the order in which they were made.

    Args:
        archive: where they are.
        days: of which the settlement is wanted; everything else is taken whole.
        as_of: the last instant of a fetch; None for all of them.
        committed: those that count; None where no warehouse says so, and all in the archive do.

    Raises:
        ArchiveError: a manifest cannot be read.
    """
    wanted = {str(day) for day in days}
    found = [
        fetch
        for name in (*OTHERS, SETTLEMENT_STACKS)
        for subject, _ in archive.subjects(name)
        if name != SETTLEMENT_STACKS or subject in wanted
        for fetch in archive.fetches(name, subject)
        if not fetch.refused
        and (as_of is None or fetch.fetched_at <= as_of)
        and (committed is None or (fetch.name, fetch.fetched_at, fetch.object) in committed)
    ]
    return sorted(found, key=lambda fetch: fetch.fetched_at)


class Replay:
    """Takes archived fetches into a warehouse.

    Args:
        archive: where the answers are.
        warehouse: open, and empty at the beginning.
        rules: today's.
        days: the first and the last that is wanted.
        retry: repeats what the database refused for the moment.
    """

    def __init__(self, archive: Archive, warehouse: Warehouse, rules: Rules, days: DayRange, retry: Retrying) -> None:
        self._archive, self._warehouse, self._rules = archive, warehouse, rules
        self._days, self._retry = days, retry
        self._units: Mapping[str, WindUnit] | None = None  # since the register was taken last

    def take(self, fetches: Sequence[ArchivedFetch]) -> Iterator[Replayed]:
        """Take fetches in order, and yield what became of each; one that nothing can be made of stops no other."""
        with ExitStack() as stack:
            days = _DaysAhead(self._archive, fetches, stack)
            for fetch in fetches:
                try:
                    self._take(fetch, days)
                except (ArchiveError, SourceError, DayIncomplete, NotReplayed) as error:
                    yield Replayed(fetch, str(error))
                else:
                    yield Replayed(fetch)

    def derive(self) -> Iterator[Verification]:
        """Derive everything from the days that are stored, sum up months and years, and verify all of it."""
        warehouse, scope = self._warehouse, self._rules.scope
        with warehouse.reading() as connection:
            stored = stored_days(connection, *self._days)
        history = self._retry(stored_network_history, warehouse)
        months = [list(month) for _, month in groupby(stored, key=Month.of)]
        deriving = partial(_derived, warehouse.url, history, self._rules)
        with computed_ahead(deriving, months, FEWEST_MONTHS) as derived:
            for _ in months:
                yield derived.take()
        for _ in roll_up_days(warehouse, stored, scope.date_range):
            pass
        yield verify_and_store_periods(warehouse, months_of(stored), scope)
        yield verify_and_store_periods(warehouse, years_of(stored), scope)

    def _take(self, fetch: ArchivedFetch, days: "_DaysAhead") -> None:
        if fetch.name == SETTLEMENT_STACKS:
            self._take_day(fetch, days)
            return
        answers = self._archive.answers(fetch)
        archiving, rules = Replaying(fetch=fetch), self._rules
        with (
            SyncClient(ElexonClient.on(ArchivedHttp(fetch, answers))) as elexon,
            SyncClient(MempoolClient.on(ArchivedHttp(fetch, answers))) as mempool,
            SyncClient(CoinbaseClient.on(ArchivedHttp(fetch, answers))) as coinbase,
        ):
            if fetch.name == WIND_BM_UNITS:
                self._units = None
                counts = self._retry(
                    refresh_wind_units, self._warehouse, elexon, rules.additions, rules.sites, archiving
                )
                if counts["new"]:
                    self._repair_newly_registered()
            elif fetch.name == NETWORK_EPOCHS:
                self._take_epochs(mempool, archiving)
            else:
                dependencies = Dependencies(self._warehouse, elexon, mempool, coinbase, rules, archiving)
                self._take_series(fetch, dependencies)

    def _known_units(self) -> Mapping[str, WindUnit]:
        if self._units is None:
            self._units = self._retry(known_wind_units, self._warehouse, self._rules.additions, self._rules.sites)
        return self._units

    def _repair_newly_registered(self) -> None:
        """Make the days again that know a unit only since now, as healing does."""
        first, last = self._days
        with self._warehouse.reading() as connection:
            states = day_states(connection, first, last, self._rules.scope.models)
            kept = kept_of_days(connection, list(states.index[states["newly_registered"]]))
        units = self._known_units()
        for day, fetches in kept.items():
            replayed = replay_day(self._archive, day, fetches, units)
            with self._warehouse.writing(str(day)) as connection:
                store_day(connection, replayed)

    def _take_epochs(self, mempool: SyncClient[MempoolClient], archiving: Replaying) -> None:
        arguments = (self._warehouse, mempool, self._rules.halvings)
        try:
            self._retry(refresh_network_epochs, *arguments, archiving=archiving)
        except SourceRefused:  # it was committed: then a person had accepted the change
            self._retry(refresh_network_epochs, *arguments, archiving=archiving, accept_change=True)

    def _take_series(self, fetch: ArchivedFetch, dependencies: Dependencies) -> None:
        days = [day for text in fetch.days for day in _days_of(text)]
        with self._warehouse.reading() as connection:
            stored = fetched_rows(connection, fetch.name, days)
        fetched = FETCH[fetch.name](dependencies, days, stored)
        self._retry(
            store_and_summarize,
            self._warehouse,
            fetch.name,
            fetched,
            self._rules.scope.models,
            dependencies.archiving,
            fetch,
        )

    def _take_day(self, fetch: ArchivedFetch, days: "_DaysAhead") -> None:
        day, archiving = date.fromisoformat(fetch.subject), Replaying(fetch=fetch)
        units = self._known_units()
        if fetch.settlement_period is None:
            fetched = days.take(units)
        else:
            http = ArchivedHttp(fetch, self._archive.answers(fetch))
            with SyncClient(ElexonClient.on(http)) as elexon:
                records, ledger, _ = elexon.run(fetch_period(elexon.client, day, fetch.settlement_period, units))
        # What was taken then is taken again: it may be much less than the day is here, with units learned of since.
        with self._warehouse.writing(str(day)) as connection:
            if fetch.settlement_period is None:
                store_day(connection, fetched, accept_shrink=True)
            else:
                replace_period(
                    connection,
                    day,
                    fetch.settlement_period,
                    (records, ledger.assign(archive_object=fetch.object)),
                    origin=fetch.origin or "",
                    accept_shrink=True,
                )
            archiving.record(connection, fetch)


class _DaysAhead:
    """Whole days in the order of their fetches, composed ahead with the units that were known last.

    Args:
        archive: where the answers are.
        fetches: among which they are.
        stack: ends what is under way.
    """

    def __init__(self, archive: Archive, fetches: Sequence[ArchivedFetch], stack: ExitStack) -> None:
        self._archive, self._stack = archive, stack
        self._fetches = deque(each for each in fetches if _is_whole_day(each))
        self._units: Mapping[str, WindUnit] = {}
        self._ahead: Ahead[ArchivedFetch, FetchedDay] | None = None

    def take(self, units: Mapping[str, WindUnit]) -> FetchedDay:
        """Return the next day; what was composed with other units than these is given up.

        Raises:
            ArchiveError, SourceError, DayIncomplete: as for ``compose_day``.
        """
        if self._ahead is None or units != self._units:
            self._stack.close()
            self._units, composing = units, partial(_composed, self._archive, units)
            self._ahead = self._stack.enter_context(computed_ahead(composing, self._fetches))
        self._fetches.popleft()
        return self._ahead.take()


def _derived(url: URL, history: NetworkHistory, rules: Rules, days: Sequence[date]) -> Verification:
    """Derive days and verify them: where one month has to wait for the lock of another, that one is verified next."""
    warehouse, retry = Warehouse(url), database_retries(rules.retries, logging.getLogger(__name__))

    def write() -> None:
        with warehouse.writing(*map(str, days)) as connection:
            derive(connection, days, history, rules.scope.models)

    try:
        retry(write)
        return retry(verify_and_store_days, warehouse, days, rules.scope)
    finally:
        warehouse.close()


def _is_whole_day(fetch: ArchivedFetch) -> bool:
    return fetch.name == SETTLEMENT_STACKS and fetch.settlement_period is None


def _composed(archive: Archive, units: Mapping[str, WindUnit], fetch: ArchivedFetch) -> FetchedDay:
    return prepared(compose_day(archive, date.fromisoformat(fetch.subject), [fetch], units))


def _days_of(text: str) -> list[date]:
    first, last = map(date.fromisoformat, text.split("/"))
    return [first + timedelta(days=offset) for offset in range((last - first).days + 1)]
